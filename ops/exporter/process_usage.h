// What the process uses, read from /proc/self as Prometheus's own client
// libraries do.
#ifndef OPS_EXPORTER_PROCESS_USAGE_H_
#define OPS_EXPORTER_PROCESS_USAGE_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace casemate {

struct ProcessUsage {
  absl::Duration cpu;
  absl::Time start_time;
  uint64_t resident_bytes = 0;
  uint64_t virtual_bytes = 0;
  uint64_t threads = 0;
  uint64_t open_fds = 0;
  uint64_t max_fds = 0;
};

// What a line of /proc/PID/stat says, in the kernel's units; proc(5).
struct ProcStat {
  uint64_t cpu_ticks = 0;    // user and system
  uint64_t start_ticks = 0;  // since boot
  uint64_t resident_pages = 0;
  uint64_t virtual_bytes = 0;
  uint64_t threads = 0;
};

// InvalidArgument when `line` is not such a line.
absl::StatusOr<ProcStat> ParseProcStat(absl::string_view line);

// Fails when /proc is not mounted. Thread-safe.
absl::StatusOr<ProcessUsage> ReadProcessUsage();

}  // namespace casemate

#endif  // OPS_EXPORTER_PROCESS_USAGE_H_
