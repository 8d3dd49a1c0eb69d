// Carries out a RenamePlan on the store.
#ifndef FS_VAULT_NODE_MOVER_H_
#define FS_VAULT_NODE_MOVER_H_

#include <atomic>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "fs/storage/storage.h"
#include "fs/vault/node.h"
#include "fs/vault/node_files.h"
#include "fs/vault/node_remover.h"
#include "fs/vault/rename_plan.h"
#include "fs/vault/tree_context.h"
#include "fs/vault/unsynced_nodes.h"

namespace casemate {

// The directories and entries a plan's places stand for.
struct RenameEnds {
  Dir* source_content = nullptr;
  std::string source_entry;
  Dir* target_content = nullptr;
  std::string target_entry;
  std::string target_c9r;  // for name.c9s; empty when the node is there
  std::string aside_entry;
  NodeMaker maker;
};

// One step, and the way back. Free functions: the plan's table test drives
// them one at a time.
absl::Status RunRenameStep(const RenameStep& step, const RenameEnds& ends);
void UndoRenameStep(const RenameStep& step, const RenameEnds& ends);

// Thread-safe.
class NodeMover {
 public:
  NodeMover(const TreeContext* context, NodeRemover* remover,
            UnsyncedNodes* unsynced, StructureMode mode)
      : context_(context),
        remover_(remover),
        unsynced_(unsynced),
        mode_(mode) {}

  // As VaultTree::Rename.
  absl::StatusOr<RenameResult> Rename(const VaultDir& from, const Node& source,
                                      const VaultDir& to,
                                      absl::string_view name,
                                      const absl::optional<Node>& target,
                                      RenameMode mode);

 private:
  absl::Status Run(const RenamePlan& plan, const RenameEnds& ends);
  // Plans and runs, without RENAME_EXCHANGE once the store has turned out not
  // to have it.
  absl::Status PlanAndRun(RenameRequest request, const RenameEnds& ends);

  const TreeContext* const context_;
  NodeRemover* const remover_;
  UnsyncedNodes* const unsynced_;
  const StructureMode mode_;
  std::atomic<bool> store_exchanges_{true};
};

}  // namespace casemate

#endif  // FS_VAULT_NODE_MOVER_H_
