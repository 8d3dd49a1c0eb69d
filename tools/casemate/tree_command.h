// casemate tree.
#ifndef TOOLS_CASEMATE_TREE_COMMAND_H_
#define TOOLS_CASEMATE_TREE_COMMAND_H_

#include "absl/status/status.h"
#include "base/log.h"
#include "tools/casemate/command_line.h"

namespace casemate {

// Takes no lock: it reads, and a mounted vault may be read.
absl::Status RunTree(const TreeCommand& command, Logger& logger);

}  // namespace casemate

#endif  // TOOLS_CASEMATE_TREE_COMMAND_H_
