// Writing, changing the size, and writing back.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/status.h"
#include "fs/handle/open_file.h"

namespace casemate {
namespace {

// Bytes that chunk `number` has in a file of `size` bytes.
uint32_t ChunkBytes(uint64_t number, uint64_t size) {
  const uint64_t begin = number * kChunkSize;
  if (size <= begin) return 0;
  return static_cast<uint32_t>(std::min<uint64_t>(kChunkSize, size - begin));
}

constexpr std::array<uint8_t, kChunkSize> kZeroChunk{};

}  // namespace

absl::Status OpenFile::WriteAt(uint64_t offset, ConstBytes data,
                               const InterruptCheck& interrupted) {
  if (data.empty()) return absl::OkStatus();
  const uint64_t largest = env_->layout.max_cleartext_size();
  if (offset > largest || data.size() > largest - offset) {
    return ErrnoError(EFBIG, "write");
  }
  WriterLock lock(&mu_);
  if (has_damaged_tail_) {
    return ChunkFailedLocked(size() / kChunkSize, "is cut short");
  }
  if (offset > size()) RETURN_IF_ERROR(ExtendLocked(offset, interrupted));
  return WriteLocked(offset, data);
}

absl::Status OpenFile::WriteLocked(uint64_t offset, ConstBytes data) {
  if (codec_ == nullptr) RETURN_IF_ERROR(WriteNewHeaderLocked());
  while (!data.empty()) {
    const ChunkPiece piece = *ChunkPieces(offset, data.size()).begin();
    size_t step = piece.size;
    if (piece.size == kChunkSize) {
      step =
          std::min<size_t>(data.size() / kChunkSize, kRunChunks) * kChunkSize;
      RETURN_IF_ERROR(WriteWholeChunksLocked(piece.chunk, data.first(step)));
    } else {
      RETURN_IF_ERROR(WritePieceLocked(piece, data.first(step)));
    }
    offset += step;
    data.remove_prefix(step);
  }
  return absl::OkStatus();
}

absl::Status OpenFile::WritePieceLocked(const ChunkPiece& piece,
                                        ConstBytes data) {
  const uint32_t present = ChunkBytes(piece.chunk, size());
  const bool is_overwritten = piece.begin == 0 && piece.size >= present;
  ASSIGN_OR_RETURN(DirtyChunk * dirty,
                   DirtyLocked(piece.chunk, is_overwritten));
  std::memcpy(dirty->buffer.bytes().data() + piece.begin, data.data(),
              data.size());
  dirty->size = std::max(dirty->size, piece.begin + piece.size);
  const uint64_t end = piece.chunk * kChunkSize + dirty->size;
  if (end > size()) size_.store(end, std::memory_order_release);
  return absl::OkStatus();
}

absl::Status OpenFile::WriteWholeChunksLocked(uint64_t first, ConstBytes data) {
  // The store's file grows in order only.
  if (first > stored_size_ / kChunkSize) {
    RETURN_IF_ERROR(WriteBackBelowLocked(first));
  }
  const size_t count = data.size() / kChunkSize;
  const auto source = [&](uint64_t chunk) {
    return data.subspan((chunk - first) * kChunkSize, kChunkSize);
  };
  const uint64_t stored_before = stored_size_;
  size_t written = 0;
  const absl::Status status = WriteRunLocked(first, count, source, &written);
  const uint64_t end = (first + written) * kChunkSize;
  if (written > 0 && end > size()) {
    size_.store(end, std::memory_order_release);
  }
  for (uint64_t chunk = first; chunk < first + written; ++chunk) {
    const auto it = dirty_.find(chunk);
    if (it != dirty_.end()) DropDirtyLocked(it);
  }
  if (status.ok()) return status;
  // The chunk after the last whole one may be torn on the store. Memory has to
  // keep it then: the new bytes, for the old ones may be gone.
  const uint64_t torn = first + written;
  if (written < count && torn * kChunkSize < stored_before) {
    DirtyChunk& dirty = InsertDirtyLocked(torn);
    const ConstBytes content = source(torn);
    std::memcpy(dirty.buffer.bytes().data(), content.data(), content.size());
    dirty.size = kChunkSize;
    if ((torn + 1) * kChunkSize > size()) {
      size_.store((torn + 1) * kChunkSize, std::memory_order_release);
    }
  }
  return status;
}

absl::StatusOr<OpenFile::DirtyChunk*> OpenFile::DirtyLocked(
    uint64_t number, bool is_overwritten) {
  if (const auto it = dirty_.find(number); it != dirty_.end()) {
    return &it->second;
  }
  if (!dirty_.empty() && ((dirty_.size() + 1) * kChunkSize > kDirtyLimit ||
                          env_->budget->IsOver())) {
    RETURN_IF_ERROR(WriteBackLocked());
  }
  BufferPool::Buffer buffer = env_->buffers->Get(kChunkSize);
  const uint32_t present = is_overwritten ? 0 : ChunkBytes(number, size());
  if (present > 0) {
    const MutableBytes content = buffer.bytes().first(present);
    if (!CopyFromMemoryLocked(ChunkPiece{number, 0, present}, content)) {
      RETURN_IF_ERROR(ReadStoredLocked(number * kChunkSize, content));
    }
  }
  DirtyChunk& dirty = InsertDirtyLocked(number);
  dirty.buffer = std::move(buffer);
  dirty.size = present;
  return &dirty;
}

OpenFile::DirtyChunk& OpenFile::InsertDirtyLocked(uint64_t number) {
  const auto [it, is_new] = dirty_.try_emplace(number);
  if (is_new) {
    env_->budget->Add(kChunkSize);
    it->second.buffer = env_->buffers->Get(kChunkSize);
    DropCachedLocked(number, number + 1);
    dirty_since_ = std::min(dirty_since_, env_->clock->Monotonic());
  }
  return it->second;
}

absl::Status OpenFile::ExtendLocked(uint64_t size,
                                    const InterruptCheck& interrupted) {
  const uint64_t before = this->size();
  if (codec_ == nullptr) RETURN_IF_ERROR(WriteNewHeaderLocked());
  const absl::Status status = AppendZerosLocked(size, interrupted);
  if (!status.ok() && this->size() > before) {
    // All or nothing. Should cutting fail as well, zeros stay at the end.
    if (const absl::Status undone =
            before == 0 ? DiscardContentLocked() : ShrinkLocked(before);
        !undone.ok()) {
      return undone;
    }
  }
  return status;
}

absl::Status OpenFile::AppendZerosLocked(uint64_t size,
                                         const InterruptCheck& interrupted) {
  while (this->size() < size) {
    if (interrupted && interrupted()) return ErrnoError(EINTR, "extend");
    const uint64_t at = this->size();
    const ChunkPiece piece = *ChunkPieces(at, size - at).begin();
    if (piece.size < kChunkSize) {
      RETURN_IF_ERROR(
          WritePieceLocked(piece, ConstBytes(kZeroChunk).first(piece.size)));
      continue;
    }
    RETURN_IF_ERROR(WriteBackBelowLocked(piece.chunk));
    const size_t count =
        std::min<uint64_t>((size - at) / kChunkSize, kRunChunks);
    size_t written = 0;
    const absl::Status status = WriteRunLocked(
        piece.chunk, count, [](uint64_t) { return ConstBytes(kZeroChunk); },
        &written);
    size_.store((piece.chunk + written) * kChunkSize,
                std::memory_order_release);
    RETURN_IF_ERROR(status);
  }
  return absl::OkStatus();
}

// Order of section 8.1: the cut chunk first, in place, then the file's end.
// Nothing in memory is given up before the store has followed.
absl::Status OpenFile::ShrinkLocked(uint64_t size) {
  const uint64_t last = size / kChunkSize;
  const uint32_t rest = size % kChunkSize;
  const bool is_stored = stored_size_ > size;
  DirtyChunk* cut = nullptr;
  if (rest > 0) {
    ASSIGN_OR_RETURN(cut, DirtyLocked(last, /*is_overwritten=*/false));
  }
  if (is_stored) {
    if (cut != nullptr) {
      const ConstBytes content = ConstBytes(cut->buffer.bytes()).first(rest);
      size_t written = 0;
      RETURN_IF_ERROR(WriteRunLocked(
          last, 1, [content](uint64_t) { return content; }, &written));
    }
    RETURN_IF_ERROR(file_->Truncate(env_->layout.CiphertextSize(size)));
    stored_size_ = size;
  }
  DropCachedLocked(last, UINT64_MAX);
  for (auto it = dirty_.lower_bound(last + (rest > 0 ? 1 : 0));
       it != dirty_.end();) {
    it = DropDirtyLocked(it);
  }
  if (cut != nullptr) {
    // Bytes past the new end must not come back when the file grows again.
    MutableBytes tail = cut->buffer.bytes().subspan(rest);
    std::fill(tail.begin(), tail.end(), 0);
    cut->size = rest;
    if (is_stored) DropDirtyLocked(dirty_.find(last));
  }
  size_.store(size, std::memory_order_release);
  return absl::OkStatus();
}

absl::Status OpenFile::WriteBackLocked() {
  return WriteBackBelowLocked(UINT64_MAX);
}

absl::Status OpenFile::WriteBackBelowLocked(uint64_t end_chunk) {
  while (!dirty_.empty() && dirty_.begin()->first < end_chunk) {
    const uint64_t first = dirty_.begin()->first;
    size_t count = 0;
    for (auto it = dirty_.begin();
         it != dirty_.end() && it->first == first + count &&
         it->first < end_chunk && count < kRunChunks;
         ++it) {
      ++count;
    }
    const auto source = [this](uint64_t chunk) {
      mu_.AssertHeld();
      const DirtyChunk& dirty = dirty_.at(chunk);
      return dirty.buffer.bytes().first(dirty.size);
    };
    size_t written = 0;
    const absl::Status status = WriteRunLocked(first, count, source, &written);
    for (size_t i = 0; i < written; ++i) {
      const auto it = dirty_.begin();
      auto clean = std::make_shared<CachedChunk>();
      clean->size = it->second.size;
      clean->buffer = std::move(it->second.buffer);
      const ChunkKey key{content_, it->first};
      DropDirtyLocked(it);
      may_be_cached_.store(true, std::memory_order_relaxed);
      env_->chunk_cache->Put(key, std::move(clean), kChunkSize);
    }
    RETURN_IF_ERROR(status);
  }
  return absl::OkStatus();
}

absl::Status OpenFile::WriteRunLocked(uint64_t first, size_t count,
                                      const ChunkSource& source,
                                      size_t* written) {
  const ChunkLayout& layout = env_->layout;
  BufferPool::Buffer sealed =
      env_->buffers->Get(count * layout.sealed_chunk_size());
  MutableBytes rest = sealed.bytes();
  uint64_t cleartext = 0;
  for (uint64_t chunk = first; chunk < first + count; ++chunk) {
    const ConstBytes content = source(chunk);
    CHECK(content.size() == kChunkSize || chunk == first + count - 1,
          "only the last chunk of a file is short");
    codec_->Seal(chunk, *env_->random, content,
                 rest.first(content.size() + layout.overhead()));
    rest.remove_prefix(content.size() + layout.overhead());
    cleartext += content.size();
  }
  env_->metrics->crypto_bytes(Direction::kWrite).Increment(cleartext);
  const ConstBytes bytes =
      ConstBytes(sealed.bytes()).first(sealed.size() - rest.size());
  const uint64_t begin = layout.ChunkOffset(first);
  const BufferPool::Buffer tail = SealedTailLocked(begin, begin + bytes.size());
  const uint64_t tail_chunk = stored_size_ / kChunkSize;
  const WriteResult result = file_->WriteAt(begin, bytes);
  DropCachedLocked(first, first + count);
  *written = result.status.ok()
                 ? count
                 : std::min<size_t>(result.written / layout.sealed_chunk_size(),
                                    count);
  const uint64_t end =
      first * kChunkSize +
      std::min<uint64_t>(cleartext, *written * uint64_t{kChunkSize});
  if (*written > 0) stored_size_ = std::max(stored_size_, end);
  if (!result.status.ok()) {
    const bool tail_is_new = tail_chunk < first + *written;
    RepairTailLocked(tail_is_new ? ConstBytes() : ConstBytes(tail.bytes()));
  }
  return result.status;
}

BufferPool::Buffer OpenFile::SealedTailLocked(uint64_t begin, uint64_t end) {
  const uint64_t tail = env_->layout.ChunkOffset(stored_size_ / kChunkSize);
  const uint64_t stored_end = env_->layout.CiphertextSize(stored_size_);
  if (tail == stored_end || tail < begin || end <= stored_end) return {};
  BufferPool::Buffer sealed = env_->buffers->Get(stored_end - tail);
  const absl::StatusOr<size_t> got = file_->ReadAt(tail, sealed.bytes());
  if (!got.ok() || *got != sealed.size()) return {};
  return sealed;
}

void OpenFile::RepairTailLocked(ConstBytes tail) {
  const uint64_t end = env_->layout.CiphertextSize(stored_size_);
  // Its blocks are allocated, so that a full store takes it back.
  absl::Status status = tail.empty()
                            ? absl::OkStatus()
                            : file_->WriteAt(end - tail.size(), tail).status;
  status.Update(file_->Truncate(end));
  if (!status.ok()) {
    env_->logger->LogLimited("tail", Severity::kError,
                             "what a failed write left at a file's end stays");
  }
}

}  // namespace casemate
