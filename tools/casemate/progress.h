// A line on the terminal that says how far a long piece of work is.
//
//   Progress progress(StderrScreen(ProgressDisplay::kOnTerminal),
//                     {"copying", ProgressUnit::kBytes, total}, &clock);
//   ...
//   progress.Advance(block.size());     // often, it is cheap
//   ...
//   progress.Clear();                   // before a message of one's own
//
// Nothing is drawn in the first second, so that short work leaves the terminal
// alone, and then at most ten times a second:
//
//   copying  [=====>     ]  45%  12.1 MiB / 27.0 MiB  4.2 MiB/s  0:03 left
//
// Without a total: "checking  1234 items  410 a second  0:03". The speed is
// that since the start. The line never wraps, and is gone when the Progress is.
#ifndef TOOLS_CASEMATE_PROGRESS_H_
#define TOOLS_CASEMATE_PROGRESS_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mutex.h"

namespace casemate {

enum class ProgressUnit : uint8_t { kBytes, kItems };

// --no-progress, or not.
enum class ProgressDisplay : uint8_t { kOnTerminal, kNever };

struct ProgressOptions {
  // What is being done; fit for a terminal.
  std::string label;
  ProgressUnit unit = ProgressUnit::kBytes;
  // Absent while it is not known.
  absl::optional<uint64_t> total;
};

// Where the line is drawn. A default one draws nothing.
struct Screen {
  // Writes the bytes as they are.
  std::function<void(absl::string_view)> write;
  // How many characters a line has now; 0 when nothing can be drawn now.
  std::function<int()> columns;
};

// Standard error, when it is a terminal that can erase a line, and while we are
// in its foreground: a job in the background would draw over another's output.
Screen StderrScreen(ProgressDisplay display);

// Thread-safe.
class Progress {
 public:
  // `clock` outlives it. Time counts from here.
  Progress(Screen screen, ProgressOptions options, const Clock* clock);
  // Clears.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `count` more are done. May be more than the total: that was a guess then.
  void Advance(uint64_t count);
  void SetTotal(uint64_t total);
  // Takes the line away; it comes back with a later Advance.
  void Clear();

 private:
  std::string Line(absl::Duration elapsed, int columns) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const Screen screen_;
  const Clock* const clock_;
  const absl::Duration start_;

  Mutex mu_;
  ProgressOptions options_ ABSL_GUARDED_BY(mu_);
  uint64_t done_ ABSL_GUARDED_BY(mu_) = 0;
  absl::Duration next_draw_ ABSL_GUARDED_BY(mu_);
  bool is_drawn_ ABSL_GUARDED_BY(mu_) = false;
};

// Takes the line away before each message, so that the two do not mix. Both
// outlive it. Thread-safe.
class ClearingLogger final : public Logger {
 public:
  ClearingLogger(Progress* progress, Logger* target)
      : progress_(progress), target_(target) {}
  void Log(Severity severity, absl::string_view message) override {
    progress_->Clear();
    target_->Log(severity, message);
  }

 private:
  Progress* const progress_;
  Logger* const target_;
};

// "999 B", "12.1 MiB".
std::string FormatBytes(uint64_t bytes);

}  // namespace casemate

#endif  // TOOLS_CASEMATE_PROGRESS_H_
