// What core may tell the kernel to forget. fs/fuse implements it.
#ifndef FS_CORE_KERNEL_CACHE_H_
#define FS_CORE_KERNEL_CACHE_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "fs/inode/ino.h"

namespace casemate {

// Thread-safe and non-blocking: an implementation queues, because the kernel
// may be holding the directory's lock while it waits for the very request that
// calls here (fuse-invariants C6). Failures are not errors (C7): what is not
// cached needs no invalidation.
class KernelCache {
 public:
  virtual ~KernelCache() = default;
  // `name` in `parent` may mean something else now.
  virtual void InvalidateEntry(Ino parent, absl::string_view name) = 0;
  // The content in [offset, offset + length) changed behind the kernel; length
  // 0 means to the end, a negative offset attributes only.
  virtual void InvalidateInode(Ino ino, int64_t offset, int64_t length) = 0;
  // `name` in `parent` was `child` and is gone; watchers get an event.
  virtual void Delete(Ino parent, Ino child, absl::string_view name) = 0;
};

}  // namespace casemate

#endif  // FS_CORE_KERNEL_CACHE_H_
