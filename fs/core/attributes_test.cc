// Attributes: what is shown, what can be set, when times move (A1-A14).
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "gtest/gtest.h"
#include "testing/model/core_fixture.h"

namespace casemate {
namespace {

// Root in a user namespace of its own may not.
bool MayGiveFilesAway(const std::string& folder) {
  const std::string path = folder + "/probe";
  const int fd = open(path.c_str(), O_CREAT | O_WRONLY, 0600);
  const bool may = fd >= 0 && fchown(fd, 1234, 5678) == 0;
  if (fd >= 0) close(fd);
  unlink(path.c_str());
  return may;
}

class AttributesTest : public CoreTest {
 protected:
  int Set(Ino ino, const SetAttributesRequest& request,
          absl::optional<HandleId> handle = absl::nullopt) {
    return Errno(fs().SetAttributes(caller(), ino, request, handle));
  }
  static SetAttributesRequest Size(uint64_t size) {
    SetAttributesRequest request;
    request.size = size;
    return request;
  }
  static SetAttributesRequest Permissions(mode_t permissions) {
    SetAttributesRequest request;
    request.permissions = permissions;
    return request;
  }
  static SetAttributesRequest Owner(uid_t uid, gid_t gid) {
    SetAttributesRequest request;
    request.uid = uid;
    request.gid = gid;
    return request;
  }
  static SetAttributesRequest Times(time_t seconds) {
    SetAttributesRequest request;
    request.atime = TimeChange{TimeSource::kGiven, {seconds + 1, 222222222}};
    request.mtime = TimeChange{TimeSource::kGiven, {seconds, 123456789}};
    return request;
  }
  static constexpr time_t kLongAgo = 1000000000;

  bool HasTimes(Ino ino, time_t seconds) {
    const Attributes attributes = vault_.Stat(ino);
    return attributes.mtime.tv_sec == seconds &&
           attributes.mtime.tv_nsec == 123456789 &&
           attributes.atime.tv_sec == seconds + 1 &&
           attributes.atime.tv_nsec == 222222222;
  }
};

TEST_F(AttributesTest, ModeHasTheKindsBits) {
  EXPECT_EQ(vault_.Stat(vault_.MakeFile(kRootIno, "f", "")).Mode(),
            mode_t{S_IFREG | 0644});
  EXPECT_EQ(vault_.Stat(vault_.MakeDir(kRootIno, "d")).Mode(),
            mode_t{S_IFDIR | 0755});
  EXPECT_EQ(vault_.Stat(vault_.MakeLink(kRootIno, "l", "t")).Mode(),
            mode_t{S_IFLNK | 0777});
}

TEST_F(AttributesTest, SizeCanOnlyBeSetOnFiles) {
  const Ino file = vault_.MakeFile(kRootIno, "f", "12345");
  EXPECT_EQ(Set(vault_.MakeDir(kRootIno, "d"), Size(0)), EISDIR);
  EXPECT_EQ(Set(vault_.MakeLink(kRootIno, "l", "t"), Size(0)), EINVAL);
  EXPECT_EQ(Set(file, Size(2)), 0);
  EXPECT_EQ(vault_.Content(file), "12");
  EXPECT_EQ(Set(file, Size(4)), 0);
  EXPECT_EQ(vault_.Content(file), std::string("12\0\0", 4));
  EXPECT_EQ(Set(file, Size(0)), 0);
  EXPECT_EQ(vault_.Content(file), "");
}

TEST_F(AttributesTest, PermissionsStayAfterARemount) {
  vault_.MakeFile(kRootIno, "f", "x");
  vault_.MakeDir(kRootIno, "d");
  for (const char* const name : {"f", "d"}) {
    EXPECT_EQ(Set(vault_.Find(kRootIno, name), Permissions(S_IFREG | 0640)), 0);
  }
  vault_.Remount();
  for (const char* const name : {"f", "d"}) {
    EXPECT_EQ(vault_.Stat(vault_.Find(kRootIno, name)).permissions, 0640u);
  }
}

TEST_F(AttributesTest, SymlinkHasTimesButNoMode) {
  const Ino link = vault_.MakeLink(kRootIno, "l", "t");
  EXPECT_EQ(Set(link, Permissions(0600)), EOPNOTSUPP);
  EXPECT_EQ(Set(link, Times(kLongAgo)), 0);
  EXPECT_TRUE(HasTimes(link, kLongAgo));
}

TEST_F(AttributesTest, RefusedPartLeavesEverythingAsItWas) {
  FileSystemOptions options;
  options.shown_umask = 022;
  vault_.Remount(options);
  const Ino file = vault_.MakeFile(kRootIno, "f", "content");
  ASSERT_EQ(Set(file, Times(kLongAgo)), 0);
  SetAttributesRequest request = Size(1);
  request.permissions = 0600;  // not what is shown
  request.mtime = TimeChange{TimeSource::kNow, {}};
  EXPECT_EQ(Set(file, request), EPERM);
  EXPECT_TRUE(HasTimes(file, kLongAgo));
  EXPECT_EQ(vault_.Content(file), "content");
}

TEST_F(AttributesTest, TimesKeepNanosecondsAndAncientYears) {
  const Ino file = vault_.MakeFile(kRootIno, "f", "x");
  const Ino dir = vault_.MakeDir(kRootIno, "d");
  for (const time_t seconds :
       {time_t{-100000}, time_t{0}, kLongAgo, time_t{4000000000}}) {
    EXPECT_EQ(Set(file, Times(seconds)), 0);
    EXPECT_TRUE(HasTimes(file, seconds)) << seconds;
    EXPECT_EQ(Set(dir, Times(seconds)), 0);
    EXPECT_TRUE(HasTimes(dir, seconds)) << seconds;
  }
}

TEST_F(AttributesTest, NowIsOurClockAndWinsOverTheValue) {
  const Ino file = vault_.MakeFile(kRootIno, "f", "x");
  SetAttributesRequest request;
  request.mtime = TimeChange{TimeSource::kNow, {kLongAgo, 0}};
  EXPECT_EQ(Set(file, request), 0);
  EXPECT_EQ(vault_.Stat(file).mtime.tv_sec,
            absl::ToUnixSeconds(vault_.clock().Now()));
}

TEST_F(AttributesTest, OnlyWhatIsAskedForIsSet) {
  const Ino file = vault_.MakeFile(kRootIno, "f", "x");
  ASSERT_EQ(Set(file, Times(kLongAgo)), 0);
  SetAttributesRequest request;
  request.atime = TimeChange{TimeSource::kGiven, {5, 0}};
  EXPECT_EQ(Set(file, request), 0);
  EXPECT_EQ(vault_.Stat(file).atime.tv_sec, 5);
  EXPECT_EQ(vault_.Stat(file).mtime.tv_sec, kLongAgo);
  EXPECT_EQ(vault_.Stat(file).permissions, 0644u);
  EXPECT_EQ(Set(file, SetAttributesRequest()), 0);
  EXPECT_EQ(vault_.Stat(file).mtime.tv_sec, kLongAgo);
}

TEST_F(AttributesTest, AnyTruncationMovesTheTimes) {
  const Ino file = vault_.MakeFile(kRootIno, "f", "12345");
  const HandleId handle = vault_.Open(file, kForBoth);
  for (const uint64_t size : {3, 7, 7, 0, 0}) {
    ASSERT_EQ(Set(file, Times(kLongAgo)), 0);
    ASSERT_EQ(Set(file, Size(size), handle), 0);
    EXPECT_NE(vault_.Stat(file).mtime.tv_sec, kLongAgo) << size;
  }
  ASSERT_EQ(Set(file, Times(kLongAgo)), 0);
  OpenRequest truncating = kForBoth;
  truncating.truncate = true;
  const HandleId again = vault_.Open(file, truncating);
  EXPECT_NE(vault_.Stat(file).mtime.tv_sec, kLongAgo);
  EXPECT_TRUE(fs().Release(file, handle).ok());
  EXPECT_TRUE(fs().Release(file, again).ok());
}

TEST_F(AttributesTest, TimesSetBeforeCloseSurviveTheFlush) {
  const Ino file = vault_.MakeFile(kRootIno, "f", "");
  const HandleId handle = vault_.Open(file, kForBoth);
  ASSERT_TRUE(vault_.Write(file, handle, 0, "copied").ok());
  ASSERT_EQ(Set(file, Times(kLongAgo), handle), 0);
  ASSERT_TRUE(fs().Flush(caller(), file, handle).ok());
  ASSERT_TRUE(fs().Release(file, handle).ok());
  EXPECT_TRUE(HasTimes(file, kLongAgo));
}

TEST_F(AttributesTest, LookingAndReadingMoveNoTime) {
  const Ino file = vault_.MakeFile(kRootIno, "f", "content");
  ASSERT_EQ(Set(file, Times(kLongAgo)), 0);
  EXPECT_EQ(vault_.Content(file), "content");
  EXPECT_EQ(vault_.Stat(file).mtime.tv_sec, kLongAgo);
}

TEST_F(AttributesTest, ShownOwnerAndModeAreShownAndCannotBeOtherwise) {
  FileSystemOptions options;
  options.shown_uid = 12;
  options.shown_gid = 34;
  options.shown_umask = 027;
  vault_.Remount(options);
  const Ino file = vault_.MakeFile(kRootIno, "f", "");
  const Ino dir = vault_.MakeDir(kRootIno, "d");
  const Ino link = vault_.MakeLink(kRootIno, "l", "t");
  for (const Ino ino : {file, dir, link}) {
    EXPECT_EQ(vault_.Stat(ino).uid, 12u);
    EXPECT_EQ(vault_.Stat(ino).gid, 34u);
  }
  EXPECT_EQ(vault_.Stat(file).permissions, 0750u);
  EXPECT_EQ(vault_.Stat(dir).permissions, 0750u);
  EXPECT_EQ(vault_.Stat(link).permissions, 0777u);
  vault_.faults().ClearCalls();
  EXPECT_EQ(Set(file, Owner(12, 34)), 0);
  EXPECT_EQ(Set(file, Permissions(0750)), 0);
  EXPECT_EQ(Set(file, Owner(13, 34)), EPERM);
  EXPECT_EQ(Set(file, Owner(12, 35)), EPERM);
  EXPECT_EQ(Set(file, Permissions(0755)), EPERM);
  EXPECT_TRUE(vault_.faults().CallsOf(kMutatingCalls).empty());
}

TEST_F(AttributesTest, StoresRefusalOfAChangeComesBack) {
  const Ino file = vault_.MakeFile(kRootIno, "f", "");
  vault_.faults().Fail(StorageCall::kSetAttributes, Fault::Nth(1, EPERM));
  EXPECT_EQ(Set(file, Permissions(0600)), EPERM);
  EXPECT_EQ(vault_.Stat(file).permissions, 0644u);
}

TEST_F(AttributesTest, NewNodesBelongToTheCallerWhenAskedFor) {
  FileSystemOptions options;
  options.owner_is_caller = true;
  vault_.Remount(options);
  // Whoever is not root can give to nobody but themselves.
  Context other = caller();
  if (MayGiveFilesAway(vault_.folder())) {
    other.uid = 1234;
    other.gid = 5678;
  }
  const Entry entries[] = {
      fs().Create(other, kRootIno, "f", 0644, kForBoth)->entry,
      *fs().MakeDirectory(other, kRootIno, "d", 0755),
      *fs().MakeSymlink(other, kRootIno, "l", "t"),
      *fs().MakeNode(other, kRootIno, "n", 0600),
      *fs().MakeNode(other, kRootIno, std::string(200, 'n'), 0600)};
  for (const Entry& entry : entries) {
    EXPECT_EQ(entry.attributes.uid, other.uid);
    EXPECT_EQ(entry.attributes.gid, other.gid);
    EXPECT_EQ(vault_.Stat(entry.ino).uid, other.uid);
  }
}

TEST_F(AttributesTest, SetGroupIdOfADirectoryIsHandedDown) {
  FileSystemOptions options;
  options.owner_is_caller = true;
  vault_.Remount(options);
  const Ino dir = vault_.MakeDir(kRootIno, "d");
  Context other = caller();
  if (MayGiveFilesAway(vault_.folder())) {
    ASSERT_EQ(Set(dir, Owner(1, 777)), 0);
    other.uid = 1234;
    other.gid = 5678;
  }
  ASSERT_EQ(Set(dir, Permissions(02770)), 0);
  const gid_t gid = vault_.Stat(dir).gid;
  const Attributes file = fs().MakeNode(other, dir, "f", 0644)->attributes;
  const Attributes inner =
      fs().MakeDirectory(other, dir, "i", 0755)->attributes;
  EXPECT_EQ(file.gid, gid);
  EXPECT_EQ(file.uid, other.uid);
  EXPECT_EQ(inner.gid, gid);
  EXPECT_EQ(inner.permissions, 02755u);
}

TEST_F(AttributesTest, SpaceIsScaledToCleartext) {
  // Others use the disk, too: until it stands still for a moment.
  for (int attempt = 0; attempt < 10000; ++attempt) {
    struct statvfs before = {};
    struct statvfs after = {};
    ASSERT_EQ(statvfs(vault_.folder().c_str(), &before), 0);
    const SpaceReply space = *fs().Space(caller());
    ASSERT_EQ(statvfs(vault_.folder().c_str(), &after), 0);
    if (before.f_bfree != after.f_bfree || before.f_bavail != after.f_bavail) {
      continue;
    }
    const auto scaled = [](uint64_t blocks) {
      return static_cast<uint64_t>(static_cast<long double>(blocks) * 32768 /
                                   32796);
    };
    EXPECT_EQ(space.name_max, 255u);
    EXPECT_EQ(space.blocks, before.f_blocks);
    EXPECT_EQ(space.free_blocks, scaled(before.f_bfree));
    EXPECT_EQ(space.available_blocks, scaled(before.f_bavail));
    return;
  }
  FAIL() << "the disk never stood still";
}

TEST_F(AttributesTest, ReadOnlyMountRefusesBeforeItTouchesTheStore) {
  vault_.MakeFile(kRootIno, "f", "content");
  vault_.MakeDir(kRootIno, "d");
  FileSystemOptions options;
  options.read_only = true;
  vault_.Remount(options);
  const Ino file = vault_.Find(kRootIno, "f");
  const Context& c = caller();
  vault_.faults().ClearCalls();
  EXPECT_EQ(Errno(fs().Create(c, kRootIno, "x", 0644, kForBoth)), EROFS);
  EXPECT_EQ(Errno(fs().Create(c, kRootIno, "f", 0644, kForReading)), EROFS);
  EXPECT_EQ(Errno(fs().MakeNode(c, kRootIno, "x", 0644)), EROFS);
  EXPECT_EQ(Errno(fs().MakeDirectory(c, kRootIno, "x", 0755)), EROFS);
  EXPECT_EQ(Errno(fs().MakeSymlink(c, kRootIno, "x", "t")), EROFS);
  EXPECT_EQ(Errno(fs().Unlink(c, kRootIno, "f")), EROFS);
  EXPECT_EQ(Errno(fs().RemoveDirectory(c, kRootIno, "d")), EROFS);
  EXPECT_EQ(
      Errno(fs().Rename(c, kRootIno, "f", kRootIno, "g", RenameFlag::kNone)),
      EROFS);
  EXPECT_EQ(Errno(fs().Open(c, file, kForWriting)), EROFS);
  EXPECT_EQ(Errno(fs().Open(c, file, {true, false, true, false})), EROFS);
  EXPECT_EQ(Set(file, Size(0)), EROFS);
  EXPECT_EQ(Set(file, Permissions(0600)), EROFS);
  EXPECT_TRUE(vault_.faults().calls().empty());
  EXPECT_EQ(vault_.Content(file), "content");
  EXPECT_EQ(vault_.List(kRootIno), (std::vector<std::string>{"d", "f"}));
  EXPECT_TRUE(vault_.faults().CallsOf(kMutatingCalls).empty());
}

}  // namespace
}  // namespace casemate
