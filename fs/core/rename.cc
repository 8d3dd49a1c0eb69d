// Rename: check what POSIX demands, let the vault do it, follow in the table.
#include <cerrno>
#include <utility>

#include "base/status.h"
#include "fs/core/file_system.h"

namespace casemate {
namespace {

// Deeper than any path the kernel can name; a longer chain is a loop.
constexpr int kMaxDepth = 1 << 16;

RenameMode ModeOf(RenameFlag flag) {
  switch (flag) {
    case RenameFlag::kNone:
      return RenameMode::kReplace;
    case RenameFlag::kNoReplace:
      return RenameMode::kNoReplace;
    case RenameFlag::kExchange:
      return RenameMode::kExchange;
  }
  return RenameMode::kNoReplace;
}

// Locks the children of two directories, which may be one. Which comes first
// is decided at run time, so the analysis cannot follow.
class DirectoryPairLock {
 public:
  DirectoryPairLock(const Inode& first,
                    const Inode& second) ABSL_NO_THREAD_SAFETY_ANALYSIS
      : first_(first.children_mu()),
        second_(first.ino() == second.ino() ? nullptr : &second.children_mu()) {
    first_.Lock();
    if (second_ != nullptr) second_->Lock();
  }
  ~DirectoryPairLock() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    if (second_ != nullptr) second_->Unlock();
    first_.Unlock();
  }
  DirectoryPairLock(const DirectoryPairLock&) = delete;
  DirectoryPairLock& operator=(const DirectoryPairLock&) = delete;

 private:
  SharedMutex& first_;
  SharedMutex* const second_;
};

class OptionalMutexLock {
 public:
  OptionalMutexLock(Mutex& mu, bool is_wanted) ABSL_NO_THREAD_SAFETY_ANALYSIS
      : mu_(is_wanted ? &mu : nullptr) {
    if (mu_ != nullptr) mu_->Lock();
  }
  ~OptionalMutexLock() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    if (mu_ != nullptr) mu_->Unlock();
  }
  OptionalMutexLock(const OptionalMutexLock&) = delete;
  OptionalMutexLock& operator=(const OptionalMutexLock&) = delete;

 private:
  Mutex* const mu_;
};

}  // namespace

struct FileSystem::RenameRequest {
  const Context& context;
  const Inode& from;
  absl::string_view old_name;
  const Inode& to;
  absl::string_view new_name;
  RenameFlag flag;

  bool is_within_one_directory() const { return from.ino() == to.ino(); }
};

absl::Status FileSystem::Rename(const Context& context, Ino old_parent,
                                absl::string_view old_name, Ino new_parent,
                                absl::string_view new_name, RenameFlag flag) {
  RETURN_IF_ERROR(CheckWritable());
  if (IsDotName(old_name) || IsDotName(new_name)) {
    return ErrnoError(EINVAL, "rename of a dot name");
  }
  ASSIGN_OR_RETURN(const InodePin from, PinDirectory(old_parent));
  ASSIGN_OR_RETURN(const InodePin to, PinDirectory(new_parent));
  const RenameRequest request{context, *from, old_name, *to, new_name, flag};
  // While one rename between directories is under way the tree does not change
  // its shape, so that "is above" stays true for as long as it is relied on.
  const OptionalMutexLock tree_lock(rename_mu_,
                                    !request.is_within_one_directory());
  bool to_first = to->ino() < from->ino();
  if (!request.is_within_one_directory()) {
    const auto from_above = IsSelfOrAbove(*from->dir_id(), *to->dir_id());
    const auto to_above = IsSelfOrAbove(*to->dir_id(), *from->dir_id());
    if (!from_above.ok() || !to_above.ok()) {
      // Nothing is above a removed directory: that is ENOENT (R7).
      RETURN_IF_ERROR(LiveDirectory(*from).status());
      RETURN_IF_ERROR(LiveDirectory(*to).status());
      return from_above.ok() ? to_above.status() : from_above.status();
    }
    if (*from_above || *to_above) to_first = *to_above;
  }
  const DirectoryPairLock lock(to_first ? *to : *from, to_first ? *from : *to);
  RETURN_IF_ERROR(RenameLocked(request));
  ForgetStoredSpelling(old_parent, old_name);
  ForgetStoredSpelling(new_parent, new_name);
  return absl::OkStatus();
}

absl::Status FileSystem::RenameLocked(const RenameRequest& request) {
  ASSIGN_OR_RETURN(const VaultDirPtr from, LiveDirectory(request.from));
  ASSIGN_OR_RETURN(const VaultDirPtr to, LiveDirectory(request.to));
  ASSIGN_OR_RETURN(const Node source, tree_->Find(*from, request.old_name));
  absl::StatusOr<Node> found = tree_->Find(*to, request.new_name);
  if (!found.ok() && ErrnoOf(found.status()) != ENOENT) return found.status();
  absl::optional<Node> target;
  if (found.ok()) target = *std::move(found);

  if (target && request.flag == RenameFlag::kNoReplace) {
    return ErrnoError(EEXIST, "rename");
  }
  if (!target && request.flag == RenameFlag::kExchange) {
    return ErrnoError(ENOENT, "rename");
  }
  if (target && target->stat.id == source.stat.id) {
    return CheckSameNode(request, source, *target);
  }
  RETURN_IF_ERROR(CheckRename(request, source, target));

  const InodePin replaced = target && target->kind == NodeKind::kDirectory &&
                                    request.flag == RenameFlag::kNone
                                ? inodes_.FindByBacking(target->stat.id)
                                : InodePin();
  if (!replaced || replaced->kind() != NodeKind::kDirectory) {
    return MoveNode(request, *from, source, *to, target);
  }
  // Nobody may make a name in it between the check and the removal.
  WriterLock replaced_lock(&replaced->children_mu());
  ASSIGN_OR_RETURN(const bool is_empty, tree_->IsEmpty(*target->dir_id));
  if (!is_empty) return ErrnoError(ENOTEMPTY, "rename over a directory");
  return MoveNode(request, *from, source, *to, target);
}

// Two names of one node: nothing to do (R4), unless a directory was given the
// second by who wrote its id into another place, whether one is known or not.
absl::Status FileSystem::CheckSameNode(const RenameRequest& request,
                                       const Node& source, const Node& target) {
  if (source.kind != NodeKind::kDirectory ||
      (request.is_within_one_directory() && source.entry == target.entry)) {
    return absl::OkStatus();
  }
  return RefuseAlias(source.entry, target.entry);
}

absl::Status FileSystem::CheckRename(const RenameRequest& request,
                                     const Node& source,
                                     const absl::optional<Node>& target) {
  if (source.kind == NodeKind::kDirectory) {
    RETURN_IF_ERROR(CheckAlias(request.from, source));
  }
  if (target && target->kind == NodeKind::kDirectory) {
    RETURN_IF_ERROR(CheckAlias(request.to, *target));
  }
  RETURN_IF_ERROR(CheckAncestry(request, source, target));
  if (!target || request.flag == RenameFlag::kExchange) return absl::OkStatus();
  const bool source_is_dir = source.kind == NodeKind::kDirectory;
  const bool target_is_dir = target->kind == NodeKind::kDirectory;
  if (source_is_dir && !target_is_dir) {
    return ErrnoError(ENOTDIR, "rename of a directory over a file");
  }
  if (!source_is_dir && target_is_dir) {
    return ErrnoError(EISDIR, "rename of a file over a directory");
  }
  if (!target_is_dir) return absl::OkStatus();
  ASSIGN_OR_RETURN(const bool is_empty, tree_->IsEmpty(*target->dir_id));
  if (!is_empty) return ErrnoError(ENOTEMPTY, "rename over a directory");
  return absl::OkStatus();
}

absl::Status FileSystem::CheckAncestry(const RenameRequest& request,
                                       const Node& source,
                                       const absl::optional<Node>& target) {
  // Within one directory neither name can be above the other.
  if (request.is_within_one_directory()) return absl::OkStatus();
  if (source.kind == NodeKind::kDirectory) {
    ASSIGN_OR_RETURN(const bool is_above,
                     IsSelfOrAbove(*source.dir_id, *request.to.dir_id()));
    if (is_above) {
      return ErrnoError(EINVAL, "rename of a directory into itself");
    }
  }
  if (target && target->kind == NodeKind::kDirectory) {
    ASSIGN_OR_RETURN(const bool is_above,
                     IsSelfOrAbove(*target->dir_id, *request.from.dir_id()));
    if (is_above) {
      return ErrnoError(
          request.flag == RenameFlag::kExchange ? EINVAL : ENOTEMPTY,
          "rename over a directory above");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> FileSystem::IsSelfOrAbove(const DirId& id,
                                               const DirId& start) const {
  DirId at = start;
  for (int depth = 0; depth < kMaxDepth; ++depth) {
    if (at == id) return true;
    if (at.is_root()) return false;
    const absl::optional<Location> location = inodes_.LocationOfDirectory(at);
    if (!location || location->parent == nullptr) break;
    at = *location->parent;
  }
  return ErrnoError(ESTALE, "a directory above is not known");
}

// Somebody who looked the target's name up before the rename may open it after:
// that is the old file still, and neither ENOENT nor ESTALE (R2). So it stays
// open until the kernel has forgotten it.
void FileSystem::KeepReplacedFile(const Context& context, const Node& target) {
  if (target.kind != NodeKind::kFile) return;
  const InodePin inode = inodes_.FindByBacking(target.stat.id);
  if (!inode || inode->kind() != NodeKind::kFile) return;
  absl::StatusOr<OpenFileLease> file =
      AcquireFile(context, *inode, /*for_write=*/false, /*truncate=*/false);
  // One that cannot be opened now could not be opened afterwards either.
  if (!file.ok()) return;
  replaced_files_.Keep(inode->ino(), *std::move(file));
  // A FORGET that came before could not drop it.
  if (!inodes_.IsKnownToKernel(*inode)) replaced_files_.Drop(inode->ino());
}

absl::Status FileSystem::MoveNode(const RenameRequest& request,
                                  const VaultDir& from, const Node& source,
                                  const VaultDir& to,
                                  const absl::optional<Node>& target) {
  const bool is_replacing = target && request.flag == RenameFlag::kNone;
  if (is_replacing) KeepReplacedFile(request.context, *target);
  const InodePin moved = inodes_.FindByBacking(source.stat.id);
  ASSIGN_OR_RETURN(const RenameResult result,
                   tree_->Rename(from, source, to, request.new_name, target,
                                 ModeOf(request.flag)));
  if (target && request.flag == RenameFlag::kExchange) {
    if (const InodePin other = inodes_.FindByBacking(target->stat.id)) {
      inodes_.Move(*other, {request.from.dir_id(), *result.exchanged_entry});
    }
  } else if (target) {
    NodeIsGone(*target);
  }
  if (moved) inodes_.Move(*moved, {request.to.dir_id(), result.entry});
  return absl::OkStatus();
}

}  // namespace casemate
