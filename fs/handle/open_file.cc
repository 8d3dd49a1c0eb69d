#include "fs/handle/open_file.h"

#include <cerrno>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace casemate {
namespace {

using SizeState = ChunkLayout::SizeState;

absl::Status DamagedTail() {
  return WithErrno(
      absl::DataLossError("the ciphertext ends in the middle of a chunk"), EIO);
}

}  // namespace

OpenFile::OpenFile(const FileEnvironment* environment, Ino ino,
                   std::unique_ptr<File> file)
    : env_(environment), ino_(ino), file_(std::move(file)) {}

OpenFile::~OpenFile() { Abandon(); }

absl::StatusOr<std::shared_ptr<OpenFile>> OpenFile::Open(
    const FileEnvironment* environment, Ino ino, std::unique_ptr<File> file,
    bool for_write) {
  std::shared_ptr<OpenFile> open(
      new OpenFile(environment, ino, std::move(file)));
  WriterLock lock(&open->mu_);
  ASSIGN_OR_RETURN(const FileStat stat, open->file_->Stat());
  RETURN_IF_ERROR(open->LoadHeaderLocked(stat));
  if (for_write && open->has_damaged_tail_) return DamagedTail();
  return open;
}

std::shared_ptr<OpenFile> OpenFile::Created(const FileEnvironment* environment,
                                            Ino ino, std::unique_ptr<File> file,
                                            FileHeader header) {
  std::shared_ptr<OpenFile> open(
      new OpenFile(environment, ino, std::move(file)));
  WriterLock lock(&open->mu_);
  open->SetHeaderLocked(header);
  return open;
}

absl::StatusOr<std::shared_ptr<OpenFile>> OpenFile::OpenTruncated(
    const FileEnvironment* environment, Ino ino, std::unique_ptr<File> file) {
  std::shared_ptr<OpenFile> open(
      new OpenFile(environment, ino, std::move(file)));
  WriterLock lock(&open->mu_);
  RETURN_IF_ERROR(open->DiscardContentLocked());
  return open;
}

void OpenFile::SetHeaderLocked(const FileHeader& header) {
  codec_ = std::make_unique<ChunkCodec>(header, env_->mac_key);
  content_ = env_->next_content->fetch_add(1, std::memory_order_relaxed);
}

absl::Status OpenFile::LoadHeaderLocked(const FileStat& stat) {
  const ChunkLayout::CleartextSize content =
      env_->layout.FromCiphertextSize(stat.size);
  if (content.state == SizeState::kNoHeader) return absl::OkStatus();
  std::vector<uint8_t> sealed(env_->layout.header_size());
  ASSIGN_OR_RETURN(const size_t got, file_->ReadAt(0, absl::MakeSpan(sealed)));
  sealed.resize(got);
  absl::StatusOr<FileHeader> header = env_->header_codec->Open(sealed);
  if (!header.ok()) {
    env_->metrics->auth_failures(AuthObject::kHeader).Increment();
    env_->logger->LogLimited("header", Severity::kError,
                             absl::StrCat("inode ", static_cast<uint64_t>(ino_),
                                          ": the file header does not verify"));
    return WithErrno(header.status(), EIO);
  }
  SetHeaderLocked(*header);
  has_damaged_tail_ = content.state == SizeState::kTruncatedChunk;
  stored_size_ = content.size;
  size_.store(content.size, std::memory_order_release);
  return absl::OkStatus();
}

// A new header is a new content key: what an attacker kept of the old content
// no longer fits this file (section 8).
absl::Status OpenFile::WriteNewHeaderLocked() {
  const FileHeader header =
      FileHeader::Create(env_->header_codec->combo(), *env_->random);
  std::vector<uint8_t> sealed(env_->layout.header_size());
  env_->header_codec->Seal(header, absl::MakeSpan(sealed));
  const WriteResult result = file_->WriteAt(0, sealed);
  if (!result.status.ok()) {
    // Half a header is worse than none: a file of 0 bytes is an empty file.
    const absl::Status undone = file_->Truncate(0);
    if (!undone.ok()) {
      env_->logger->LogLimited("header", Severity::kError,
                               "a header that was written in part stays");
    }
    return result.status;
  }
  SetHeaderLocked(header);
  return absl::OkStatus();
}

absl::Status OpenFile::DiscardContentLocked() {
  RETURN_IF_ERROR(file_->Truncate(0));
  for (auto it = dirty_.begin(); it != dirty_.end();) it = DropDirtyLocked(it);
  DropCachedLocked(0, UINT64_MAX);
  codec_.reset();
  stored_size_ = 0;
  has_damaged_tail_ = false;
  size_.store(0, std::memory_order_release);
  return WriteNewHeaderLocked();
}

absl::Status OpenFile::Truncate(uint64_t size,
                                const InterruptCheck& interrupted) {
  if (size > env_->layout.max_cleartext_size()) {
    return ErrnoError(EFBIG, "truncate");
  }
  WriterLock lock(&mu_);
  if (size == 0) return DiscardContentLocked();
  if (has_damaged_tail_) return DamagedTail();
  const uint64_t present = size_.load(std::memory_order_relaxed);
  if (size < present) return ShrinkLocked(size);
  if (size > present) return ExtendLocked(size, interrupted);
  // Nothing to cut, but POSIX wants the times to move (A4).
  RETURN_IF_ERROR(WriteBackLocked());
  const timespec now = absl::ToTimespec(env_->clock->Now());
  AttributeChange change;
  change.mtime = now;
  return file_->SetAttributes(change);
}

absl::Status OpenFile::Sync(bool data_only) {
  std::shared_ptr<File> file;
  {
    WriterLock lock(&mu_);
    RETURN_IF_ERROR(WriteBackLocked());
    file = file_;
  }
  // Not under the lock: readers need not wait for the disk.
  return data_only ? file->SyncData() : file->Sync();
}

absl::Status OpenFile::WriteBack() {
  // Every close of a file that was only read comes here; readers need not wait
  // for it, nor it for them.
  if (!HasDirty()) return absl::OkStatus();
  WriterLock lock(&mu_);
  return WriteBackLocked();
}

void OpenFile::WriteBackIfOlderThan(absl::Duration age) {
  if (!HasDirty()) return;
  absl::Status status;
  {
    WriterLock lock(&mu_);
    if (dirty_.empty()) return;
    if (env_->clock->Monotonic() - dirty_since_ < age) return;
    status = WriteBackLocked();
  }
  if (!status.ok()) DeferError(status);
}

uint64_t OpenFile::Abandon() {
  WriterLock lock(&mu_);
  uint64_t lost = 0;
  for (auto it = dirty_.begin(); it != dirty_.end();) {
    lost += it->second.size;
    it = DropDirtyLocked(it);
  }
  DropCachedLocked(0, UINT64_MAX);
  return lost;
}

bool OpenFile::HasDirty() const {
  ReaderLock lock(&mu_);
  return !dirty_.empty();
}

absl::StatusOr<FileStat> OpenFile::Stat() {
  // The store's times are the file's times once it has all of the content; the
  // caller must not see them move later without a write.
  if (const absl::Status status = WriteBack(); !status.ok()) {
    DeferError(status);
  }
  ReaderLock lock(&mu_);
  ASSIGN_OR_RETURN(FileStat stat, file_->Stat());
  stat.size = size();
  return stat;
}

absl::Status OpenFile::SetAttributes(const AttributeChange& change) {
  if (change.atime || change.mtime) {
    // A later write-back would move the times that are being set.
    if (const absl::Status status = WriteBack(); !status.ok()) {
      DeferError(status);
    }
  }
  ReaderLock lock(&mu_);
  return file_->SetAttributes(change);
}

absl::Status OpenFile::EnsureWritable(
    const std::function<absl::StatusOr<std::unique_ptr<File>>()>& reopen,
    Content content) {
  WriterLock lock(&mu_);
  if (has_damaged_tail_ && content == Content::kIsKept) return DamagedTail();
  if (file_->writable()) return absl::OkStatus();
  ASSIGN_OR_RETURN(std::unique_ptr<File> writable, reopen());
  file_ = std::move(writable);
  return absl::OkStatus();
}

absl::Status OpenFile::last_error() const {
  MutexLock lock(&error_mu_);
  return last_error_;
}

uint64_t OpenFile::DeferError(const absl::Status& error) {
  env_->metrics->write_back_errors().Increment();
  env_->logger->LogLimited(
      "write-back", Severity::kError,
      absl::StrCat("inode ", static_cast<uint64_t>(ino_),
                   ": writing back failed: ", error.message()));
  MutexLock lock(&error_mu_);
  last_error_ = error;
  return error_count_.fetch_add(1, std::memory_order_acq_rel) + 1;
}

OpenFile::DirtyMap::iterator OpenFile::DropDirtyLocked(DirtyMap::iterator it) {
  env_->budget->Remove(kChunkSize);
  it = dirty_.erase(it);
  if (dirty_.empty()) dirty_since_ = absl::InfiniteDuration();
  return it;
}

void OpenFile::DropCachedLocked(uint64_t first, uint64_t end) {
  if (!may_be_cached_.load(std::memory_order_relaxed)) return;
  if (end - first <= kRunChunks) {
    for (uint64_t chunk = first; chunk < end; ++chunk) {
      env_->chunk_cache->Erase(ChunkKey{content_, chunk});
    }
    return;
  }
  const uint64_t content = content_;
  env_->chunk_cache->EraseIf([content, first, end](const ChunkKey& key) {
    return key.content == content && key.chunk >= first && key.chunk < end;
  });
}

}  // namespace casemate
