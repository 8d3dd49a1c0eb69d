// What a rename does to the backing store, step by step (vault-format-8.md
// section 9; DESIGN.md has the table). Pure: a function of what lies at the
// source, what lies at the target and how.
//
//   ASSIGN_OR_RETURN(RenamePlan plan, PlanRename(request));
//   for (const RenameStep& step : plan.steps) ...
//
// Between any two steps the target's name shows the old object or the new one,
// by the precedence of section 5.2, never neither; the one exception, needed
// only where the store cannot exchange, is said at StoreExchange.
#ifndef FS_VAULT_RENAME_PLAN_H_
#define FS_VAULT_RENAME_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "fs/storage/storage.h"
#include "fs/vault/node_kind.h"

namespace casemate {

struct NodeShape {
  NodeKind kind = NodeKind::kFile;
  bool shortened = false;
};

// Whether the store has RENAME_EXCHANGE. Without it an object is replaced by
// one of another kind by moving the old one aside first: a moment in which the
// target's name is absent.
enum class StoreExchange : uint8_t { kYes, kNo };

struct RenameRequest {
  NodeShape source;
  // What has the target's name now. Its form is that of target_shortened.
  absl::optional<NodeKind> target;
  bool target_shortened = false;
  RenameMode mode = RenameMode::kReplace;
  StoreExchange exchange = StoreExchange::kYes;
};

// Where a step takes or puts something.
enum class RenameSide : uint8_t {
  kSource,
  kTarget,
  kAside,  // a temporary name in the target's content directory
};

// Which part of the node on that side.
enum class NodePart : uint8_t {
  kEntry,     // the entry itself: a file, or the node directory
  kDirId,     // its dir.c9r
  kSymlink,   // its symlink.c9r
  kContents,  // its contents.c9r
  kLongName,  // its name.c9s
};

struct RenamePlace {
  RenameSide side;
  NodePart part;

  friend bool operator==(const RenamePlace& a, const RenamePlace& b) {
    return a.side == b.side && a.part == b.part;
  }
};

enum class RenameAction : uint8_t {
  // Makes the node directory of `to`, with name.c9s if shortened, or takes an
  // absent node's over.
  kPrepare,
  kMove,             // renameat2 from `from` to `to` with `mode`
  kRemoveFile,       // `to`
  kRemoveDirectory,  // `to`: a node directory, with its name.c9s
};

struct RenameStep {
  RenameAction action;
  RenamePlace from;  // kMove only
  RenamePlace to;
  RenameMode mode = RenameMode::kReplace;  // kMove only
};

struct RenamePlan {
  std::vector<RenameStep> steps;
  // How many steps, from the first, bring the rename into effect. When one of
  // them fails those before it are undone and the rename failed; when a later
  // one fails the rename stands and something is left over.
  size_t effective = 0;
};

// ENOENT and EEXIST as the mode demands; EINVAL for an exchange that the
// format cannot do in one step; EISDIR and ENOTDIR for a directory and another
// kind, which the caller should have answered.
absl::StatusOr<RenamePlan> PlanRename(const RenameRequest& request);

}  // namespace casemate

#endif  // FS_VAULT_RENAME_PLAN_H_
