// Where bytes of a file lie: between cleartext offsets, chunks and ciphertext
// offsets. Pure arithmetic on vault-format-8.md, 6, in 64 bits that do not
// overflow for the arguments each call allows.
//
//   for (const ChunkPiece piece : ChunkPieces(offset, length)) {
//     ... bytes [piece.begin, piece.begin + piece.size) of chunk piece.chunk,
//         whose ciphertext starts at layout.ChunkOffset(piece.chunk)
//   }
#ifndef CRYPTO_CONTENT_CHUNK_LAYOUT_H_
#define CRYPTO_CONTENT_CHUNK_LAYOUT_H_

#include <algorithm>
#include <cstdint>
#include <limits>

#include "base/check.h"
#include "crypto/content/cipher_combo.h"

namespace casemate {

// Cleartext bytes of every chunk but a file's last, which has 1 or more.
inline constexpr uint32_t kChunkSize = 32768;

class ChunkLayout {
 public:
  enum class SizeState : uint8_t {
    kValid,
    kNoHeader,         // 0 bytes: a file whose header is not yet written; empty
    kTruncatedHeader,  // damaged: not even the header is whole
    kEmptyTail,        // valid to read: ends in a chunk of no bytes
    kTruncatedChunk,   // damaged: the last chunk is shorter than its overhead
  };

  struct CleartextSize {
    // For a damaged file: the bytes of its whole chunks.
    uint64_t size;
    SizeState state;
  };

  explicit constexpr ChunkLayout(CipherCombo combo)
      : header_size_(combo == CipherCombo::kSivGcm ? 68 : 88),
        overhead_(combo == CipherCombo::kSivGcm ? 28 : 48) {}

  constexpr uint32_t header_size() const { return header_size_; }
  // What sealing adds to a chunk: nonce and tag.
  constexpr uint32_t overhead() const { return overhead_; }
  constexpr uint32_t sealed_chunk_size() const {
    return kChunkSize + overhead_;
  }

  // The largest file whose ciphertext still has a 64-bit file offset; past it
  // is EFBIG.
  constexpr uint64_t max_cleartext_size() const {
    constexpr uint64_t kMaxFileSize = std::numeric_limits<int64_t>::max();
    return FromCiphertextSize(kMaxFileSize).size;
  }

  // The size of the file that holds `cleartext_size` bytes, which are at most
  // max_cleartext_size(). Strictly increasing.
  constexpr uint64_t CiphertextSize(uint64_t cleartext_size) const {
    CHECK(cleartext_size <= max_cleartext_size(), "EFBIG was answered before");
    const uint64_t rest = cleartext_size % kChunkSize;
    return ChunkOffset(cleartext_size / kChunkSize) +
           (rest == 0 ? 0 : rest + overhead_);
  }

  // The cleartext in a file of `ciphertext_size` bytes; takes any number.
  constexpr CleartextSize FromCiphertextSize(uint64_t ciphertext_size) const {
    if (ciphertext_size == 0) return {0, SizeState::kNoHeader};
    if (ciphertext_size < header_size_) {
      return {0, SizeState::kTruncatedHeader};
    }
    const uint64_t chunks = ciphertext_size - header_size_;
    const uint64_t whole = chunks / sealed_chunk_size() * kChunkSize;
    const uint64_t rest = chunks % sealed_chunk_size();
    if (rest == 0) return {whole, SizeState::kValid};
    if (rest < overhead_) return {whole, SizeState::kTruncatedChunk};
    if (rest == overhead_) return {whole, SizeState::kEmptyTail};
    return {whole + rest - overhead_, SizeState::kValid};
  }

  // Where the ciphertext of `chunk` starts. The chunk begins within
  // max_cleartext_size().
  constexpr uint64_t ChunkOffset(uint64_t chunk) const {
    CHECK(chunk <= max_cleartext_size() / kChunkSize,
          "the chunk lies in a file of possible size");
    return header_size_ + chunk * sealed_chunk_size();
  }

  // How many chunks `cleartext_size` bytes fill or begin.
  static constexpr uint64_t ChunkCount(uint64_t cleartext_size) {
    return cleartext_size / kChunkSize + (cleartext_size % kChunkSize != 0);
  }

 private:
  uint32_t header_size_;
  uint32_t overhead_;
};

// The bytes [begin, begin + size) of one chunk's cleartext; size > 0.
struct ChunkPiece {
  uint64_t chunk;
  uint32_t begin;
  uint32_t size;
};

// The range [offset, offset + length) of the cleartext as pieces, in order.
// A range for a range-for; allocates nothing.
class ChunkPieces {
 public:
  class Iterator {
   public:
    constexpr Iterator(uint64_t at, uint64_t end) : at_(at), end_(end) {}

    constexpr ChunkPiece operator*() const {
      const uint32_t begin = static_cast<uint32_t>(at_ % kChunkSize);
      const uint64_t size = std::min<uint64_t>(kChunkSize - begin, end_ - at_);
      return {at_ / kChunkSize, begin, static_cast<uint32_t>(size)};
    }
    constexpr Iterator& operator++() {
      at_ += (**this).size;
      return *this;
    }
    constexpr bool operator!=(const Iterator& other) const {
      return at_ != other.at_;
    }

   private:
    uint64_t at_;
    uint64_t end_;
  };

  // `offset + length` does not overflow.
  constexpr ChunkPieces(uint64_t offset, uint64_t length)
      : begin_(offset), end_(offset + length) {
    CHECK(end_ >= begin_, "the end of a range is a 64-bit offset");
  }

  constexpr Iterator begin() const { return Iterator(begin_, end_); }
  constexpr Iterator end() const { return Iterator(end_, end_); }

 private:
  uint64_t begin_;
  uint64_t end_;
};

}  // namespace casemate

#endif  // CRYPTO_CONTENT_CHUNK_LAYOUT_H_
