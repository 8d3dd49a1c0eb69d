// The verbs on a whole directory: what to show of it, and whether it is empty.
#ifndef FS_VAULT_NODE_LISTER_H_
#define FS_VAULT_NODE_LISTER_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "fs/storage/storage.h"
#include "fs/vault/node.h"
#include "fs/vault/tree_context.h"

namespace casemate {

// What lies in a directory's content directory, with a view to removing it.
struct DirectorySurvey {
  // Nothing in it is, or may be, somebody's node.
  bool removable = true;
  // What to remove with it, in the content directory: files of other clients
  // and tools, our temporary names, absent nodes' directories.
  std::vector<std::string> files;
  std::vector<std::string> temporaries;
  std::vector<std::string> absent_nodes;
};

// Thread-safe.
class NodeLister {
 public:
  explicit NodeLister(const TreeContext* context) : context_(context) {}

  // As VaultTree::List.
  absl::StatusOr<std::vector<ListedNode>> List(const VaultDir& dir);

  absl::StatusOr<DirectorySurvey> Survey(const VaultDir& dir);

 private:
  // The node at `entry`, or nullopt when it is to be hidden; an error only
  // when the listing cannot go on.
  absl::StatusOr<absl::optional<ListedNode>> Show(const VaultDir& dir,
                                                  const DirEntry& entry);
  // The ".c9r" name of a shortened entry; nullopt when it has none to show.
  absl::StatusOr<absl::optional<std::string>> LongNameOf(
      const VaultDir& dir, absl::string_view entry);
  void CountHidden(const VaultDir& dir, absl::string_view entry,
                   const absl::Status& why);
  absl::Status SurveyEntry(const VaultDir& dir, const DirEntry& entry,
                           DirectorySurvey& survey);

  const TreeContext* const context_;
};

}  // namespace casemate

#endif  // FS_VAULT_NODE_LISTER_H_
