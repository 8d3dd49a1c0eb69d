// The backing store: directories and files of ciphertext, openat-style.
//
// A Dir is an open directory; every name is resolved relative to one, and
// nothing below it is ever reached through a symbolic link, a mount point or
// "..". OpenPosixDir (posix_storage.h) makes the real one; testing/ has
// decorators that inject faults at this interface.
//
// Paths: a `name` is one component. A `path` is one or two components
// ("N.c9r" or "N.c9r/dir.c9r"). A component is neither empty nor "." nor ".."
// and has no NUL; anything else is EINVAL. No symbolic link is followed in any
// component: in place of a directory, or of a file to be opened or changed, it
// is EIO. Stat describes it, RemoveFile and Rename take the link itself.
//
// Errors: the errno of the failing call rides on the Status, mapped by
// BackingErrno() to one that the caller of a file system expects
// (fuse-invariants E2: ELOOP, EXDEV, EBADF and everything unlisted become EIO).
// Messages name ciphertext paths only.
//
// Threads: all methods of Dir and File may be called from any thread at once.
#ifndef FS_STORAGE_STORAGE_H_
#define FS_STORAGE_STORAGE_H_

#include <sys/types.h>
#include <time.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "base/bytes.h"

namespace casemate {

// Which object of the backing store: stable while it exists, over renames.
// Inode numbers are reused after deletion; the birth time (0 where the store
// has none) tells the successor from the deceased.
struct BackingId {
  uint64_t device = 0;
  uint64_t inode = 0;
  int64_t birth_ns = 0;

  friend bool operator==(const BackingId& a, const BackingId& b) {
    return a.device == b.device && a.inode == b.inode &&
           a.birth_ns == b.birth_ns;
  }
  friend bool operator!=(const BackingId& a, const BackingId& b) {
    return !(a == b);
  }
  template <typename H>
  friend H AbslHashValue(H h, const BackingId& id) {
    return H::combine(std::move(h), id.device, id.inode, id.birth_ns);
  }
};

enum class FileType : uint8_t { kRegular, kDirectory, kSymlink, kOther };

// stat(2) of a backing object; `size` is ciphertext bytes.
struct FileStat {
  BackingId id;
  FileType type = FileType::kOther;
  mode_t permissions = 0;  // 07777
  uid_t uid = 0;
  gid_t gid = 0;
  uint32_t links = 0;
  uint64_t size = 0;
  timespec atime{};
  timespec mtime{};
  timespec ctime{};
};

// What to change; absent means leave alone. Applied in the order owner (which
// clears setuid and setgid), permissions, times; an error leaves what came
// before it done. A tv_nsec outside [0, 1e9) is EINVAL.
struct AttributeChange {
  absl::optional<mode_t> permissions;  // 07777
  absl::optional<uid_t> uid;
  absl::optional<gid_t> gid;
  absl::optional<timespec> atime;
  absl::optional<timespec> mtime;

  bool empty() const {
    return !permissions && !uid && !gid && !atime && !mtime;
  }
};

struct DirEntry {
  std::string name;
  FileType type = FileType::kOther;  // kOther also when the store doesn't say
  uint64_t inode = 0;
};

struct SpaceInfo {  // statvfs(3)
  uint64_t block_size = 0;
  uint64_t blocks = 0;
  uint64_t free_blocks = 0;
  uint64_t available_blocks = 0;
  uint64_t files = 0;
  uint64_t free_files = 0;
};

// How much of a write landed. When `status` is not OK, the first `written`
// bytes are in the file and the rest may or may not be.
struct WriteResult {
  size_t written = 0;
  absl::Status status;
};

enum class Access : uint8_t { kRead, kReadWrite };

// An open regular file.
class File {
 public:
  virtual ~File() = default;

  // Fills `out` from `offset` on; less than out.size() only at end of file.
  virtual absl::StatusOr<size_t> ReadAt(uint64_t offset,
                                        MutableBytes out) const = 0;
  // Writes all of `data`, or says how far it got.
  virtual WriteResult WriteAt(uint64_t offset, ConstBytes data) = 0;
  virtual absl::Status Truncate(uint64_t size) = 0;
  // fdatasync: content and size, but not times.
  virtual absl::Status SyncData() = 0;
  // fsync.
  virtual absl::Status Sync() = 0;
  virtual absl::StatusOr<FileStat> Stat() const = 0;
  virtual absl::Status SetAttributes(const AttributeChange& change) = 0;
  virtual bool writable() const = 0;
};

enum class RenameMode : uint8_t { kReplace, kNoReplace, kExchange };

// An open directory.
class Dir {
 public:
  virtual ~Dir() = default;

  virtual absl::StatusOr<std::unique_ptr<Dir>> OpenDir(
      absl::string_view path) const = 0;
  // Opens an existing regular file; anything else is EIO (a directory,
  // symbolic link, fifo or device in its place is a broken vault), and opening
  // never blocks. With kReadWrite, EACCES or EROFS is the caller's to handle.
  virtual absl::StatusOr<std::unique_ptr<File>> OpenFile(
      absl::string_view path, Access access) const = 0;
  // Creates and opens for reading and writing; EEXIST if the name is taken.
  virtual absl::StatusOr<std::unique_ptr<File>> CreateFile(
      absl::string_view path, mode_t permissions) = 0;
  virtual absl::Status MakeDir(absl::string_view name, mode_t permissions) = 0;
  virtual absl::Status RemoveFile(absl::string_view path) = 0;
  virtual absl::Status RemoveDir(absl::string_view name) = 0;

  // renameat2(2). kNoReplace answers EEXIST and kExchange ENOENT as it does.
  // `to` must come from the same storage. Where the file system lacks a flag,
  // kNoReplace checks first and renames then (the caller's locks make that
  // whole within this process), and kExchange answers EINVAL.
  virtual absl::Status Rename(absl::string_view from_path, Dir& to,
                              absl::string_view to_path, RenameMode mode) = 0;
  // False once a kNoReplace of this storage had to check first and rename then:
  // worth one line in the log (vault-format-8 section 9).
  virtual bool no_replace_is_atomic() const { return true; }

  virtual absl::StatusOr<FileStat> Stat(absl::string_view path) const = 0;
  virtual absl::StatusOr<FileStat> StatSelf() const = 0;
  virtual absl::Status SetAttributes(absl::string_view path,
                                     const AttributeChange& change) = 0;
  virtual absl::Status SetSelfAttributes(const AttributeChange& change) = 0;

  // All entries but "." and "..", in the store's order.
  virtual absl::StatusOr<std::vector<DirEntry>> List() const = 0;

  // fsync of the directory: its entries are durable.
  virtual absl::Status Sync() const = 0;
  virtual absl::StatusOr<SpaceInfo> Space() const = 0;

  // flock(2), exclusive, not waiting, held until this Dir is destroyed.
  // EWOULDBLOCK (code FailedPrecondition) when another holds it.
  virtual absl::Status LockExclusive() = 0;
};

// The content of a small file, read whole. OutOfRange when it is longer than
// `limit`: nothing of it is returned then.
absl::StatusOr<std::string> ReadSmallFile(const Dir& dir,
                                          absl::string_view path, size_t limit);

}  // namespace casemate

#endif  // FS_STORAGE_STORAGE_H_
