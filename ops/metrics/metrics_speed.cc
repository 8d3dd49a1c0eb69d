// Prints the cost of RecordFuseOp, the only call that every request pays:
// bazel run --config=opt //ops/metrics:metrics_speed
#include <cerrno>
#include <cstdio>

#include "absl/time/time.h"
#include "base/clock.h"
#include "ops/metrics/metrics.h"

int main() {
  constexpr int kRounds = 20'000'000;
  const casemate::RealClock clock;
  casemate::Metrics metrics;
  for (const int error : {0, ENOENT}) {
    const absl::Duration start = clock.Monotonic();
    for (int i = 0; i < kRounds; ++i) {
      metrics.RecordFuseOp(casemate::FuseOp::kLookup, error,
                           absl::Nanoseconds(i));
    }
    const absl::Duration spent = clock.Monotonic() - start;
    std::printf("RecordFuseOp(%s): %.1f ns\n", error == 0 ? "ok" : "ENOENT",
                absl::ToDoubleNanoseconds(spent) / kRounds);
  }
  return 0;
}
