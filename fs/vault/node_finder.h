// The reading verbs on one node: find it, describe it, read or change what it
// carries.
#ifndef FS_VAULT_NODE_FINDER_H_
#define FS_VAULT_NODE_FINDER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "fs/storage/storage.h"
#include "fs/vault/directory_cache.h"
#include "fs/vault/node.h"
#include "fs/vault/tree_context.h"

namespace casemate {

// The longest target that readlink(2) can return.
inline constexpr size_t kMaxSymlinkTarget = 4095;

// Thread-safe. Methods as VaultTree's of the same name.
class NodeFinder {
 public:
  NodeFinder(const TreeContext* context, DirectoryCache* directories)
      : context_(context), directories_(directories) {}

  absl::StatusOr<Node> Find(const VaultDir& parent, absl::string_view name);
  absl::StatusOr<Node> Stat(const VaultDir& parent, absl::string_view entry);

  absl::StatusOr<std::string> ReadSymlink(const VaultDir& parent,
                                          const Node& node);
  absl::StatusOr<std::unique_ptr<File>> OpenContent(const VaultDir& parent,
                                                    const Node& node,
                                                    Access access);
  absl::Status SetAttributes(const VaultDir& parent, const Node& node,
                             const AttributeChange& change);

 private:
  absl::StatusOr<Node> DescribeDirectory(absl::string_view entry,
                                         absl::string_view dir_id);

  const TreeContext* const context_;
  DirectoryCache* const directories_;
};

}  // namespace casemate

#endif  // FS_VAULT_NODE_FINDER_H_
