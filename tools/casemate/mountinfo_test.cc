#include "tools/casemate/mountinfo.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

namespace casemate {
namespace {

TEST(ParseMountLineTest, ReadsAFuseMount) {
  const auto entry = ParseMountLine(
      "61 29 0:54 / /home/joe/vault rw,nosuid,nodev,relatime shared:31 - "
      "fuse.casemate casemate rw,user_id=1000,group_id=100,"
      "default_permissions");
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(entry->device, makedev(0, 54));
  EXPECT_EQ(entry->mountpoint, "/home/joe/vault");
  EXPECT_EQ(entry->type, "fuse.casemate");
  EXPECT_EQ(entry->source, "casemate");
  EXPECT_EQ(entry->user, uid_t{1000});
  EXPECT_TRUE(IsCasemate(*entry));
}

TEST(ParseMountLineTest, OptionalFieldsMayBeNoneOrMany) {
  const auto none =
      ParseMountLine("1 2 8:1 / / rw - ext4 /dev/sda1 rw,errors=remount-ro");
  ASSERT_TRUE(none.has_value());
  EXPECT_EQ(none->device, makedev(8, 1));
  EXPECT_EQ(none->type, "ext4");
  EXPECT_FALSE(none->user.has_value());
  EXPECT_FALSE(IsCasemate(*none));
  const auto many = ParseMountLine(
      "1 2 8:1 / /m rw shared:1 master:2 propagate_from:3 - xfs src rw");
  ASSERT_TRUE(many.has_value());
  EXPECT_EQ(many->type, "xfs");
}

TEST(ParseMountLineTest, UndoesTheKernelsEscapes) {
  const auto entry = ParseMountLine(
      "1 2 0:1 / /m\\040n\\011o\\012p\\134q\\043 rw - tmpfs a\\040b rw");
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(entry->mountpoint, "/m n\to\np\\q#");
  EXPECT_EQ(entry->source, "a b");
}

TEST(ParseMountLineTest, RefusesOtherLines) {
  EXPECT_FALSE(ParseMountLine("").has_value());
  EXPECT_FALSE(ParseMountLine("1 2 8:1 / / rw ext4 src rw").has_value());
  EXPECT_FALSE(ParseMountLine("1 2 x:1 / / rw - ext4 src rw").has_value());
  EXPECT_FALSE(ParseMountLine("1 2 8:1 / / rw a b c -").has_value());
}

RC_GTEST_PROP(ParseMountLineProperty, SurvivesAnyLine,
              (const std::string& text)) {
  ParseMountLine(text);
  ParseMountLine(absl::StrCat("1 2 0:1 / ", text, " rw - a b c\\0"));
}

TEST(ReadMountsTest, ShowsTheRootAndItsDevice) {
  const auto mounts = ReadMounts();
  ASSERT_TRUE(mounts.ok()) << mounts.status();
  const auto proc = FindMount(*mounts, "/proc");
  ASSERT_TRUE(proc.has_value());
  struct stat status;
  ASSERT_EQ(stat("/proc", &status), 0);
  EXPECT_EQ(proc->device, status.st_dev);
  EXPECT_FALSE(FindMount(*mounts, "/no/such/mountpoint").has_value());
}

TEST(FindMountTest, TheLaterMountIsOnTop) {
  MountEntry below;
  below.mountpoint = "/m";
  below.type = "tmpfs";
  MountEntry above = below;
  above.type = "fuse.casemate";
  EXPECT_EQ(FindMount({below, above}, "/m")->type, "fuse.casemate");
}

class CanonicalMountpointTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/mountinfoXXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    char* const resolved = realpath(name.c_str(), nullptr);
    folder_ = resolved;
    free(resolved);
    ASSERT_EQ(mkdir((folder_ + "/real").c_str(), 0700), 0);
    ASSERT_EQ(mkdir((folder_ + "/real/inner").c_str(), 0700), 0);
    ASSERT_EQ(symlink("real", (folder_ + "/link").c_str()), 0);
    ASSERT_EQ(symlink("link/inner", (folder_ + "/deep").c_str()), 0);
    ASSERT_EQ(symlink("loop", (folder_ + "/loop").c_str()), 0);
  }

  std::string Canonical(const std::string& path) {
    return CanonicalMountpoint(path).value_or("error");
  }

  std::string folder_;
};

TEST_F(CanonicalMountpointTest, FollowsLinksOnTheWayAndAtTheEnd) {
  const std::string inner = folder_ + "/real/inner";
  EXPECT_EQ(Canonical(inner), inner);
  EXPECT_EQ(Canonical(folder_ + "/link/inner//"), inner);
  EXPECT_EQ(Canonical(folder_ + "/deep"), inner);
  EXPECT_EQ(Canonical(folder_ + "/real/../real/inner/."), inner);
  EXPECT_EQ(Canonical(folder_ + "/real/inner/.."), folder_ + "/real");
  EXPECT_EQ(Canonical("/"), "/");
}

TEST_F(CanonicalMountpointTest, ALoopOfLinksIsAnError) {
  EXPECT_EQ(Canonical(folder_ + "/loop"), "error");
  EXPECT_EQ(Canonical(folder_ + "/absent/x"), "error");
}

// The last component is not looked into: it may be a dead mount.
TEST_F(CanonicalMountpointTest, TheLastComponentNeedNotAnswer) {
  EXPECT_EQ(Canonical(folder_ + "/link/absent"), folder_ + "/real/absent");
}

TEST(MountinfoTest, FuseConnectionIsTheMountsDevice) {
  EXPECT_EQ(ParseFuseConnection("pos:\t0\nflags:\t02\nfuse_connection:\t43\n"),
            makedev(0, 43));
  EXPECT_EQ(ParseFuseConnection("pos:\t0\nflags:\t02\n"), absl::nullopt);
  EXPECT_EQ(ParseFuseConnection("fuse_connection:\tx\n"), absl::nullopt);
}

}  // namespace
}  // namespace casemate
