// A mount on which everything has happened, for the tests of the exporter.
#ifndef OPS_EXPORTER_RECORDED_METRICS_H_
#define OPS_EXPORTER_RECORDED_METRICS_H_

#include <cstddef>

#include "absl/time/time.h"
#include "ops/metrics/metrics.h"

namespace casemate {

// Records every opcode with every errno there is, and success: the largest
// scrape that a mount can answer with.
inline void RecordEverything(Metrics* metrics) {
  for (size_t op = 0; op < LabelSet<FuseOp>::kSize; ++op) {
    for (int error = 0; error < 200; ++error) {
      metrics->RecordFuseOp(static_cast<FuseOp>(op), error,
                            absl::Microseconds(error));
    }
  }
}

}  // namespace casemate

#endif  // OPS_EXPORTER_RECORDED_METRICS_H_
