#include "fs/vault/rename_plan.h"

#include <cerrno>
#include <utility>

#include "base/status.h"

namespace casemate {
namespace {

constexpr RenamePlace kSourceEntry = {RenameSide::kSource, NodePart::kEntry};
constexpr RenamePlace kTargetEntry = {RenameSide::kTarget, NodePart::kEntry};
// A node directory that comes from a shortened name brings its name.c9s along.
constexpr RenamePlace kTargetLongName = {RenameSide::kTarget,
                                         NodePart::kLongName};
constexpr RenamePlace kAsideEntry = {RenameSide::kAside, NodePart::kEntry};

// The file that makes a node what it is.
NodePart TypePart(NodeShape shape) {
  switch (shape.kind) {
    case NodeKind::kDirectory:
      return NodePart::kDirId;
    case NodeKind::kSymlink:
      return NodePart::kSymlink;
    case NodeKind::kFile:
      break;
  }
  return shape.shortened ? NodePart::kContents : NodePart::kEntry;
}

bool HasNodeDirectory(NodeShape shape) {
  return shape.shortened || shape.kind != NodeKind::kFile;
}

// Builds a plan from readable steps.
class Builder {
 public:
  Builder& Prepare(RenamePlace node) {
    plan_.steps.push_back({RenameAction::kPrepare, node, node});
    return *this;
  }
  Builder& Move(RenamePlace from, RenamePlace to, RenameMode mode) {
    plan_.steps.push_back({RenameAction::kMove, from, to, mode});
    return *this;
  }
  Builder& RemoveFile(RenamePlace place) {
    plan_.steps.push_back({RenameAction::kRemoveFile, place, place});
    return *this;
  }
  Builder& RemoveDirectory(RenamePlace place) {
    plan_.steps.push_back({RenameAction::kRemoveDirectory, place, place});
    return *this;
  }
  // Every step so far is needed for the rename to have happened.
  Builder& InEffect() {
    plan_.effective = plan_.steps.size();
    return *this;
  }
  RenamePlan Build() { return std::move(plan_); }

 private:
  RenamePlan plan_;
};

RenamePlace At(RenameSide side, NodeShape shape) {
  return {side, TypePart(shape)};
}

RenamePlan PlanToAbsent(NodeShape source, NodeShape target) {
  Builder plan;
  if (!source.shortened && !target.shortened) {
    // NoReplace even for a rename that may replace: what appears there now was
    // put there by someone else, and is not to be lost.
    return plan.Move(kSourceEntry, kTargetEntry, RenameMode::kNoReplace)
        .InEffect()
        .Build();
  }
  if (HasNodeDirectory(target)) plan.Prepare(kTargetEntry);
  plan.Move(At(RenameSide::kSource, source), At(RenameSide::kTarget, target),
            RenameMode::kNoReplace)
      .InEffect();
  if (HasNodeDirectory(source)) plan.RemoveDirectory(kSourceEntry);
  return plan.Build();
}

RenamePlan PlanOverSameKind(NodeShape source, NodeShape target) {
  Builder plan;
  plan.Move(At(RenameSide::kSource, source), At(RenameSide::kTarget, target),
            RenameMode::kReplace)
      .InEffect();
  if (HasNodeDirectory(source)) plan.RemoveDirectory(kSourceEntry);
  return plan.Build();
}

// Both inner files lie in one node directory for a moment; the symbolic link
// is the one that counts.
RenamePlan PlanIntoShortened(NodeShape source, NodeShape target) {
  Builder plan;
  const NodeShape moved = {source.kind, target.shortened};
  plan.Move(At(RenameSide::kSource, source), At(RenameSide::kTarget, moved),
            RenameMode::kNoReplace);
  if (source.kind == NodeKind::kSymlink) plan.InEffect();
  plan.RemoveFile(At(RenameSide::kTarget, target));
  if (source.kind == NodeKind::kFile) plan.InEffect();
  if (HasNodeDirectory(source)) plan.RemoveDirectory(kSourceEntry);
  return plan.Build();
}

// The target is an entry of its own kind, so the two change places and the old
// object is removed from where the new one was.
RenamePlan PlanByExchange(NodeShape source, NodeShape target) {
  Builder plan;
  if (source.kind == NodeKind::kFile && source.shortened) {
    // A file's content for a symbolic link's node directory, which ends up as
    // the source node's contents.c9r and is taken out of there.
    constexpr RenamePlace kContents = {RenameSide::kSource,
                                       NodePart::kContents};
    return plan.Move(kContents, kTargetEntry, RenameMode::kExchange)
        .InEffect()
        .Move(kContents, kAsideEntry, RenameMode::kNoReplace)
        .RemoveFile({RenameSide::kAside, NodePart::kSymlink})
        .RemoveDirectory(kAsideEntry)
        .RemoveDirectory(kSourceEntry)
        .Build();
  }
  plan.Move(kSourceEntry, kTargetEntry, RenameMode::kExchange).InEffect();
  if (source.shortened) plan.RemoveFile(kTargetLongName);
  plan.RemoveFile(At(RenameSide::kSource, {target.kind, false}));
  if (target.kind == NodeKind::kSymlink) plan.RemoveDirectory(kSourceEntry);
  return plan.Build();
}

RenamePlan PlanByMovingAside(NodeShape source, NodeShape target) {
  Builder plan;
  plan.Move(kTargetEntry, kAsideEntry, RenameMode::kNoReplace);
  if (source.kind == NodeKind::kFile && source.shortened) {
    plan.Move(At(RenameSide::kSource, source), kTargetEntry,
              RenameMode::kNoReplace)
        .InEffect()
        .RemoveDirectory(kSourceEntry);
  } else {
    plan.Move(kSourceEntry, kTargetEntry, RenameMode::kNoReplace).InEffect();
    if (source.shortened) plan.RemoveFile(kTargetLongName);
  }
  plan.RemoveFile(At(RenameSide::kAside, {target.kind, false}));
  if (target.kind == NodeKind::kSymlink) plan.RemoveDirectory(kAsideEntry);
  return plan.Build();
}

absl::StatusOr<RenamePlan> PlanExchange(NodeShape source, NodeShape target) {
  Builder plan;
  if (!source.shortened && !target.shortened) {
    return plan.Move(kSourceEntry, kTargetEntry, RenameMode::kExchange)
        .InEffect()
        .Build();
  }
  if (source.kind != target.kind) {
    return ErrnoError(EINVAL, "exchange of a shortened name and another kind");
  }
  return plan
      .Move(At(RenameSide::kSource, source), At(RenameSide::kTarget, target),
            RenameMode::kExchange)
      .InEffect()
      .Build();
}

}  // namespace

absl::StatusOr<RenamePlan> PlanRename(const RenameRequest& request) {
  const NodeShape source = request.source;
  if (!request.target) {
    if (request.mode == RenameMode::kExchange) {
      return ErrnoError(ENOENT, "exchange with an absent node");
    }
    return PlanToAbsent(source, {source.kind, request.target_shortened});
  }
  const NodeShape target = {*request.target, request.target_shortened};
  if (request.mode == RenameMode::kExchange) {
    return PlanExchange(source, target);
  }
  if (request.mode == RenameMode::kNoReplace) {
    return ErrnoError(EEXIST, "rename without replacing");
  }
  if (source.kind == target.kind) return PlanOverSameKind(source, target);
  if (target.kind == NodeKind::kDirectory) {
    return ErrnoError(EISDIR, "rename over a directory");
  }
  if (source.kind == NodeKind::kDirectory) {
    return ErrnoError(ENOTDIR, "rename of a directory over another kind");
  }
  if (target.shortened) return PlanIntoShortened(source, target);
  if (request.exchange == StoreExchange::kNo) {
    return PlanByMovingAside(source, target);
  }
  return PlanByExchange(source, target);
}

}  // namespace casemate
