// Whole pages straight from the kernel, for requests and for replies.
#ifndef FS_FUSE_PAGE_BUFFER_H_
#define FS_FUSE_PAGE_BUFFER_H_

#include <cstddef>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/bytes.h"
#include "base/mutex.h"

namespace casemate {

// Page-aligned memory that costs nothing until it is touched. What it held
// (cleartext, here) goes back to the kernel, which zeroes pages before anybody
// else gets them.
class PageBuffer {
 public:
  // Rounds `size` up to pages. Aborts when there is no address space left.
  explicit PageBuffer(size_t size);
  ~PageBuffer();
  PageBuffer(PageBuffer&& other) noexcept;
  PageBuffer& operator=(PageBuffer&&) = delete;

  MutableBytes bytes() const { return bytes_; }

 private:
  MutableBytes bytes_;
};

// Buffers of one size for requests in progress, the last one returned first:
// its pages are in the cache of the CPU that is likely to want them. Never more
// than were in use at once. Content stays in a returned buffer until it is used
// again or the pool goes: zeroing a megabyte costs a third of a read.
// Thread-safe.
class PageBufferPool {
 public:
  class Lease {
   public:
    Lease(PageBufferPool* pool, PageBuffer buffer)
        : pool_(pool), buffer_(std::move(buffer)) {}
    ~Lease() { pool_->Return(std::move(buffer_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    MutableBytes bytes() const { return buffer_.bytes(); }

   private:
    PageBufferPool* const pool_;
    PageBuffer buffer_;
  };

  explicit PageBufferPool(size_t buffer_size) : buffer_size_(buffer_size) {}

  Lease Take();
  size_t buffer_size() const { return buffer_size_; }

 private:
  void Return(PageBuffer buffer);

  const size_t buffer_size_;
  Mutex mu_;
  std::vector<PageBuffer> free_ ABSL_GUARDED_BY(mu_);
};

}  // namespace casemate

#endif  // FS_FUSE_PAGE_BUFFER_H_
