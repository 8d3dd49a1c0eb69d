#include "fs/fuse/page_buffer.h"

#include <sys/mman.h>
#include <unistd.h>

#include <utility>

#include "base/check.h"

namespace casemate {
namespace {

size_t RoundUpToPages(size_t size) {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return (size + page - 1) / page * page;
}

}  // namespace

PageBuffer::PageBuffer(size_t size) {
  const size_t rounded = RoundUpToPages(size);
  void* const start = mmap(nullptr, rounded, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(start != MAP_FAILED, "no memory for a request's buffer");
  bytes_ = MutableBytes(static_cast<uint8_t*>(start), rounded);
}

PageBuffer::~PageBuffer() {
  if (!bytes_.empty()) munmap(bytes_.data(), bytes_.size());
}

PageBuffer::PageBuffer(PageBuffer&& other) noexcept
    : bytes_(std::exchange(other.bytes_, MutableBytes())) {}

PageBufferPool::Lease PageBufferPool::Take() {
  {
    MutexLock lock(&mu_);
    if (!free_.empty()) {
      PageBuffer buffer = std::move(free_.back());
      free_.pop_back();
      return Lease(this, std::move(buffer));
    }
  }
  return Lease(this, PageBuffer(buffer_size_));
}

void PageBufferPool::Return(PageBuffer buffer) {
  MutexLock lock(&mu_);
  free_.push_back(std::move(buffer));
}

}  // namespace casemate
