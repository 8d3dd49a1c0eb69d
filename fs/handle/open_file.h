// The content of one file that is open, whoever opened it and however often:
// header, size, dirty chunks. DESIGN.md has the reasons.
//
//   clean chunks   on the store; those read in part are in the chunk cache
//   dirty chunks   cleartext in memory, written back past a limit, by a timer,
//                  and at flush, fsync, release and getattr
//
// Writing is in place, chunk by chunk. A run of whole chunks is sealed straight
// from the caller's buffer and written in one call, never read before; a chunk
// written in part is loaded, changed in memory and left dirty. No file is ever
// held whole: at most kDirtyLimit of one file waits in memory.
//
// What is on the store is at any moment a file that the format's readers
// accept, up to a chunk that is being overwritten: the store's file grows only
// by chunks appended in order after a full last chunk. A chunk overwritten in
// place is not atomic: killed in the middle, the chunk is lost, its old bytes
// too. (The journal that mends this is a later room.)
//
// Errors: code DataLoss and EIO for a chunk that does not verify; EFBIG past
// the format's largest size; the store's errno for the rest. After a failed
// write-back nothing is dropped: the chunks stay dirty and are tried again.
//
// Threads: every method from any thread at once.
#ifndef FS_HANDLE_OPEN_FILE_H_
#define FS_HANDLE_OPEN_FILE_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mutex.h"
#include "cache/buffer_pool.h"
#include "cache/lru_ttl_cache.h"
#include "crypto/content/chunk_codec.h"
#include "crypto/content/chunk_layout.h"
#include "crypto/content/file_header.h"
#include "crypto/random/random_source.h"
#include "fs/handle/dirty_budget.h"
#include "fs/inode/ino.h"
#include "fs/storage/storage.h"
#include "ops/metrics/metrics.h"

namespace casemate {

// Which clean chunk. Not the header nonce: a copied file has its original's,
// and the two differ as soon as one is written. `content` is a number that no
// two headers of a mount share.
struct ChunkKey {
  uint64_t content = 0;
  uint64_t chunk = 0;

  friend bool operator==(const ChunkKey& a, const ChunkKey& b) {
    return a.content == b.content && a.chunk == b.chunk;
  }
  template <typename H>
  friend H AbslHashValue(H h, const ChunkKey& key) {
    return H::combine(std::move(h), key.content, key.chunk);
  }
};

// Cleartext of one chunk; wiped when the last reference goes.
struct CachedChunk {
  BufferPool::Buffer buffer;  // at least `size` bytes
  uint32_t size = 0;          // content
};
using ChunkCache = LruTtlCache<ChunkKey, std::shared_ptr<const CachedChunk>>;

// What all open files of a mount share. Everything outlives them.
struct FileEnvironment {
  ChunkLayout layout;
  const HeaderCodec* header_codec;
  ConstBytes mac_key;
  RandomSource* random;
  ChunkCache* chunk_cache;
  BufferPool* buffers;
  DirtyBudget* budget;
  std::atomic<uint64_t>* next_content;  // for ChunkKey
  const Clock* clock;
  Metrics* metrics;
  RateLimitedLogger* logger;
};

// Whether a caller that waits no longer makes a long loop stop; may be null.
using InterruptCheck = std::function<bool()>;

class OpenFile {
 public:
  // Dirty cleartext of one file past which a write writes back.
  static constexpr size_t kDirtyLimit = size_t{4} << 20;
  // Chunks sealed into one buffer and written by one call.
  static constexpr size_t kRunChunks = 32;

  // Reads the header of `file`. A store file of 0 bytes is an empty file whose
  // header has yet to be written. DataLoss for a header that is cut short or
  // does not verify; also, when `for_write`, for a size that no file can have.
  static absl::StatusOr<std::shared_ptr<OpenFile>> Open(
      const FileEnvironment* environment, Ino ino, std::unique_ptr<File> file,
      bool for_write);
  // A file whose `header` was just written.
  static std::shared_ptr<OpenFile> Created(const FileEnvironment* environment,
                                           Ino ino, std::unique_ptr<File> file,
                                           FileHeader header);
  // Throws the content of `file` away, whatever it is, header included.
  static absl::StatusOr<std::shared_ptr<OpenFile>> OpenTruncated(
      const FileEnvironment* environment, Ino ino, std::unique_ptr<File> file);

  ~OpenFile();

  // Cleartext bytes, those not yet written back included. Lock-free.
  uint64_t size() const { return size_.load(std::memory_order_acquire); }

  absl::StatusOr<size_t> ReadAt(uint64_t offset, MutableBytes out);
  // Writes all of `data` or fails; a gap before `offset` becomes zeros. After
  // a failure each chunk holds either its old or its new bytes, and the size
  // is not beyond the last complete one (H16).
  absl::Status WriteAt(uint64_t offset, ConstBytes data,
                       const InterruptCheck& interrupted);
  // To any size; growing writes zeros, for the format has no holes. EINTR when
  // interrupted while growing: the size is then as before.
  absl::Status Truncate(uint64_t size, const InterruptCheck& interrupted);

  // Writes everything dirty to the store, without syncing it.
  absl::Status WriteBack();
  // WriteBack, then makes it durable.
  absl::Status Sync(bool data_only);
  // As WriteBack when something has been dirty for `age` or longer; an error
  // is remembered for the handles, see error_count().
  void WriteBackIfOlderThan(absl::Duration age);
  // For the last release after its write-back failed: drops what is dirty.
  // Returns how many bytes were lost.
  uint64_t Abandon();

  // The backing file's attributes, with `size` the cleartext size. Writes back
  // first, so that the times given are those that the store will keep.
  absl::StatusOr<FileStat> Stat();
  absl::Status SetAttributes(const AttributeChange& change);

  // Replaces the descriptor by a writable one, got from `reopen`, unless it is
  // writable already. DataLoss for a size that no file can have, unless the
  // content is about to be thrown away.
  enum class Content : uint8_t { kIsKept, kIsDiscarded };
  absl::Status EnsureWritable(
      const std::function<absl::StatusOr<std::unique_ptr<File>>()>& reopen,
      Content content);

  // Deferred errors (H4): a failed write-back that no caller was waiting for
  // raises the count; a handle reports the error when its own count is behind.
  uint64_t error_count() const {
    return error_count_.load(std::memory_order_acquire);
  }
  absl::Status last_error() const;
  // Raises the count for an error that one handle has been told already;
  // returns the new count, for that handle to remember.
  uint64_t DeferError(const absl::Status& error);

  bool HasDirty() const;

  // True for the first who asks, since the file was opened on the store.
  bool ClaimFirst() { return !is_claimed_.exchange(true); }

 private:
  struct DirtyChunk {
    BufferPool::Buffer buffer;  // kChunkSize
    uint32_t size = 0;          // bytes of it that are content
  };
  using DirtyMap = std::map<uint64_t, DirtyChunk>;
  using ChunkSource = std::function<ConstBytes(uint64_t chunk)>;

  OpenFile(const FileEnvironment* environment, Ino ino,
           std::unique_ptr<File> file);

  // The header.
  void SetHeaderLocked(const FileHeader& header)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status LoadHeaderLocked(const FileStat& stat)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status WriteNewHeaderLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status DiscardContentLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // Reading.
  bool CopyFromMemoryLocked(const ChunkPiece& piece, MutableBytes out)
      ABSL_SHARED_LOCKS_REQUIRED(mu_);
  // Reads [offset, offset + out.size()), all of it in chunks that are not in
  // memory, at most kRunChunks + 1 of them, by one call to the store.
  absl::Status ReadStoredLocked(uint64_t offset, MutableBytes out)
      ABSL_SHARED_LOCKS_REQUIRED(mu_);
  absl::Status OpenPieceLocked(const ChunkPiece& piece, ConstBytes sealed,
                               MutableBytes out)
      ABSL_SHARED_LOCKS_REQUIRED(mu_);
  absl::Status ChunkFailedLocked(uint64_t chunk, absl::string_view why) const
      ABSL_SHARED_LOCKS_REQUIRED(mu_);

  // Writing.
  absl::Status WriteLocked(uint64_t offset, ConstBytes data)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status WritePieceLocked(const ChunkPiece& piece, ConstBytes data)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status WriteWholeChunksLocked(uint64_t first, ConstBytes data)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The dirty chunk `number`, made from its present content unless that is
  // about to be overwritten whole. Writes back first when too much is dirty.
  absl::StatusOr<DirtyChunk*> DirtyLocked(uint64_t number, bool is_overwritten)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Chunk `number` as dirty content of ours, whatever the limit.
  DirtyChunk& InsertDirtyLocked(uint64_t number)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  DirtyMap::iterator DropDirtyLocked(DirtyMap::iterator it)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status ExtendLocked(uint64_t size, const InterruptCheck& interrupted)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status AppendZerosLocked(uint64_t size,
                                 const InterruptCheck& interrupted)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status ShrinkLocked(uint64_t size) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // Writing back.
  absl::Status WriteBackLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status WriteBackBelowLocked(uint64_t end_chunk)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Seals `count` consecutive chunks from `first` on and writes them by one
  // call; `*written` of them are whole on the store then. When that is not all,
  // the next one is neither old nor new, unless it lay past the stored size.
  absl::Status WriteRunLocked(uint64_t first, size_t count,
                              const ChunkSource& source, size_t* written)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The sealed bytes of the store's short last chunk when a write of [begin,
  // end) of the store's file would rewrite it and grow the file: what has to
  // come back should the store be full half-way. Empty otherwise.
  BufferPool::Buffer SealedTailLocked(uint64_t begin, uint64_t end)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // After a write that failed: the store's file ends where it did, and its
  // short last chunk is what it was, if `tail` has it.
  void RepairTailLocked(ConstBytes tail) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void DropCachedLocked(uint64_t first, uint64_t end)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const FileEnvironment* const env_;
  const Ino ino_;

  mutable SharedMutex mu_;
  std::shared_ptr<File> file_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<ChunkCodec> codec_ ABSL_GUARDED_BY(mu_);  // null: no header
  uint64_t content_ ABSL_GUARDED_BY(mu_) = 0;               // for ChunkKey
  DirtyMap dirty_ ABSL_GUARDED_BY(mu_);
  absl::Duration dirty_since_ ABSL_GUARDED_BY(mu_) = absl::InfiniteDuration();
  // Cleartext size of what the store's file holds. Every chunk that is not
  // wholly within it is dirty.
  uint64_t stored_size_ ABSL_GUARDED_BY(mu_) = 0;
  // The store's file ends in bytes that are no chunk (section 6): reading past
  // size() is EIO, and it cannot be written.
  bool has_damaged_tail_ ABSL_GUARDED_BY(mu_) = false;
  std::atomic<bool> is_claimed_{false};
  // Some chunk of this file may be in the cache.
  std::atomic<bool> may_be_cached_{false};

  std::atomic<uint64_t> size_{0};
  std::atomic<uint64_t> error_count_{0};
  mutable Mutex error_mu_;
  absl::Status last_error_ ABSL_GUARDED_BY(error_mu_);
};

}  // namespace casemate

#endif  // FS_HANDLE_OPEN_FILE_H_
