// What a session tells the kernel about caching and sizes.
#ifndef FS_FUSE_SESSION_OPTIONS_H_
#define FS_FUSE_SESSION_OPTIONS_H_

#include <cstdint>

#include "absl/time/time.h"

namespace casemate {

// Timeouts: fuse-invariants C4.
struct SessionOptions {
  absl::Duration entry_timeout = absl::Seconds(1);
  absl::Duration attribute_timeout = absl::Seconds(1);
  // How long a name that does not exist is remembered; 0 is not at all.
  absl::Duration negative_timeout = absl::ZeroDuration();
  // Every change of the vault comes through this mount: the kernel then caches
  // link targets. The timeouts are set by whoever sets this.
  bool exclusive = false;
  // As MountOptions::max_read (N4).
  uint32_t max_read = 0;
};

}  // namespace casemate

#endif  // FS_FUSE_SESSION_OPTIONS_H_
