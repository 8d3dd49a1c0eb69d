// Which processes keep a mount from being unmounted.
#ifndef TOOLS_CASEMATE_BUSY_PROCESSES_H_
#define TOOLS_CASEMATE_BUSY_PROCESSES_H_

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

#include "absl/types/span.h"

namespace casemate {

struct BusyProcess {
  pid_t pid = 0;
  std::string command;
};

// The processes, but for this one, with a working or root folder, a program, an
// open file or a mapping on the file system `device`, ascending, at most
// `limit`. Others' processes are only seen with the right to look at them.
//
// The file system is not asked, so a daemon that hangs does not make this
// hang: statx(2) for nothing but the device is answered by the kernel, also
// when the mount lets in nobody but its owner.
std::vector<BusyProcess> FindBusyProcesses(dev_t device, size_t limit);

// "1234 (bash), 1300 (vim)".
std::string FormatProcesses(absl::Span<const BusyProcess> processes);

}  // namespace casemate

#endif  // TOOLS_CASEMATE_BUSY_PROCESSES_H_
