// `casemate doctor`.
#ifndef TOOLS_CASEMATE_DOCTOR_COMMAND_H_
#define TOOLS_CASEMATE_DOCTOR_COMMAND_H_

#include "absl/status/status.h"
#include "base/log.h"
#include "tools/casemate/command_line.h"

namespace casemate {

// Prints the report. kFindings when something of severity warning or critical
// remains.
absl::Status RunDoctor(const DoctorCommand& command, Logger& logger);

}  // namespace casemate

#endif  // TOOLS_CASEMATE_DOCTOR_COMMAND_H_
