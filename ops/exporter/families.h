// Everything that one scrape shows, in prometheus-cpp's model: the table of
// ops/metrics, what is mounted, and the process.
#ifndef OPS_EXPORTER_FAMILIES_H_
#define OPS_EXPORTER_FAMILIES_H_

#include <string>
#include <vector>

#include "ops/metrics/metrics.h"
#include "prometheus/metric_family.h"

namespace casemate {

// The labels of casemate_mount_info and casemate_build_info.
struct MountInfo {
  std::string version;  // of casemate, "1.2.3"
  std::string cipher;   // the vault's cipher combo, "SIV_GCM"
  std::string format;   // the vault's format, "8"
};

// All families with at least one sample, in a stable order. Without a
// readable /proc the process_* families are absent. Thread-safe.
std::vector<prometheus::MetricFamily> CollectFamilies(const Metrics& metrics,
                                                      const MountInfo& info);

}  // namespace casemate

#endif  // OPS_EXPORTER_FAMILIES_H_
