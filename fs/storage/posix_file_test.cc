#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "base/status.h"
#include "fs/storage/posix_fixture_for_test.h"
#include "fs/storage/posix_storage.h"
#include "fs/storage/storage.h"
#include "fs/storage/temp_dir_for_test.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

namespace casemate {
namespace {

TEST(PosixFileTest, ReadStopsAtEndOfFileAndBeyondItIsEmpty) {
  PosixStorageFixture storage;
  storage.temp().Write("f", "abcdef");
  auto file = *storage.dir().OpenFile("f", Access::kRead);
  std::vector<uint8_t> out(10);
  EXPECT_EQ(*file->ReadAt(0, MutableBytes(out)), 6);
  EXPECT_EQ(*file->ReadAt(4, MutableBytes(out)), 2);
  EXPECT_EQ(out[0], 'e');
  EXPECT_EQ(*file->ReadAt(6, MutableBytes(out)), 0);
  EXPECT_EQ(*file->ReadAt(1 << 20, MutableBytes(out)), 0);
  EXPECT_EQ(
      *file->ReadAt(std::numeric_limits<uint64_t>::max(), MutableBytes(out)),
      0);
  EXPECT_EQ(*file->ReadAt(0, MutableBytes()), 0);
}

TEST(PosixFileTest, OffsetsThatNoFileHasAreEFBIG) {
  PosixStorageFixture storage;
  auto file = *storage.dir().CreateFile("f", 0600);
  constexpr uint64_t kMax = std::numeric_limits<int64_t>::max();
  for (const uint64_t offset :
       {kMax, kMax - 1, std::numeric_limits<uint64_t>::max()}) {
    const WriteResult wrote = file->WriteAt(offset, BytesOf("abc"));
    EXPECT_EQ(ErrnoOf(wrote.status), EFBIG) << offset;
    EXPECT_EQ(wrote.written, 0);
  }
  EXPECT_EQ(ErrnoOf(file->Truncate(kMax + 1)), EFBIG);
  EXPECT_EQ(file->Stat()->size, 0);
}

TEST(PosixFileTest, TruncateCutsAndGrowsWithZeros) {
  PosixStorageFixture storage;
  auto file = *storage.dir().CreateFile("f", 0600);
  ASSERT_TRUE(file->WriteAt(0, BytesOf("abcdef")).status.ok());
  ASSERT_TRUE(file->Truncate(2).ok());
  ASSERT_TRUE(file->Truncate(4).ok());
  EXPECT_EQ(ReadAll(storage.dir(), "f"), std::string("ab\0\0", 4));
  EXPECT_EQ(file->Stat()->size, 4);
}

TEST(PosixFileTest, FileOpenForReadingRefusesToWrite) {
  PosixStorageFixture storage;
  storage.temp().Write("f", "abc");
  auto file = *storage.dir().OpenFile("f", Access::kRead);
  EXPECT_FALSE(file->writable());
  EXPECT_EQ(ErrnoOf(file->WriteAt(0, BytesOf("x")).status), EIO);
  EXPECT_FALSE(file->Truncate(0).ok());
  EXPECT_EQ(ReadAll(storage.dir(), "f"), "abc");
  EXPECT_TRUE((*storage.dir().OpenFile("f", Access::kReadWrite))->writable());
}

TEST(PosixFileTest, OpenFileOutlivesItsNameAndItsDir) {
  TempDir temp;
  std::unique_ptr<Dir> dir = *OpenPosixDir(temp.path());
  auto file = *dir->CreateFile("f", 0600);
  ASSERT_TRUE(dir->RemoveFile("f").ok());
  dir.reset();
  ASSERT_TRUE(file->WriteAt(0, BytesOf("abc")).status.ok());
  EXPECT_EQ(file->Stat()->size, 3);
  EXPECT_EQ(file->Stat()->links, 0);
}

RC_GTEST_PROP(PosixFileProperty, WritesAgreeWithAString, ()) {
  PosixStorageFixture storage;
  auto file = *storage.dir().CreateFile("f", 0600);
  std::string model;
  const auto writes =
      *rc::gen::container<std::vector<std::pair<uint16_t, std::string>>>(
          rc::gen::pair(rc::gen::inRange<uint16_t>(0, 9000),
                        rc::gen::arbitrary<std::string>()));
  for (const auto& [offset, data] : writes) {
    const WriteResult wrote = file->WriteAt(offset, BytesOf(data));
    RC_ASSERT(wrote.status.ok());
    RC_ASSERT(wrote.written == data.size());
    if (data.empty()) continue;
    model.resize(std::max(model.size(), offset + data.size()), '\0');
    model.replace(offset, data.size(), data);
  }
  RC_ASSERT(ReadAll(storage.dir(), "f") == model);
  const size_t from = *rc::gen::inRange<size_t>(0, model.size() + 2);
  std::string part(100, 'x');
  const size_t n = *file->ReadAt(
      from, MutableBytes(reinterpret_cast<uint8_t*>(&part[0]), part.size()));
  RC_ASSERT(part.substr(0, n) ==
            (from > model.size() ? "" : model.substr(from, part.size())));
}

}  // namespace
}  // namespace casemate
