#include "crypto/content/chunk_codec.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "base/bytes.h"
#include "crypto/content/chunk_layout.h"
#include "crypto/content/file_header.h"
#include "crypto/primitive/sha.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"
#include "testing/fakes/fake_random.h"
#include "testing/vectors/hex.h"
#include "testing/vectors/vault_format_8.h"

namespace casemate {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr CipherCombo kCombos[] = {CipherCombo::kSivGcm,
                                   CipherCombo::kSivCtrMac};

Bytes Hex(const nlohmann::json& field) {
  return FromHex(field.get<std::string>());
}

Bytes Joined(const Bytes& a, const Bytes& b) {
  Bytes joined = a;
  joined.insert(joined.end(), b.begin(), b.end());
  return joined;
}

uint32_t OverheadOf(const ChunkCodec& codec) {
  return ChunkLayout(codec.combo()).overhead();
}

Bytes Sealed(const ChunkCodec& codec, uint64_t number, RandomSource& random,
             ConstBytes cleartext) {
  Bytes sealed(cleartext.size() + OverheadOf(codec));
  codec.Seal(number, random, cleartext, absl::MakeSpan(sealed));
  return sealed;
}

// The cleartext, or "refused" and a proof that nothing came out.
struct Opened {
  absl::Status status;
  Bytes cleartext;
};

Opened Open(const ChunkCodec& codec, uint64_t number, const Bytes& sealed) {
  const size_t overhead = OverheadOf(codec);
  Opened opened;
  opened.cleartext.assign(std::max(sealed.size(), overhead) - overhead, 0xaa);
  opened.status = codec.Open(number, sealed, absl::MakeSpan(opened.cleartext));
  return opened;
}

bool IsRefused(const Opened& opened) {
  return absl::IsDataLoss(opened.status) &&
         opened.cleartext == Bytes(opened.cleartext.size());
}

struct VectorFile {
  explicit VectorFile(const nlohmann::json& fields)
      : row(fields),
        header(*CipherComboFromName(row["combo"].get<std::string>()),
               Hex(row["headerNonce"]), Hex(row["contentKey"])),
        codec(header, Hex(VaultFormat8Vectors("keys")["macKey"])) {}

  // Seals with the nonce the vector names.
  Bytes Seal(uint64_t number, const nlohmann::json& nonce,
             ConstBytes cleartext) const {
    ScriptedRandom random(Hex(nonce));
    return Sealed(codec, number, random, cleartext);
  }

  const nlohmann::json row;
  const FileHeader header;
  const ChunkCodec codec;
};

TEST(ChunkCodecTest, SealsAndOpensTheFilesOfTheVectors) {
  Bytes full(kChunkSize);
  for (size_t i = 0; i < full.size(); ++i) full[i] = (7 * i + 3) & 0xff;
  int files = 0;
  for (const nlohmann::json& row : VaultFormat8Vectors("files")) {
    const VectorFile file(row);
    const nlohmann::json& chunk0 = row["chunk0"];
    const Bytes sealed0 = file.Seal(0, chunk0["nonce"], full);
    EXPECT_EQ(sealed0.size(), chunk0["length"]);
    EXPECT_EQ(ToHex(Sha256(sealed0)), chunk0["sha256"]);
    EXPECT_EQ(Open(file.codec, 0, sealed0).cleartext, full);

    const nlohmann::json& chunk1 = row["chunk1"];
    const Bytes tail = Hex(chunk1["plaintext"]);
    const Bytes sealed1 = file.Seal(1, chunk1["nonce"], tail);
    EXPECT_EQ(ToHex(sealed1), chunk1["ciphertext"]);
    EXPECT_EQ(Open(file.codec, 1, sealed1).cleartext, tail);

    const Bytes whole = Joined(Joined(Hex(row["header"]), sealed0), sealed1);
    EXPECT_EQ(whole.size(), row["whole"]["length"]);
    EXPECT_EQ(ToHex(Sha256(whole)), row["whole"]["sha256"]);
    ++files;
  }
  EXPECT_EQ(files, 2);
}

TEST(ChunkCodecTest, SealsAndOpensTheSmallFilesOfTheVectors) {
  for (const nlohmann::json& row : VaultFormat8Vectors("files")) {
    const VectorFile file(row);
    const nlohmann::json& backup = row["diridBackup"];
    const std::string dir_id = backup["dirId"];
    EXPECT_EQ(ToHex(file.Seal(0, backup["nonce"], BytesOf(dir_id))),
              backup["chunk"]);
    EXPECT_EQ(TextOf(Open(file.codec, 0, Hex(backup["chunk"])).cleartext),
              dir_id);
    const nlohmann::json& symlink = row["symlink"];
    const std::string target = symlink["target"];
    EXPECT_EQ(ToHex(file.Seal(0, symlink["nonce"], BytesOf(target))),
              symlink["chunk"]);
    EXPECT_EQ(TextOf(Open(file.codec, 0, Hex(symlink["chunk"])).cleartext),
              target);
  }
}

TEST(ChunkCodecTest, AChunkOfNoBytesOpensButIsNoLessAuthentic) {
  for (const nlohmann::json& row : VaultFormat8Vectors("files")) {
    const VectorFile file(row);
    Bytes sealed = Hex(row["emptyChunk0"]["ciphertext"]);
    EXPECT_TRUE(Open(file.codec, 0, sealed).status.ok());
    EXPECT_FALSE(Open(file.codec, 1, sealed).status.ok());
    sealed.back() ^= 1;
    EXPECT_FALSE(Open(file.codec, 0, sealed).status.ok());
  }
}

TEST(ChunkCodecTest, LessThanTheOverheadIsDataLoss) {
  for (const nlohmann::json& row : VaultFormat8Vectors("files")) {
    const VectorFile file(row);
    for (size_t size = 0; size < OverheadOf(file.codec); ++size) {
      EXPECT_TRUE(absl::IsDataLoss(Open(file.codec, 0, Bytes(size)).status));
    }
  }
}

TEST(ChunkCodecTest, TheSameBytesAreSealedWithAFreshNonce) {
  for (const CipherCombo combo : kCombos) {
    FakeRandom random(1);
    const FileHeader header = FileHeader::Create(combo, random);
    const ChunkCodec codec(header, Bytes(32, 9));
    const Bytes one = Sealed(codec, 0, random, BytesOf("same"));
    const Bytes two = Sealed(codec, 0, random, BytesOf("same"));
    const size_t nonce_size = HeaderNonceSize(combo);
    EXPECT_NE(Bytes(one.begin(), one.begin() + nonce_size),
              Bytes(two.begin(), two.begin() + nonce_size));
    EXPECT_NE(one, two);
  }
}

TEST(ChunkCodecDeathTest, SealsNeitherNothingNorTooMuch) {
  FakeRandom random(1);
  const FileHeader header = FileHeader::Create(CipherCombo::kSivGcm, random);
  const ChunkCodec codec(header, Bytes(32));
  EXPECT_DEATH(Sealed(codec, 0, random, {}), "1 to 32768");
  EXPECT_DEATH(Sealed(codec, 0, random, Bytes(kChunkSize + 1)), "1 to 32768");
}

TEST(ChunkCodecTest, ThreadsShareACodec) {
  for (const CipherCombo combo : kCombos) {
    FakeRandom random(1);
    const FileHeader header = FileHeader::Create(combo, random);
    const ChunkCodec codec(header, Bytes(32, 9));
    std::vector<std::thread> threads;
    for (uint8_t t = 0; t < 4; ++t) {
      threads.emplace_back([&codec, &random, t] {
        const Bytes cleartext(5000, t);
        for (int i = 0; i < 50; ++i) {
          Bytes sealed = Sealed(codec, t, random, cleartext);
          ASSERT_EQ(Open(codec, t, sealed).cleartext, cleartext);
          sealed[i] ^= 1;
          ASSERT_TRUE(IsRefused(Open(codec, t, sealed)));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
}

// One sealed chunk of an arbitrary file.
struct AnyChunk {
  AnyChunk()
      : combo(*rc::gen::element(CipherCombo::kSivGcm, CipherCombo::kSivCtrMac)),
        random(*rc::gen::arbitrary<uint64_t>()),
        header(FileHeader::Create(combo, random)),
        mac_key(32, *rc::gen::arbitrary<uint8_t>()),
        codec(header, mac_key),
        number(*rc::gen::arbitrary<uint64_t>()),
        cleartext(*rc::gen::element<size_t>(
            1, 16, kChunkSize, *rc::gen::inRange<size_t>(1, kChunkSize + 1))) {
    random.Fill(absl::MakeSpan(cleartext));
    sealed = Sealed(codec, number, random, cleartext);
  }

  const CipherCombo combo;
  FakeRandom random;
  const FileHeader header;
  const Bytes mac_key;
  const ChunkCodec codec;
  const uint64_t number;
  Bytes cleartext;
  Bytes sealed;
};

RC_GTEST_PROP(ChunkCodecProperty, OpensWhatItSealed, ()) {
  const AnyChunk chunk;
  const Opened opened = Open(chunk.codec, chunk.number, chunk.sealed);
  RC_ASSERT(opened.status.ok());
  RC_ASSERT(opened.cleartext == chunk.cleartext);
}

RC_GTEST_PROP(ChunkCodecProperty, RefusesAnyFlippedBitAndAnyOtherSize, ()) {
  AnyChunk chunk;
  const size_t bit = *rc::gen::inRange<size_t>(0, 8 * chunk.sealed.size());
  chunk.sealed[bit / 8] ^= 1 << bit % 8;
  RC_ASSERT(IsRefused(Open(chunk.codec, chunk.number, chunk.sealed)));
  chunk.sealed[bit / 8] ^= 1 << bit % 8;
  Bytes longer = chunk.sealed;
  longer.push_back(*rc::gen::arbitrary<uint8_t>());
  RC_ASSERT(IsRefused(Open(chunk.codec, chunk.number, longer)));
  chunk.sealed.resize(*rc::gen::inRange<size_t>(0, chunk.sealed.size()));
  RC_ASSERT(IsRefused(Open(chunk.codec, chunk.number, chunk.sealed)));
}

RC_GTEST_PROP(ChunkCodecProperty, RefusesAnotherNumber, ()) {
  const AnyChunk chunk;
  const int bit = *rc::gen::inRange(0, 64);
  const uint64_t other = chunk.number ^ uint64_t { 1 } << bit;
  RC_ASSERT(IsRefused(Open(chunk.codec, other, chunk.sealed)));
}

RC_GTEST_PROP(ChunkCodecProperty, RefusesAnotherHeader, ()) {
  AnyChunk chunk;
  // The same content key, so that the nonce alone must make the difference.
  Bytes nonce(chunk.header.nonce().begin(), chunk.header.nonce().end());
  const size_t bit = *rc::gen::inRange<size_t>(0, 8 * nonce.size());
  nonce[bit / 8] ^= 1 << bit % 8;
  const FileHeader other(chunk.combo, nonce, chunk.header.content_key());
  RC_ASSERT(IsRefused(
      Open(ChunkCodec(other, chunk.mac_key), chunk.number, chunk.sealed)));
}

}  // namespace
}  // namespace casemate
