// Errors of work that goes on after one: each is told at once, and the verb
// ends with the code of them.
#ifndef TOOLS_CASEMATE_ERROR_TALLY_H_
#define TOOLS_CASEMATE_ERROR_TALLY_H_

#include <cstdio>

#include "absl/status/status.h"
#include "tools/casemate/cli_error.h"
#include "tools/casemate/exit_codes.h"
#include "tools/casemate/progress.h"

namespace casemate {

// Not thread-safe.
class ErrorTally {
 public:
  // Takes `progress` away before it writes; it outlives this.
  explicit ErrorTally(Progress* progress) : progress_(progress) {}

  // Tells `error` on standard error and counts it.
  void Tell(const absl::Status& error) {
    progress_->Clear();
    std::fputs(FormatError(error).c_str(), stderr);
    Count(ExitCodeOf(error));
  }

  // OK, or an error that was told: kContentDamaged if one was, since that is
  // worth a search for backups; else the first one's code.
  absl::Status Result() const {
    return code_ == ExitCode::kOk ? absl::OkStatus() : ToldError(code_);
  }

 private:
  void Count(ExitCode code) {
    if (code_ == ExitCode::kOk || code == ExitCode::kContentDamaged) {
      code_ = code;
    }
  }

  Progress* const progress_;
  ExitCode code_ = ExitCode::kOk;
};

}  // namespace casemate

#endif  // TOOLS_CASEMATE_ERROR_TALLY_H_
