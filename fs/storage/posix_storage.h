// The backing store as a folder of this machine: the real Dir and File.
//
//   ASSIGN_OR_RETURN(std::unique_ptr<Dir> vault, OpenPosixDir(folder));
//
// Below that folder every open goes through openat2(2) with RESOLVE_BENEATH,
// RESOLVE_NO_SYMLINKS, RESOLVE_NO_MAGICLINKS and RESOLVE_NO_XDEV, so whoever
// can write to the store cannot lead the daemon out of it. Where the kernel or
// a seccomp filter has no openat2, each component is opened by itself with
// O_NOFOLLOW and must lie on its parent's mount. Before Linux 5.8, which tells
// no mounts, it must lie on its parent's device; then a bind mount of the same
// file system goes unnoticed, and a btrfs subvolume counts as a mount.
//
// A device planted as a file is opened before it is refused, though never
// waited for; mount stores that others can make devices on with "nodev".
//
// New files and directories get the permissions asked for as far as the
// process's umask lets them: main() calls umask(0), since the kernel has
// applied the caller's umask already (fuse-invariants A9).
//
// Permissions of our own files (fuse-invariants A8): when the daemon may not
// open a file or directory that it owns, its mode is widened by u+rw(x) for the
// moment of the open and put back. Nobody who asks through this storage sees
// the wider mode; a crash in between leaves it.
//
// A write beyond RLIMIT_FSIZE answers EFBIG only if SIGXFSZ is ignored; that is
// main()'s to do.
#ifndef FS_STORAGE_POSIX_STORAGE_H_
#define FS_STORAGE_POSIX_STORAGE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "fs/storage/storage.h"

namespace casemate {

// What of the kernel to use; tests take it away.
struct PosixStorageOptions {
  enum class Use : uint8_t { kIfAvailable, kNever };
  Use openat2 = Use::kIfAvailable;
  Use rename_flags = Use::kIfAvailable;
};

// Opens the folder at `path`, the one path that may contain symbolic links: it
// is the user's own. ENOENT, ENOTDIR, EACCES as open(2) has them.
absl::StatusOr<std::unique_ptr<Dir>> OpenPosixDir(
    const std::string& path, const PosixStorageOptions& options = {});

}  // namespace casemate

#endif  // FS_STORAGE_POSIX_STORAGE_H_
