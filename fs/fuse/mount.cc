#include "fs/fuse/mount.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "absl/types/optional.h"
#include "base/status.h"
#include "fs/fuse/fusermount.h"

namespace casemate {
namespace {

constexpr char kDevice[] = "/dev/fuse";

// CAP_SYS_ADMIN is in effect: mount(2) and umount2(2) are ours to call.
bool MayMount() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  if (syscall(SYS_capget, &header, data) != 0) return false;
  return (data[CAP_TO_INDEX(CAP_SYS_ADMIN)].effective &
          CAP_TO_MASK(CAP_SYS_ADMIN)) != 0;
}

absl::Status MountpointError(int error, const std::string& mountpoint,
                             absl::string_view reason) {
  return WithErrno(
      absl::Status(absl::ErrnoToStatusCode(error),
                   absl::StrCat("mount point ", mountpoint, " ", reason)),
      error);
}

absl::Status CannotExamine(int error, const std::string& mountpoint) {
  switch (error) {
    case ENOENT:
      return MountpointError(error, mountpoint,
                             "does not exist: create the directory first");
    case ENOTCONN:
      return MountpointError(
          error, mountpoint,
          "still has a FUSE file system whose process is gone: unmount it "
          "first");
    case EACCES:
      return MountpointError(
          error, mountpoint,
          "cannot be looked at: no permission, or another user's FUSE mount");
    default:
      return ErrnoError(error, absl::StrCat("mount point ", mountpoint));
  }
}

absl::StatusOr<bool> IsFuseMount(const std::string& mountpoint) {
  struct statx about = {};
  if (statx(AT_FDCWD, mountpoint.c_str(), 0, STATX_TYPE, &about) != 0) {
    return CannotExamine(errno, mountpoint);
  }
  if ((about.stx_attributes & STATX_ATTR_MOUNT_ROOT) == 0) return false;
  struct statfs space = {};
  if (statfs(mountpoint.c_str(), &space) != 0) {
    return CannotExamine(errno, mountpoint);
  }
  return static_cast<uint32_t>(space.f_type) == FUSE_SUPER_MAGIC;
}

absl::StatusOr<bool> IsEmpty(const std::string& mountpoint) {
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(opendir(mountpoint.c_str()),
                                                   closedir);
  if (stream == nullptr) return CannotExamine(errno, mountpoint);
  while (const dirent* entry = readdir(stream.get())) {
    const absl::string_view name = entry->d_name;
    if (name != "." && name != "..") return false;
  }
  return true;
}

// Refuses what a mount would hide or trip over; the mode is for "rootmode=".
absl::StatusOr<mode_t> CheckMountpoint(const std::string& mountpoint,
                                       const MountOptions& options) {
  struct stat about = {};
  if (stat(mountpoint.c_str(), &about) != 0) {
    return CannotExamine(errno, mountpoint);
  }
  if (!S_ISDIR(about.st_mode)) {
    return MountpointError(ENOTDIR, mountpoint, "is not a directory");
  }
  absl::StatusOr<bool> is_fuse_mount = IsFuseMount(mountpoint);
  if (!is_fuse_mount.ok()) return is_fuse_mount.status();
  if (*is_fuse_mount) {
    return MountpointError(EBUSY, mountpoint,
                           "already has a FUSE file system on it");
  }
  if (!options.allow_nonempty) {
    absl::StatusOr<bool> is_empty = IsEmpty(mountpoint);
    if (!is_empty.ok()) return is_empty.status();
    if (!*is_empty) {
      return MountpointError(
          ENOTEMPTY, mountpoint,
          "is not empty: what is in it would be hidden (option nonempty)");
    }
  }
  return about.st_mode;
}

// What the kernel's FUSE and fusermount3 both understand.
std::string CommonOptions(const MountOptions& options) {
  std::string text = "default_permissions";
  if (options.allow_other) absl::StrAppend(&text, ",allow_other");
  if (options.max_read != 0) {
    absl::StrAppend(&text, ",max_read=", options.max_read);
  }
  return text;
}

absl::StatusOr<UniqueFd> MountPrivileged(const std::string& mountpoint,
                                         mode_t root_mode,
                                         const MountOptions& options) {
  UniqueFd device(open(kDevice, O_RDWR | O_CLOEXEC));
  if (!device.valid()) {
    return ErrnoError(errno, "open /dev/fuse (is the module fuse loaded?)");
  }
  const std::string data = absl::StrFormat(
      "fd=%d,rootmode=%o,user_id=%d,group_id=%d,%s", device.get(),
      root_mode & S_IFMT, getuid(), getgid(), CommonOptions(options));
  const std::string type = absl::StrCat("fuse.", options.subtype);
  unsigned long flags = MS_NOSUID | MS_NODEV;
  if (options.read_only) flags |= MS_RDONLY;
  if (mount(options.fsname.c_str(), mountpoint.c_str(), type.c_str(), flags,
            data.c_str()) != 0) {
    return ErrnoError(errno, absl::StrCat("mount at ", mountpoint));
  }
  return device;
}

std::string EscapedForFusermount(absl::string_view value) {
  return absl::StrReplaceAll(value, {{"\\", "\\\\"}, {",", "\\,"}});
}

absl::StatusOr<UniqueFd> MountUnprivileged(const std::string& mountpoint,
                                           const MountOptions& options) {
  return MountWithFusermount(
      mountpoint,
      absl::StrCat(options.read_only ? "ro" : "rw", ",nosuid,nodev,",
                   CommonOptions(options),
                   ",fsname=", EscapedForFusermount(options.fsname),
                   ",subtype=", EscapedForFusermount(options.subtype)));
}

// Linux's number of /dev/fuse: misc, 229 (Documentation/admin-guide/devices).
constexpr unsigned kMiscMajor = 10;
constexpr unsigned kFuseMinor = 229;

absl::StatusOr<UniqueFd> TakeDescriptor(int fd) {
  struct stat status;
  if (fstat(fd, &status) != 0) {
    return ErrnoError(errno, absl::StrCat("descriptor ", fd, " to serve"));
  }
  if (!S_ISCHR(status.st_mode) ||
      status.st_rdev != makedev(kMiscMajor, kFuseMinor)) {
    return ErrnoError(ENODEV,
                      absl::StrCat("descriptor ", fd, " is not /dev/fuse"));
  }
  if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
    return ErrnoError(errno, absl::StrCat("descriptor ", fd, " to serve"));
  }
  return UniqueFd(fd);
}

}  // namespace

absl::optional<int> PassedDescriptor(absl::string_view mountpoint) {
  int fd = -1;
  if (!absl::ConsumePrefix(&mountpoint, "/dev/fd/")) return absl::nullopt;
  if (!absl::SimpleAtoi(mountpoint, &fd) || fd < 0) return absl::nullopt;
  return fd;
}

absl::StatusOr<UniqueFd> MountFuse(const std::string& mountpoint,
                                   const MountOptions& options) {
  if (const absl::optional<int> fd = PassedDescriptor(mountpoint)) {
    return TakeDescriptor(*fd);
  }
  absl::StatusOr<mode_t> root_mode = CheckMountpoint(mountpoint, options);
  if (!root_mode.ok()) return root_mode.status();
  if (MayMount() && !options.prefer_fusermount) {
    return MountPrivileged(mountpoint, *root_mode, options);
  }
  return MountUnprivileged(mountpoint, options);
}

absl::Status UnmountFuse(const std::string& mountpoint, UnmountMode mode) {
  const bool lazy = mode == UnmountMode::kLazy;
  if (!MayMount()) return UnmountWithFusermount(mountpoint, lazy);
  const int flags = UMOUNT_NOFOLLOW | (lazy ? MNT_DETACH : 0);
  if (umount2(mountpoint.c_str(), flags) != 0) {
    return ErrnoError(errno, absl::StrCat("unmount ", mountpoint));
  }
  return absl::OkStatus();
}

}  // namespace casemate
