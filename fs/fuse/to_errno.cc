#include "fs/fuse/to_errno.h"

#include <cerrno>

#include "base/status.h"

namespace casemate {
namespace {

constexpr int kLargestErrno = 999;

int ErrnoOfCode(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return 0;
    case absl::StatusCode::kNotFound:
      return ENOENT;
    case absl::StatusCode::kAlreadyExists:
      return EEXIST;
    case absl::StatusCode::kPermissionDenied:
      return EACCES;
    case absl::StatusCode::kInvalidArgument:
      return EINVAL;
    case absl::StatusCode::kResourceExhausted:
      return ENOMEM;
    case absl::StatusCode::kCancelled:
      return EINTR;
    // OutOfRange and the rest have no one meaning at this edge: whoever means
    // an errno by them says which (base/status.h).
    default:
      return EIO;
  }
}

}  // namespace

int ToErrno(const absl::Status& status) {
  if (status.ok()) return 0;
  const int error = ErrnoOf(status);
  if (error == ENOSYS) return EIO;
  if (error >= 1 && error <= kLargestErrno) return error;
  return ErrnoOfCode(status.code());
}

}  // namespace casemate
