// Files of every size that ciphertext can have, valid or not
// (vault-format-8.md section 6), under every verb, in both ciphers.
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "testing/model/core_fixture.h"

namespace casemate {
namespace {

constexpr size_t kChunk = 32768;
constexpr OpenRequest kTruncating{true, true, true, false};

// A file cut to a size of ciphertext, and what becomes of it.
struct Cut {
  std::string what;
  size_t stored;   // bytes
  uint64_t shown;  // cleartext bytes
  int read_open;   // errnos of opening it
  int write_open;
  // Of reading up to the shown size, and of what lies behind it. 0: nothing
  // does, and a read answers no bytes.
  int read_inside = 0;
  int read_past = 0;
};

std::vector<Cut> CutsOf(CipherCombo combo) {
  const bool gcm = combo == CipherCombo::kSivGcm;
  const size_t header = gcm ? 68 : 88;
  const size_t overhead = gcm ? 28 : 48;
  const size_t one = header + kChunk + overhead;
  return {
      {"no header", 0, 0, 0, 0},
      {"one byte", 1, 0, EIO, EIO},
      {"most of a header", header - 1, 0, EIO, EIO},
      {"a header", header, 0, 0, 0},
      {"a byte of a chunk", header + 1, 0, 0, EIO, 0, EIO},
      {"most of an overhead", header + overhead - 1, 0, 0, EIO, 0, EIO},
      {"an empty chunk", header + overhead, 0, 0, 0},
      {"a cut first chunk", header + overhead + 1, 1, 0, 0, EIO},
      {"a chunk but one byte", one - 1, kChunk - 1, 0, 0, EIO},
      {"a chunk", one, kChunk, 0, 0},
      {"a byte of a second", one + 1, kChunk, 0, EIO, 0, EIO},
      {"most of a second's overhead", one + overhead - 1, kChunk, 0, EIO, 0,
       EIO},
      {"a second, empty chunk", one + overhead, kChunk, 0, 0},
      {"a cut second chunk", one + overhead + 1, kChunk + 1, 0, 0, EIO},
      {"two chunks", one + kChunk + overhead, 2 * kChunk, 0, 0},
  };
}

class CiphertextSizesTest : public CoreTest,
                            public testing::WithParamInterface<CipherCombo> {
 protected:
  static MountedVault::Options OptionsOf(CipherCombo combo) {
    MountedVault::Options options;
    options.combo = combo;
    return options;
  }
  CiphertextSizesTest() : CoreTest(OptionsOf(GetParam())) {
    const Ino whole = vault_.MakeFile(kRootIno, "whole", content_);
    std::ifstream file(vault_.RootPathOf("whole"), std::ios::binary);
    std::stringstream read;
    read << file.rdbuf();
    ciphertext_ = read.str();
    fs().Forget(whole, 1);
  }

  // The first `size` bytes of the ciphertext, as the file "cut".
  Ino MakeCut(size_t size) {
    std::ofstream file(vault_.RootPathOf("cut"), std::ios::binary);
    file << ciphertext_.substr(0, size);
    file.close();
    return vault_.Find(kRootIno, "cut");
  }
  std::string StoredCut() {
    std::ifstream file(vault_.RootPathOf("cut"), std::ios::binary);
    std::stringstream read;
    read << file.rdbuf();
    return read.str();
  }
  int OpenErrno(Ino ino, const OpenRequest& request) {
    const auto handle = fs().Open(caller(), ino, request);
    if (handle.ok()) EXPECT_EQ(Errno(fs().Release(ino, *handle)), 0);
    return Errno(handle);
  }
  int SetSize(Ino ino, uint64_t size) {
    SetAttributesRequest request;
    request.size = size;
    return Errno(fs().SetAttributes(caller(), ino, request, absl::nullopt));
  }

  void ExpectKeepsSize(Ino file, const Cut& cut) {
    for (const uint64_t size : {cut.shown + 1, uint64_t{1}, kChunk + 1}) {
      EXPECT_EQ(SetSize(file, size), EIO) << size;
    }
    EXPECT_TRUE(StoredCut() == ciphertext_.substr(0, cut.stored));
  }

  const std::string content_ = PatternText(2 * kChunk + 5, 1);
  std::string ciphertext_;
};

INSTANTIATE_TEST_SUITE_P(Combos, CiphertextSizesTest,
                         testing::Values(CipherCombo::kSivGcm,
                                         CipherCombo::kSivCtrMac));

TEST_P(CiphertextSizesTest, WhatIsWholeIsReadAndTheRestIsEIO) {
  for (const Cut& cut : CutsOf(GetParam())) {
    SCOPED_TRACE(cut.what);
    const Ino file = MakeCut(cut.stored);
    EXPECT_EQ(vault_.Stat(file).size, cut.shown);
    EXPECT_EQ(OpenErrno(file, kForReading), cut.read_open);
    EXPECT_EQ(OpenErrno(file, kForWriting), cut.write_open);
    if (cut.read_open != 0) continue;

    const HandleId handle = vault_.Open(file, kForReading);
    const uint64_t whole = cut.shown / kChunk * kChunk;
    EXPECT_TRUE(*vault_.Read(file, handle, 0, whole) ==
                content_.substr(0, whole));
    const auto inside = vault_.Read(file, handle, whole, cut.shown - whole);
    EXPECT_EQ(Errno(inside), cut.read_inside);
    const auto past = vault_.Read(file, handle, cut.shown, 10);
    EXPECT_EQ(Errno(past), cut.read_past);
    if (past.ok()) EXPECT_EQ(*past, "");
    EXPECT_EQ(Errno(fs().Release(file, handle)), 0);
    // Nobody has written.
    EXPECT_TRUE(StoredCut() == ciphertext_.substr(0, cut.stored));
  }
}

TEST_P(CiphertextSizesTest, WhatOpensForWritingIsWrittenAndExtended) {
  for (const Cut& cut : CutsOf(GetParam())) {
    SCOPED_TRACE(cut.what);
    if (cut.write_open != 0 || cut.read_inside != 0) continue;
    Ino file = MakeCut(cut.stored);
    const HandleId handle = vault_.Open(file, kForBoth);
    EXPECT_EQ(Errno(vault_.Write(file, handle, cut.shown, "more")), 0);
    EXPECT_EQ(Errno(fs().Release(file, handle)), 0);
    const std::string expected = content_.substr(0, cut.shown) + "more";
    vault_.Remount();
    file = vault_.Find(kRootIno, "cut");
    EXPECT_TRUE(vault_.Content(file) == expected);

    file = MakeCut(cut.stored);
    EXPECT_EQ(SetSize(file, cut.shown + kChunk), 0);
    EXPECT_TRUE(vault_.Content(file) ==
                content_.substr(0, cut.shown) + std::string(kChunk, '\0'));
  }
}

// A damaged file keeps what it has until somebody asks for none of it.
TEST_P(CiphertextSizesTest, OnlyTruncationToNothingChangesADamagedFile) {
  for (const Cut& cut : CutsOf(GetParam())) {
    SCOPED_TRACE(cut.what);
    if (cut.write_open == EIO) {
      const Ino file = MakeCut(cut.stored);
      ExpectKeepsSize(file, cut);
      // Nor through the open file of somebody who reads around the damage.
      if (cut.read_open == 0) {
        const HandleId reader = vault_.Open(file, kForReading);
        ExpectKeepsSize(file, cut);
        EXPECT_EQ(Errno(fs().Release(file, reader)), 0);
      }
    }
    Ino file = MakeCut(cut.stored);
    EXPECT_EQ(SetSize(file, 0), 0);
    EXPECT_EQ(vault_.Content(file), "");
    file = MakeCut(cut.stored);
    const HandleId handle = vault_.Open(file, kTruncating);
    EXPECT_EQ(Errno(vault_.Write(file, handle, 0, "new")), 0);
    EXPECT_EQ(Errno(fs().Release(file, handle)), 0);
    EXPECT_EQ(vault_.Content(file), "new");
  }
}

// A size is free to claim on a store with holes. Nothing is allocated for it,
// and nothing in a hole authenticates.
TEST_P(CiphertextSizesTest, SizeThatIsOnlyClaimedCostsNothing) {
  constexpr uint64_t kClaimed = uint64_t{1} << 43;
  Ino file = MakeCut(ciphertext_.size());
  std::filesystem::resize_file(vault_.RootPathOf("cut"), kClaimed);
  const uint64_t shown = vault_.Stat(file).size;
  EXPECT_GT(shown, kClaimed / 100 * 99);
  EXPECT_LT(shown, kClaimed);
  const HandleId handle = vault_.Open(file, kForBoth);
  EXPECT_TRUE(*vault_.Read(file, handle, 0, 2 * kChunk) ==
              content_.substr(0, 2 * kChunk));
  for (const uint64_t at :
       {uint64_t{2 * kChunk}, shown / 2, shown - 10, shown - 1}) {
    EXPECT_EQ(Errno(vault_.Read(file, handle, at, 1 << 20)), EIO) << at;
  }
  EXPECT_EQ(*vault_.Read(file, handle, shown, 10), "");
  // Part of a chunk needs the rest; a whole one does not.
  EXPECT_EQ(Errno(vault_.Write(file, handle, shown / 2, "x")), EIO);
  const uint64_t whole = shown / 2 / kChunk * kChunk;
  EXPECT_EQ(Errno(vault_.Write(file, handle, whole, std::string(kChunk, 'x'))),
            0);
  EXPECT_EQ(*vault_.Read(file, handle, whole, kChunk),
            std::string(kChunk, 'x'));
  EXPECT_EQ(Errno(fs().Release(file, handle)), 0);
  EXPECT_EQ(SetSize(file, shown / 4 + 1), EIO);
  EXPECT_EQ(SetSize(file, 2 * kChunk), 0);
  EXPECT_TRUE(vault_.Content(file) == content_.substr(0, 2 * kChunk));
}

TEST_P(CiphertextSizesTest, EverySizeIsRenamedAndUnlinked) {
  for (const Cut& cut : CutsOf(GetParam())) {
    SCOPED_TRACE(cut.what);
    const Ino file = MakeCut(cut.stored);
    EXPECT_EQ(Errno(fs().Rename(caller(), kRootIno, "cut", kRootIno, "moved",
                                RenameFlag::kNone)),
              0);
    EXPECT_EQ(vault_.Find(kRootIno, "moved"), file);
    EXPECT_EQ(Errno(fs().Rename(caller(), kRootIno, "moved", kRootIno, "cut",
                                RenameFlag::kNone)),
              0);
    EXPECT_TRUE(StoredCut() == ciphertext_.substr(0, cut.stored));
    EXPECT_EQ(Errno(fs().Unlink(caller(), kRootIno, "cut")), 0);
    EXPECT_EQ(LookupErrno(kRootIno, "cut"), ENOENT);
  }
}

}  // namespace
}  // namespace casemate
