// The handlers for open files and directory streams.
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "absl/types/optional.h"
#include "base/status.h"
#include "fs/fuse/dir_reply.h"
#include "fs/fuse/dispatcher.h"
#include "fs/fuse/stat_codec.h"
#include "fs/inode/ino.h"

namespace casemate {
namespace {

constexpr mode_t kPermissionBits = 07777;

HandleId HandleOf(const fuse_file_info* info) { return HandleId{info->fh}; }

// `error` when [offset, offset + size) is not a range of a file; the kernel
// stops these, a raw client does not (H15, H16).
absl::Status CheckRange(off_t offset, size_t size, int error) {
  if (offset < 0) return ErrnoError(EINVAL, "negative offset");
  const uint64_t room =
      static_cast<uint64_t>(std::numeric_limits<off_t>::max() - offset);
  if (size > room) return ErrnoError(error, "offset and size overflow");
  return absl::OkStatus();
}

SyncScope ScopeOf(int datasync) {
  return datasync != 0 ? SyncScope::kData : SyncScope::kAll;
}

}  // namespace

// A handle that the kernel never heard of gets no RELEASE (L4).
void Dispatcher::AnswerHandle(Call& call, Ino ino,
                              const absl::StatusOr<HandleId>& handle,
                              absl::Status (FileSystem::*release)(Ino,
                                                                  HandleId)) {
  if (!handle.ok()) return call.reply.Status(handle.status());
  if (!call.reply.NewHandle(*handle, PageCacheAt(*handle))) {
    (file_system_->*release)(ino, *handle).IgnoreError();
  }
}

// Dropping the pages of a file that others use would take from them what they
// wrote and we have not been sent yet: DESIGN.md, "A thread that does not read
// what it wrote".
PageCache Dispatcher::PageCacheAt(HandleId handle) const {
  return file_system_->IsKernelCacheRight(handle) ? PageCache::kKept
                                                  : PageCache::kDropped;
}

void Dispatcher::Open(Call& call, fuse_ino_t ino, fuse_file_info* info) {
  AnswerHandle(
      call, Ino{ino},
      file_system_->Open(call.context, Ino{ino}, OpenRequestOf(info->flags)),
      &FileSystem::Release);
}

void Dispatcher::Create(Call& call, fuse_ino_t parent, const char* name,
                        mode_t mode, fuse_file_info* info) {
  const absl::StatusOr<Created> created =
      file_system_->Create(call.context, Ino{parent}, name,
                           mode & kPermissionBits, OpenRequestOf(info->flags));
  if (!created.ok()) return call.reply.Status(created.status());
  if (call.reply.NewFile(*created, PageCacheAt(created->handle))) return;
  file_system_->Release(created->entry.ino, created->handle).IgnoreError();
  file_system_->Forget(created->entry.ino, 1);
}

void Dispatcher::Read(Call& call, fuse_ino_t ino, size_t size, off_t offset,
                      fuse_file_info* info) {
  const absl::Status range = CheckRange(offset, size, EINVAL);
  if (!range.ok()) return call.reply.Status(range);
  // Never a short read instead: it would be taken for the end of the file.
  if (size > buffers_.buffer_size()) {
    return call.reply.Status(ErrnoError(EINVAL, "read beyond max_read"));
  }
  const PageBufferPool::Lease buffer = buffers_.Take();
  const absl::StatusOr<size_t> count = file_system_->Read(
      call.context, Ino{ino}, HandleOf(info), static_cast<uint64_t>(offset),
      buffer.bytes().first(size));
  if (!count.ok()) return call.reply.Status(count.status());
  observers_.metrics->fuse_bytes(Direction::kRead).Increment(*count);
  call.reply.Data(buffer.bytes().first(*count));
}

void Dispatcher::Write(Call& call, fuse_ino_t ino, const char* data,
                       size_t size, off_t offset, fuse_file_info* info) {
  absl::Status status = CheckRange(offset, size, EFBIG);
  if (status.ok()) {
    status = file_system_->Write(call.context, Ino{ino}, HandleOf(info),
                                 static_cast<uint64_t>(offset),
                                 BytesOf(absl::string_view(data, size)));
  }
  if (!status.ok()) return call.reply.Status(status);
  observers_.metrics->fuse_bytes(Direction::kWrite).Increment(size);
  call.reply.Written(size);
}

void Dispatcher::Flush(Call& call, fuse_ino_t ino, fuse_file_info* info) {
  call.reply.Status(
      file_system_->Flush(call.context, Ino{ino}, HandleOf(info)));
}

void Dispatcher::Sync(Call& call, fuse_ino_t ino, int datasync,
                      fuse_file_info* info) {
  call.reply.Status(file_system_->Sync(call.context, Ino{ino}, HandleOf(info),
                                       ScopeOf(datasync)));
}

void Dispatcher::Release(Call& call, fuse_ino_t ino, fuse_file_info* info) {
  call.reply.Status(file_system_->Release(Ino{ino}, HandleOf(info)));
}

void Dispatcher::OpenDirectory(Call& call, fuse_ino_t ino, fuse_file_info*) {
  AnswerHandle(call, Ino{ino},
               file_system_->OpenDirectory(call.context, Ino{ino}),
               &FileSystem::ReleaseDirectory);
}

void Dispatcher::ReadDirectory(Call& call, fuse_ino_t ino, size_t size,
                               off_t cookie, fuse_file_info* info) {
  const PageBufferPool::Lease buffer = buffers_.Take();
  PlainDirReply listing(
      buffer.bytes().first(std::min(size, buffers_.buffer_size())));
  absl::Status status =
      file_system_->ReadDirectory(call.context, Ino{ino}, HandleOf(info),
                                  static_cast<uint64_t>(cookie), listing);
  if (listing.is_too_small()) status = ErrnoError(EINVAL, "readdir: size");
  if (!status.ok()) return call.reply.Status(status);
  call.reply.Data(listing.bytes());
}

void Dispatcher::ReadDirectoryPlus(Call& call, fuse_ino_t ino, size_t size,
                                   off_t cookie, fuse_file_info* info) {
  const PageBufferPool::Lease buffer = buffers_.Take();
  PlusDirReply listing(
      buffer.bytes().first(std::min(size, buffers_.buffer_size())), options_);
  absl::Status status =
      file_system_->ReadDirectoryPlus(call.context, Ino{ino}, HandleOf(info),
                                      static_cast<uint64_t>(cookie), listing);
  if (listing.is_too_small()) status = ErrnoError(EINVAL, "readdirplus: size");
  bool is_delivered = false;
  if (status.ok()) {
    is_delivered = call.reply.Data(listing.bytes());
  } else {
    call.reply.Status(status);
  }
  if (is_delivered) return;
  for (const Ino child : listing.lookups()) file_system_->Forget(child, 1);
}

void Dispatcher::SyncDirectory(Call& call, fuse_ino_t ino, int,
                               fuse_file_info* info) {
  call.reply.Status(
      file_system_->SyncDirectory(call.context, Ino{ino}, HandleOf(info)));
}

void Dispatcher::ReleaseDirectory(Call& call, fuse_ino_t ino,
                                  fuse_file_info* info) {
  call.reply.Status(file_system_->ReleaseDirectory(Ino{ino}, HandleOf(info)));
}

}  // namespace casemate
