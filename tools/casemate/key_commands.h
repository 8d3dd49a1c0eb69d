// `casemate passwd`, `casemate recovery-key show` and `casemate recovery-key
// reset-password`: what is done with a vault's keys, mounted or not.
#ifndef TOOLS_CASEMATE_KEY_COMMANDS_H_
#define TOOLS_CASEMATE_KEY_COMMANDS_H_

#include "absl/status/status.h"
#include "base/log.h"
#include "tools/casemate/command_line.h"

namespace casemate {

// Asks for the old password, then for the new one. A failure leaves the old
// one in force, unless the message says that the new one may be.
absl::Status RunPasswd(const PasswdCommand& command, Logger& logger);

// Prints the 44 words to standard output, and a warning to standard error when
// that is a terminal.
absl::Status RunShowRecoveryKey(const ShowRecoveryKeyCommand& command,
                                Logger& logger);

// Asks for the recovery key, proves that it is this vault's, and only then asks
// for the new password and writes. kRecoveryKey.
absl::Status RunResetPassword(const ResetPasswordCommand& command,
                              Logger& logger);

}  // namespace casemate

#endif  // TOOLS_CASEMATE_KEY_COMMANDS_H_
