#include "fs/storage/posix_attributes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "base/status.h"
#include "fs/storage/backing_errno.h"
#include "fs/storage/storage.h"

namespace casemate {
namespace {

constexpr unsigned int kWanted = STATX_BASIC_STATS | STATX_BTIME;

FileType TypeOf(mode_t mode) {
  if (S_ISREG(mode)) return FileType::kRegular;
  if (S_ISDIR(mode)) return FileType::kDirectory;
  if (S_ISLNK(mode)) return FileType::kSymlink;
  return FileType::kOther;
}

timespec TimeOf(const statx_timestamp& time) {
  timespec result = {};
  result.tv_sec = time.tv_sec;
  result.tv_nsec = time.tv_nsec;
  return result;
}

FileStat FileStatOf(const struct statx& found) {
  FileStat stat;
  stat.id.device = makedev(found.stx_dev_major, found.stx_dev_minor);
  stat.id.inode = found.stx_ino;
  if ((found.stx_mask & STATX_BTIME) != 0) {
    // A damaged inode may have any time: wrap around rather than overflow.
    stat.id.birth_ns = static_cast<int64_t>(
        static_cast<uint64_t>(found.stx_btime.tv_sec) * 1'000'000'000u +
        found.stx_btime.tv_nsec);
  }
  stat.type = TypeOf(found.stx_mode);
  stat.permissions = found.stx_mode & 07777;
  stat.uid = found.stx_uid;
  stat.gid = found.stx_gid;
  stat.links = found.stx_nlink;
  stat.size = found.stx_size;
  stat.atime = TimeOf(found.stx_atime);
  stat.mtime = TimeOf(found.stx_mtime);
  stat.ctime = TimeOf(found.stx_ctime);
  return stat;
}

// False for UTIME_NOW and UTIME_OMIT as well: they are not times.
bool IsValid(const absl::optional<timespec>& time) {
  return !time || (time->tv_nsec >= 0 && time->tv_nsec < 1'000'000'000);
}

int SetPermissions(int fd, FdKind kind, mode_t permissions) {
  if (kind == FdKind::kOpen) return fchmod(fd, permissions);
  const int result = chmod(FdPath(fd).c_str(), permissions);
  // The object is there; what is missing is /proc.
  if (result != 0 && errno == ENOENT) errno = EIO;
  return result;
}

int SetTimes(int fd, FdKind kind, const AttributeChange& change) {
  constexpr timespec kOmit = {0, UTIME_OMIT};
  const timespec times[2] = {change.atime.value_or(kOmit),
                             change.mtime.value_or(kOmit)};
  if (kind == FdKind::kOpen) return futimens(fd, times);
  const int result = utimensat(fd, "", times, AT_EMPTY_PATH);
  // Linux before 5.8 does not know the flag here.
  if (result == 0 || errno != EINVAL) return result;
  return utimensat(AT_FDCWD, FdPath(fd).c_str(), times, 0);
}

absl::Status RefuseSymlink(int fd, absl::string_view what) {
  struct stat found = {};
  if (fstat(fd, &found) != 0) return BackingError(errno, what);
  if (S_ISLNK(found.st_mode)) return BackingError(ELOOP, what);
  return absl::OkStatus();
}

}  // namespace

FdPath::FdPath(int fd) {
  std::snprintf(path_, sizeof(path_), "/proc/self/fd/%d", fd);
}

absl::StatusOr<FileStat> StatDescriptor(int fd, absl::string_view what) {
  struct statx found = {};
  if (statx(fd, "", AT_EMPTY_PATH, kWanted, &found) != 0) {
    return BackingError(errno, absl::StrCat("stat ", what));
  }
  return FileStatOf(found);
}

absl::optional<absl::StatusOr<FileStat>> StatName(int dirfd, const char* name) {
  struct statx found = {};
  if (statx(dirfd, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, kWanted,
            &found) != 0) {
    return BackingError(errno, absl::StrCat("stat ", name));
  }
  if ((found.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) == 0) {
    return absl::nullopt;
  }
  if ((found.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0) {
    return BackingError(EXDEV, absl::StrCat("stat ", name));
  }
  return FileStatOf(found);
}

absl::Status SetDescriptorAttributes(int fd, FdKind kind,
                                     const AttributeChange& change,
                                     absl::string_view what) {
  if (!IsValid(change.atime) || !IsValid(change.mtime)) {
    return BackingError(EINVAL, absl::StrCat("utimens ", what));
  }
  if (kind == FdKind::kPath) RETURN_IF_ERROR(RefuseSymlink(fd, what));
  if (change.uid || change.gid) {
    constexpr uid_t kLeaveUid = static_cast<uid_t>(-1);
    constexpr gid_t kLeaveGid = static_cast<gid_t>(-1);
    if (fchownat(fd, "", change.uid.value_or(kLeaveUid),
                 change.gid.value_or(kLeaveGid), AT_EMPTY_PATH) != 0) {
      return BackingError(errno, absl::StrCat("chown ", what));
    }
  }
  if (change.permissions &&
      SetPermissions(fd, kind, *change.permissions & 07777) != 0) {
    return BackingError(errno, absl::StrCat("chmod ", what));
  }
  if ((change.atime || change.mtime) && SetTimes(fd, kind, change) != 0) {
    return BackingError(errno, absl::StrCat("utimens ", what));
  }
  return absl::OkStatus();
}

}  // namespace casemate
