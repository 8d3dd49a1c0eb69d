// How `mount` becomes a daemon without leaving the user in the dark.
//
// The process forks first, before there are keys or a random generator to
// share (vault-format-8.md section 8). The child does all the work, on the
// user's terminal, and tells the launcher how it went; only then does the
// launcher exit, with the child's exit code and message.
//
//   return RunInBackground(interrupts, [&](StartupReporter& startup) {
//     ...                           // ask, unlock, mount
//     startup.Ready();              // the launcher exits with 0 now
//     ...                           // serve; nobody sees the Status any more
//   });
#ifndef TOOLS_CASEMATE_STARTUP_H_
#define TOOLS_CASEMATE_STARTUP_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "fs/storage/unique_fd.h"
#include "tools/casemate/interrupts.h"

namespace casemate {

class StartupReporter {
 public:
  // Reports to nobody: in the foreground.
  StartupReporter() = default;
  explicit StartupReporter(UniqueFd pipe) : pipe_(std::move(pipe)) {}

  bool has_launcher() const { return pipe_.valid(); }
  int fd() const { return pipe_.get(); }

  // Leaves the terminal, the session and the working folder, and lets the
  // launcher exit with 0. Without a launcher nothing happens.
  void Ready();
  // Hands `error` to the launcher. False when there is none to hear it.
  bool Failed(const absl::Status& error);

 private:
  UniqueFd pipe_;
};

// Runs `daemon` in a forked child and returns what it reported. In the child
// it does not return: the process ends with the exit code of what `daemon`
// returned. Signals for the launcher are handed on. kFork when the child ended
// without a word.
absl::Status RunInBackground(
    Interrupts& interrupts,
    const std::function<absl::Status(StartupReporter&)>& daemon);

// The record that goes through the pipe. Exposed for its test.
std::string EncodeStartupRecord(const absl::Status& status);
absl::optional<absl::Status> DecodeStartupRecord(absl::string_view record);

// Every open descriptor from 3 on, ascending.
std::vector<int> OpenDescriptors();
// Closes what the process inherited and a daemon has no use for: a script's
// lock file held open by a mount is held for ever.
void CloseDescriptors(const std::vector<int>& descriptors);

}  // namespace casemate

#endif  // TOOLS_CASEMATE_STARTUP_H_
