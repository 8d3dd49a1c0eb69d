#include "tools/casemate/standard_output.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/status.h"
#include "tools/casemate/cli_error.h"

namespace casemate {

absl::Status WriteOut(ConstBytes bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      return CliError(ExitCode::kOther,
                      ErrnoError(errno, "standard output").message());
    }
    bytes.remove_prefix(count);
  }
  return absl::OkStatus();
}

ProgressDisplay OutputProgress(ProgressDisplay display) {
  struct stat stat = {};
  const bool is_file =
      fstat(STDOUT_FILENO, &stat) == 0 && S_ISREG(stat.st_mode);
  return is_file ? display : ProgressDisplay::kNever;
}

}  // namespace casemate
