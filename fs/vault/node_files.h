// The files and directories that make up one node of the vault
// (vault-format-8.md section 5.2), and the few operations on them that every
// verb shares. `content` is always the parent's content directory and `entry`
// the node's name in it.
//
// Each call is a handful of storage operations and keeps no state.
#ifndef FS_VAULT_NODE_FILES_H_
#define FS_VAULT_NODE_FILES_H_

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/bytes.h"
#include "crypto/random/random_source.h"
#include "fs/storage/storage.h"
#include "fs/vault/node.h"
#include "fs/vault/node_kind.h"

namespace casemate {

inline constexpr absl::string_view kDirIdFile = "dir.c9r";
inline constexpr absl::string_view kSymlinkFile = "symlink.c9r";
inline constexpr absl::string_view kContentsFile = "contents.c9r";
inline constexpr absl::string_view kLongNameFile = "name.c9s";
// In a content directory, not in a node: the id of that directory, encrypted.
inline constexpr absl::string_view kDirIdBackupFile = "dirid.c9r";

// Of a marker that newer official versions (cryptofs, inuse/) lay beside a file
// that they have open: "N.c9u" for "N.c9r", "contents.c9u" in a node directory.
inline constexpr absl::string_view kInUseSuffix = ".c9u";

// "<entry>/<file>".
std::string InnerPath(absl::string_view entry, absl::string_view file);
// The file that makes the node at `entry` one of `kind`: the entry itself for
// an unshortened file.
std::string TypeFilePath(absl::string_view entry, NodeKind kind);
// True for "….c9s".
bool IsShortenedEntry(absl::string_view entry);
// True when a node of `kind` at `entry` is a directory in the store.
bool HasNodeDirectory(absl::string_view entry, NodeKind kind);

struct FoundNode {
  NodeKind kind = NodeKind::kFile;
  FileStat stat;       // of the type file; not set for directories
  std::string dir_id;  // what dir.c9r holds
};

// What lies at `entry`: directory before symbolic link before file when it
// holds several. ENOENT for nothing and for a node directory without a type
// file; EIO (DataLoss) for what the format does not know.
absl::StatusOr<FoundNode> InspectNode(const Dir& content,
                                      absl::string_view entry);

// With which permissions the store's own directories and files are made: those
// of d/, so that whoever keeps the vault in step with others can read all of it
// or none.
struct StructureMode {
  mode_t directory = 0700;
  mode_t file = 0600;

  // Falls back to the above when `store` does not say.
  static StructureMode Of(const Dir& store);
};

// How one writer makes directories and files that belong to a node.
struct NodeMaker {
  StructureMode mode;
  NewOwner owner;
  enum class Durability : uint8_t {
    kLater,
    kNow
  } durability = Durability::kLater;

  absl::Status MakeDir(Dir& content, absl::string_view name) const;
  // A new file with `data`, removed again on failure.
  absl::Status WriteFile(Dir& content, absl::string_view path,
                         ConstBytes data) const;
  // The node directory `entry`, with name.c9s holding `c9r` if it is a
  // shortened one. Takes over an absent node's. EEXIST for any other node.
  absl::Status PrepareNodeDirectory(Dir& content, absl::string_view entry,
                                    absl::string_view c9r) const;
};

// True when the node directory `entry` holds nothing that could be a part of a
// node: at most a name.c9s and in-use markers. Then it may be removed with its
// parent.
absl::StatusOr<bool> IsAbsentNode(const Dir& content, absl::string_view entry);

// Removes the node directory `entry`, an absent one as above. name.c9s stays
// when the directory does: ENOTEMPTY when anything else is in it.
absl::Status RemoveNodeDirectory(Dir& content, absl::string_view entry);

// Renames the finished node `from` of `content` to `entry`, which is to be
// free; an absent node there makes way. EEXIST for any other.
absl::Status MoveToFreeEntry(Dir& from_content, absl::string_view from,
                             Dir& content, absl::string_view entry);

// A name that no client takes for an entry, and IsTemporaryName recognises.
std::string TemporaryName(RandomSource& random);
bool IsTemporaryName(absl::string_view name);
// Removes a file or node directory under a temporary name.
absl::Status RemoveTemporary(Dir& content, absl::string_view name);

// EIO: the node's name is taken, its content cannot be had.
absl::Status BrokenNode(absl::string_view entry, absl::string_view what);
bool IsErrno(const absl::Status& status, int error);

}  // namespace casemate

#endif  // FS_VAULT_NODE_FILES_H_
