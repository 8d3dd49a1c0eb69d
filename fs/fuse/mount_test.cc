// On a real /dev/fuse, as root. Where that is not possible these tests fail:
// what was not tested is not known to work.
#include "fs/fuse/mount.h"

#include <fcntl.h>
#include <linux/fuse.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "fs/fuse/device_transport.h"
#include "gtest/gtest.h"

namespace casemate {
namespace {

// A directory that is unmounted and removed at the end of its test.
class Mountpoint {
 public:
  Mountpoint() : path_(absl::StrCat(::testing::TempDir(), "/mount_XXXXXX")) {
    EXPECT_NE(mkdtemp(&path_[0]), nullptr);
    // As mountinfo spells it.
    const std::unique_ptr<char, void (*)(void*)> real(
        realpath(path_.c_str(), nullptr), free);
    path_ = real.get();
  }
  ~Mountpoint() {
    umount2(path_.c_str(), MNT_DETACH);
    unlink(absl::StrCat(path_, "/file").c_str());
    rmdir(path_.c_str());
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// The line of /proc/self/mountinfo; "" when nothing is mounted at `path`.
std::string MountInfo(const std::string& path) {
  std::ifstream file("/proc/self/mountinfo");
  std::string line;
  while (std::getline(file, line)) {
    if (absl::StrContains(line, absl::StrCat(" ", path, " "))) return line;
  }
  return "";
}

// Just enough of a file system for stat(2) and statfs(2) on its root.
class EmptyFileSystem final : public RequestSink {
 public:
  explicit EmptyFileSystem(UniqueFd device)
      : transport_(std::move(device), {}),
        server_([this] { EXPECT_TRUE(transport_.Serve(this).ok()); }) {}
  ~EmptyFileSystem() override {
    transport_.Stop();
    server_.join();
  }

  void Process(MutableBytes request) override {
    fuse_in_header header;
    memcpy(&header, request.data(), sizeof(header));
    if (header.opcode == FUSE_INIT) {
      fuse_init_out body = {};
      body.major = FUSE_KERNEL_VERSION;
      body.minor = 31;
      Answer(header.unique, 0, &body, sizeof(body));
    } else if (header.opcode == FUSE_GETATTR) {
      fuse_attr_out body = {};
      body.attr.ino = FUSE_ROOT_ID;
      body.attr.mode = S_IFDIR | 0755;
      Answer(header.unique, 0, &body, sizeof(body));
    } else if (header.opcode == FUSE_STATFS) {
      fuse_statfs_out body = {};
      Answer(header.unique, 0, &body, sizeof(body));
    } else if (header.opcode != FUSE_FORGET &&
               header.opcode != FUSE_BATCH_FORGET) {
      Answer(header.unique, -ENOSYS, nullptr, 0);
    }
  }

  // Waits until the connection is gone.
  void Join() {
    server_.join();
    server_ = std::thread([] {});
  }

 private:
  void Answer(uint64_t unique, int error, void* body, size_t size) {
    fuse_out_header header = {};
    header.len = static_cast<uint32_t>(sizeof(header) + size);
    header.error = error;
    header.unique = unique;
    const iovec parts[] = {{&header, sizeof(header)}, {body, size}};
    transport_.Reply(parts, size == 0 ? 1 : 2);
  }

  DeviceTransport transport_;
  std::thread server_;
};

UniqueFd MountedAt(const std::string& path, const MountOptions& options) {
  absl::StatusOr<UniqueFd> device = MountFuse(path, options);
  EXPECT_TRUE(device.ok()) << device.status();
  return device.ok() ? std::move(*device) : UniqueFd();
}

class MountWith : public ::testing::TestWithParam<bool> {
 protected:
  static MountOptions Options() {
    MountOptions options;
    options.prefer_fusermount = GetParam();
    return options;
  }
};
INSTANTIATE_TEST_SUITE_P(BothWays, MountWith, ::testing::Values(false, true));

TEST_P(MountWith, TheMountSaysWhoAndHow) {
  const Mountpoint mountpoint;
  MountOptions options = Options();
  options.fsname = "a vault, mine";
  options.allow_other = true;
  options.max_read = 65536;
  const UniqueFd device = MountedAt(mountpoint.path(), options);
  const std::string info = MountInfo(mountpoint.path());
  for (const absl::string_view part :
       {" rw,nosuid,nodev,", " fuse.casemate a\\040vault,\\040mine ",
        "user_id=0", "group_id=0", "default_permissions", "allow_other",
        "max_read=65536"}) {
    EXPECT_TRUE(absl::StrContains(info, part)) << part << " in " << info;
  }
  EXPECT_NE(fcntl(device.get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_P(MountWith, OptionsNotAskedForAreOff) {
  const Mountpoint mountpoint;
  MountOptions options = Options();
  options.read_only = true;
  const UniqueFd device = MountedAt(mountpoint.path(), options);
  const std::string info = MountInfo(mountpoint.path());
  EXPECT_TRUE(absl::StrContains(info, " ro,nosuid,nodev,")) << info;
  EXPECT_FALSE(absl::StrContains(info, "allow_other")) << info;
}

TEST_P(MountWith, RefusesAMountThatIsAliveOrDead) {
  const Mountpoint mountpoint;
  {
    const EmptyFileSystem alive(MountedAt(mountpoint.path(), Options()));
    EXPECT_EQ(ErrnoOf(MountFuse(mountpoint.path(), Options()).status()), EBUSY);
  }
  const absl::Status dead = MountFuse(mountpoint.path(), Options()).status();
  EXPECT_EQ(ErrnoOf(dead), ENOTCONN);
  EXPECT_TRUE(absl::StrContains(dead.message(), "unmount it first"));
  EXPECT_TRUE(UnmountFuse(mountpoint.path(), UnmountMode::kPlain).ok());
  EXPECT_EQ(MountInfo(mountpoint.path()), "");
}

TEST(MountFuseTest, AMountpointThatIsNotThereIsToBeCreated) {
  const absl::Status status =
      MountFuse(absl::StrCat(::testing::TempDir(), "/none"), {}).status();
  EXPECT_EQ(ErrnoOf(status), ENOENT);
  EXPECT_TRUE(absl::StrContains(status.message(), "create the directory"));
}

TEST(MountFuseTest, AFileIsNoMountpoint) {
  EXPECT_EQ(ErrnoOf(MountFuse("/dev/null", {}).status()), ENOTDIR);
}

TEST(MountFuseTest, ANonEmptyDirectoryOnlyWhenAllowed) {
  const Mountpoint mountpoint;
  std::ofstream(absl::StrCat(mountpoint.path(), "/file")) << "content";
  EXPECT_EQ(ErrnoOf(MountFuse(mountpoint.path(), {}).status()), ENOTEMPTY);
  EXPECT_EQ(MountInfo(mountpoint.path()), "");
  MountOptions options;
  options.allow_nonempty = true;
  const UniqueFd device = MountedAt(mountpoint.path(), options);
  EXPECT_NE(MountInfo(mountpoint.path()), "");
  EXPECT_TRUE(UnmountFuse(mountpoint.path(), UnmountMode::kLazy).ok());
}

TEST(MountFuseTest, APassedDescriptorIsTakenAndNotInherited) {
  const int fd = open("/dev/fuse", O_RDWR);
  const absl::StatusOr<UniqueFd> device =
      MountFuse(absl::StrCat("/dev/fd/", fd), {});
  ASSERT_TRUE(device.ok()) << device.status();
  EXPECT_EQ(device->get(), fd);
  EXPECT_NE(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_EQ(ErrnoOf(MountFuse("/dev/fd/987654", {}).status()), EBADF);
  const UniqueFd null(open("/dev/null", O_RDWR));
  EXPECT_EQ(
      ErrnoOf(MountFuse(absl::StrCat("/dev/fd/", null.get()), {}).status()),
      ENODEV);
}

TEST(MountFuseTest, WhatFusermountSaysIsPassedOn) {
  const Mountpoint mountpoint;
  MountOptions options;
  options.prefer_fusermount = true;
  options.fsname = std::string(70'000, 'x');
  const absl::Status status = MountFuse(mountpoint.path(), options).status();
  EXPECT_FALSE(status.ok());
  EXPECT_TRUE(absl::StrContains(status.message(), "fusermount3"))
      << status.message();
}

TEST(UnmountFuseTest, EndsServing) {
  const Mountpoint mountpoint;
  EmptyFileSystem file_system(MountedAt(mountpoint.path(), {}));
  struct stat about;
  EXPECT_EQ(stat(mountpoint.path().c_str(), &about), 0);
  EXPECT_TRUE(UnmountFuse(mountpoint.path(), UnmountMode::kPlain).ok());
  file_system.Join();
  EXPECT_EQ(MountInfo(mountpoint.path()), "");
}

TEST(UnmountFuseTest, StoppingDoesNotUnmount) {
  const Mountpoint mountpoint;
  UniqueFd device = MountedAt(mountpoint.path(), {});
  const UniqueFd kept(fcntl(device.get(), F_DUPFD_CLOEXEC, 0));
  {
    const EmptyFileSystem stopped(std::move(device));
  }
  EXPECT_NE(MountInfo(mountpoint.path()), "");
  const EmptyFileSystem successor{UniqueFd(dup(kept.get()))};
  struct stat about;
  EXPECT_EQ(stat(mountpoint.path().c_str(), &about), 0);
}

TEST(UnmountFuseTest, InUseIsEBUSYUnlessLazy) {
  const Mountpoint mountpoint;
  const EmptyFileSystem file_system(MountedAt(mountpoint.path(), {}));
  UniqueFd user(open(mountpoint.path().c_str(), O_PATH | O_CLOEXEC));
  ASSERT_TRUE(user.valid());
  EXPECT_EQ(ErrnoOf(UnmountFuse(mountpoint.path(), UnmountMode::kPlain)),
            EBUSY);
  EXPECT_TRUE(UnmountFuse(mountpoint.path(), UnmountMode::kLazy).ok());
  EXPECT_EQ(MountInfo(mountpoint.path()), "");
}

TEST(UnmountFuseTest, NothingMountedIsEINVAL) {
  const Mountpoint mountpoint;
  EXPECT_EQ(ErrnoOf(UnmountFuse(mountpoint.path(), UnmountMode::kPlain)),
            EINVAL);
}

}  // namespace
}  // namespace casemate
