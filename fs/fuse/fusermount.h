// fusermount3, the set-uid helper with which users without rights mount.
#ifndef FS_FUSE_FUSERMOUNT_H_
#define FS_FUSE_FUSERMOUNT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fs/storage/unique_fd.h"

namespace casemate {

// Runs `fusermount3 -o mount_options -- mountpoint` and returns the /dev/fuse
// descriptor it passes back (protocol: _FUSE_COMMFD names a socket on which it
// sends the descriptor). Its words become the error's message.
absl::StatusOr<UniqueFd> MountWithFusermount(const std::string& mountpoint,
                                             const std::string& mount_options);

// Runs `fusermount3 -u [-z] -- mountpoint`. EBUSY when it says so.
absl::Status UnmountWithFusermount(const std::string& mountpoint, bool lazy);

}  // namespace casemate

#endif  // FS_FUSE_FUSERMOUNT_H_
