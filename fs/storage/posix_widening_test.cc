// Files and directories whose mode stands in the way of an unprivileged daemon
// that owns them (fuse-invariants A8). The tests run in a thread that has given
// up its capabilities: then root is a user like any other.
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/status.h"
#include "fs/storage/posix_storage.h"
#include "fs/storage/storage.h"
#include "fs/storage/temp_dir_for_test.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace casemate {
namespace {

using ::testing::AnyOf;

// Runs `body` in a thread without capabilities. capset is per thread.
void RunUnprivileged(const std::function<void()>& body) {
  std::thread([&body] {
    __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
    CHECK(syscall(SYS_capset, &header, none) == 0,
          "a thread may give up its capabilities");
    body();
  }).join();
}

class PosixWideningTest : public testing::Test {
 protected:
  PosixWideningTest() : dir_(*OpenPosixDir(temp_.path())) {}

  void SetMode(const std::string& name, mode_t mode) {
    ASSERT_EQ(chmod(temp_.PathOf(name).c_str(), mode), 0);
  }
  mode_t ModeOf(const std::string& name) {
    struct stat found = {};
    EXPECT_EQ(stat(temp_.PathOf(name).c_str(), &found), 0);
    return found.st_mode & 07777;
  }

  TempDir temp_;
  std::unique_ptr<Dir> dir_;
};

TEST_F(PosixWideningTest, OwnFileOpensWhateverItsModeWhichStays) {
  for (const mode_t mode : {0000, 0200, 0400, 04111, 0066}) {
    const std::string name = "f" + std::to_string(mode);
    temp_.Write(name, "abc");
    SetMode(name, mode);
    RunUnprivileged([&] {
      ASSERT_NE(access(temp_.PathOf(name).c_str(), R_OK | W_OK), 0);
      auto file = dir_->OpenFile(name, Access::kReadWrite);
      ASSERT_TRUE(file.ok()) << file.status();
      EXPECT_TRUE((*file)->WriteAt(1, BytesOf("X")).status.ok());
      EXPECT_EQ(*ReadSmallFile(*dir_, name, 3), "aXc");
    });
    // The write has cleared setuid, as it does for everyone.
    EXPECT_EQ(ModeOf(name), mode & 0777);
  }
}

// Nor is a device on a store that is mounted without devices.
TEST_F(PosixWideningTest, WhatIsNoFileIsEIOWhateverItsModeAndKeepsIt) {
  temp_.MakeFifo("fifo");
  temp_.MakeSocket("socket");
  for (const char* name : {"fifo", "socket"}) {
    SetMode(name, 0);
    RunUnprivileged([&] {
      for (const Access access : {Access::kRead, Access::kReadWrite}) {
        EXPECT_EQ(ErrnoOf(dir_->OpenFile(name, access).status()), EIO) << name;
      }
    });
    EXPECT_EQ(ModeOf(name), 0);
  }
}

TEST_F(PosixWideningTest, ModeOfAFileThatIsOnlyReadStaysToTheLastBit) {
  temp_.Write("f", "abc");
  SetMode("f", 07000);
  RunUnprivileged([&] { EXPECT_EQ(*ReadSmallFile(*dir_, "f", 3), "abc"); });
  EXPECT_EQ(ModeOf("f"), 07000);
}

TEST_F(PosixWideningTest, OwnDirectoryOpensAndListsWhateverItsMode) {
  temp_.MakeDir("d");
  temp_.Write("d/f", "");
  SetMode("d", 0);
  RunUnprivileged([&] {
    auto opened = dir_->OpenDir("d");
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ((*opened)->List()->size(), 1);
    EXPECT_TRUE((*opened)->Sync().ok());
    // What is in it stays out of reach, as for any owner.
    EXPECT_EQ(ErrnoOf((*opened)->Stat("f").status()), EACCES);
  });
  EXPECT_EQ(ModeOf("d"), 0);
}

TEST_F(PosixWideningTest, FileBelowAForbiddenDirectoryIsEACCES) {
  temp_.MakeDir("d");
  temp_.Write("d/f", "abc");
  SetMode("d", 0600);
  RunUnprivileged([&] {
    EXPECT_EQ(ErrnoOf(dir_->OpenFile("d/f", Access::kRead).status()), EACCES);
    EXPECT_EQ(ErrnoOf(dir_->CreateFile("d/g", 0600).status()), EACCES);
    EXPECT_EQ(ErrnoOf(dir_->RemoveFile("d/f")), EACCES);
  });
  EXPECT_EQ(ModeOf("d"), 0600);
}

TEST_F(PosixWideningTest, DirectoryInPlaceOfAFileIsStillEIO) {
  temp_.MakeDir("d");
  SetMode("d", 0);
  RunUnprivileged([&] {
    EXPECT_EQ(ErrnoOf(dir_->OpenFile("d", Access::kRead).status()), EIO);
  });
  EXPECT_EQ(ModeOf("d"), 0);
}

// Asks for the mode again and again while others open the file.
void ExpectModeStaysHidden(Dir& dir, const std::function<mode_t()>& ask) {
  std::atomic<bool> done{false};
  std::thread observer([&] {
    while (!done) {
      EXPECT_EQ(ask(), 0);
    }
  });
  std::vector<std::thread> openers;
  for (int i = 0; i < 2; ++i) {
    openers.emplace_back([&dir] {
      for (int round = 0; round < 2000; ++round) {
        EXPECT_TRUE(dir.OpenFile("f", Access::kRead).ok());
      }
    });
  }
  for (std::thread& opener : openers) opener.join();
  done = true;
  observer.join();
}

TEST_F(PosixWideningTest, NobodySeesTheWiderModeAndItIsPutBackAfterARace) {
  temp_.Write("f", "abc");
  SetMode("f", 0);
  RunUnprivileged([&] {
    ExpectModeStaysHidden(*dir_, [&] { return dir_->Stat("f")->permissions; });
    const std::unique_ptr<File> file = *dir_->OpenFile("f", Access::kRead);
    ExpectModeStaysHidden(*dir_, [&] { return file->Stat()->permissions; });
  });
  EXPECT_EQ(ModeOf("f"), 0);
}

TEST_F(PosixWideningTest, ChmodDuringAnOpenIsNotUndone) {
  temp_.Write("f", "abc");
  RunUnprivileged([&] {
    std::atomic<bool> done{false};
    std::thread opener([&] {
      while (!done) {
        EXPECT_TRUE(dir_->OpenFile("f", Access::kRead).ok());
      }
    });
    for (int round = 0; round < 5000; ++round) {
      AttributeChange change;
      change.permissions = round % 2 == 0 ? 0 : 0040;
      EXPECT_TRUE(dir_->SetAttributes("f", change).ok());
      EXPECT_EQ(dir_->Stat("f")->permissions, *change.permissions);
    }
    done = true;
    opener.join();
  });
}

TEST_F(PosixWideningTest, OwnersThatTheDaemonMayNotSetAreRefused) {
  temp_.Write("f", "abc");
  RunUnprivileged([&] {
    AttributeChange to_user;
    to_user.uid = geteuid() + 12345;
    AttributeChange to_group;
    to_group.gid = getegid() + 12345;
    for (const AttributeChange& change : {to_user, to_group}) {
      // EINVAL where a user namespace does not have the id.
      EXPECT_THAT(ErrnoOf(dir_->SetAttributes("f", change)),
                  AnyOf(EPERM, EINVAL));
    }
  });
}

}  // namespace
}  // namespace casemate
