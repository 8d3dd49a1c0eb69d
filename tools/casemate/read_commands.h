// casemate ls and casemate cat.
#ifndef TOOLS_CASEMATE_READ_COMMANDS_H_
#define TOOLS_CASEMATE_READ_COMMANDS_H_

#include "absl/status/status.h"
#include "base/log.h"
#include "tools/casemate/command_line.h"

namespace casemate {

// Both take no lock: they read, and a mounted vault may be read.
absl::Status RunList(const ListCommand& command, Logger& logger);
absl::Status RunCat(const CatCommand& command, Logger& logger);

}  // namespace casemate

#endif  // TOOLS_CASEMATE_READ_COMMANDS_H_
