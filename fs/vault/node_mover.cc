#include "fs/vault/node_mover.h"

#include <cerrno>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "fs/vault/name_codec.h"

namespace casemate {
namespace {

struct Location {
  Dir* content;
  std::string path;
};

std::string EntryOf(RenameSide side, const RenameEnds& ends) {
  switch (side) {
    case RenameSide::kSource:
      return ends.source_entry;
    case RenameSide::kTarget:
      return ends.target_entry;
    case RenameSide::kAside:
      break;
  }
  return ends.aside_entry;
}

Location Locate(const RenamePlace& place, const RenameEnds& ends) {
  Location location;
  location.content = place.side == RenameSide::kSource ? ends.source_content
                                                       : ends.target_content;
  const std::string entry = EntryOf(place.side, ends);
  switch (place.part) {
    case NodePart::kEntry:
      location.path = entry;
      break;
    case NodePart::kDirId:
      location.path = InnerPath(entry, kDirIdFile);
      break;
    case NodePart::kSymlink:
      location.path = InnerPath(entry, kSymlinkFile);
      break;
    case NodePart::kContents:
      location.path = InnerPath(entry, kContentsFile);
      break;
    case NodePart::kLongName:
      location.path = InnerPath(entry, kLongNameFile);
      break;
  }
  return location;
}

absl::Status Move(const RenameStep& step, const RenameEnds& ends) {
  const Location from = Locate(step.from, ends);
  const Location to = Locate(step.to, ends);
  if (step.mode == RenameMode::kNoReplace &&
      step.to.side == RenameSide::kTarget && step.to.part == NodePart::kEntry) {
    return MoveToFreeEntry(*from.content, from.path, *to.content, to.path);
  }
  return from.content->Rename(from.path, *to.content, to.path, step.mode);
}

}  // namespace

absl::Status RunRenameStep(const RenameStep& step, const RenameEnds& ends) {
  const Location to = Locate(step.to, ends);
  switch (step.action) {
    case RenameAction::kPrepare:
      return ends.maker.PrepareNodeDirectory(*to.content, to.path,
                                             ends.target_c9r);
    case RenameAction::kMove:
      return Move(step, ends);
    case RenameAction::kRemoveFile:
      return to.content->RemoveFile(to.path);
    case RenameAction::kRemoveDirectory:
      break;
  }
  return RemoveNodeDirectory(*to.content, to.path);
}

void UndoRenameStep(const RenameStep& step, const RenameEnds& ends) {
  const Location to = Locate(step.to, ends);
  if (step.action == RenameAction::kPrepare) {
    RemoveNodeDirectory(*to.content, to.path).IgnoreError();
  } else if (step.action == RenameAction::kMove) {
    const Location from = Locate(step.from, ends);
    to.content
        ->Rename(to.path, *from.content, from.path, RenameMode::kNoReplace)
        .IgnoreError();
  }
}

absl::StatusOr<RenameResult> NodeMover::Rename(
    const VaultDir& from, const Node& source, const VaultDir& to,
    absl::string_view name, const absl::optional<Node>& target,
    RenameMode mode) {
  RenameEnds ends;
  ends.source_content = &from.content();
  ends.source_entry = source.entry;
  ends.target_content = &to.content();
  if (target) {
    // A node keeps the spelling that it was found under.
    ends.target_entry = target->entry;
  } else {
    ASSIGN_OR_RETURN(const std::string nfc, ValidateNewName(name));
    StoredName stored = context_->Store(to.names(), nfc);
    ends.target_entry = std::move(stored.entry);
    ends.target_c9r = std::move(stored.c9r);
  }
  ends.aside_entry = TemporaryName(*context_->random);
  ends.maker.mode = mode_;
  ends.maker.owner.uid = source.stat.uid;
  ends.maker.owner.gid = source.stat.gid;

  RenameRequest request;
  request.source = {source.kind, IsShortenedEntry(source.entry)};
  if (target) request.target = target->kind;
  request.target_shortened = IsShortenedEntry(ends.target_entry);
  request.mode = mode;
  RETURN_IF_ERROR(PlanAndRun(request, ends));

  RenameResult result;
  result.entry = ends.target_entry;
  if (HasNodeDirectory(ends.target_entry, source.kind)) {
    unsynced_->Add(to, ends.target_entry);
  }
  if (mode == RenameMode::kExchange) {
    result.exchanged_entry = source.entry;
    if (HasNodeDirectory(source.entry, target->kind)) {
      unsynced_->Add(from, source.entry);
    }
  } else if (target && target->dir_id) {
    remover_->Collect(*target->dir_id);
  }
  return result;
}

absl::Status NodeMover::PlanAndRun(RenameRequest request,
                                   const RenameEnds& ends) {
  if (!store_exchanges_.load()) request.exchange = StoreExchange::kNo;
  ASSIGN_OR_RETURN(const RenamePlan plan, PlanRename(request));
  const absl::Status status = Run(plan, ends);
  const RenameStep& first = plan.steps.front();
  const bool lacks_exchange = IsErrno(status, EINVAL) &&
                              first.action == RenameAction::kMove &&
                              first.mode == RenameMode::kExchange &&
                              request.mode != RenameMode::kExchange;
  if (!lacks_exchange) return status;
  if (store_exchanges_.exchange(false)) {
    context_->logger->Warning(
        "the vault's file system cannot exchange two names; replacing a file "
        "by a symbolic link, or the reverse, is not atomic");
  }
  request.exchange = StoreExchange::kNo;
  ASSIGN_OR_RETURN(const RenamePlan fallback, PlanRename(request));
  return Run(fallback, ends);
}

absl::Status NodeMover::Run(const RenamePlan& plan, const RenameEnds& ends) {
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    const absl::Status status = RunRenameStep(plan.steps[i], ends);
    if (status.ok()) continue;
    if (i < plan.effective) {
      while (i-- > 0) UndoRenameStep(plan.steps[i], ends);
      return status;
    }
    context_->logger->LogLimited(
        "vault: rename", Severity::kWarning,
        absl::StrCat("left over after a rename of ", ends.source_entry, ": ",
                     status.message()));
  }
  return absl::OkStatus();
}

}  // namespace casemate
