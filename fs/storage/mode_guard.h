// Hides the moments in which a file's mode is not what its owner set.
#ifndef FS_STORAGE_MODE_GUARD_H_
#define FS_STORAGE_MODE_GUARD_H_

#include <atomic>
#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"

namespace casemate {

// Keeps those who ask for a mode, or change one, apart from the moments in
// which an open has widened it. Asking takes no lock unless there is one.
class ABSL_LOCKABLE ModeGuard {
 public:
  // For who widens: nobody changes a mode or sees one meanwhile.
  void BeginWidening() ABSL_EXCLUSIVE_LOCK_FUNCTION() {
    mu_.Lock();
    ++epoch_;
  }
  void EndWidening() ABSL_UNLOCK_FUNCTION() {
    ++epoch_;
    mu_.Unlock();
  }

  // The answer of `ask()`, a system call that tells a mode.
  template <typename Ask>
  auto Read(Ask ask) const -> decltype(ask()) {
    const uint64_t epoch = epoch_.load();
    if (epoch % 2 == 0) {
      auto answer = ask();
      if (epoch_.load() == epoch) return answer;
    }
    MutexLock lock(&mu_);
    return ask();
  }

  // The answer of `change()`, which changes a mode or an owner.
  template <typename Change>
  auto Write(Change change) -> decltype(change()) {
    MutexLock lock(&mu_);
    return change();
  }

 private:
  mutable Mutex mu_;
  std::atomic<uint64_t> epoch_{0};  // odd while a mode is wider than it should
};

}  // namespace casemate

#endif  // FS_STORAGE_MODE_GUARD_H_
