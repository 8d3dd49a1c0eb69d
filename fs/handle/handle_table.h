// Open handles by number, one table for files and one for directories.
#ifndef FS_HANDLE_HANDLE_TABLE_H_
#define FS_HANDLE_HANDLE_TABLE_H_

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "fs/handle/handle_id.h"
#include "ops/metrics/metrics.h"

namespace casemate {

// Thread-safe. `Handle` is what a number stands for; Get shares it, so that a
// request in progress outlives a release that overtakes it.
template <class Handle>
class HandleTable {
 public:
  // `metrics` may be null.
  HandleTable(HandleKind kind, Metrics* metrics)
      : kind_bit_(kind == HandleKind::kDirectory ? uint64_t{1} << 63 : 0),
        kind_(kind),
        metrics_(metrics) {}

  HandleId Add(std::shared_ptr<Handle> handle) {
    if (metrics_ != nullptr) metrics_->open_handles(kind_).Add(1);
    MutexLock lock(&mu_);
    ++size_;
    uint32_t index;
    if (free_.empty()) {
      index = static_cast<uint32_t>(slots_.size());
      slots_.emplace_back();
    } else {
      index = free_.back();
      free_.pop_back();
    }
    slots_[index].handle = std::move(handle);
    return IdOf(index, slots_[index].generation);
  }

  // Null for a number that was never given, was released, or is of the other
  // table: EBADF.
  std::shared_ptr<Handle> Get(HandleId id) const {
    MutexLock lock(&mu_);
    const uint32_t index = IndexLocked(id);
    return index == kNoIndex ? nullptr : slots_[index].handle;
  }

  // The handle, no longer in the table; null as in Get.
  std::shared_ptr<Handle> Remove(HandleId id) {
    std::shared_ptr<Handle> removed;
    {
      MutexLock lock(&mu_);
      const uint32_t index = IndexLocked(id);
      if (index == kNoIndex) return nullptr;
      Slot& slot = slots_[index];
      removed = std::exchange(slot.handle, nullptr);
      slot.generation = NextGeneration(slot.generation);
      free_.push_back(index);
      --size_;
    }
    if (metrics_ != nullptr) metrics_->open_handles(kind_).Add(-1);
    return removed;
  }

  // The generation of a slot's next handle. Goes round, but leaves out 0: no
  // valid id is 0, which is what an unset fh looks like.
  static constexpr uint32_t NextGeneration(uint32_t generation) {
    return generation == kLastGeneration ? 1 : generation + 1;
  }
  static constexpr uint32_t kLastGeneration = 0x7fffffff;

  size_t size() const {
    MutexLock lock(&mu_);
    return size_;
  }

  // All of them, with their numbers.
  std::vector<std::pair<HandleId, std::shared_ptr<Handle>>> All() const {
    MutexLock lock(&mu_);
    std::vector<std::pair<HandleId, std::shared_ptr<Handle>>> all;
    for (uint32_t index = 0; index < slots_.size(); ++index) {
      if (slots_[index].handle == nullptr) continue;
      all.emplace_back(IdOf(index, slots_[index].generation),
                       slots_[index].handle);
    }
    return all;
  }

 private:
  struct Slot {
    std::shared_ptr<Handle> handle;  // null: free
    uint32_t generation = 1;
  };

  HandleId IdOf(uint32_t index, uint32_t generation) const {
    return HandleId{kind_bit_ | uint64_t{generation} << 32 | index};
  }

  static constexpr uint32_t kNoIndex = 0xffffffff;

  // The slot that `id` names, or kNoIndex.
  uint32_t IndexLocked(HandleId id) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    const uint32_t index = static_cast<uint32_t>(id);
    if (index >= slots_.size() || slots_[index].handle == nullptr ||
        IdOf(index, slots_[index].generation) != id) {
      return kNoIndex;
    }
    return index;
  }

  const uint64_t kind_bit_;
  const HandleKind kind_;
  Metrics* const metrics_;
  mutable Mutex mu_;
  std::vector<Slot> slots_ ABSL_GUARDED_BY(mu_);
  std::vector<uint32_t> free_ ABSL_GUARDED_BY(mu_);
  size_t size_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace casemate

#endif  // FS_HANDLE_HANDLE_TABLE_H_
