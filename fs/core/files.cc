// Open files.
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "base/status.h"
#include "fs/core/file_system.h"

namespace casemate {

absl::StatusOr<std::unique_ptr<File>> FileSystem::OpenBacking(
    const Inode& inode, bool for_write) {
  ASSIGN_OR_RETURN(const Place place, PlaceOf(inode));
  // Readable in any case: a chunk that is written in part must be read. And
  // writable if it can be, since the next one to open may want to write.
  absl::StatusOr<std::unique_ptr<File>> file =
      options_.read_only
          ? tree_->OpenContent(*place.parent, place.node, Access::kRead)
          : tree_->OpenContent(*place.parent, place.node, Access::kReadWrite);
  if (!file.ok() && !for_write && !options_.read_only) {
    const int error = ErrnoOf(file.status());
    if (error == EACCES || error == EPERM || error == EROFS) {
      file = tree_->OpenContent(*place.parent, place.node, Access::kRead);
    }
  }
  RETURN_IF_ERROR(AbsentIsStale(file.status()));
  ASSIGN_OR_RETURN(const FileStat stat, (*file)->Stat());
  if (stat.id != inodes_.BackingOf(inode)) {
    return ErrnoError(ESTALE, "the file was replaced behind us");
  }
  return file;
}

absl::StatusOr<OpenFileLease> FileSystem::AcquireFile(const Context& context,
                                                      const Inode& inode,
                                                      bool for_write,
                                                      bool truncate) {
  bool is_truncated = false;
  const auto opener = [&]() -> absl::StatusOr<std::shared_ptr<OpenFile>> {
    ASSIGN_OR_RETURN(std::unique_ptr<File> file,
                     OpenBacking(inode, for_write || truncate));
    if (truncate) {
      is_truncated = true;
      return OpenFile::OpenTruncated(&environment_, inode.ino(),
                                     std::move(file));
    }
    return OpenFile::Open(&environment_, inode.ino(), std::move(file),
                          for_write);
  };
  ASSIGN_OR_RETURN(OpenFileLease file,
                   open_files_.Acquire(inode.ino(), opener));
  if (is_truncated) return file;
  if (for_write || truncate) {
    RETURN_IF_ERROR(file->EnsureWritable(
        [&] { return OpenBacking(inode, /*for_write=*/true); },
        truncate ? OpenFile::Content::kIsDiscarded
                 : OpenFile::Content::kIsKept));
  }
  if (truncate) RETURN_IF_ERROR(file->Truncate(0, context.interrupted));
  return file;
}

HandleId FileSystem::AddFileHandle(InodePin inode, OpenFileLease file,
                                   const OpenRequest& request) {
  return file_handles_.Add(std::make_shared<FileHandle>(
      std::move(inode), std::move(file), request.read, request.write));
}

absl::StatusOr<HandleId> FileSystem::Open(const Context& context, Ino ino,
                                          const OpenRequest& request) {
  if (request.write || request.truncate) RETURN_IF_ERROR(CheckWritable());
  ASSIGN_OR_RETURN(InodePin inode, Pin(ino));
  if (inode->kind() == NodeKind::kDirectory) {
    return ErrnoError(EISDIR, "open of a directory as a file");
  }
  if (inode->kind() != NodeKind::kFile) {
    return ErrnoError(EINVAL, "open of a symbolic link");
  }
  ASSIGN_OR_RETURN(OpenFileLease file, AtItsPlace(*inode, [&] {
                     return AcquireFile(context, *inode, request.write,
                                        request.truncate);
                   }));
  return AddFileHandle(std::move(inode), std::move(file), request);
}

bool FileSystem::IsKernelCacheRight(HandleId handle) const {
  const std::shared_ptr<FileHandle> file = file_handles_.Get(handle);
  return file != nullptr && !file->is_first();
}

absl::StatusOr<Created> FileSystem::Create(const Context& context, Ino parent,
                                           absl::string_view name,
                                           mode_t permissions,
                                           const OpenRequest& request) {
  RETURN_IF_ERROR(CheckWritable());
  ASSIGN_OR_RETURN(const InodePin dir, PinDirectory(parent));
  Created created;
  {
    WriterLock lock(&dir->children_mu());
    absl::StatusOr<Entry> existing = LookupLocked(*dir, name);
    if (!existing.ok()) {
      if (ErrnoOf(existing.status()) != ENOENT) return existing.status();
      return CreateLocked(context, *dir, name, permissions, request);
    }
    created.entry = *existing;
  }
  // Somebody else made it since the kernel looked (H11).
  absl::StatusOr<HandleId> handle =
      request.exclusive ? ErrnoError(EEXIST, "create")
                        : Open(context, created.entry.ino, request);
  if (!handle.ok()) {
    Forget(created.entry.ino, 1);
    return handle.status();
  }
  created.handle = *handle;
  if (!request.truncate) return created;
  // It was described before it was cut (A7).
  absl::StatusOr<Attributes> attributes =
      GetAttributes(context, created.entry.ino, created.handle);
  if (!attributes.ok()) {
    Release(created.entry.ino, created.handle).IgnoreError();
    Forget(created.entry.ino, 1);
    return attributes.status();
  }
  created.entry.attributes = *attributes;
  return created;
}

absl::StatusOr<Created> FileSystem::CreateLocked(const Context& context,
                                                 const Inode& parent,
                                                 absl::string_view name,
                                                 mode_t permissions,
                                                 const OpenRequest& request) {
  ASSIGN_OR_RETURN(const VaultDirPtr dir, LiveDirectory(parent));
  ASSIGN_OR_RETURN(const NewOwner owner, OwnerOfNew(context, *dir, nullptr));
  ASSIGN_OR_RETURN(CreatedFile made,
                   tree_->CreateFile(*dir, name, permissions & 07777, owner));
  Created created;
  ASSIGN_OR_RETURN(created.entry, EnterNewNode(parent, made.node));
  InodePin inode = inodes_.Find(created.entry.ino);
  absl::StatusOr<OpenFileLease> file = open_files_.Acquire(
      created.entry.ino, [&]() -> absl::StatusOr<std::shared_ptr<OpenFile>> {
        return OpenFile::Created(&environment_, created.entry.ino,
                                 std::move(made.file), std::move(made.header));
      });
  if (!file.ok()) {
    Forget(created.entry.ino, 1);
    return file.status();
  }
  created.handle = AddFileHandle(std::move(inode), *std::move(file), request);
  return created;
}

absl::StatusOr<size_t> FileSystem::Read(const Context&, Ino ino,
                                        HandleId handle, uint64_t offset,
                                        MutableBytes out) {
  ASSIGN_OR_RETURN(const auto file, FindFile(ino, handle));
  if (!file->can_read()) {
    return ErrnoError(EBADF, "the handle is not open for reading");
  }
  if (offset > UINT64_MAX - out.size()) {
    return ErrnoError(EINVAL, "read past the last offset");
  }
  return file->file().ReadAt(offset, out);
}

absl::Status FileSystem::Write(const Context& context, Ino ino, HandleId handle,
                               uint64_t offset, ConstBytes data) {
  ASSIGN_OR_RETURN(const auto file, FindFile(ino, handle));
  if (!file->can_write()) {
    return ErrnoError(EBADF, "the handle is not open for writing");
  }
  RETURN_IF_ERROR(file->TakeDeferredError());
  const uint64_t size = file->file().size();
  if (offset > size && offset <= tree_->layout().max_cleartext_size()) {
    RETURN_IF_ERROR(CheckRoom(offset - size));
  }
  RETURN_IF_ERROR(file->file().WriteAt(offset, data, context.interrupted));
  if (budget_.IsOver()) RelieveDirtyPressure();
  return absl::OkStatus();
}

absl::Status FileSystem::Flush(const Context&, Ino ino, HandleId handle) {
  ASSIGN_OR_RETURN(const auto file, FindFile(ino, handle));
  const absl::Status status = file->file().WriteBack();
  return status.ok() ? file->TakeDeferredError() : file->Report(status);
}

absl::Status FileSystem::Sync(const Context&, Ino ino, HandleId handle,
                              SyncScope scope) {
  ASSIGN_OR_RETURN(const auto file, FindFile(ino, handle));
  const absl::Status status = file->file().Sync(scope == SyncScope::kData);
  return status.ok() ? file->TakeDeferredError() : file->Report(status);
}

absl::Status FileSystem::Release(Ino ino, HandleId handle) {
  RETURN_IF_ERROR(FindFile(ino, handle).status());
  // The last share in the open file writes back as it goes.
  file_handles_.Remove(handle);
  return absl::OkStatus();
}

}  // namespace casemate
