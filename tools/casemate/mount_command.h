// casemate mount.
#ifndef TOOLS_CASEMATE_MOUNT_COMMAND_H_
#define TOOLS_CASEMATE_MOUNT_COMMAND_H_

#include "absl/status/status.h"
#include "tools/casemate/command_line.h"

namespace casemate {

// In the background: returns when the mount answers, or cannot. In the
// foreground: returns when it is gone.
absl::Status RunMount(const MountCommand& command);

}  // namespace casemate

#endif  // TOOLS_CASEMATE_MOUNT_COMMAND_H_
