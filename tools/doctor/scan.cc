#include "tools/doctor/scan.h"

#include <cerrno>

#include "base/status.h"

namespace casemate {

absl::Status Scan::NoteUnreadable(const absl::Status& status, std::string entry,
                                  absl::optional<std::string> path) {
  switch (ErrnoOf(status)) {
    case ENOENT:
    case ENOTDIR:
      return absl::OkStatus();
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return status;
    default:
      break;
  }
  Add(FindingClass::kUnreadable, std::move(entry), std::move(path)).detail =
      std::string(status.message());
  return absl::OkStatus();
}

}  // namespace casemate
