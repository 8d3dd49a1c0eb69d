#include "base/mutex.h"

#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace casemate {
namespace {

constexpr int kThreads = 4;
constexpr int kRounds = 2000;

class LockedCounter {
 public:
  void Increment() {
    MutexLock lock(&mu_);
    ++value_;
  }
  int value() {
    MutexLock lock(&mu_);
    return value_;
  }

 private:
  Mutex mu_;
  int value_ ABSL_GUARDED_BY(mu_) = 0;
};

// Under tsan this is also the proof that our locks are understood.
TEST(MutexTest, LockedCounterLosesNoIncrement) {
  LockedCounter counter;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&counter] {
      for (int round = 0; round < kRounds; ++round) counter.Increment();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counter.value(), kThreads * kRounds);
}

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
// The other half: TSan does see the race once the lock is gone.
TEST(MutexDeathTest, TsanCatchesTheSameCounterWithoutItsLock) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        int value = 0;
        std::thread other([&value] {
          for (int i = 0; i < kRounds; ++i) ++value;
        });
        for (int i = 0; i < kRounds; ++i) ++value;
        other.join();
      },
      "data race");
}
#endif
#endif

TEST(MutexTest, CondVarWaitForReturnsFalseOnTimeout) {
  Mutex mu;
  CondVar cv;
  MutexLock lock(&mu);
  EXPECT_FALSE(cv.WaitFor(&mu, absl::Milliseconds(1)));
}

TEST(SharedMutexTest, WritersExcludeReaders) {
  SharedMutex mu;
  int first = 0;
  int second = 0;
  bool torn = false;
  std::thread writer([&] {
    for (int i = 0; i < kRounds; ++i) {
      WriterLock lock(&mu);
      ++first;
      ++second;
    }
  });
  for (int i = 0; i < kRounds; ++i) {
    ReaderLock lock(&mu);
    torn = torn || first != second;
  }
  writer.join();
  EXPECT_FALSE(torn);
}

}  // namespace
}  // namespace casemate
