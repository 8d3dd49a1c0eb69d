// Mounting and unmounting: from a mount point to a /dev/fuse descriptor.
//
// With CAP_SYS_ADMIN by mount(2); without it by fusermount3, whose own words
// are passed on when it refuses. Messages are for the user and name the mount
// point, which is no secret of the vault.
#ifndef FS_FUSE_MOUNT_H_
#define FS_FUSE_MOUNT_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "fs/storage/unique_fd.h"

namespace casemate {

// default_permissions, nosuid and nodev are always on (fuse-invariants N9).
struct MountOptions {
  bool read_only = false;
  bool allow_other = false;
  // Mount over a directory that has something in it, hiding it.
  bool allow_nonempty = false;
  // Use fusermount3 even with the right to mount.
  bool prefer_fusermount = false;
  std::string fsname = "casemate";   // the "device" that mount(8) shows
  std::string subtype = "casemate";  // the type is then fuse.casemate
  // Bytes in one READ at most; 0 is the kernel's choice. The session must be
  // given the same (N4).
  uint32_t max_read = 0;
};

// N of "/dev/fd/N": the caller has mounted already and passes the descriptor.
absl::optional<int> PassedDescriptor(absl::string_view mountpoint);

// Mounts at `mountpoint` and returns the descriptor to serve. Of "/dev/fd/N"
// that is N, which is then ours; the options are not looked at.
//
// Errors, each with a message for the user: NotFound when the mount point does
// not exist; ENOTCONN when a dead FUSE file system is still mounted there,
// EBUSY when a living one is; ENOTDIR; ENOTEMPTY; ENODEV for a passed
// descriptor that is not /dev/fuse; and what the kernel or fusermount3
// answered.
absl::StatusOr<UniqueFd> MountFuse(const std::string& mountpoint,
                                   const MountOptions& options);

// kLazy takes the file system out of the tree now and lets go of it when the
// last user does (MNT_DETACH).
enum class UnmountMode : uint8_t { kPlain, kLazy };

// EBUSY when it is in use (kPlain), EINVAL when nothing is mounted there.
absl::Status UnmountFuse(const std::string& mountpoint, UnmountMode mode);

}  // namespace casemate

#endif  // FS_FUSE_MOUNT_H_
