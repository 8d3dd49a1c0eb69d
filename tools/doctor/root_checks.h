// Findings about the vault's own two files and its folder (vault-format-8.md
// sections 1 to 3).
#ifndef TOOLS_DOCTOR_ROOT_CHECKS_H_
#define TOOLS_DOCTOR_ROOT_CHECKS_H_

#include "absl/status/status.h"
#include "tools/doctor/scan.h"

namespace casemate {

absl::Status CheckVaultFolder(Scan& scan);

}  // namespace casemate

#endif  // TOOLS_DOCTOR_ROOT_CHECKS_H_
