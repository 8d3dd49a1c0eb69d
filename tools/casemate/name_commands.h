// casemate name encrypt and casemate name decrypt.
#ifndef TOOLS_CASEMATE_NAME_COMMANDS_H_
#define TOOLS_CASEMATE_NAME_COMMANDS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/log.h"
#include "tools/casemate/command_line.h"

namespace casemate {

// Prints an answer for each path, an empty one where there is none; then the
// reason goes to standard error.
absl::Status RunName(const NameCommand& command, Logger& logger);

// `path` as the vault's folder has it: what starts with "d/" as it is, anything
// else, being a path of this machine, without the folder `vault`. "" when it
// does not lie there.
std::string StripVault(const std::string& vault, absl::string_view path);

}  // namespace casemate

#endif  // TOOLS_CASEMATE_NAME_COMMANDS_H_
