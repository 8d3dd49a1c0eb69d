// What all Dirs and Files of one PosixStorage share: which system calls there
// are, how a path is opened without leaving the store, and how a mode that
// stands in the daemon's way is widened for a moment.
#ifndef FS_STORAGE_POSIX_BACKEND_H_
#define FS_STORAGE_POSIX_BACKEND_H_

#include <sys/types.h>

#include <atomic>
#include <cerrno>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "fs/storage/backing_path.h"
#include "fs/storage/mode_guard.h"
#include "fs/storage/posix_attributes.h"
#include "fs/storage/posix_storage.h"
#include "fs/storage/storage.h"
#include "fs/storage/unique_fd.h"

namespace casemate {

// Repeats a system call while a signal interrupts it.
template <typename Call>
auto RetryOnEintr(Call call) {
  decltype(call()) result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result;
}

// Thread-safe.
class PosixBackend {
 public:
  // Finds out whether openat2 may be used, by opening `root` with it.
  PosixBackend(int root, const PosixStorageOptions& options);

  // Opens `path` below `dirfd`; `flags` as for open(2), `permissions` for
  // O_CREAT. Follows no symbolic link: with O_PATH and without O_DIRECTORY it
  // opens a link in last place itself, else it is ELOOP, told as EIO.
  absl::StatusOr<UniqueFd> Open(int dirfd, const BackingPath& path, int flags,
                                mode_t permissions = 0) const;

  // Open for an existing file or directory; when that is refused and the daemon
  // owns it, widens the mode for the moment (posix_storage.h).
  absl::StatusOr<UniqueFd> OpenExisting(int dirfd, const BackingPath& path,
                                        int flags);

  // What `path` is; a symbolic link in last place is described.
  absl::StatusOr<FileStat> Stat(int dirfd, const BackingPath& path) const;
  // What `fd` is.
  absl::StatusOr<FileStat> StatFd(int fd, absl::string_view what) const;

  // Applies `change` to `fd`.
  absl::Status SetAttributes(int fd, FdKind kind, const AttributeChange& change,
                             absl::string_view what);

  bool use_rename_flags() const { return use_rename_flags_; }
  std::atomic<bool>& no_replace_is_atomic() { return no_replace_is_atomic_; }

 private:
  absl::StatusOr<UniqueFd> OpenByComponents(int dirfd, const BackingPath& path,
                                            int flags,
                                            mode_t permissions) const;
  absl::StatusOr<UniqueFd> OpenWidened(int path_fd, absl::string_view what,
                                       int flags);

  const bool use_openat2_;
  const bool use_rename_flags_;
  ModeGuard modes_;
  std::atomic<bool> no_replace_is_atomic_{true};
};

}  // namespace casemate

#endif  // FS_STORAGE_POSIX_BACKEND_H_
