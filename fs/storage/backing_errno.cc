#include "fs/storage/backing_errno.h"

#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/status.h"

namespace casemate {

int BackingErrno(int error) {
  switch (error) {
    case EACCES:
    case EBUSY:
    case EDQUOT:
    case EEXIST:
    case EFBIG:
    case EINTR:
    case EINVAL:
    case EISDIR:
    case EMLINK:
    case ENAMETOOLONG:
    case ENFILE:
    case ENOENT:
    case ENOMEM:
    case ENOSPC:
    case ENOTDIR:
    case ENOTEMPTY:
    case EPERM:
    case EROFS:
    case ESTALE:
      return error;
    // The limit is the daemon's, not that of the process that asked.
    case EMFILE:
      return ENFILE;
    default:
      return EIO;
  }
}

absl::Status BackingError(int error, absl::string_view what) {
  const int told = BackingErrno(error);
  const absl::Status original = ErrnoError(error, what);
  if (told == error) return original;
  return WithErrno(
      absl::Status(absl::ErrnoToStatusCode(told), original.message()), told);
}

}  // namespace casemate
