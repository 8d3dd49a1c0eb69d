// The verbs that make a node. Each leaves either the whole node or nothing:
// on failure what was made is removed again.
#ifndef FS_VAULT_NODE_CREATOR_H_
#define FS_VAULT_NODE_CREATOR_H_

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "fs/vault/directory_cache.h"
#include "fs/vault/node.h"
#include "fs/vault/node_files.h"
#include "fs/vault/tree_context.h"
#include "fs/vault/unsynced_nodes.h"

namespace casemate {

// Thread-safe. Methods as VaultTree's of the same name.
class NodeCreator {
 public:
  NodeCreator(const TreeContext* context, DirectoryCache* directories,
              UnsyncedNodes* unsynced, StructureMode mode)
      : context_(context),
        directories_(directories),
        unsynced_(unsynced),
        mode_(mode) {}

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

 private:
  // Where the new node `name` goes. EEXIST when it exists in the spelling
  // given; whether the NFC spelling does is found out by creating it.
  absl::StatusOr<StoredName> StoreNew(const VaultDir& parent,
                                      absl::string_view name);
  NodeMaker Maker(const NewOwner& owner,
                  NodeMaker::Durability durability) const;
  absl::StatusOr<CreatedFile> CreateContent(Dir& content,
                                            const StoredName& stored,
                                            mode_t permissions,
                                            const NewOwner& owner);
  // Builds the node directory of a directory or symbolic link under a
  // temporary name, with `data` in its type file, and renames it to its place.
  absl::Status Publish(const VaultDir& parent, const StoredName& stored,
                       NodeKind kind, ConstBytes data, const NodeMaker& maker);

  const TreeContext* const context_;
  DirectoryCache* const directories_;
  UnsyncedNodes* const unsynced_;
  const StructureMode mode_;
};

}  // namespace casemate

#endif  // FS_VAULT_NODE_CREATOR_H_
