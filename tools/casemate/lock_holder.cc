#include "tools/casemate/lock_holder.h"

#include <sys/sysmacros.h>

#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

namespace casemate {

absl::optional<pid_t> FindLockHolder(absl::string_view proc_locks, dev_t device,
                                     uint64_t inode) {
  const std::string wanted =
      absl::StrFormat("%02x:%02x:%d", major(device), minor(device), inode);
  for (const absl::string_view line : absl::StrSplit(proc_locks, '\n')) {
    // "1: FLOCK  ADVISORY  WRITE 1234 08:01:131 0 EOF"; a waiter has "->"
    // after the number.
    const std::vector<absl::string_view> fields =
        absl::StrSplit(line, ' ', absl::SkipEmpty());
    pid_t pid = 0;
    if (fields.size() >= 6 && fields[1] == "FLOCK" && fields[5] == wanted &&
        absl::SimpleAtoi(fields[4], &pid) && pid > 0) {
      return pid;
    }
  }
  return absl::nullopt;
}

}  // namespace casemate
