// Time comes in through the constructor, so that tests can move it.
// Only main() makes a RealClock; testing/fakes/fake_clock.h has the other one.
#ifndef BASE_CLOCK_H_
#define BASE_CLOCK_H_

#include "absl/time/time.h"

namespace casemate {

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // Wall-clock time, what a file's mtime is set to. May jump.
  virtual absl::Time Now() const = 0;
  // Time since an arbitrary point; never goes back. For ages and latencies.
  virtual absl::Duration Monotonic() const = 0;
};

class RealClock final : public Clock {
 public:
  absl::Time Now() const override;
  absl::Duration Monotonic() const override;
};

}  // namespace casemate

#endif  // BASE_CLOCK_H_
