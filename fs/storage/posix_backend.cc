#include "fs/storage/posix_backend.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/status.h"
#include "fs/storage/backing_errno.h"
#include "fs/storage/backing_path.h"
#include "fs/storage/posix_attributes.h"
#include "fs/storage/posix_storage.h"
#include "fs/storage/storage.h"
#include "fs/storage/unique_fd.h"

namespace casemate {
namespace {

constexpr bool OpensLinkItself(int flags) {
  return (flags & O_PATH) != 0 && (flags & O_DIRECTORY) == 0;
}

int OpenAt2(int dirfd, const char* path, int flags, mode_t permissions) {
  open_how how = {};
  how.flags = static_cast<uint64_t>(flags | O_CLOEXEC |
                                    (OpensLinkItself(flags) ? O_NOFOLLOW : 0));
  how.mode = permissions;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS |
                RESOLVE_NO_XDEV;
  return static_cast<int>(RetryOnEintr(
      [&] { return syscall(SYS_openat2, dirfd, path, &how, sizeof(how)); }));
}

// ENOSYS of an old kernel and EPERM of a seccomp filter that does not know the
// call both mean that there is none.
bool HasOpenAt2(int root) {
  const UniqueFd probe(OpenAt2(root, ".", O_PATH | O_DIRECTORY, 0));
  return probe.valid();
}

bool IsSymlink(int dirfd, const char* name) {
  struct stat found = {};
  return fstatat(dirfd, name, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISLNK(found.st_mode);
}

// By the mount where the kernel tells (Linux 5.8): the device alone would not
// show a bind mount of the same file system.
bool IsSameMount(const struct statx& a, const struct statx& b) {
  if ((a.stx_mask & b.stx_mask & STATX_MNT_ID) != 0) {
    return a.stx_mnt_id == b.stx_mnt_id;
  }
  return a.stx_dev_major == b.stx_dev_major &&
         a.stx_dev_minor == b.stx_dev_minor;
}

// Opens one component by openat; -1 with errno set.
UniqueFd OpenComponent(int dirfd, const char* name, int flags,
                       mode_t permissions) {
  UniqueFd fd(RetryOnEintr([&] {
    return openat(dirfd, name, flags | O_CLOEXEC | O_NOFOLLOW, permissions);
  }));
  if (!fd.valid()) {
    // With O_DIRECTORY a symbolic link is ENOTDIR, as a file is.
    if (errno == ENOTDIR && (flags & O_DIRECTORY) != 0) {
      errno = IsSymlink(dirfd, name) ? ELOOP : ENOTDIR;
    }
    return UniqueFd();
  }
  struct statx parent = {};
  struct statx found = {};
  if (statx(dirfd, "", AT_EMPTY_PATH, STATX_MNT_ID, &parent) != 0 ||
      statx(fd.get(), "", AT_EMPTY_PATH, STATX_MNT_ID, &found) != 0) {
    return UniqueFd();
  }
  if (!IsSameMount(parent, found)) {
    errno = EXDEV;
    return UniqueFd();
  }
  return fd;
}

}  // namespace

PosixBackend::PosixBackend(int root, const PosixStorageOptions& options)
    : use_openat2_(options.openat2 == PosixStorageOptions::Use::kIfAvailable &&
                   HasOpenAt2(root)),
      use_rename_flags_(options.rename_flags ==
                        PosixStorageOptions::Use::kIfAvailable) {}

absl::StatusOr<UniqueFd> PosixBackend::Open(int dirfd, const BackingPath& path,
                                            int flags,
                                            mode_t permissions) const {
  if (!use_openat2_) return OpenByComponents(dirfd, path, flags, permissions);
  UniqueFd fd(OpenAt2(dirfd, path.c_str(), flags, permissions));
  if (!fd.valid()) {
    return BackingError(errno, absl::StrCat("open ", path.text()));
  }
  return fd;
}

absl::StatusOr<UniqueFd> PosixBackend::OpenByComponents(
    int dirfd, const BackingPath& path, int flags, mode_t permissions) const {
  UniqueFd parent;
  if (path.has_parent()) {
    parent =
        OpenComponent(dirfd, path.parent().c_str(), O_PATH | O_DIRECTORY, 0);
    if (!parent.valid()) {
      return BackingError(errno, absl::StrCat("open parent of ", path.text()));
    }
    dirfd = parent.get();
  }
  UniqueFd fd = OpenComponent(dirfd, path.name(), flags, permissions);
  if (!fd.valid()) {
    return BackingError(errno, absl::StrCat("open ", path.text()));
  }
  return fd;
}

absl::StatusOr<UniqueFd> PosixBackend::OpenExisting(int dirfd,
                                                    const BackingPath& path,
                                                    int flags) {
  absl::StatusOr<UniqueFd> fd = Open(dirfd, path, flags);
  if (ErrnoOf(fd.status()) != EACCES) return fd;
  const absl::StatusOr<UniqueFd> path_fd =
      Open(dirfd, path, O_PATH | (flags & O_DIRECTORY));
  if (!path_fd.ok()) return fd;
  return OpenWidened(path_fd->get(), path.text(), flags);
}

absl::StatusOr<UniqueFd> PosixBackend::OpenWidened(int path_fd,
                                                   absl::string_view what,
                                                   int flags) {
  const FdPath by_proc(path_fd);
  UniqueFd fd;
  int error = EACCES;
  modes_.BeginWidening();
  struct stat found = {};
  if (fstat(path_fd, &found) != 0) {
    error = errno;
  } else if (!S_ISREG(found.st_mode) && !S_ISDIR(found.st_mode)) {
    // Not what a vault holds, and not for its mode: a store mounted "nodev"
    // refuses devices with EACCES too.
    error = EIO;
  } else {
    const mode_t mode = found.st_mode & 07777;
    const mode_t wider = mode | S_IRUSR | S_IWUSR |
                         (S_ISDIR(found.st_mode) ? mode_t{S_IXUSR} : 0);
    // Only the owner may; for everyone else EACCES stands.
    if (chmod(by_proc.c_str(), wider) == 0) {
      fd.reset(RetryOnEintr(
          [&] { return open(by_proc.c_str(), flags | O_CLOEXEC); }));
      if (!fd.valid()) error = errno;
      if (chmod(by_proc.c_str(), mode) != 0) {
        // An open file is worth less than a mode that is what its owner set.
        error = errno;
        fd.reset();
      }
    }
  }
  modes_.EndWidening();
  if (!fd.valid()) return BackingError(error, absl::StrCat("open ", what));
  return fd;
}

absl::StatusOr<FileStat> PosixBackend::Stat(int dirfd,
                                            const BackingPath& path) const {
  if (use_openat2_ && !path.has_parent()) {
    const absl::optional<absl::StatusOr<FileStat>> found =
        modes_.Read([&] { return StatName(dirfd, path.name()); });
    if (found) return *found;
  }
  ASSIGN_OR_RETURN(const UniqueFd fd, Open(dirfd, path, O_PATH));
  return StatFd(fd.get(), path.text());
}

absl::StatusOr<FileStat> PosixBackend::StatFd(int fd,
                                              absl::string_view what) const {
  return modes_.Read([&] { return StatDescriptor(fd, what); });
}

absl::Status PosixBackend::SetAttributes(int fd, FdKind kind,
                                         const AttributeChange& change,
                                         absl::string_view what) {
  const auto set = [&] {
    return SetDescriptorAttributes(fd, kind, change, what);
  };
  // Times alone need not wait for anybody's open.
  const bool changes_mode = change.permissions || change.uid || change.gid;
  return changes_mode ? modes_.Write(set) : set();
}

}  // namespace casemate
