// casemate info.
#ifndef TOOLS_CASEMATE_INFO_COMMAND_H_
#define TOOLS_CASEMATE_INFO_COMMAND_H_

#include <string>

#include "absl/status/statusor.h"
#include "fs/vault/vault_access.h"
#include "tools/casemate/command_line.h"

namespace casemate {

// What is to be printed about the vault. Asks for no password and believes
// nothing.
absl::StatusOr<std::string> RunInfo(const InfoCommand& command);

std::string FormatVaultInfo(const VaultInfo& info, InfoFormat format);

}  // namespace casemate

#endif  // TOOLS_CASEMATE_INFO_COMMAND_H_
