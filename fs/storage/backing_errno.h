// The one table from the backing store's errno to ours (fuse-invariants E2).
//
// An errno that a caller of this file system can make sense of passes through.
// What would mislead it becomes EIO: ELOOP is a symbolic link planted in the
// vault, EXDEV a mount point in it, EBADF a bug of ours. EACCES and EPERM pass
// and never turn into ENOENT (E3).
#ifndef FS_STORAGE_BACKING_ERRNO_H_
#define FS_STORAGE_BACKING_ERRNO_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace casemate {

// What the caller of a system call is told for the backing store's `error`
// (> 0). Never 0.
int BackingErrno(int error);

// An error whose errno and code are those of BackingErrno(error), and whose
// message "<what>: <strerror>" still tells the original one.
absl::Status BackingError(int error, absl::string_view what);

}  // namespace casemate

#endif  // FS_STORAGE_BACKING_ERRNO_H_
