#include "fs/storage/backing_path.h"

#include <cerrno>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "fs/storage/backing_errno.h"

namespace casemate {
namespace {

bool IsComponent(absl::string_view name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(absl::string_view("/\0", 2)) ==
             absl::string_view::npos;
}

}  // namespace

absl::StatusOr<BackingPath> BackingPath::Parse(absl::string_view path) {
  const size_t slash = path.find('/');
  if (slash == absl::string_view::npos) return ParseName(path);
  if (!IsComponent(path.substr(0, slash)) ||
      !IsComponent(path.substr(slash + 1))) {
    return BackingError(EINVAL, "backing path");
  }
  return BackingPath(std::string(path), slash + 1);
}

absl::StatusOr<BackingPath> BackingPath::ParseName(absl::string_view name) {
  if (!IsComponent(name)) return BackingError(EINVAL, "backing name");
  return BackingPath(std::string(name), 0);
}

}  // namespace casemate
