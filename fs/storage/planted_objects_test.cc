// What somebody who can write to the store may put in the place of a file or a
// directory: every kind of object, in both places of a path, under every
// operation; with openat2, and with each way in which it may be missing.
//
// Each test runs in a child with a mount namespace of its own, so that it may
// mount, refuse itself a system call, and be killed when an open blocks.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
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
using ::testing::Matcher;

// How openat2 is there, or is not.
enum class Resolver : uint8_t { kOpenAt2, kTurnedOff, kEnosys, kEperm };

// Nothing an open may do takes this long, unless it blocks.
constexpr unsigned int kBlockedSeconds = 60;

void WriteText(const char* path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  CHECK(file.flush().good(), "a namespace's file can be written");
}

// Mounts made from here on are this process's own. Without the privilege, a
// user namespace gives it.
void EnterMountNamespace() {
  const std::string uid = absl::StrCat(getuid(), " ", getuid(), " 1");
  const std::string gid = absl::StrCat(getgid(), " ", getgid(), " 1");
  if (unshare(CLONE_NEWNS) != 0) {
    CHECK(unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0,
          "this test needs a mount namespace");
    WriteText("/proc/self/setgroups", "deny");
    WriteText("/proc/self/uid_map", uid);
    WriteText("/proc/self/gid_map", gid);
  }
  CHECK(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0,
        "mounts can be kept private");
}

// As an old kernel, or a container's filter that does not know the call.
void RefuseOpenAt2(int error) {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
      BPF_STMT(BPF_RET | BPF_K,
               SECCOMP_RET_ERRNO | static_cast<unsigned int>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {static_cast<unsigned short>(std::size(code)),
                              code};
  CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no new privileges");
  CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0,
        "a system call can be refused");
  open_how how = {};
  CHECK(syscall(SYS_openat2, AT_FDCWD, ".", &how, sizeof(how)) == -1 &&
            errno == error,
        "openat2 is refused");
}

void RunChild(Resolver resolver, const std::function<void()>& body) noexcept {
  alarm(kBlockedSeconds);
  EnterMountNamespace();
  if (resolver == Resolver::kEnosys) RefuseOpenAt2(ENOSYS);
  if (resolver == Resolver::kEperm) RefuseOpenAt2(EPERM);
  body();
  _exit(testing::Test::HasFailure() ? 1 : 0);
}

// Runs `body` in a child process; its failures are this test's.
void InChild(Resolver resolver, const std::function<void()>& body) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) RunChild(resolver, body);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0)
      << "the child's status is " << status;
}

void Must(int result) { CHECK(result == 0, "a test can plant its object"); }

// An object to plant at `at`. What it leads to lies in `outside`.
struct Kind {
  const char* what;
  std::function<void(const std::string& at, const std::string& outside)> plant;
  bool is_link = false;
  bool is_mount = false;
};

void PlantDevice(const std::string& at, const std::string&) {
  // Whoever may not make /dev/null may make the device 0:0.
  if (mknod(at.c_str(), S_IFCHR | 0666, makedev(1, 3)) == 0) return;
  Must(mknod(at.c_str(), S_IFCHR | 0666, makedev(0, 0)));
}

void PlantMount(const std::string& at, const std::string& target) {
  Must(mount(target.c_str(), at.c_str(), nullptr, MS_BIND, nullptr));
}

std::vector<Kind> Kinds() {
  const auto link_to = [](const char* name) {
    return [name](const std::string& at, const std::string& outside) {
      Must(symlink((outside + name).c_str(), at.c_str()));
    };
  };
  return {
      {"link to a file", link_to("/file"), true},
      {"link to a folder", link_to("/folder"), true},
      {"link to nothing", link_to("/nothing"), true},
      {"link to a neighbour",
       [](const std::string& at, const std::string&) {
         Must(symlink("own", at.c_str()));
       },
       true},
      {"link to a neighbouring folder",
       [](const std::string& at, const std::string&) {
         Must(symlink("own folder", at.c_str()));
       },
       true},
      {"link to itself",
       [](const std::string& at, const std::string&) {
         Must(symlink(at.c_str(), at.c_str()));
       },
       true},
      {"fifo", [](const std::string& at,
                  const std::string&) { Must(mkfifo(at.c_str(), 0666)); }},
      {"unreadable fifo",
       [](const std::string& at, const std::string&) {
         Must(mkfifo(at.c_str(), 0));
       }},
      {"device", PlantDevice},
      {"socket",
       [](const std::string& at, const std::string&) {
         Must(mknod(at.c_str(), S_IFSOCK | 0666, 0));
       }},
      {"mounted folder",
       [](const std::string& at, const std::string& outside) {
         Must(mkdir(at.c_str(), 0777));
         PlantMount(at, outside + "/folder");
       },
       false, true},
      {"mounted file",
       [](const std::string& at, const std::string& outside) {
         std::ofstream(at).close();
         PlantMount(at, outside + "/file");
       },
       false, true},
  };
}

// All that must stay as it is: what `outside` holds, and how it is marked.
std::string Snapshot(const std::string& outside) {
  std::string snapshot;
  const auto add = [&snapshot](const std::string& path) {
    struct stat found = {};
    Must(lstat(path.c_str(), &found));
    std::string content;
    if (S_ISREG(found.st_mode)) {
      std::ifstream file(path, std::ios::binary);
      content.assign(std::istreambuf_iterator<char>(file), {});
    }
    absl::StrAppend(&snapshot, path, " ", found.st_mode, " ", found.st_size,
                    " ", found.st_mtim.tv_sec, " ", found.st_mtim.tv_nsec, " ",
                    content, "\n");
  };
  add(outside);
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(outside)) {
    add(entry.path());
  }
  return snapshot;
}

using Operation = std::function<absl::Status(Dir& dir, const std::string&)>;

AttributeChange SomeChange() {
  AttributeChange change;
  change.permissions = 0600;
  change.mtime = timespec{1, 0};
  return change;
}

// The operations that only look.
absl::Status StatIt(Dir& dir, const std::string& path) {
  return dir.Stat(path).status();
}
absl::Status Read(Dir& dir, const std::string& path) {
  return dir.OpenFile(path, Access::kRead).status();
}
absl::Status ReadSmall(Dir& dir, const std::string& path) {
  return ReadSmallFile(dir, path, 1000).status();
}
absl::Status ReadWrite(Dir& dir, const std::string& path) {
  return dir.OpenFile(path, Access::kReadWrite).status();
}
absl::Status List(Dir& dir, const std::string& path) {
  return dir.OpenDir(path).status();
}
// And those that change something. "own" is a file of the vault's.
absl::Status Create(Dir& dir, const std::string& path) {
  return dir.CreateFile(path, 0600).status();
}
absl::Status MakeDir(Dir& dir, const std::string& path) {
  return dir.MakeDir(path, 0700);
}
absl::Status Set(Dir& dir, const std::string& path) {
  return dir.SetAttributes(path, SomeChange());
}
absl::Status Remove(Dir& dir, const std::string& path) {
  return dir.RemoveFile(path);
}
absl::Status RemoveDir(Dir& dir, const std::string& path) {
  return dir.RemoveDir(path);
}
absl::Status RenameAway(Dir& dir, const std::string& path) {
  return dir.Rename(path, dir, "moved", RenameMode::kNoReplace);
}
absl::Status RenameOver(Dir& dir, const std::string& path) {
  return dir.Rename("own", dir, path, RenameMode::kReplace);
}
absl::Status Exchange(Dir& dir, const std::string& path) {
  return dir.Rename("own", dir, path, RenameMode::kExchange);
}

class PlantedObjectsTest : public testing::TestWithParam<Resolver> {
 protected:
  // A new store with a file "own" and a folder, and `kind` at "planted".
  void Plant(const Kind& kind) {
    const std::string base = absl::StrCat(temp_.path(), "/", ++stores_);
    outside_ = base + "/outside";
    std::filesystem::create_directories(outside_ + "/folder");
    std::filesystem::create_directories(base + "/store/own folder");
    std::ofstream(outside_ + "/file") << "secret";
    std::ofstream(outside_ + "/folder/inner") << "secret";
    std::ofstream(base + "/store/own") << "own";
    std::ofstream(base + "/store/own folder/inner") << "own";
    kind.plant(base + "/store/planted", outside_);
    PosixStorageOptions options;
    if (GetParam() == Resolver::kTurnedOff) {
      options.openat2 = PosixStorageOptions::Use::kNever;
    }
    dir_ = *OpenPosixDir(base + "/store", options);
  }
  // The errno of `operation`, which must not reach what lies outside.
  int Run(const Operation& operation, const std::string& path) {
    const std::string before = Snapshot(outside_);
    const absl::Status status = operation(*dir_, path);
    EXPECT_EQ(Snapshot(outside_), before);
    return ErrnoOf(status);
  }
  int RunOn(const Kind& kind, const Operation& operation) {
    Plant(kind);
    return Run(operation, "planted");
  }

  TempDir temp_;
  int stores_ = 0;
  std::string outside_;
  std::unique_ptr<Dir> dir_;
};

std::string NameOf(const testing::TestParamInfo<Resolver>& info) {
  switch (info.param) {
    case Resolver::kOpenAt2:
      return "OpenAt2";
    case Resolver::kTurnedOff:
      return "TurnedOff";
    case Resolver::kEnosys:
      return "Enosys";
    case Resolver::kEperm:
      break;
  }
  return "Eperm";
}

INSTANTIATE_TEST_SUITE_P(Resolvers, PlantedObjectsTest,
                         testing::Values(Resolver::kOpenAt2,
                                         Resolver::kTurnedOff,
                                         Resolver::kEnosys, Resolver::kEperm),
                         NameOf);

TEST_P(PlantedObjectsTest, InPlaceOfAFileNothingIsFollowedOrWaitedFor) {
  InChild(GetParam(), [this] {
    for (const Kind& kind : Kinds()) {
      SCOPED_TRACE(kind.what);
      Plant(kind);
      for (const Operation& open : {Read, ReadSmall, ReadWrite}) {
        EXPECT_EQ(Run(open, "planted"), EIO);
      }
      EXPECT_EQ(Run(StatIt, "planted"), kind.is_mount ? EIO : 0);
      EXPECT_THAT(Run(List, "planted"),
                  kind.is_link ? Matcher<int>(EIO) : AnyOf(EIO, ENOTDIR));
      const bool leads_on = kind.is_link || kind.is_mount;
      EXPECT_EQ(Run(Set, "planted"), leads_on ? EIO : 0);
      EXPECT_THAT(Run(Create, "planted"), AnyOf(EEXIST, EIO));
      EXPECT_EQ(Run(MakeDir, "planted"), EEXIST);
    }
  });
}

TEST_P(PlantedObjectsTest, OnlyTheObjectItselfIsRemovedOrMoved) {
  InChild(GetParam(), [this] {
    for (const Kind& kind : Kinds()) {
      SCOPED_TRACE(kind.what);
      if (kind.is_mount) {
        Plant(kind);
        EXPECT_THAT(Run(Remove, "planted"), AnyOf(EBUSY, EISDIR));
        EXPECT_THAT(Run(RemoveDir, "planted"), AnyOf(EBUSY, ENOTDIR));
        EXPECT_EQ(Run(RenameAway, "planted"), EBUSY);
        EXPECT_THAT(Run(RenameOver, "planted"), AnyOf(EBUSY, EISDIR));
        EXPECT_EQ(Run(Exchange, "planted"), EBUSY);
      } else {
        EXPECT_EQ(RunOn(kind, Remove), 0);
        EXPECT_EQ(RunOn(kind, RemoveDir), ENOTDIR);
        EXPECT_EQ(RunOn(kind, RenameAway), 0);
        EXPECT_EQ(RunOn(kind, RenameOver), 0);
        EXPECT_EQ(RunOn(kind, Exchange), 0);
      }
    }
  });
}

TEST_P(PlantedObjectsTest, InPlaceOfADirectoryNothingIsReachedThroughIt) {
  InChild(GetParam(), [this] {
    for (const Kind& kind : Kinds()) {
      SCOPED_TRACE(kind.what);
      Plant(kind);
      const Matcher<int> refused =
          kind.is_link ? Matcher<int>(EIO) : AnyOf(EIO, ENOTDIR);
      for (const char* path : {"planted/inner", "planted/new"}) {
        for (const Operation& operation :
             {StatIt, Read, ReadSmall, ReadWrite, List, Create, Set, Remove,
              RenameAway, RenameOver, Exchange}) {
          EXPECT_THAT(Run(operation, path), refused) << path;
        }
      }
    }
  });
}

}  // namespace
}  // namespace casemate
