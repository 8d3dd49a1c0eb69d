// Directory streams: a snapshot of names, cookies into it (D1-D13).
#include <cerrno>
#include <utility>

#include "base/status.h"
#include "fs/core/file_system.h"

namespace casemate {
namespace {

// Cookie c says that c entries have been seen: ".", "..", then the snapshot.
constexpr uint64_t kDots = 2;
constexpr absl::string_view kDotNames[kDots] = {".", ".."};
// What d_ino says of a node that cannot be looked at, as libfuse does.
constexpr uint64_t kUnknownInode = 0xffffffff;

size_t MemoryOf(const Listing& listing) {
  size_t bytes = listing.capacity() * sizeof(ListedNode);
  for (const ListedNode& node : listing) {
    bytes += node.name.capacity() + node.entry.capacity();
  }
  return bytes;
}

}  // namespace

absl::StatusOr<HandleId> FileSystem::OpenDirectory(const Context&, Ino ino) {
  ASSIGN_OR_RETURN(InodePin inode, PinDirectory(ino));
  RETURN_IF_ERROR(LiveDirectory(*inode).status());
  return directory_handles_.Add(
      std::make_shared<DirectoryHandle>(std::move(inode)));
}

absl::Status FileSystem::ReleaseDirectory(Ino ino, HandleId handle) {
  RETURN_IF_ERROR(FindDirectory(ino, handle).status());
  directory_handles_.Remove(handle);
  return absl::OkStatus();
}

// The snapshot that `cookie` counts in; cookie 0 makes a new one.
absl::StatusOr<std::shared_ptr<const Listing>> FileSystem::ListingAt(
    DirectoryHandle& handle, uint64_t cookie) {
  if (cookie > 0) {
    std::shared_ptr<const Listing> known = handle.listing();
    if (known == nullptr) {
      return ErrnoError(EINVAL, "a directory offset that was never given");
    }
    return known;
  }
  auto listing = std::make_shared<Listing>();
  absl::StatusOr<VaultDirPtr> dir = LiveDirectory(handle.inode());
  if (dir.ok()) {
    ASSIGN_OR_RETURN(*listing, tree_->List(**dir));
  } else if (ErrnoOf(dir.status()) != ENOENT) {
    return dir.status();
  }
  // A directory removed meanwhile lists as empty (D13).
  if (MemoryOf(*listing) > options_.listing_limit_bytes) {
    return ErrnoError(ENOMEM, "the directory has too many entries to list");
  }
  handle.set_listing(listing);
  return std::shared_ptr<const Listing>(std::move(listing));
}

absl::StatusOr<Attributes> FileSystem::DotAttributes(const Inode& inode) {
  ASSIGN_OR_RETURN(const FileStat stat, StatInode(inode));
  return ToAttributes(NodeKind::kDirectory, stat);
}

absl::Status FileSystem::ReadDirectory(const Context&, Ino ino, HandleId id,
                                       uint64_t cookie, PlainDirSink& sink) {
  ASSIGN_OR_RETURN(const auto handle, FindDirectory(ino, id));
  ASSIGN_OR_RETURN(const auto listing, ListingAt(*handle, cookie));
  for (; cookie < kDots; ++cookie) {
    ASSIGN_OR_RETURN(const Attributes dot, DotAttributes(handle->inode()));
    if (!sink.Add({kDotNames[cookie], dot.inode_number, NodeKind::kDirectory,
                   cookie + 1})) {
      return absl::OkStatus();
    }
  }
  for (; cookie - kDots < listing->size(); ++cookie) {
    // Gone when the directory is: nothing in it is reported then.
    const absl::StatusOr<VaultDirPtr> dir = LiveDirectory(handle->inode());
    if (!dir.ok()) return absl::OkStatus();
    absl::StatusOr<PlainDirEntry> entry =
        PlainEntry(**dir, (*listing)[cookie - kDots]);
    if (!entry.ok()) continue;  // removed since the snapshot
    entry->next_cookie = cookie + 1;
    if (!sink.Add(*entry)) return absl::OkStatus();
  }
  return absl::OkStatus();
}

absl::StatusOr<PlainDirEntry> FileSystem::PlainEntry(const VaultDir& dir,
                                                     const ListedNode& node) {
  PlainDirEntry entry;
  entry.name = node.name;
  entry.kind = node.kind;
  entry.inode_number = node.inode;
  if (node.kind) return entry;
  const absl::StatusOr<Node> found = tree_->Stat(dir, node.entry);
  if (found.ok()) {
    entry.kind = found->kind;
    entry.inode_number = found->stat.id.inode;
  } else if (ErrnoOf(found.status()) == ENOENT) {
    return found.status();
  } else {
    entry.inode_number = kUnknownInode;
  }
  return entry;
}

absl::Status FileSystem::ReadDirectoryPlus(const Context&, Ino ino, HandleId id,
                                           uint64_t cookie, PlusDirSink& sink) {
  ASSIGN_OR_RETURN(const auto handle, FindDirectory(ino, id));
  ASSIGN_OR_RETURN(const auto listing, ListingAt(*handle, cookie));
  for (; cookie < kDots; ++cookie) {
    PlusDirEntry dot;
    dot.name = kDotNames[cookie];
    ASSIGN_OR_RETURN(dot.entry.attributes, DotAttributes(handle->inode()));
    dot.next_cookie = cookie + 1;
    if (!sink.Add(dot)) return absl::OkStatus();
  }
  for (; cookie - kDots < listing->size(); ++cookie) {
    const ListedNode& node = (*listing)[cookie - kDots];
    absl::StatusOr<Entry> entry = PlusEntry(handle->inode(), node);
    if (!entry.ok()) continue;  // removed since the snapshot
    if (!sink.Add({node.name, *entry, cookie + 1})) {
      if (entry->ino != kNoIno) Forget(entry->ino, 1);
      return absl::OkStatus();
    }
  }
  return absl::OkStatus();
}

// A node that is there but cannot be looked at keeps its name in the listing,
// without attributes (D11).
absl::StatusOr<Entry> FileSystem::PlusEntry(const Inode& inode,
                                            const ListedNode& node) {
  ReaderLock lock(&inode.children_mu());
  ASSIGN_OR_RETURN(const VaultDirPtr dir, LiveDirectory(inode));
  const absl::StatusOr<Node> found = tree_->Stat(*dir, node.entry);
  absl::StatusOr<Entry> entry =
      found.ok() ? EnterNode(inode, *found) : found.status();
  if (entry.ok() || ErrnoOf(entry.status()) == ENOENT) return entry;
  Entry name_only;
  name_only.attributes.inode_number = kUnknownInode;
  return name_only;
}

absl::Status FileSystem::SyncDirectory(const Context&, Ino ino, HandleId id) {
  ASSIGN_OR_RETURN(const auto handle, FindDirectory(ino, id));
  const absl::StatusOr<VaultDirPtr> dir = LiveDirectory(handle->inode());
  // Of a removed directory there is nothing left to make durable.
  if (!dir.ok()) {
    return ErrnoOf(dir.status()) == ENOENT ? absl::OkStatus() : dir.status();
  }
  const Location location = inodes_.LocationOf(handle->inode());
  VaultDirPtr parent;
  if (location.parent != nullptr) {
    ASSIGN_OR_RETURN(parent, tree_->OpenDir(*location.parent));
  }
  return tree_->SyncDirectory(**dir, parent.get());
}

}  // namespace casemate
