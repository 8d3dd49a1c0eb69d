// Status with an errno riding along, and the macros that pass one up.
//
// absl's status codes are coarser than errno (ENOTEMPTY, ENOTDIR and EISDIR
// share one), so an error that must reach a system call's caller keeps its
// errno as a payload. Errors are made from an errno at two places: fs/storage
// (what the backing store answered) and fs/core (what POSIX demands); they are
// turned back at one: fs/fuse.
//
//   if (rc < 0) return ErrnoError(errno, "unlinkat dir.c9r");
//   ASSIGN_OR_RETURN(UniqueFd fd, dir.OpenFile(name));
//
// Messages never hold a cleartext name, a key or content.
#ifndef BASE_STATUS_H_
#define BASE_STATUS_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace casemate {

// An error whose errno is `error` (> 0) and whose message is
// "<what>: <strerror>". The code is absl's mapping of `error`.
absl::Status ErrnoError(int error, absl::string_view what);

// `status` with its errno replaced by `error`; code and message stay.
absl::Status WithErrno(absl::Status status, int error);

// The errno that `status` carries, 0 for OK and for an error without one.
int ErrnoOf(const absl::Status& status);

// Keeps `status`'s code and errno, and puts "<what>: " before its message.
absl::Status Annotate(const absl::Status& status, absl::string_view what);

}  // namespace casemate

#define CASEMATE_CONCAT_INNER_(a, b) a##b
#define CASEMATE_CONCAT_(a, b) CASEMATE_CONCAT_INNER_(a, b)

#define RETURN_IF_ERROR(expr)                                         \
  do {                                                                \
    if (absl::Status status_ = (expr); !status_.ok()) return status_; \
  } while (false)

#define ASSIGN_OR_RETURN(lhs, expr) \
  CASEMATE_ASSIGN_OR_RETURN_(CASEMATE_CONCAT_(status_or_, __LINE__), lhs, expr)

#define CASEMATE_ASSIGN_OR_RETURN_(temporary, lhs, expr)     \
  auto temporary = (expr);                                   \
  if (!temporary.ok()) return std::move(temporary).status(); \
  lhs = std::move(temporary).value()

#endif  // BASE_STATUS_H_
