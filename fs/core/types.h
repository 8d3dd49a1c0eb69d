// What the verbs of FileSystem take and give. Kernel-free: fs/fuse translates.
#ifndef FS_CORE_TYPES_H_
#define FS_CORE_TYPES_H_

#include <sys/types.h>
#include <time.h>

#include <cstdint>
#include <functional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "fs/handle/handle_id.h"
#include "fs/inode/ino.h"
#include "fs/vault/node_kind.h"

namespace casemate {

// Who asks. Valid for the duration of one verb.
struct Context {
  uid_t uid = 0;
  gid_t gid = 0;
  pid_t pid = 0;  // may be 0 (other pid namespace): no decision rests on it
  // Polled in long loops; true makes the verb stop with EINTR. May be null.
  std::function<bool()> interrupted;

  bool Interrupted() const { return interrupted && interrupted(); }
};

// stat(2) as the caller sees it.
struct Attributes {
  // st_ino: the backing object's inode number, stable over rename and remount;
  // not the nodeid.
  uint64_t inode_number = 0;
  NodeKind kind = NodeKind::kFile;
  mode_t permissions = 0;  // 07777
  uint32_t links = 1;      // 0 once removed
  uid_t uid = 0;
  gid_t gid = 0;
  uint64_t size = 0;  // cleartext bytes, unflushed ones included
  timespec atime{};
  timespec mtime{};
  timespec ctime{};

  // The S_IFMT bits with `permissions`.
  mode_t Mode() const;
};

// A node as an entry reply gives it. Each one handed out adds 1 to the node's
// lookup count, which FileSystem::Forget takes back.
struct Entry {
  Ino ino = kNoIno;
  Attributes attributes;
  // The stored spelling differs from the one asked for (NFC, section 5): the
  // kernel must not remember this name (fuse-invariants C3).
  bool is_other_spelling = false;
};

enum class TimeSource : uint8_t { kGiven, kNow };

struct TimeChange {
  TimeSource source = TimeSource::kGiven;
  timespec value{};  // when kGiven
};

// Absent means leave alone (fuse-invariants A1).
struct SetAttributesRequest {
  absl::optional<mode_t> permissions;
  absl::optional<uid_t> uid;
  absl::optional<gid_t> gid;
  absl::optional<uint64_t> size;
  absl::optional<TimeChange> atime;
  absl::optional<TimeChange> mtime;
};

struct OpenRequest {
  bool read = false;
  bool write = false;
  bool truncate = false;   // O_TRUNC
  bool exclusive = false;  // O_EXCL; for Create only
};

struct Created {
  Entry entry;
  HandleId handle{};
};

enum class RenameFlag : uint8_t { kNone, kNoReplace, kExchange };

enum class SyncScope : uint8_t { kData, kAll };  // fdatasync, fsync

struct SpaceReply {  // statvfs(3), in cleartext bytes
  uint64_t block_size = 0;
  uint64_t blocks = 0;
  uint64_t free_blocks = 0;
  uint64_t available_blocks = 0;
  uint64_t files = 0;
  uint64_t free_files = 0;
  uint64_t name_max = 255;
};

// One directory entry without a lookup: readdir.
struct PlainDirEntry {
  absl::string_view name;
  uint64_t inode_number = 0;  // st_ino, as GetAttributes would give it
  // Absent when the node is broken: DT_UNKNOWN.
  absl::optional<NodeKind> kind;
  uint64_t next_cookie = 0;
};

// One with a lookup: readdirplus. `entry.ino` is kNoIno where the kernel is
// given the name only (".", "..", broken nodes).
struct PlusDirEntry {
  absl::string_view name;
  Entry entry;
  uint64_t next_cookie = 0;
};

// Takes entries until it is full. Returns false, and takes nothing, when the
// entry does not fit; the verb then stops, and undoes that entry's lookup.
class PlainDirSink {
 public:
  virtual ~PlainDirSink() = default;
  virtual bool Add(const PlainDirEntry& entry) = 0;
};

class PlusDirSink {
 public:
  virtual ~PlusDirSink() = default;
  virtual bool Add(const PlusDirEntry& entry) = 0;
};

}  // namespace casemate

#endif  // FS_CORE_TYPES_H_
