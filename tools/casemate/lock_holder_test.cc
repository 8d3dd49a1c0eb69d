#include "tools/casemate/lock_holder.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <string>

#include "gtest/gtest.h"
#include "tools/casemate/proc_file.h"

namespace casemate {
namespace {

constexpr char kLocks[] =
    "1: POSIX  ADVISORY  WRITE 100 08:01:131 0 EOF\n"
    "2: FLOCK  ADVISORY  WRITE 200 08:01:131 0 EOF\n"
    "2: -> FLOCK  ADVISORY  WRITE 300 08:01:131 0 EOF\n"
    "3: FLOCK  ADVISORY  WRITE 400 fd:1a:9 0 EOF\n"
    "4: FLOCK  ADVISORY  WRITE -1 00:20:7 0 EOF\n";

TEST(FindLockHolderTest, FindsTheHolderOfAFlock) {
  EXPECT_EQ(FindLockHolder(kLocks, makedev(8, 1), 131), 200);
  EXPECT_EQ(FindLockHolder(kLocks, makedev(0xfd, 0x1a), 9), 400);
}

TEST(FindLockHolderTest, AbsentForOthersAndForHoldersOutOfSight) {
  EXPECT_FALSE(FindLockHolder(kLocks, makedev(8, 1), 132).has_value());
  EXPECT_FALSE(FindLockHolder(kLocks, makedev(8, 2), 131).has_value());
  EXPECT_FALSE(FindLockHolder(kLocks, makedev(0, 0x20), 7).has_value());
  EXPECT_FALSE(FindLockHolder("", makedev(8, 1), 131).has_value());
  EXPECT_FALSE(FindLockHolder("x: y", makedev(8, 1), 131).has_value());
}

TEST(FindLockHolderTest, FindsThisProcessInTheKernelsList) {
  std::string name = testing::TempDir() + "/lockXXXXXX";
  const int fd = mkstemp(name.data());
  ASSERT_GE(fd, 0);
  ASSERT_EQ(flock(fd, LOCK_EX), 0);
  struct stat status;
  ASSERT_EQ(fstat(fd, &status), 0);
  const auto locks = ReadProcFile("/proc/locks");
  ASSERT_TRUE(locks.ok());
  EXPECT_EQ(FindLockHolder(*locks, status.st_dev, status.st_ino), getpid());
  close(fd);
  unlink(name.c_str());
}

}  // namespace
}  // namespace casemate
