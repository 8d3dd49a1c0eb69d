// Reading: dirty chunks, else the chunk cache, else the store.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "fs/handle/open_file.h"

namespace casemate {

absl::StatusOr<size_t> OpenFile::ReadAt(uint64_t offset, MutableBytes out) {
  ReaderLock lock(&mu_);
  const uint64_t size = size_.load(std::memory_order_relaxed);
  if (offset >= size) {
    if (has_damaged_tail_ && !out.empty()) {
      return ChunkFailedLocked(size / kChunkSize, "is cut short");
    }
    return 0;
  }
  out = out.first(std::min<uint64_t>(out.size(), size - offset));
  // Pieces not in memory gather in [pending, position) for one call.
  uint64_t pending = offset;
  uint64_t position = offset;
  const auto read_pending = [&]() -> absl::Status {
    mu_.AssertReaderHeld();
    if (pending == position) return absl::OkStatus();
    return ReadStoredLocked(pending,
                            out.subspan(pending - offset, position - pending));
  };
  for (const ChunkPiece& piece : ChunkPieces(offset, out.size())) {
    if (CopyFromMemoryLocked(piece,
                             out.subspan(position - offset, piece.size))) {
      RETURN_IF_ERROR(read_pending());
      pending = position + piece.size;
    } else if (position - pending >= kRunChunks * kChunkSize) {
      RETURN_IF_ERROR(read_pending());
      pending = position;
    }
    position += piece.size;
  }
  RETURN_IF_ERROR(read_pending());
  env_->metrics->crypto_bytes(Direction::kRead).Increment(out.size());
  return out.size();
}

bool OpenFile::CopyFromMemoryLocked(const ChunkPiece& piece, MutableBytes out) {
  const auto copy = [&](ConstBytes content) {
    std::memcpy(out.data(), content.data() + piece.begin, piece.size);
    return true;
  };
  if (const auto it = dirty_.find(piece.chunk); it != dirty_.end()) {
    return copy(it->second.buffer.bytes());
  }
  if (!may_be_cached_.load(std::memory_order_relaxed)) return false;
  const auto cached = env_->chunk_cache->Get(ChunkKey{content_, piece.chunk});
  return cached.has_value() && copy((*cached)->buffer.bytes());
}

absl::Status OpenFile::ReadStoredLocked(uint64_t offset, MutableBytes out) {
  const ChunkLayout& layout = env_->layout;
  const uint64_t begin = layout.ChunkOffset(offset / kChunkSize);
  const uint64_t end_chunk = ChunkLayout::ChunkCount(offset + out.size());
  const uint64_t end = std::min(
      layout.CiphertextSize(stored_size_),
      begin + (end_chunk - offset / kChunkSize) * layout.sealed_chunk_size());
  BufferPool::Buffer sealed = env_->buffers->Get(end - begin);
  ASSIGN_OR_RETURN(const size_t got, file_->ReadAt(begin, sealed.bytes()));
  const ConstBytes available = ConstBytes(sealed.bytes()).first(got);
  for (const ChunkPiece& piece : ChunkPieces(offset, out.size())) {
    const uint64_t at = layout.ChunkOffset(piece.chunk) - begin;
    if (at >= available.size()) {
      return ChunkFailedLocked(piece.chunk, "is missing");
    }
    RETURN_IF_ERROR(OpenPieceLocked(
        piece, available.subspan(at, layout.sealed_chunk_size()),
        out.first(piece.size)));
    out.remove_prefix(piece.size);
  }
  return absl::OkStatus();
}

// A chunk that is used whole goes straight to the caller, whose kernel caches
// it; only one used in part is worth keeping.
absl::Status OpenFile::OpenPieceLocked(const ChunkPiece& piece,
                                       ConstBytes sealed, MutableBytes out) {
  if (sealed.size() < piece.begin + piece.size + env_->layout.overhead()) {
    return ChunkFailedLocked(piece.chunk, "is cut short");
  }
  const uint32_t content_size =
      static_cast<uint32_t>(sealed.size()) - env_->layout.overhead();
  if (piece.begin == 0 && piece.size == content_size) {
    const absl::Status opened = codec_->Open(piece.chunk, sealed, out);
    return opened.ok() ? opened
                       : ChunkFailedLocked(piece.chunk, "does not verify");
  }
  auto chunk = std::make_shared<CachedChunk>();
  chunk->buffer = env_->buffers->Get(kChunkSize);
  chunk->size = content_size;
  const MutableBytes content = chunk->buffer.bytes().first(content_size);
  if (!codec_->Open(piece.chunk, sealed, content).ok()) {
    return ChunkFailedLocked(piece.chunk, "does not verify");
  }
  std::memcpy(out.data(), content.data() + piece.begin, piece.size);
  may_be_cached_.store(true, std::memory_order_relaxed);
  env_->chunk_cache->Put(ChunkKey{content_, piece.chunk}, std::move(chunk),
                         kChunkSize);
  return absl::OkStatus();
}

absl::Status OpenFile::ChunkFailedLocked(uint64_t chunk,
                                         absl::string_view why) const {
  env_->metrics->auth_failures(AuthObject::kChunk).Increment();
  const std::string message = absl::StrCat(
      "inode ", static_cast<uint64_t>(ino_), ": chunk ", chunk, " ", why);
  env_->logger->LogLimited("chunk", Severity::kError, message);
  return WithErrno(absl::DataLossError(message), EIO);
}

}  // namespace casemate
