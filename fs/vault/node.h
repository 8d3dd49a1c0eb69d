// What the vault's tree is made of, as VaultTree hands it out.
#ifndef FS_VAULT_NODE_H_
#define FS_VAULT_NODE_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/types/optional.h"
#include "crypto/content/file_header.h"
#include "fs/storage/storage.h"
#include "fs/vault/dir_id.h"
#include "fs/vault/name_codec.h"
#include "fs/vault/node_kind.h"

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
  // everything else is absent here and found out by Stat: the kind, that the
  // node is broken (EIO), or that it is none after all (ENOENT: skip it).
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

}  // namespace casemate

#endif  // FS_VAULT_NODE_H_
