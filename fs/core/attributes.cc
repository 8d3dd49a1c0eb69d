// Names to nodes, and attributes.
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "fs/core/file_system.h"
#include "fs/vault/normalization.h"

namespace casemate {
namespace {

// Growing by less than this is not worth asking the store for its free space.
constexpr uint64_t kUncheckedGrowth = uint64_t{1} << 20;

timespec TimeOf(const TimeChange& change, const Clock& clock) {
  return change.source == TimeSource::kNow ? absl::ToTimespec(clock.Now())
                                           : change.value;
}

}  // namespace

FileStat FileSystem::WithCleartextSize(NodeKind kind, FileStat stat) const {
  if (kind != NodeKind::kDirectory) {
    stat.size = tree_->layout().FromCiphertextSize(stat.size).size;
  }
  return stat;
}

Attributes FileSystem::ToAttributes(NodeKind kind, const FileStat& stat) const {
  Attributes attributes;
  attributes.inode_number = stat.id.inode;
  attributes.kind = kind;
  // A symlink's own mode means nothing, and every system shows it as this.
  attributes.permissions =
      kind == NodeKind::kSymlink ? 0777 : stat.permissions & 07777;
  if (options_.shown_umask && kind != NodeKind::kSymlink) {
    attributes.permissions = 0777 & ~*options_.shown_umask;
  }
  attributes.links = stat.links == 0 ? 0 : 1;
  attributes.uid = options_.shown_uid.value_or(stat.uid);
  attributes.gid = options_.shown_gid.value_or(stat.gid);
  attributes.size = stat.size;
  attributes.atime = stat.atime;
  attributes.mtime = stat.mtime;
  attributes.ctime = stat.ctime;
  return attributes;
}

absl::StatusOr<Entry> FileSystem::Lookup(const Context&, Ino parent,
                                         absl::string_view name) {
  ASSIGN_OR_RETURN(const InodePin dir, PinDirectory(parent));
  ReaderLock lock(&dir->children_mu());
  return LookupLocked(*dir, name);
}

absl::StatusOr<Entry> FileSystem::LookupLocked(const Inode& parent,
                                               absl::string_view name) {
  ASSIGN_OR_RETURN(const VaultDirPtr dir, LiveDirectory(parent));
  ASSIGN_OR_RETURN(const Node node, tree_->Find(*dir, name));
  ASSIGN_OR_RETURN(Entry entry, EnterNode(parent, node));
  // A name that is not NFC was, or may tomorrow be, answered by its NFC form.
  entry.is_other_spelling = StoredSpelling(name).has_value();
  return entry;
}

absl::optional<std::string> FileSystem::StoredSpelling(absl::string_view name) {
  absl::StatusOr<std::string> nfc = ToNfc(name);
  if (!nfc.ok() || *nfc == name) return absl::nullopt;
  return *std::move(nfc);
}

absl::StatusOr<Entry> FileSystem::EnterNode(const Inode& parent,
                                            const Node& node) {
  if (node.kind == NodeKind::kDirectory) {
    RETURN_IF_ERROR(CheckAlias(parent, node));
  }
  const InodePin inode = inodes_.Enter(
      {node.stat.id, node.kind, {parent.dir_id(), node.entry}, node.dir_id});
  Entry entry;
  entry.ino = inode->ino();
  FileStat stat = WithCleartextSize(node.kind, node.stat);
  if (const OpenFileLease open = open_files_.FindOpen(entry.ino)) {
    absl::StatusOr<FileStat> open_stat = open->Stat();
    if (!open_stat.ok()) {
      inodes_.Forget(entry.ino, 1);
      return open_stat.status();
    }
    stat = *open_stat;
  }
  entry.attributes = ToAttributes(node.kind, stat);
  return entry;
}

// A new object with the identity of a node we know means that the node was
// deleted behind us, on a store without birth times, and its number reused.
// What is open of it must not become the new one.
absl::StatusOr<Entry> FileSystem::EnterNewNode(const Inode& parent,
                                               const Node& node) {
  NodeIsGone(node);
  return EnterNode(parent, node);
}

// The same directory under a second name would give the kernel one inode with
// two parents, or a tree without end (section 4).
absl::Status FileSystem::CheckAlias(const Inode& parent, const Node& node) {
  const InodePin live = inodes_.FindByBacking(node.stat.id);
  if (!live || live->kind() != NodeKind::kDirectory) return absl::OkStatus();
  const Location known = inodes_.LocationOf(*live);
  if (known == Location{parent.dir_id(), node.entry}) return absl::OkStatus();
  bool is_alias = known.parent == nullptr;  // the root has no second name
  if (!is_alias) {
    const absl::StatusOr<VaultDirPtr> dir = tree_->OpenDir(*known.parent);
    const absl::StatusOr<Node> there =
        dir.ok() ? tree_->Stat(**dir, known.entry) : dir.status();
    is_alias = there.ok() && there->dir_id == node.dir_id;
  }
  if (!is_alias) {
    // Gone from its old place: it was moved behind us, and this is the new one,
    // unless that lies below itself.
    const absl::StatusOr<bool> is_above =
        IsSelfOrAbove(*node.dir_id, *parent.dir_id());
    is_alias = is_above.ok() && *is_above;
  }
  return is_alias ? RefuseAlias(node.entry, known.entry) : absl::OkStatus();
}

absl::Status FileSystem::RefuseAlias(absl::string_view entry,
                                     absl::string_view other) {
  metrics_->directory_aliases().Increment();
  logger_->LogLimited(
      "alias", Severity::kError,
      absl::StrCat(entry, ": a second name for the directory at ", other));
  return WithErrno(absl::DataLossError("a second name for a directory"), EIO);
}

void FileSystem::Forget(Ino ino, uint64_t count) {
  if (inodes_.Forget(ino, count)) replaced_files_.Drop(ino);
}

absl::StatusOr<Attributes> FileSystem::GetAttributes(
    const Context&, Ino ino, absl::optional<HandleId> handle) {
  ASSIGN_OR_RETURN(const InodePin inode, Pin(ino));
  RETURN_IF_ERROR(CheckHandle(*inode, handle));
  ASSIGN_OR_RETURN(const FileStat stat, StatInode(*inode));
  return ToAttributes(inode->kind(), stat);
}

absl::StatusOr<FileStat> FileSystem::StatInode(const Inode& inode) {
  if (inode.kind() == NodeKind::kFile) {
    if (const OpenFileLease open = open_files_.FindOpen(inode.ino())) {
      ASSIGN_OR_RETURN(FileStat stat, open->Stat());
      if (inodes_.RemovedStat(inode)) stat.links = 0;
      return stat;
    }
  }
  if (const auto removed = inodes_.RemovedStat(inode)) return *removed;
  if (inode.kind() == NodeKind::kDirectory) {
    ASSIGN_OR_RETURN(const VaultDirPtr dir, tree_->OpenDir(*inode.dir_id()));
    return dir->content().StatSelf();
  }
  absl::StatusOr<FileStat> stat =
      AtItsPlace(inode, [&] { return StatAtPlace(inode); });
  if (!stat.ok()) {
    // An unlink of ours may have come between.
    if (const auto removed = inodes_.RemovedStat(inode)) return *removed;
  }
  return stat;
}

absl::StatusOr<FileStat> FileSystem::StatAtPlace(const Inode& inode) {
  ASSIGN_OR_RETURN(const Place place, PlaceOf(inode));
  const absl::StatusOr<Node> node =
      tree_->Stat(*place.parent, place.node.entry);
  if (!node.ok()) return AbsentIsStale(node.status());
  if (node->stat.id != inodes_.BackingOf(inode)) {
    return ErrnoError(ESTALE, "the node was replaced behind us");
  }
  return WithCleartextSize(node->kind, node->stat);
}

absl::StatusOr<Attributes> FileSystem::SetAttributes(
    const Context& context, Ino ino, const SetAttributesRequest& request,
    absl::optional<HandleId> handle) {
  RETURN_IF_ERROR(CheckWritable());
  ASSIGN_OR_RETURN(const InodePin inode, Pin(ino));
  RETURN_IF_ERROR(CheckHandle(*inode, handle));
  ASSIGN_OR_RETURN(const AttributeChange change, ToChange(*inode, request));
  if (request.size) {
    RETURN_IF_ERROR(Resize(context, *inode, *request.size, handle));
  }
  if (!change.empty()) RETURN_IF_ERROR(ApplyChange(*inode, change));
  ASSIGN_OR_RETURN(const FileStat stat, StatInode(*inode));
  return ToAttributes(inode->kind(), stat);
}

// With owner or mode overridden, setting what is shown anyway succeeds and
// changes nothing; anything else is refused (A8).
absl::StatusOr<AttributeChange> FileSystem::ToChange(
    const Inode& inode, const SetAttributesRequest& request) {
  const absl::Status refused =
      ErrnoError(EPERM, "the mount shows a fixed owner or mode");
  AttributeChange change;
  if (options_.shown_uid && request.uid) {
    if (*request.uid != *options_.shown_uid) return refused;
  } else {
    change.uid = request.uid;
  }
  if (options_.shown_gid && request.gid) {
    if (*request.gid != *options_.shown_gid) return refused;
  } else {
    change.gid = request.gid;
  }
  if (options_.shown_umask && request.permissions) {
    const mode_t shown = 0777 & ~*options_.shown_umask;
    if ((*request.permissions & 07777) != shown) return refused;
  } else if (request.permissions) {
    if (inode.kind() == NodeKind::kSymlink) {
      return ErrnoError(EOPNOTSUPP, "a symbolic link has no mode");
    }
    change.permissions = *request.permissions & 07777;
  }
  if (request.atime) change.atime = TimeOf(*request.atime, *clock_);
  if (request.mtime) change.mtime = TimeOf(*request.mtime, *clock_);
  return change;
}

absl::Status FileSystem::ApplyChange(const Inode& inode,
                                     const AttributeChange& change) {
  if (inode.kind() == NodeKind::kDirectory) {
    ASSIGN_OR_RETURN(const VaultDirPtr dir, LiveDirectory(inode));
    return dir->content().SetSelfAttributes(change);
  }
  if (const OpenFileLease open = open_files_.FindOpen(inode.ino())) {
    return open->SetAttributes(change);
  }
  return AtItsPlace(inode, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const Place place, PlaceOf(inode));
    return AbsentIsStale(
        tree_->SetAttributes(*place.parent, place.node, change));
  });
}

absl::Status FileSystem::Resize(const Context& context, const Inode& inode,
                                uint64_t size,
                                absl::optional<HandleId> handle) {
  if (inode.kind() == NodeKind::kDirectory) {
    return ErrnoError(EISDIR, "a directory has no size to set");
  }
  if (inode.kind() != NodeKind::kFile) {
    return ErrnoError(EINVAL, "not a regular file");
  }
  if (size > tree_->layout().max_cleartext_size()) {
    return ErrnoError(EFBIG, "truncate");
  }
  if (handle) {
    ASSIGN_OR_RETURN(const auto file, FindFile(inode.ino(), *handle));
    if (!file->can_write()) {
      return ErrnoError(EINVAL, "the handle is not open for writing");
    }
  }
  ASSIGN_OR_RETURN(const OpenFileLease file, AtItsPlace(inode, [&] {
                     return AcquireFile(context, inode, /*for_write=*/true,
                                        /*truncate=*/size == 0);
                   }));
  if (size == 0) return absl::OkStatus();
  if (size > file->size()) RETURN_IF_ERROR(CheckRoom(size - file->size()));
  return file->Truncate(size, context.interrupted);
}

absl::Status FileSystem::CheckRoom(uint64_t bytes) {
  if (bytes < kUncheckedGrowth) return absl::OkStatus();
  ASSIGN_OR_RETURN(const SpaceInfo space, tree_->Space());
  if (bytes / space.block_size >= space.available_blocks) {
    return ErrnoError(ENOSPC, "the store has no room for that many zeros");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> FileSystem::ReadLink(const Context&, Ino ino) {
  ASSIGN_OR_RETURN(const InodePin inode, Pin(ino));
  if (inode->kind() != NodeKind::kSymlink) {
    return ErrnoError(EINVAL, "not a symbolic link");
  }
  return AtItsPlace(*inode, [&]() -> absl::StatusOr<std::string> {
    ASSIGN_OR_RETURN(const Place place, PlaceOf(*inode));
    absl::StatusOr<std::string> target =
        tree_->ReadSymlink(*place.parent, place.node);
    if (!target.ok()) return AbsentIsStale(target.status());
    return target;
  });
}

// Free room scaled by what the chunks' overhead takes of it (A14).
absl::StatusOr<SpaceReply> FileSystem::Space(const Context&) {
  ASSIGN_OR_RETURN(const SpaceInfo space, tree_->Space());
  const uint64_t sealed = tree_->layout().sealed_chunk_size();
  const auto scaled = [sealed](uint64_t blocks) {
    return blocks / sealed * kChunkSize + blocks % sealed * kChunkSize / sealed;
  };
  SpaceReply reply;
  reply.block_size = space.block_size;
  reply.blocks = space.blocks;
  reply.free_blocks = scaled(space.free_blocks);
  reply.available_blocks = scaled(space.available_blocks);
  reply.files = space.files;
  reply.free_files = space.free_files;
  return reply;
}

}  // namespace casemate
