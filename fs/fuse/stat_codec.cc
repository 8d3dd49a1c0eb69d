#include "fs/fuse/stat_codec.h"

#include <fcntl.h>
#include <fuse_lowlevel.h>

#include <cerrno>

#include "base/status.h"

namespace casemate {
namespace {

constexpr mode_t kPermissionBits = 07777;
constexpr blksize_t kBlockSize = 4096;
constexpr uint64_t kStatBlock = 512;  // the unit of st_blocks
constexpr long kNanosecondsPerSecond = 1'000'000'000;

// renameat2(2), where <stdio.h> has them only for GNU sources.
constexpr unsigned int kRenameNoReplace = 1;
constexpr unsigned int kRenameExchange = 2;

absl::StatusOr<absl::optional<TimeChange>> TimeChangeOf(int to_set, int given,
                                                        int now,
                                                        const timespec& value) {
  if ((to_set & now) != 0) return TimeChange{TimeSource::kNow, {}};
  if ((to_set & given) == 0) return absl::optional<TimeChange>();
  if (value.tv_nsec < 0 || value.tv_nsec >= kNanosecondsPerSecond) {
    return ErrnoError(EINVAL, "setattr: nanoseconds");
  }
  return TimeChange{TimeSource::kGiven, value};
}

mode_t TypeBitsOf(NodeKind kind) {
  switch (kind) {
    case NodeKind::kFile:
      return S_IFREG;
    case NodeKind::kDirectory:
      return S_IFDIR;
    case NodeKind::kSymlink:
      return S_IFLNK;
  }
  return 0;
}

}  // namespace

struct stat StatOf(const Attributes& attributes) {
  struct stat result = {};
  result.st_ino = attributes.inode_number;
  result.st_mode = TypeBitsOf(attributes.kind) | attributes.permissions;
  result.st_nlink = attributes.links;
  result.st_uid = attributes.uid;
  result.st_gid = attributes.gid;
  result.st_size = static_cast<off_t>(attributes.size);
  result.st_blksize = kBlockSize;
  result.st_blocks =
      static_cast<blkcnt_t>((attributes.size + kStatBlock - 1) / kStatBlock);
  result.st_atim = attributes.atime;
  result.st_mtim = attributes.mtime;
  result.st_ctim = attributes.ctime;
  return result;
}

struct stat StatOf(const PlainDirEntry& entry) {
  struct stat result = {};
  result.st_ino = entry.inode_number;
  if (entry.kind) result.st_mode = TypeBitsOf(*entry.kind);
  return result;
}

struct statvfs StatvfsOf(const SpaceReply& space) {
  struct statvfs result = {};
  result.f_bsize = space.block_size;
  result.f_frsize = space.block_size;
  result.f_blocks = space.blocks;
  result.f_bfree = space.free_blocks;
  result.f_bavail = space.available_blocks;
  result.f_files = space.files;
  result.f_ffree = space.free_files;
  result.f_favail = space.free_files;
  result.f_namemax = space.name_max;
  return result;
}

absl::StatusOr<SetAttributesRequest> SetAttributesRequestOf(
    const struct stat& values, int to_set) {
  SetAttributesRequest request;
  if ((to_set & FUSE_SET_ATTR_MODE) != 0) {
    request.permissions = values.st_mode & kPermissionBits;
  }
  if ((to_set & FUSE_SET_ATTR_UID) != 0) request.uid = values.st_uid;
  if ((to_set & FUSE_SET_ATTR_GID) != 0) request.gid = values.st_gid;
  if ((to_set & FUSE_SET_ATTR_SIZE) != 0) {
    if (values.st_size < 0) return ErrnoError(EINVAL, "setattr: size");
    request.size = static_cast<uint64_t>(values.st_size);
  }
  ASSIGN_OR_RETURN(request.atime,
                   TimeChangeOf(to_set, FUSE_SET_ATTR_ATIME,
                                FUSE_SET_ATTR_ATIME_NOW, values.st_atim));
  ASSIGN_OR_RETURN(request.mtime,
                   TimeChangeOf(to_set, FUSE_SET_ATTR_MTIME,
                                FUSE_SET_ATTR_MTIME_NOW, values.st_mtim));
  return request;
}

OpenRequest OpenRequestOf(int flags) {
  OpenRequest request;
  const int access = flags & O_ACCMODE;
  request.read = access == O_RDONLY || access == O_RDWR;
  request.write = access == O_WRONLY || access == O_RDWR;
  request.truncate = (flags & O_TRUNC) != 0;
  request.exclusive = (flags & O_EXCL) != 0;
  return request;
}

absl::optional<RenameFlag> RenameFlagOf(unsigned int flags) {
  switch (flags) {
    case 0:
      return RenameFlag::kNone;
    case kRenameNoReplace:
      return RenameFlag::kNoReplace;
    case kRenameExchange:
      return RenameFlag::kExchange;
    default:
      return absl::nullopt;
  }
}

}  // namespace casemate
