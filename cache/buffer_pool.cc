#include "cache/buffer_pool.h"

#include <cstring>
#include <memory>
#include <new>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "base/mutex.h"
#include "crypto/secret/secret_bytes.h"

namespace casemate {
namespace {

constexpr std::align_val_t kAlign{BufferPool::kAlignment};

uint8_t* Allocate(size_t size) {
  auto* const data = static_cast<uint8_t*>(::operator new(size, kAlign));
  std::memset(data, 0, size);
  return data;
}

void Free(uint8_t* data) { ::operator delete(data, kAlign); }

}  // namespace

void BufferPool::Buffer::Release() {
  if (pool_ == nullptr) return;
  pool_->GiveBack(data_, size_);
  pool_ = nullptr;
  data_ = nullptr;
  size_ = 0;
}

BufferPool::BufferPool(const Options& options)
    : max_idle_per_class_(options.max_idle_per_class) {
  size_t previous = 0;
  for (const size_t size : options.class_sizes) {
    CHECK(size > previous && size % kAlignment == 0,
          "buffer classes are ascending multiples of the alignment");
    previous = size;
    classes_.push_back(std::make_unique<SizeClass>(size));
    MutexLock lock(&classes_.back()->mu);
    classes_.back()->idle.reserve(max_idle_per_class_);
  }
}

BufferPool::~BufferPool() {
  CHECK(outstanding_bytes() == 0, "a buffer outlived its pool");
  for (const std::unique_ptr<SizeClass>& size_class : classes_) {
    MutexLock lock(&size_class->mu);
    for (uint8_t* const data : size_class->idle) Free(data);
  }
}

BufferPool::Buffer BufferPool::Get(size_t size) {
  if (size == 0) return Buffer();
  uint8_t* data = nullptr;
  if (SizeClass* const size_class = ClassFor(size)) {
    MutexLock lock(&size_class->mu);
    if (!size_class->idle.empty()) {
      data = size_class->idle.back();
      size_class->idle.pop_back();
    }
  }
  const size_t footprint = FootprintOf(size);
  if (data == nullptr) data = Allocate(footprint);
  outstanding_bytes_ += footprint;
  return Buffer(this, data, size);
}

size_t BufferPool::idle_bytes() const {
  size_t sum = 0;
  for (const std::unique_ptr<SizeClass>& size_class : classes_) {
    MutexLock lock(&size_class->mu);
    sum += size_class->idle.size() * size_class->size;
  }
  return sum;
}

BufferPool::SizeClass* BufferPool::ClassFor(size_t size) const {
  for (const std::unique_ptr<SizeClass>& size_class : classes_) {
    if (size <= size_class->size) return size_class.get();
  }
  return nullptr;
}

size_t BufferPool::FootprintOf(size_t size) const {
  const SizeClass* const size_class = ClassFor(size);
  return size_class == nullptr ? size : size_class->size;
}

void BufferPool::GiveBack(uint8_t* data, size_t size) {
  Wipe(MutableBytes(data, size));
  outstanding_bytes_ -= FootprintOf(size);
  if (SizeClass* const size_class = ClassFor(size)) {
    MutexLock lock(&size_class->mu);
    if (size_class->idle.size() < max_idle_per_class_) {
      size_class->idle.push_back(data);
      return;
    }
  }
  Free(data);
}

}  // namespace casemate
