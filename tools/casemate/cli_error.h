// A Status that knows the process's exit code and what the user can do next.
//
//   return CliError(ExitCode::kWrongPassword, "the password is wrong",
//                   "Check the keyboard layout and try again.");
//   ...
//   std::fputs(FormatError(status).c_str(), stderr);
//   return static_cast<int>(ExitCodeOf(status));
#ifndef TOOLS_CASEMATE_CLI_ERROR_H_
#define TOOLS_CASEMATE_CLI_ERROR_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tools/casemate/exit_codes.h"

namespace casemate {

// `what` says what is wrong and where, without a final stop; `next_step`, a
// sentence, what to do about it. `code` is not kOk.
absl::Status CliError(ExitCode code, absl::string_view what,
                      absl::string_view next_step = "");

// kUsage, pointing to `casemate --help`.
absl::Status UsageError(absl::string_view what);

// `code` alone, for an end whose reasons were told when they came up.
absl::Status ToldError(ExitCode code);

// kOther for an error that CliError did not make; kOk for OK.
ExitCode ExitCodeOf(const absl::Status& status);
// Empty when there is none.
std::string NextStepOf(const absl::Status& status);

// "casemate: <what>\n  <next step>\n", fit for a terminal: control characters
// that came with a path are escaped. Empty for a ToldError.
std::string FormatError(const absl::Status& status);

}  // namespace casemate

#endif  // TOOLS_CASEMATE_CLI_ERROR_H_
