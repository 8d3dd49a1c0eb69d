// The verbs that remove a node. The type file goes first: that is the moment
// the node is gone. What cannot be tidied away afterwards is logged, and is
// ignored by every reader.
#ifndef FS_VAULT_NODE_REMOVER_H_
#define FS_VAULT_NODE_REMOVER_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "fs/vault/dir_id.h"
#include "fs/vault/directory_cache.h"
#include "fs/vault/node.h"
#include "fs/vault/node_lister.h"
#include "fs/vault/tree_context.h"
#include "fs/vault/unsynced_nodes.h"

namespace casemate {

// Thread-safe. Methods as VaultTree's of the same name.
class NodeRemover {
 public:
  NodeRemover(const TreeContext* context, DirectoryCache* directories,
              NodeLister* lister, UnsyncedNodes* unsynced)
      : context_(context),
        directories_(directories),
        lister_(lister),
        unsynced_(unsynced) {}

  absl::Status RemoveNode(const VaultDir& parent, const Node& node);
  absl::Status RemoveDirectory(const VaultDir& parent, const Node& node);
  absl::StatusOr<bool> IsEmpty(const DirId& id);

  // Removes the content directory of `id`, to which nothing refers any more,
  // unless something has come into it meanwhile.
  void Collect(const DirId& id);

 private:
  void CollectSurveyed(const VaultDir& dir, const DirectorySurvey& survey);
  // Removes what is left of the node directory `entry`.
  void Tidy(const VaultDir& parent, absl::string_view entry);
  void LogLeftOver(absl::string_view entry, const absl::Status& why);

  const TreeContext* const context_;
  DirectoryCache* const directories_;
  NodeLister* const lister_;
  UnsyncedNodes* const unsynced_;
};

}  // namespace casemate

#endif  // FS_VAULT_NODE_REMOVER_H_
