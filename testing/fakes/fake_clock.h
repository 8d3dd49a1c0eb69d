// A clock that moves only when told to.
#ifndef TESTING_FAKES_FAKE_CLOCK_H_
#define TESTING_FAKES_FAKE_CLOCK_H_

#include <atomic>
#include <cstdint>

#include "absl/time/time.h"
#include "base/clock.h"

namespace casemate {

// Thread-safe. Starts at 2020-01-01 00:00:00 UTC.
class FakeClock final : public Clock {
 public:
  absl::Time Now() const override {
    return absl::FromUnixSeconds(1577836800) + Monotonic();
  }
  absl::Duration Monotonic() const override {
    return absl::Nanoseconds(elapsed_ns_.load());
  }
  void Advance(absl::Duration by) {
    elapsed_ns_ += absl::ToInt64Nanoseconds(by);
  }

 private:
  std::atomic<int64_t> elapsed_ns_{0};
};

}  // namespace casemate

#endif  // TESTING_FAKES_FAKE_CLOCK_H_
