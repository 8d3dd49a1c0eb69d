#include "tools/casemate/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace casemate {
namespace {

constexpr absl::Duration kQuietTime = absl::Seconds(1);
constexpr absl::Duration kInterval = absl::Milliseconds(100);
constexpr int kMaxBarWidth = 40;
constexpr int kMinBarWidth = 8;
constexpr int kUsualColumns = 80;
// To the start of the line, and erase to its end.
constexpr absl::string_view kErase = "\r\x1b[K";

void WriteToStderr(absl::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(STDERR_FILENO, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return;  // a line that nobody sees
    text.remove_prefix(count);
  }
}

int StderrColumns() {
  if (tcgetpgrp(STDERR_FILENO) != getpgrp()) return 0;
  winsize size = {};
  const bool is_known =
      ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return is_known ? size.ws_col : kUsualColumns;
}

// "0:03", "1:02:03".
std::string FormatTime(double seconds) {
  // Beyond, it is a number that says nothing.
  constexpr double kMost = 99 * 3600 + 59 * 60 + 59;
  const int all = static_cast<int>(std::min(seconds, kMost));
  const int hours = all / 3600;
  return hours == 0
             ? absl::StrFormat("%d:%02d", all / 60, all % 60)
             : absl::StrFormat("%d:%02d:%02d", hours, all / 60 % 60, all % 60);
}

std::string FormatCount(uint64_t count, ProgressUnit unit) {
  return unit == ProgressUnit::kBytes ? FormatBytes(count)
                                      : absl::StrCat(count);
}

std::string FormatBar(double share, int width) {
  const int full = static_cast<int>(share * width);
  std::string bar(full, '=');
  if (full < width) bar += '>';
  bar.resize(width, ' ');
  return absl::StrCat("[", bar, "]");
}

}  // namespace

std::string FormatBytes(uint64_t bytes) {
  if (bytes < 1024) return absl::StrCat(bytes, " B");
  constexpr absl::string_view kUnits[] = {"KiB", "MiB", "GiB",
                                          "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  // Not 1024: that would be printed as "1024.0 KiB".
  while (value >= 1023.95 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  return absl::StrFormat("%.1f %s", value, kUnits[unit]);
}

Screen StderrScreen(ProgressDisplay display) {
  if (display == ProgressDisplay::kNever) return {};
  if (isatty(STDERR_FILENO) != 1) return {};
  const char* const terminal = std::getenv("TERM");
  if (terminal == nullptr || absl::string_view(terminal) == "dumb") return {};
  return {WriteToStderr, StderrColumns};
}

Progress::Progress(Screen screen, ProgressOptions options, const Clock* clock)
    : screen_(std::move(screen)),
      clock_(clock),
      start_(clock->Monotonic()),
      options_(std::move(options)),
      next_draw_(start_ + kQuietTime) {}

Progress::~Progress() { Clear(); }

void Progress::Advance(uint64_t count) {
  MutexLock lock(&mu_);
  done_ += count;
  if (!screen_.write) return;
  const absl::Duration now = clock_->Monotonic();
  if (now < next_draw_) return;
  next_draw_ = now + kInterval;
  const int columns = screen_.columns();
  if (columns <= 0) return;
  std::string line = Line(now - start_, columns);
  // A character in the last column would make some terminals go on to the next
  // line.
  line.resize(std::min<size_t>(line.size(), columns - 1));
  screen_.write(absl::StrCat(kErase, line));
  is_drawn_ = true;
}

void Progress::SetTotal(uint64_t total) {
  MutexLock lock(&mu_);
  options_.total = total;
}

void Progress::Clear() {
  MutexLock lock(&mu_);
  if (!is_drawn_) return;
  screen_.write(kErase);
  is_drawn_ = false;
}

std::string Progress::Line(absl::Duration elapsed, int columns) const {
  const ProgressUnit unit = options_.unit;
  const double seconds = absl::ToDoubleSeconds(elapsed);
  const double speed = static_cast<double>(done_) / seconds;
  const std::string speed_text =
      absl::StrCat(FormatCount(static_cast<uint64_t>(speed), unit),
                   unit == ProgressUnit::kBytes ? "/s" : " a second");
  if (!options_.total || *options_.total < done_) {
    return absl::StrCat(options_.label, "  ", FormatCount(done_, unit),
                        unit == ProgressUnit::kItems ? " items" : "", "  ",
                        speed_text, "  ", FormatTime(seconds));
  }
  const uint64_t total = *options_.total;
  const double share =
      total == 0 ? 1 : static_cast<double>(done_) / static_cast<double>(total);
  std::string numbers = absl::StrFormat(
      "%3d%%  %s / %s  %s", static_cast<int>(share * 100),
      FormatCount(done_, unit), FormatCount(total, unit), speed_text);
  if (done_ > 0) {
    absl::StrAppend(&numbers, "  ",
                    FormatTime(static_cast<double>(total - done_) / speed),
                    " left");
  }
  // What is left of the line, without the spaces and brackets around the bar.
  const int room =
      columns - 7 - static_cast<int>(options_.label.size() + numbers.size());
  const std::string bar =
      room < kMinBarWidth ? "" : FormatBar(share, std::min(room, kMaxBarWidth));
  return absl::StrCat(options_.label, "  ", bar, bar.empty() ? "" : "  ",
                      numbers);
}

}  // namespace casemate
