// Reads the password, from the one place that is right:
//   1. the flag that was given (password_options.h),
//   2. the variable CASEMATE_PASSWORD,
//   3. systemd's credential, $CREDENTIALS_DIRECTORY/casemate.password,
//   4. a prompt on the terminal; for a new vault, twice.
//
// A new password for an old vault, and a recovery key, come from their flag or
// the prompt.
//
// A newline at the end of a file or of what a pipe gave is no part of it; of a
// command's output the first line counts. Nothing else is trimmed.
//
// The bytes go from read(2) straight into a SecretBytes; no copy is made.
#ifndef TOOLS_CASEMATE_PASSWORD_H_
#define TOOLS_CASEMATE_PASSWORD_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "base/log.h"
#include "crypto/secret/secret_bytes.h"
#include "tools/casemate/interrupts.h"
#include "tools/casemate/password_options.h"

namespace casemate {

inline constexpr size_t kMaxPasswordSize = 64 * 1024;
inline constexpr char kPasswordVariable[] = "CASEMATE_PASSWORD";
inline constexpr char kCredentialName[] = "casemate.password";

// kPasswordUnreadable, kEmptyPassword, or kInterrupted when a signal came
// first. Warns of a password file that others can read. Removes
// CASEMATE_PASSWORD, used or not, so that no child inherits it; kRecoveryKey,
// which runs none, leaves it to the new password that is read next. An empty
// recovery key is whoever decodes it to refuse.
absl::StatusOr<SecretBytes> ReadPassword(const PasswordOptions& options,
                                         PasswordUse use,
                                         Interrupts& interrupts,
                                         Logger& logger);

// Overwrites the variable's value, which /proc/PID/environ shows, and removes
// it. Without effect when it is not set.
void ForgetVariable(const std::string& name);

// Prompts on `terminal` and reads a line with echo off. Echo is back when this
// returns, whatever happened.
absl::StatusOr<SecretBytes> PromptPassword(int terminal, const char* prompt,
                                           Interrupts& interrupts);

}  // namespace casemate

#endif  // TOOLS_CASEMATE_PASSWORD_H_
