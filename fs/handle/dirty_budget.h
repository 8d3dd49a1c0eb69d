// How much cleartext may wait in memory for its write-back, over all files of
// a mount.
#ifndef FS_HANDLE_DIRTY_BUDGET_H_
#define FS_HANDLE_DIRTY_BUDGET_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "ops/metrics/metrics.h"

namespace casemate {

// Thread-safe. Counts; who goes over it has to write back, which is
// OpenFile's and FileSystem's to do.
class DirtyBudget {
 public:
  // `metrics` may be null.
  DirtyBudget(size_t limit_bytes, Metrics* metrics)
      : limit_(limit_bytes), metrics_(metrics) {}

  void Add(size_t bytes) {
    used_.fetch_add(bytes, std::memory_order_relaxed);
    if (metrics_ != nullptr) {
      metrics_->dirty_bytes().Add(static_cast<int64_t>(bytes));
    }
  }
  void Remove(size_t bytes) {
    used_.fetch_sub(bytes, std::memory_order_relaxed);
    if (metrics_ != nullptr) {
      metrics_->dirty_bytes().Add(-static_cast<int64_t>(bytes));
    }
  }
  bool IsOver() const { return used() > limit_; }
  size_t used() const { return used_.load(std::memory_order_relaxed); }

 private:
  const size_t limit_;
  Metrics* const metrics_;
  std::atomic<size_t> used_{0};
};

}  // namespace casemate

#endif  // FS_HANDLE_DIRTY_BUDGET_H_
