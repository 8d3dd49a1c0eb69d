// The vault as a tree of nodes: format 8's names, directory ids and node
// directories over a Storage. The only part of this room that does I/O.
//
// VaultTree answers in terms of ciphertext and knows nothing of inodes, open
// files or POSIX permission: fs/core decides whether an operation is allowed,
// holds the locks that keep two operations on one directory apart, and calls
// here. Order of storage operations: vault-format-8.md section 9, chosen so
// that a crash between any two leaves what the format's readers accept.
//
// Locks the caller holds: for Find, List, Stat and ReadSymlink none is needed
// for safety; for everything that changes a directory, one lock per parent
// directory, so that "check, then act" is whole within this process.
//
// Errors: ENOENT absent; EEXIST taken (also by a broken node); EILSEQ not
// UTF-8; ENAMETOOLONG over 255 bytes after NFC (creating) or absent and over
// 255 (finding); EIO (DataLoss) a broken node: its name is taken, its content
// cannot be had. Everything the store answers passes through.
#ifndef FS_VAULT_VAULT_TREE_H_
#define FS_VAULT_VAULT_TREE_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "base/log.h"
#include "cache/lru_ttl_cache.h"
#include "crypto/content/chunk_layout.h"
#include "crypto/content/file_header.h"
#include "crypto/random/random_source.h"
#include "fs/storage/storage.h"
#include "fs/vault/dir_id.h"
#include "fs/vault/masterkey.h"
#include "fs/vault/name_codec.h"
#include "fs/vault/node_kind.h"
#include "fs/vault/vault_config.h"
#include "ops/metrics/metrics.h"

namespace casemate {

// One directory of the vault, open: its id, its content directory and the key
// schedule for its names. Immutable; shared by everyone who works in it.
class VaultDir {
 public:
  VaultDir(DirId id, std::unique_ptr<Dir> content, NameContext names)
      : id_(std::move(id)),
        content_(std::move(content)),
        names_(std::move(names)) {}

  const DirId& id() const { return id_; }
  Dir& content() const { return *content_; }
  const NameContext& names() const { return names_; }

 private:
  const DirId id_;
  const std::unique_ptr<Dir> content_;
  const NameContext names_;
};

// A node as found in its parent.
struct Node {
  NodeKind kind = NodeKind::kFile;
  // Its entry in the parent's content directory: "<base64url>.c9r", or
  // "<hash>.c9s" for a shortened name. Ciphertext: fit for logs.
  std::string entry;
  // The backing object that carries the node's identity and attributes
  // (section 10): the content file, the content directory, or symlink.c9r.
  FileStat stat;
  // Directories only.
  absl::optional<DirId> dir_id;
};

struct ListedNode {
  std::string name;   // cleartext, valid, as Find takes it
  std::string entry;  // as in Node
  // A .c9r that is a regular file is known to be a file without another call;
  // everything else is absent here and found out by Stat.
  absl::optional<NodeKind> kind;
  uint64_t inode = 0;  // of the content file when kind is kFile
};

// Who owns a new node: absent leaves the daemon's own.
struct NewOwner {
  absl::optional<uid_t> uid;
  absl::optional<gid_t> gid;
};

struct CreatedFile {
  Node node;
  std::unique_ptr<File> file;  // open for reading and writing
  FileHeader header;           // already written
};

// What a rename did to the names: where each moved node lies now.
struct RenameResult {
  std::string entry;  // of the node that was renamed, in the target directory
  // kExchange: of the other node, in the source directory.
  absl::optional<std::string> exchanged_entry;
};

// Thread-safe.
class VaultTree {
 public:
  struct Options {
    // Open content directories kept for reuse; each costs a file descriptor.
    size_t max_open_dirs = 256;
  };

  // `root` is the folder that holds d/. The pointers outlive the tree.
  VaultTree(std::unique_ptr<Dir> root, const VaultConfig& config,
            const Masterkey* masterkey, RandomSource* random, Metrics* metrics,
            RateLimitedLogger* logger, const Clock* clock, Options options);
  ~VaultTree();

  const ChunkLayout& layout() const { return layout_; }
  const HeaderCodec& header_codec() const { return header_codec_; }
  const Masterkey& masterkey() const { return *masterkey_; }
  RandomSource& random() const { return *random_; }

  // The open directory for `id`. ENOENT when its content directory is missing.
  absl::StatusOr<std::shared_ptr<const VaultDir>> OpenDir(const DirId& id);

  // The node called `name`: bytes as given, else their NFC (section 5).
  absl::StatusOr<Node> Find(const VaultDir& parent, absl::string_view name);
  // The node at `entry`, as Find would describe it.
  absl::StatusOr<Node> Stat(const VaultDir& parent, absl::string_view entry);
  // Every node whose name decrypts, is valid and reachable by Find. Conflict
  // copies and undecryptable names are hidden and counted, never touched.
  absl::StatusOr<std::vector<ListedNode>> List(const VaultDir& parent);

  absl::StatusOr<CreatedFile> CreateFile(const VaultDir& parent,
                                         absl::string_view name,
                                         mode_t permissions,
                                         const NewOwner& owner);
  absl::StatusOr<Node> MakeDirectory(const VaultDir& parent,
                                     absl::string_view name, mode_t permissions,
                                     const NewOwner& owner);
  absl::StatusOr<Node> CreateSymlink(const VaultDir& parent,
                                     absl::string_view name,
                                     absl::string_view target,
                                     const NewOwner& owner);

  // Removes a file or symbolic link.
  absl::Status RemoveNode(const VaultDir& parent, const Node& node);
  // ENOTEMPTY when it holds a node, or anything ending in .c9r or .c9s.
  absl::Status RemoveDirectory(const VaultDir& parent, const Node& node);
  // True when nothing in it would stop RemoveDirectory.
  absl::StatusOr<bool> IsEmpty(const DirId& id);

  // Moves `source` to `name` in `to`. `target` is the node that has that name
  // now, if any; its content is gone afterwards unless `mode` is kExchange.
  // The caller has checked POSIX's rules (kinds, emptiness, ancestry, and that
  // source and target are two nodes). EINVAL for an exchange that the format
  // cannot do in one step.
  absl::StatusOr<RenameResult> Rename(const VaultDir& from, const Node& source,
                                      const VaultDir& to,
                                      absl::string_view name,
                                      const absl::optional<Node>& target,
                                      RenameMode mode);

  absl::StatusOr<std::string> ReadSymlink(const VaultDir& parent,
                                          const Node& node);
  // The content file of a kFile node.
  absl::StatusOr<std::unique_ptr<File>> OpenContent(const VaultDir& parent,
                                                    const Node& node,
                                                    Access access);
  absl::Status SetAttributes(const VaultDir& parent, const Node& node,
                             const AttributeChange& change);

  // Makes the entries of `dir`, and the node of `dir` itself in `parent` (null
  // for the root), durable.
  absl::Status SyncDirectory(const VaultDir& dir, const VaultDir* parent);
  absl::StatusOr<SpaceInfo> Space() const;

 private:
  // The implementation's to shape.
  const ChunkLayout layout_;
  const HeaderCodec header_codec_;
  const Masterkey* const masterkey_;
  RandomSource* const random_;
};

}  // namespace casemate

#endif  // FS_VAULT_VAULT_TREE_H_
