#include "base/clock.h"

#include <ctime>

namespace casemate {

absl::Time RealClock::Now() const {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return absl::TimeFromTimespec(now);
}

absl::Duration RealClock::Monotonic() const {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return absl::DurationFromTimespec(now);
}

}  // namespace casemate
