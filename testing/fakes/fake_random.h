// Random sources for tests: one that repeats from run to run, and one that
// says exactly what a vector says.
#ifndef TESTING_FAKES_FAKE_RANDOM_H_
#define TESTING_FAKES_FAKE_RANDOM_H_

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/check.h"
#include "base/mutex.h"
#include "crypto/random/random_source.h"

namespace casemate {

// The same bytes for the same seed. No two 8-byte blocks it hands out are
// equal, so nonces do not repeat. Thread-safe.
class FakeRandom final : public RandomSource {
 public:
  explicit FakeRandom(uint64_t seed) : state_(seed) {}

  void Fill(MutableBytes out) override ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    for (size_t at = 0; at < out.size(); at += 8) {
      const uint64_t block = Next();
      for (size_t i = at; i < std::min(at + 8, out.size()); ++i) {
        out[i] = static_cast<uint8_t>(block >> (8 * (i - at)));
      }
    }
  }

 private:
  // SplitMix64: a bijection of a counter, hence no repeats.
  uint64_t Next() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  Mutex mu_;
  uint64_t state_ ABSL_GUARDED_BY(mu_);
};

// Hands out `script` once, from its start. Asking for more is a failed test.
// Thread-safe.
class ScriptedRandom final : public RandomSource {
 public:
  explicit ScriptedRandom(std::vector<uint8_t> script)
      : script_(std::move(script)) {}

  void Fill(MutableBytes out) override ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    CHECK(out.size() <= script_.size() - at_, "the script is long enough");
    std::copy_n(script_.begin() + at_, out.size(), out.begin());
    at_ += out.size();
  }

 private:
  Mutex mu_;
  const std::vector<uint8_t> script_;
  size_t at_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace casemate

#endif  // TESTING_FAKES_FAKE_RANDOM_H_
