// Who holds the lock that marks a vault as mounted.
#ifndef TOOLS_CASEMATE_LOCK_HOLDER_H_
#define TOOLS_CASEMATE_LOCK_HOLDER_H_

#include <sys/types.h>

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace casemate {

// The process that took a flock(2) on the object (`device`, `inode`), from the
// text of /proc/locks. Absent when it is not there: file systems whose st_dev
// is not the superblock's (btrfs), or a holder in another pid namespace.
absl::optional<pid_t> FindLockHolder(absl::string_view proc_locks, dev_t device,
                                     uint64_t inode);

}  // namespace casemate

#endif  // TOOLS_CASEMATE_LOCK_HOLDER_H_
