#include "tools/casemate/cli_error.h"

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/check.h"
#include "tools/casemate/terminal_text.h"

namespace casemate {
namespace {

constexpr absl::string_view kCodePayload = "casemate/exit_code";
constexpr absl::string_view kNextStepPayload = "casemate/next_step";

}  // namespace

absl::Status CliError(ExitCode code, absl::string_view what,
                      absl::string_view next_step) {
  CHECK(code != ExitCode::kOk, "an error has a code of its own");
  absl::Status status(code == ExitCode::kUsage
                          ? absl::StatusCode::kInvalidArgument
                          : absl::StatusCode::kFailedPrecondition,
                      what);
  status.SetPayload(kCodePayload,
                    absl::Cord(absl::StrCat(static_cast<int>(code))));
  if (!next_step.empty()) {
    status.SetPayload(kNextStepPayload, absl::Cord(next_step));
  }
  return status;
}

absl::Status UsageError(absl::string_view what) {
  return CliError(ExitCode::kUsage, what,
                  "Run `casemate --help`, or `casemate VERB --help`.");
}

absl::Status ToldError(ExitCode code) { return CliError(code, ""); }

ExitCode ExitCodeOf(const absl::Status& status) {
  if (status.ok()) return ExitCode::kOk;
  const absl::optional<absl::Cord> payload = status.GetPayload(kCodePayload);
  int number = 0;
  if (!payload || !absl::SimpleAtoi(std::string(*payload), &number)) {
    return ExitCode::kOther;
  }
  return static_cast<ExitCode>(number);
}

std::string NextStepOf(const absl::Status& status) {
  const absl::optional<absl::Cord> payload =
      status.GetPayload(kNextStepPayload);
  return payload ? std::string(*payload) : std::string();
}

std::string FormatError(const absl::Status& status) {
  if (status.message().empty()) return "";
  std::string text =
      absl::StrCat("casemate: ", EscapeControls(status.message()), "\n");
  if (const std::string next_step = NextStepOf(status); !next_step.empty()) {
    absl::StrAppend(&text, "  ", EscapeControls(next_step), "\n");
  }
  return text;
}

}  // namespace casemate
