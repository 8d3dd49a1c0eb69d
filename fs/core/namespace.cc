// Making and removing names.
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "base/status.h"
#include "fs/core/file_system.h"

namespace casemate {

bool FileSystem::IsDotName(absl::string_view name) {
  return name.empty() || name == "." || name == "..";
}

absl::StatusOr<NewOwner> FileSystem::OwnerOfNew(const Context& context,
                                                const VaultDir& parent,
                                                mode_t* directory_permissions) {
  NewOwner owner;
  if (options_.owner_is_caller) {
    owner.uid = context.uid;
    owner.gid = context.gid;
  }
  // A directory's content lies elsewhere in the store than its parent's, so
  // the store cannot hand the set-group-id bit down.
  if (directory_permissions != nullptr || options_.owner_is_caller) {
    ASSIGN_OR_RETURN(const FileStat stat, parent.content().StatSelf());
    if ((stat.permissions & S_ISGID) != 0) {
      owner.gid = stat.gid;
      if (directory_permissions != nullptr) *directory_permissions |= S_ISGID;
    }
  }
  return owner;
}

absl::StatusOr<Entry> FileSystem::MakeDirectory(const Context& context,
                                                Ino parent,
                                                absl::string_view name,
                                                mode_t permissions) {
  RETURN_IF_ERROR(CheckWritable());
  ASSIGN_OR_RETURN(const InodePin dir_inode, PinDirectory(parent));
  WriterLock lock(&dir_inode->children_mu());
  ASSIGN_OR_RETURN(const VaultDirPtr dir, LiveDirectory(*dir_inode));
  permissions &= 07777;
  ASSIGN_OR_RETURN(const NewOwner owner,
                   OwnerOfNew(context, *dir, &permissions));
  ASSIGN_OR_RETURN(const Node node,
                   tree_->MakeDirectory(*dir, name, permissions, owner));
  return EnterNewNode(*dir_inode, node);
}

absl::StatusOr<Entry> FileSystem::MakeNode(const Context& context, Ino parent,
                                           absl::string_view name,
                                           mode_t mode) {
  RETURN_IF_ERROR(CheckWritable());
  if ((mode & S_IFMT) != 0 && !S_ISREG(mode)) {
    return ErrnoError(EPERM, "the format has no devices, pipes or sockets");
  }
  ASSIGN_OR_RETURN(const InodePin dir_inode, PinDirectory(parent));
  WriterLock lock(&dir_inode->children_mu());
  ASSIGN_OR_RETURN(const VaultDirPtr dir, LiveDirectory(*dir_inode));
  ASSIGN_OR_RETURN(const NewOwner owner, OwnerOfNew(context, *dir, nullptr));
  ASSIGN_OR_RETURN(const CreatedFile created,
                   tree_->CreateFile(*dir, name, mode & 07777, owner));
  return EnterNewNode(*dir_inode, created.node);
}

absl::StatusOr<Entry> FileSystem::MakeSymlink(const Context& context,
                                              Ino parent,
                                              absl::string_view name,
                                              absl::string_view target) {
  RETURN_IF_ERROR(CheckWritable());
  ASSIGN_OR_RETURN(const InodePin dir_inode, PinDirectory(parent));
  WriterLock lock(&dir_inode->children_mu());
  ASSIGN_OR_RETURN(const VaultDirPtr dir, LiveDirectory(*dir_inode));
  ASSIGN_OR_RETURN(const NewOwner owner, OwnerOfNew(context, *dir, nullptr));
  ASSIGN_OR_RETURN(const Node node,
                   tree_->CreateSymlink(*dir, name, target, owner));
  return EnterNewNode(*dir_inode, node);
}

absl::Status FileSystem::Unlink(const Context&, Ino parent,
                                absl::string_view name) {
  RETURN_IF_ERROR(CheckWritable());
  ASSIGN_OR_RETURN(const InodePin dir_inode, PinDirectory(parent));
  WriterLock lock(&dir_inode->children_mu());
  ASSIGN_OR_RETURN(const VaultDirPtr dir, LiveDirectory(*dir_inode));
  if (IsDotName(name)) return ErrnoError(EISDIR, "unlink");
  ASSIGN_OR_RETURN(const Node node, tree_->Find(*dir, name));
  if (node.kind == NodeKind::kDirectory) {
    return ErrnoError(EISDIR, "unlink of a directory");
  }
  RETURN_IF_ERROR(tree_->RemoveNode(*dir, node));
  NodeIsGone(node);
  ForgetStoredSpelling(parent, name);
  return absl::OkStatus();
}

absl::Status FileSystem::RemoveDirectory(const Context&, Ino parent,
                                         absl::string_view name) {
  RETURN_IF_ERROR(CheckWritable());
  if (name == ".") return ErrnoError(EINVAL, "rmdir");
  if (IsDotName(name)) return ErrnoError(ENOTEMPTY, "rmdir");
  ASSIGN_OR_RETURN(const InodePin dir_inode, PinDirectory(parent));
  WriterLock lock(&dir_inode->children_mu());
  ASSIGN_OR_RETURN(const VaultDirPtr dir, LiveDirectory(*dir_inode));
  ASSIGN_OR_RETURN(const Node node, tree_->Find(*dir, name));
  if (node.kind != NodeKind::kDirectory) {
    return ErrnoError(ENOTDIR, "rmdir of a file");
  }
  RETURN_IF_ERROR(CheckAlias(*dir_inode, node));
  const InodePin removed = inodes_.FindByBacking(node.stat.id);
  if (!removed || removed->kind() != NodeKind::kDirectory) {
    // Nobody can be working in a directory that is not in the table.
    RETURN_IF_ERROR(tree_->RemoveDirectory(*dir, node));
  } else {
    if (removed->ino() == dir_inode->ino()) {
      return ErrnoError(EIO, "a directory that contains itself");
    }
    WriterLock removed_lock(&removed->children_mu());
    RETURN_IF_ERROR(tree_->RemoveDirectory(*dir, node));
    NodeIsGone(node);
  }
  ForgetStoredSpelling(parent, name);
  return absl::OkStatus();
}

void FileSystem::NodeIsGone(const Node& node) {
  // Another name of the same object, made behind us by a hard link, keeps it.
  if (node.kind != NodeKind::kDirectory && node.stat.links > 1) return;
  if (const InodePin inode = inodes_.FindByBacking(node.stat.id)) {
    inodes_.MarkRemoved(*inode, WithCleartextSize(node.kind, node.stat));
  }
}

void FileSystem::ForgetStoredSpelling(Ino parent, absl::string_view name) {
  if (kernel_cache_ == nullptr) return;
  if (const auto stored = StoredSpelling(name)) {
    kernel_cache_->InvalidateEntry(parent, *stored);
  }
}

}  // namespace casemate
