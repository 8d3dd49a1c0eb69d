#include <cerrno>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/status.h"
#include "fs/storage/posix_fixture_for_test.h"
#include "fs/storage/posix_storage.h"
#include "fs/storage/storage.h"
#include "gtest/gtest.h"

namespace casemate {
namespace {

using Use = PosixStorageOptions::Use;

constexpr PosixStorageOptions kNoRenameFlags = {Use::kIfAvailable, Use::kNever};

TEST(PosixRenameTest, ReplaceTakesTheTargetsPlace) {
  PosixStorageFixture storage;
  storage.temp().Write("a", "A");
  storage.temp().Write("b", "B");
  ASSERT_TRUE(
      storage.dir().Rename("a", storage.dir(), "b", RenameMode::kReplace).ok());
  EXPECT_EQ(ReadAll(storage.dir(), "b"), "A");
  EXPECT_EQ(ErrnoOf(storage.dir().Stat("a").status()), ENOENT);
}

TEST(PosixRenameTest, MovesBetweenDirectories) {
  PosixStorageFixture storage;
  storage.temp().MakeDir("x");
  storage.temp().MakeDir("y");
  storage.temp().Write("x/a", "A");
  auto x = *storage.dir().OpenDir("x");
  auto y = *storage.dir().OpenDir("y");
  ASSERT_TRUE(x->Rename("a", *y, "b", RenameMode::kNoReplace).ok());
  EXPECT_EQ(ReadAll(*y, "b"), "A");
}

TEST(PosixRenameTest, DirectoryOverNonEmptyDirectoryIsENOTEMPTY) {
  PosixStorageFixture storage;
  storage.temp().MakeDir("x");
  storage.temp().MakeDir("y");
  storage.temp().Write("y/f", "");
  const absl::Status status =
      storage.dir().Rename("x", storage.dir(), "y", RenameMode::kReplace);
  EXPECT_EQ(ErrnoOf(status), ENOTEMPTY);
}

TEST(PosixRenameTest, ExchangeSwapsAFileAndADirectory) {
  PosixStorageFixture storage;
  storage.temp().Write("a", "A");
  storage.temp().MakeDir("b");
  storage.temp().Write("b/f", "F");
  ASSERT_TRUE(storage.dir()
                  .Rename("a", storage.dir(), "b", RenameMode::kExchange)
                  .ok());
  EXPECT_EQ(ReadAll(storage.dir(), "b"), "A");
  EXPECT_EQ(ReadAll(storage.dir(), "a/f"), "F");
  EXPECT_EQ(ErrnoOf(storage.dir().Rename("a", storage.dir(), "absent",
                                         RenameMode::kExchange)),
            ENOENT);
}

class RenameNoReplaceTest : public testing::TestWithParam<Use>,
                            public PosixStorageFixture {
 protected:
  RenameNoReplaceTest()
      : PosixStorageFixture(
            PosixStorageOptions{Use::kIfAvailable, GetParam()}) {}
};

INSTANTIATE_TEST_SUITE_P(Flags, RenameNoReplaceTest,
                         testing::Values(Use::kIfAvailable, Use::kNever),
                         [](const testing::TestParamInfo<Use>& info) {
                           return info.param == Use::kNever ? "Without"
                                                            : "With";
                         });

TEST_P(RenameNoReplaceTest, TakenTargetIsEEXISTAndUntouched) {
  temp().Write("a", "A");
  temp().Write("b", "B");
  temp().Symlink("nowhere", "link");
  for (const char* target : {"b", "link", "a"}) {
    EXPECT_EQ(ErrnoOf(dir().Rename("a", dir(), target, RenameMode::kNoReplace)),
              EEXIST);
  }
  EXPECT_EQ(ReadAll(dir(), "a"), "A");
  EXPECT_EQ(ReadAll(dir(), "b"), "B");
}

TEST_P(RenameNoReplaceTest, FreeTargetGetsTheName) {
  temp().Write("a", "A");
  ASSERT_TRUE(dir().Rename("a", dir(), "c", RenameMode::kNoReplace).ok());
  EXPECT_EQ(ReadAll(dir(), "c"), "A");
  EXPECT_EQ(dir().no_replace_is_atomic(), GetParam() == Use::kIfAvailable);
}

TEST_P(RenameNoReplaceTest, DirectoryBelowItselfIsEINVAL) {
  temp().MakeDir("n");
  EXPECT_EQ(ErrnoOf(dir().Rename("n", dir(), "n/x", RenameMode::kNoReplace)),
            EINVAL);
  EXPECT_TRUE(dir().no_replace_is_atomic());
}

TEST(PosixRenameTest, ExchangeWithoutTheFlagIsEINVALAndChangesNothing) {
  PosixStorageFixture storage(kNoRenameFlags);
  storage.temp().Write("a", "A");
  storage.temp().Write("b", "B");
  EXPECT_EQ(ErrnoOf(storage.dir().Rename("a", storage.dir(), "b",
                                         RenameMode::kExchange)),
            EINVAL);
  EXPECT_EQ(ReadAll(storage.dir(), "a"), "A");
  EXPECT_EQ(ReadAll(storage.dir(), "b"), "B");
}

}  // namespace
}  // namespace casemate
