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

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "base/clock.h"
#include "base/log.h"
#include "crypto/content/chunk_layout.h"
#include "crypto/content/file_header.h"
#include "crypto/random/random_source.h"
#include "fs/storage/storage.h"
#include "fs/vault/dir_id.h"
#include "fs/vault/masterkey.h"
#include "fs/vault/node.h"
#include "fs/vault/vault_config.h"
#include "ops/metrics/metrics.h"

namespace casemate {

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
  VaultTree(const VaultTree&) = delete;
  VaultTree& operator=(const VaultTree&) = delete;

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
  // One class per family of verbs, all over one DirectoryCache.
  struct Parts;

  const ChunkLayout layout_;
  const HeaderCodec header_codec_;
  const Masterkey* const masterkey_;
  RandomSource* const random_;
  const std::unique_ptr<Parts> parts_;
};

}  // namespace casemate

#endif  // FS_VAULT_VAULT_TREE_H_
