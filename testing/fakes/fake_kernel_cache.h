// A kernel that only writes down what it was told to forget.
#ifndef TESTING_FAKES_FAKE_KERNEL_CACHE_H_
#define TESTING_FAKES_FAKE_KERNEL_CACHE_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "base/mutex.h"
#include "fs/core/kernel_cache.h"
#include "fs/inode/ino.h"

namespace casemate {

// Thread-safe.
class FakeKernelCache final : public KernelCache {
 public:
  using Name = std::pair<Ino, std::string>;  // parent and name

  void InvalidateEntry(Ino parent, absl::string_view name) override {
    MutexLock lock(&mu_);
    entries_.emplace_back(parent, std::string(name));
  }
  void InvalidateInode(Ino ino, int64_t, int64_t) override {
    MutexLock lock(&mu_);
    inodes_.push_back(ino);
  }
  void Delete(Ino parent, Ino, absl::string_view name) override {
    MutexLock lock(&mu_);
    deleted_.emplace_back(parent, std::string(name));
  }

  // Since the last time it was asked, in order.
  std::vector<Name> TakeEntries() { return Take(entries_); }
  std::vector<Ino> TakeInodes() { return Take(inodes_); }
  std::vector<Name> TakeDeleted() { return Take(deleted_); }

 private:
  template <typename T>
  std::vector<T> Take(std::vector<T>& from) ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    return std::exchange(from, {});
  }

  Mutex mu_;
  std::vector<Name> entries_;
  std::vector<Ino> inodes_;
  std::vector<Name> deleted_;
};

}  // namespace casemate

#endif  // TESTING_FAKES_FAKE_KERNEL_CACHE_H_
