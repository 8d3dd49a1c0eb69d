// The note that a mounted daemon leaves for `casemate unmount`: one small JSON
// file per mount in the runtime directory, removed when the daemon ends.
//
// It holds paths of the user's own but nothing of the vault's content, and is
// readable by its owner only. A record may outlive a daemon that was killed;
// the start time of the process tells.
#ifndef TOOLS_CASEMATE_RUNTIME_RECORD_H_
#define TOOLS_CASEMATE_RUNTIME_RECORD_H_

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "fs/storage/unique_fd.h"

namespace casemate {

struct RuntimeRecord {
  pid_t pid = 0;
  uint64_t start_time = 0;  // StartTimeOf(pid)
  std::string mountpoint;   // canonical
  std::string vault;
  uint64_t device = 0;  // st_dev of the mount
  absl::optional<int> metrics_port;

  std::string ToJson() const;
  // InvalidArgument when it is not such a record.
  static absl::StatusOr<RuntimeRecord> Parse(absl::string_view json);
};

// Where the records of `user` are: for root /run/casemate, for the user of this
// process $XDG_RUNTIME_DIR/casemate, for another /run/user/UID/casemate.
// Absent when $XDG_RUNTIME_DIR is not set.
absl::optional<std::string> RuntimeDirectory(uid_t user);

// Where the record for `mountpoint` lies in `directory`.
std::string RecordPath(absl::string_view directory,
                       absl::string_view mountpoint);

// Makes `directory` (0700) if need be and puts the record there, 0600, whole
// or not at all. The descriptor holds a flock(2) on it: while it is open the
// daemon lives, in whatever pid namespace.
absl::StatusOr<UniqueFd> WriteRecord(const std::string& directory,
                                     const RuntimeRecord& record);

// Removes what daemons left that were killed.
void RemoveStaleRecords(const std::string& directory);

// Whether a file of `file_owner` may speak for a mount of `mount_owner`: root's
// unmount must not be led by a file that somebody else put there.
bool MayTrustRecord(uid_t file_owner, uid_t mount_owner);

// Not found is an error like another. Nothing is read through a symbolic link,
// nor from a file that
// MayTrustRecord refuses.
absl::StatusOr<RuntimeRecord> ReadRecord(const std::string& directory,
                                         absl::string_view mountpoint,
                                         uid_t owner);
// Removes the record of `mountpoint`, if it is that of `pid`.
void RemoveRecord(const std::string& directory, absl::string_view mountpoint,
                  pid_t pid);

}  // namespace casemate

#endif  // TOOLS_CASEMATE_RUNTIME_RECORD_H_
