// stat and its opposite on descriptors: statx(2) to FileStat, AttributeChange
// to chown, chmod and utimens.
#ifndef FS_STORAGE_POSIX_ATTRIBUTES_H_
#define FS_STORAGE_POSIX_ATTRIBUTES_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "fs/storage/storage.h"

namespace casemate {

// "/proc/self/fd/<fd>": the way to an object that only an O_PATH descriptor is
// open for.
class FdPath {
 public:
  explicit FdPath(int fd);
  const char* c_str() const { return path_; }

 private:
  char path_[32];
};

// What `fd` is, which may be open with O_PATH. `what` is for the message.
absl::StatusOr<FileStat> StatDescriptor(int fd, absl::string_view what);

// What the entry `name` of `dirfd` is, in one system call; a symbolic link is
// described, a mount point is EXDEV, told as EIO. Nothing when the kernel
// cannot tell a mount point from what it covers.
absl::optional<absl::StatusOr<FileStat>> StatName(int dirfd, const char* name);

// Whether a descriptor is open for the content or with O_PATH only.
enum class FdKind : uint8_t { kOpen, kPath };

// Changes the owner, the permissions and the times, in this order: chown clears
// setuid and setgid. A symbolic link is ELOOP, told as EIO.
absl::Status SetDescriptorAttributes(int fd, FdKind kind,
                                     const AttributeChange& change,
                                     absl::string_view what);

}  // namespace casemate

#endif  // FS_STORAGE_POSIX_ATTRIBUTES_H_
