// casemate unmount.
#ifndef TOOLS_CASEMATE_UNMOUNT_COMMAND_H_
#define TOOLS_CASEMATE_UNMOUNT_COMMAND_H_

#include "absl/status/status.h"
#include "base/log.h"
#include "tools/casemate/command_line.h"

namespace casemate {

// Unmounts and then waits until the daemon has written everything and let go
// of the vault, so that the next `mount` finds it free. A lazy unmount does
// not wait for those who still use the mount. The mounted file system itself
// is never asked anything: it may be dead.
absl::Status RunUnmount(const UnmountCommand& command, Logger& logger);

}  // namespace casemate

#endif  // TOOLS_CASEMATE_UNMOUNT_COMMAND_H_
