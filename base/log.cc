#include "base/log.h"

#include <syslog.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"

namespace casemate {
namespace {

int SyslogPriority(Severity severity) {
  switch (severity) {
    case Severity::kInfo:
      return LOG_INFO;
    case Severity::kWarning:
      return LOG_WARNING;
    case Severity::kError:
      return LOG_ERR;
  }
  return LOG_ERR;
}

}  // namespace

absl::string_view SeverityName(Severity severity) {
  switch (severity) {
    case Severity::kInfo:
      return "info";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      return "error";
  }
  return "error";
}

void StderrLogger::Log(Severity severity, absl::string_view message) {
  if (severity < least_) return;
  const std::string line =
      absl::StrCat("casemate: ", SeverityName(severity), ": ", message, "\n");
  // One write per line keeps lines of several threads whole; there is nobody
  // to tell when standard error itself fails.
  ssize_t ignored = write(STDERR_FILENO, line.data(), line.size());
  static_cast<void>(ignored);
}

void SyslogLogger::Log(Severity severity, absl::string_view message) {
  if (severity < least_) return;
  syslog(LOG_DAEMON | SyslogPriority(severity), "%.*s",
         static_cast<int>(message.size()), message.data());
}

void RateLimitedLogger::Log(Severity severity, absl::string_view message) {
  target_->Log(severity, message);
}

void RateLimitedLogger::LogLimited(absl::string_view topic, Severity severity,
                                   absl::string_view message) {
  uint64_t held_back = 0;
  {
    MutexLock lock(&mu_);
    const absl::Duration now = clock_->Monotonic();
    auto [it, is_new] = topics_.try_emplace(std::string(topic));
    if (!is_new && now < it->second.next) {
      ++it->second.held_back;
      return;
    }
    held_back = std::exchange(it->second.held_back, 0);
    it->second.next = now + interval_;
  }
  if (held_back == 0) {
    target_->Log(severity, message);
  } else {
    target_->Log(severity,
                 absl::StrCat(message, " (and ", held_back, " more like it)"));
  }
}

}  // namespace casemate
