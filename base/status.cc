#include "base/status.h"

#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace casemate {
namespace {

constexpr absl::string_view kErrnoPayload = "casemate/errno";

std::string ErrnoText(int error) {
  char buffer[128];
  // The GNU variant, which may answer with a static string of its own.
  return strerror_r(error, buffer, sizeof(buffer));
}

}  // namespace

absl::Status ErrnoError(int error, absl::string_view what) {
  return WithErrno(absl::Status(absl::ErrnoToStatusCode(error),
                                absl::StrCat(what, ": ", ErrnoText(error))),
                   error);
}

absl::Status WithErrno(absl::Status status, int error) {
  status.SetPayload(kErrnoPayload, absl::Cord(absl::StrCat(error)));
  return status;
}

int ErrnoOf(const absl::Status& status) {
  if (status.ok()) return 0;
  const absl::optional<absl::Cord> payload = status.GetPayload(kErrnoPayload);
  int error = 0;
  if (!payload || !absl::SimpleAtoi(std::string(*payload), &error)) return 0;
  return error;
}

absl::Status Annotate(const absl::Status& status, absl::string_view what) {
  if (status.ok()) return status;
  absl::Status annotated(status.code(),
                         absl::StrCat(what, ": ", status.message()));
  if (const int error = ErrnoOf(status); error != 0) {
    return WithErrno(std::move(annotated), error);
  }
  return annotated;
}

}  // namespace casemate
