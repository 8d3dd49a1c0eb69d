// Page-aligned buffers for content on its way through: reused, and zeroed when
// given back, since they hold cleartext.
//
//   BufferPool pool(BufferPool::Options{});
//   BufferPool::Buffer buffer = pool.Get(sealed_size);
//   file->ReadAt(offset, buffer.bytes());
//
// A Get that finds an idle buffer of its size class allocates nothing. Only the
// bytes that were handed out are wiped: wiping a megabyte for each 4 KiB read
// would cost more than the read.
#ifndef CACHE_BUFFER_POOL_H_
#define CACHE_BUFFER_POOL_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/bytes.h"
#include "base/mutex.h"

namespace casemate {

// Thread-safe. Outlives its buffers.
class BufferPool {
 public:
  static constexpr size_t kAlignment = 4096;

  struct Options {
    // Ascending multiples of kAlignment. One sealed chunk; the sealed chunks
    // that a request of 256 KiB can touch, and one of 1 MiB: nine and
    // thirty-three, since a request need not begin at a chunk.
    std::vector<size_t> class_sizes = {36 << 10, 320 << 10, 1088 << 10};
    // Idle buffers kept per class; further ones are freed.
    size_t max_idle_per_class = 16;
  };

  // Move-only; wiped and given back on destruction. Default-constructed or
  // moved from, it is empty. Not thread-safe.
  class Buffer {
   public:
    Buffer() = default;
    ~Buffer() { Release(); }
    Buffer(Buffer&& other) noexcept { Swap(other); }
    Buffer& operator=(Buffer&& other) noexcept {
      Buffer taken(std::move(other));
      Swap(taken);
      return *this;
    }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;

    // As many bytes as were asked for; what they hold is zero.
    MutableBytes bytes() { return MutableBytes(data_, size_); }
    ConstBytes bytes() const { return ConstBytes(data_, size_); }
    size_t size() const { return size_; }

    // Gives the memory back now.
    void Release();

   private:
    friend class BufferPool;
    Buffer(BufferPool* pool, uint8_t* data, size_t size)
        : pool_(pool), data_(data), size_(size) {}
    void Swap(Buffer& other) noexcept {
      std::swap(pool_, other.pool_);
      std::swap(data_, other.data_);
      std::swap(size_, other.size_);
    }

    BufferPool* pool_ = nullptr;
    uint8_t* data_ = nullptr;
    size_t size_ = 0;
  };

  explicit BufferPool(const Options& options);
  ~BufferPool();

  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  // A zeroed buffer of `size` bytes, from the smallest class that holds it. One
  // larger than the largest class is allocated for this once. Size 0 is the
  // empty buffer.
  Buffer Get(size_t size);

  // Memory handed out now, and memory kept for reuse, in bytes of the classes.
  size_t outstanding_bytes() const { return outstanding_bytes_.load(); }
  size_t idle_bytes() const;

 private:
  struct SizeClass {
    explicit SizeClass(size_t buffer_size) : size(buffer_size) {}
    const size_t size;
    mutable Mutex mu;
    // Its capacity is reserved for max_idle_per_class once.
    std::vector<uint8_t*> idle ABSL_GUARDED_BY(mu);
  };

  // The smallest class for `size`, or null.
  SizeClass* ClassFor(size_t size) const;
  // What a buffer of `size` occupies.
  size_t FootprintOf(size_t size) const;
  void GiveBack(uint8_t* data, size_t size);

  const size_t max_idle_per_class_;
  std::vector<std::unique_ptr<SizeClass>> classes_;
  std::atomic<size_t> outstanding_bytes_{0};
};

}  // namespace casemate

#endif  // CACHE_BUFFER_POOL_H_
