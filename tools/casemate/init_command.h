// casemate init.
#ifndef TOOLS_CASEMATE_INIT_COMMAND_H_
#define TOOLS_CASEMATE_INIT_COMMAND_H_

#include "absl/status/status.h"
#include "base/log.h"
#include "tools/casemate/command_line.h"

namespace casemate {

// Makes the folder if there is none, and a vault in it. What was made is
// removed again when that fails.
absl::Status RunInit(const InitCommand& command, Logger& logger);

}  // namespace casemate

#endif  // TOOLS_CASEMATE_INIT_COMMAND_H_
