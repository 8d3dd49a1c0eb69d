#include "fs/fuse/stat_codec.h"

#include <fcntl.h>
#include <fuse_lowlevel.h>

#include <cerrno>

#include "absl/status/statusor.h"
#include "base/status.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

namespace casemate {
namespace {

// Everything in it is rubbish unless to_set names it.
struct stat Garbage() {
  struct stat values = {};
  values.st_mode = 0xffffffff;
  values.st_uid = 77;
  values.st_gid = 78;
  values.st_size = -5;
  values.st_atim = {1, -1};
  values.st_mtim = {2, 2'000'000'000};
  return values;
}

TEST(SetAttributesRequestTest, NothingSetIsNothingAsked) {
  const auto request = SetAttributesRequestOf(Garbage(), 0);
  ASSERT_TRUE(request.ok());
  EXPECT_FALSE(request->permissions || request->uid || request->gid ||
               request->size || request->atime || request->mtime);
}

TEST(SetAttributesRequestTest, EachBitSetsItsField) {
  struct stat values = Garbage();
  values.st_size = 10;
  values.st_atim = {-3, 999'999'999};
  values.st_mtim = {4, 0};
  const auto request = SetAttributesRequestOf(
      values, FUSE_SET_ATTR_MODE | FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID |
                  FUSE_SET_ATTR_SIZE | FUSE_SET_ATTR_ATIME |
                  FUSE_SET_ATTR_MTIME);
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->permissions, mode_t{07777});
  EXPECT_EQ(request->uid, uid_t{77});
  EXPECT_EQ(request->gid, gid_t{78});
  EXPECT_EQ(request->size, uint64_t{10});
  ASSERT_TRUE(request->atime && request->mtime);
  EXPECT_EQ(request->atime->source, TimeSource::kGiven);
  EXPECT_EQ(request->atime->value.tv_sec, -3);
  EXPECT_EQ(request->atime->value.tv_nsec, 999'999'999);
  EXPECT_EQ(request->mtime->value.tv_sec, 4);
}

TEST(SetAttributesRequestTest, NowWinsOverAGivenTime) {
  const auto request = SetAttributesRequestOf(
      Garbage(),
      FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_ATIME_NOW | FUSE_SET_ATTR_MTIME_NOW);
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->atime->source, TimeSource::kNow);
  EXPECT_EQ(request->mtime->source, TimeSource::kNow);
}

TEST(SetAttributesRequestTest, ImpossibleValuesAreEINVAL) {
  for (const int bit :
       {FUSE_SET_ATTR_SIZE, FUSE_SET_ATTR_ATIME, FUSE_SET_ATTR_MTIME}) {
    EXPECT_EQ(ErrnoOf(SetAttributesRequestOf(Garbage(), bit).status()), EINVAL)
        << bit;
  }
  // utimensat(2) would take this for "now".
  struct stat values = {};
  values.st_mtim.tv_nsec = UTIME_NOW;
  EXPECT_EQ(
      ErrnoOf(SetAttributesRequestOf(values, FUSE_SET_ATTR_MTIME).status()),
      EINVAL);
}

TEST(OpenRequestTest, AccessModes) {
  EXPECT_TRUE(OpenRequestOf(O_RDONLY).read);
  EXPECT_FALSE(OpenRequestOf(O_RDONLY).write);
  EXPECT_FALSE(OpenRequestOf(O_WRONLY).read);
  EXPECT_TRUE(OpenRequestOf(O_WRONLY).write);
  EXPECT_TRUE(OpenRequestOf(O_RDWR).read);
  EXPECT_TRUE(OpenRequestOf(O_RDWR).write);
}

TEST(OpenRequestTest, FlagsThatMatterAndTheOthers) {
  EXPECT_TRUE(OpenRequestOf(O_WRONLY | O_TRUNC).truncate);
  EXPECT_TRUE(OpenRequestOf(O_WRONLY | O_EXCL).exclusive);
  const OpenRequest request =
      OpenRequestOf(O_RDONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC);
  EXPECT_FALSE(request.truncate || request.exclusive || request.write);
}

RC_GTEST_PROP(RenameFlagProperty, OnlyThreeValuesAreKnown, (unsigned flags)) {
  RC_ASSERT(RenameFlagOf(flags).has_value() == (flags <= 2));
}

TEST(RenameFlagTest, UnknownCombinationsAreAbsent) {
  EXPECT_EQ(RenameFlagOf(0), RenameFlag::kNone);
  EXPECT_EQ(RenameFlagOf(1), RenameFlag::kNoReplace);
  EXPECT_EQ(RenameFlagOf(2), RenameFlag::kExchange);
  for (const unsigned flags : {3u, 4u, 5u, 8u}) {
    EXPECT_FALSE(RenameFlagOf(flags).has_value()) << flags;
  }
}

TEST(StatOfTest, CarriesEveryAttribute) {
  Attributes attributes;
  attributes.inode_number = 9;
  attributes.kind = NodeKind::kDirectory;
  attributes.permissions = 0751;
  attributes.links = 2;
  attributes.uid = 5;
  attributes.gid = 6;
  attributes.size = 513;
  attributes.atime = {1, 2};
  attributes.mtime = {3, 4};
  attributes.ctime = {5, 6};
  const struct stat values = StatOf(attributes);
  EXPECT_EQ(values.st_ino, 9u);
  EXPECT_EQ(values.st_mode, mode_t{S_IFDIR | 0751});
  EXPECT_EQ(values.st_nlink, 2u);
  EXPECT_EQ(values.st_uid, 5u);
  EXPECT_EQ(values.st_gid, 6u);
  EXPECT_EQ(values.st_size, 513);
  EXPECT_EQ(values.st_blocks, 2);
  EXPECT_EQ(values.st_atim.tv_nsec, 2);
  EXPECT_EQ(values.st_mtim.tv_sec, 3);
  EXPECT_EQ(values.st_ctim.tv_nsec, 6);
}

TEST(StatvfsOfTest, CarriesEveryNumber) {
  const struct statvfs values =
      StatvfsOf(SpaceReply{4096, 100, 60, 50, 40, 30, 255});
  EXPECT_EQ(values.f_bsize, 4096u);
  EXPECT_EQ(values.f_frsize, 4096u);
  EXPECT_EQ(values.f_blocks, 100u);
  EXPECT_EQ(values.f_bfree, 60u);
  EXPECT_EQ(values.f_bavail, 50u);
  EXPECT_EQ(values.f_files, 40u);
  EXPECT_EQ(values.f_ffree, 30u);
  EXPECT_EQ(values.f_namemax, 255u);
}

}  // namespace
}  // namespace casemate
