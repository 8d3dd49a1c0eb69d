#include "fs/core/file_system.h"

#include <cerrno>
#include <utility>

#include "base/status.h"

namespace casemate {

namespace {

ChunkCache::Options ChunkCacheOptions(size_t bytes, Metrics* metrics) {
  ChunkCache::Options options;
  options.capacity_bytes = bytes;
  options.hits = &metrics->cache_hits(CacheId::kChunk);
  options.misses = &metrics->cache_misses(CacheId::kChunk);
  options.evictions = &metrics->cache_evictions(CacheId::kChunk);
  options.bytes = &metrics->cache_bytes(CacheId::kChunk);
  options.entries = &metrics->cache_entries(CacheId::kChunk);
  return options;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileSystem>> FileSystem::Create(
    std::unique_ptr<VaultTree> tree, const FileSystemOptions& options,
    const Clock* clock, Metrics* metrics, RateLimitedLogger* logger,
    KernelCache* kernel_cache) {
  ASSIGN_OR_RETURN(const VaultDirPtr root, tree->OpenDir(DirId()));
  ASSIGN_OR_RETURN(const FileStat stat, root->content().StatSelf());
  return std::make_unique<FileSystem>(stat.id, std::move(tree), options, clock,
                                      metrics, logger, kernel_cache);
}

FileSystem::FileSystem(const BackingId& root, std::unique_ptr<VaultTree> tree,
                       FileSystemOptions options, const Clock* clock,
                       Metrics* metrics, RateLimitedLogger* logger,
                       KernelCache* kernel_cache)
    : tree_(std::move(tree)),
      options_(std::move(options)),
      clock_(clock),
      metrics_(metrics),
      logger_(logger),
      kernel_cache_(kernel_cache),
      buffers_(BufferPool::Options()),
      chunk_cache_(ChunkCacheOptions(options_.chunk_cache_bytes, metrics)),
      budget_(options_.dirty_limit_bytes, metrics),
      environment_{tree_->layout(),
                   &tree_->header_codec(),
                   tree_->masterkey().mac_key(),
                   &tree_->random(),
                   &chunk_cache_,
                   &buffers_,
                   &budget_,
                   &next_content_,
                   clock,
                   metrics,
                   logger},
      inodes_(root, metrics),
      open_files_(logger),
      file_handles_(HandleKind::kFile, metrics),
      directory_handles_(HandleKind::kDirectory, metrics) {}

FileSystem::~FileSystem() = default;

absl::StatusOr<InodePin> FileSystem::Pin(Ino ino) {
  InodePin pin = inodes_.Find(ino);
  if (!pin) return ErrnoError(ESTALE, "unknown inode");
  return pin;
}

absl::StatusOr<InodePin> FileSystem::PinDirectory(Ino ino) {
  ASSIGN_OR_RETURN(InodePin pin, Pin(ino));
  if (pin->kind() != NodeKind::kDirectory) {
    return ErrnoError(ENOTDIR, "not a directory");
  }
  return pin;
}

absl::StatusOr<std::shared_ptr<FileHandle>> FileSystem::FindFile(
    Ino ino, HandleId id) const {
  std::shared_ptr<FileHandle> handle = file_handles_.Get(id);
  if (handle == nullptr || handle->inode().ino() != ino) {
    return ErrnoError(EBADF, "not an open file handle of this inode");
  }
  return handle;
}

absl::StatusOr<std::shared_ptr<DirectoryHandle>> FileSystem::FindDirectory(
    Ino ino, HandleId id) const {
  std::shared_ptr<DirectoryHandle> handle = directory_handles_.Get(id);
  if (handle == nullptr || handle->inode().ino() != ino) {
    return ErrnoError(EBADF, "not an open directory handle of this inode");
  }
  return handle;
}

absl::Status FileSystem::CheckHandle(const Inode& inode,
                                     absl::optional<HandleId> id) const {
  if (!id) return absl::OkStatus();
  return inode.kind() == NodeKind::kDirectory
             ? FindDirectory(inode.ino(), *id).status()
             : FindFile(inode.ino(), *id).status();
}

absl::Status FileSystem::CheckWritable() const {
  if (options_.read_only) return ErrnoError(EROFS, "the mount is read-only");
  return absl::OkStatus();
}

absl::StatusOr<FileSystem::VaultDirPtr> FileSystem::LiveDirectory(
    const Inode& inode) {
  if (inodes_.RemovedStat(inode)) {
    return ErrnoError(ENOENT, "the directory was removed");
  }
  return tree_->OpenDir(*inode.dir_id());
}

absl::StatusOr<FileSystem::Place> FileSystem::PlaceOf(const Inode& inode) {
  if (inodes_.RemovedStat(inode)) {
    return ErrnoError(ESTALE, "the node was removed");
  }
  const Location location = inodes_.LocationOf(inode);
  Place place;
  ASSIGN_OR_RETURN(place.parent, tree_->OpenDir(*location.parent));
  place.node.kind = inode.kind();
  place.node.entry = location.entry;
  return place;
}

bool FileSystem::IsStale(const absl::Status& status) {
  return ErrnoOf(status) == ESTALE;
}

absl::Status FileSystem::AbsentIsStale(const absl::Status& status) {
  if (ErrnoOf(status) != ENOENT) return status;
  return ErrnoError(ESTALE, "the node was moved or replaced behind us");
}

void FileSystem::WriteBackOlderThan(absl::Duration age) {
  for (const OpenFileLease& file : open_files_.All()) {
    file->WriteBackIfOlderThan(age);
  }
}

absl::Status FileSystem::WriteBackAll() {
  absl::Status first;
  for (const OpenFileLease& file : open_files_.All()) {
    const absl::Status status = file->WriteBack();
    if (status.ok()) continue;
    file->DeferError(status);
    first.Update(status);
  }
  return first;
}

void FileSystem::RelieveDirtyPressure() {
  for (const OpenFileLease& file : open_files_.All()) {
    if (!budget_.IsOver()) return;
    const absl::Status status = file->WriteBack();
    if (!status.ok()) file->DeferError(status);
  }
}

std::vector<HandleRecord> FileSystem::ExportHandles() const {
  std::vector<HandleRecord> records;
  for (const auto& [id, handle] : file_handles_.All()) {
    records.push_back({id, handle->inode().ino(), /*is_directory=*/false,
                       handle->can_read(), handle->can_write()});
  }
  for (const auto& [id, handle] : directory_handles_.All()) {
    records.push_back({id, handle->inode().ino(), /*is_directory=*/true,
                       /*can_read=*/true, /*can_write=*/false});
  }
  return records;
}

}  // namespace casemate
