// Attributes of core in the kernel's terms, and back.
#ifndef FS_FUSE_STAT_CODEC_H_
#define FS_FUSE_STAT_CODEC_H_

#include <sys/stat.h>
#include <sys/statvfs.h>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "fs/core/types.h"
#include "fs/vault/node_kind.h"

namespace casemate {

struct stat StatOf(const Attributes& attributes);

// For a listing: what readdir reports, d_ino and d_type.
struct stat StatOf(const PlainDirEntry& entry);

struct statvfs StatvfsOf(const SpaceReply& space);

// What a SETATTR asks for: only the fields named in `to_set` (FUSE_SET_ATTR_*)
// are looked at (fuse-invariants A1), and "now" wins over a given time (A5).
// ctime is the kernel's business and ignored (A6). EINVAL for a negative size
// (A3) and for nanoseconds that are none: utimensat(2) gives some of them a
// meaning of its own.
absl::StatusOr<SetAttributesRequest> SetAttributesRequestOf(
    const struct stat& values, int to_set);

// The access mode and flags of open(2) that reach a file system (H11).
OpenRequest OpenRequestOf(int flags);

// renameat2(2)'s flags; absent for those we do not know (R10).
absl::optional<RenameFlag> RenameFlagOf(unsigned int flags);

}  // namespace casemate

#endif  // FS_FUSE_STAT_CODEC_H_
