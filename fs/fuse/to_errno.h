// The edge at which a Status becomes an errno again.
#ifndef FS_FUSE_TO_ERRNO_H_
#define FS_FUSE_TO_ERRNO_H_

#include "absl/status/status.h"

namespace casemate {

// 0 for OK; the errno that `status` carries if the kernel takes it (1..999,
// fuse-invariants E1); else one for its code, EIO where none fits. Never
// ENOSYS: the kernel would remember that for the life of the mount (H6).
int ToErrno(const absl::Status& status);

}  // namespace casemate

#endif  // FS_FUSE_TO_ERRNO_H_
