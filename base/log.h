// The daemon's own messages: one line each, to standard error or syslog.
//
// What a message may hold: inode numbers, chunk numbers, ciphertext names,
// errnos, option names. Never a cleartext name, a key, a password or content
// (docs/security.md). There is no global logger: main() makes one and hands
// it down.
#ifndef BASE_LOG_H_
#define BASE_LOG_H_

#include <cstdint>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "base/clock.h"
#include "base/mutex.h"

namespace casemate {

enum class Severity : uint8_t { kInfo, kWarning, kError };

absl::string_view SeverityName(Severity severity);

// Thread-safe.
class Logger {
 public:
  virtual ~Logger() = default;
  virtual void Log(Severity severity, absl::string_view message) = 0;

  void Info(absl::string_view message) { Log(Severity::kInfo, message); }
  void Warning(absl::string_view message) { Log(Severity::kWarning, message); }
  void Error(absl::string_view message) { Log(Severity::kError, message); }
};

// "casemate: warning: <message>\n" to standard error, in one write.
class StderrLogger final : public Logger {
 public:
  explicit StderrLogger(Severity least) : least_(least) {}
  void Log(Severity severity, absl::string_view message) override;

 private:
  const Severity least_;
};

// syslog(3) as facility daemon: where a detached daemon's messages belong,
// since journald and syslogd both rotate them.
class SyslogLogger final : public Logger {
 public:
  explicit SyslogLogger(Severity least) : least_(least) {}
  void Log(Severity severity, absl::string_view message) override;

 private:
  const Severity least_;
};

// Lets at most one message per `topic` and interval through, and says with the
// next one how many were held back. A damaged file that is read in a loop must
// not fill the disk with its log. Topics are string literals: they are kept.
class RateLimitedLogger final : public Logger {
 public:
  RateLimitedLogger(Logger* target, const Clock* clock, absl::Duration interval)
      : target_(target), clock_(clock), interval_(interval) {}

  // Not limited.
  void Log(Severity severity, absl::string_view message) override;
  void LogLimited(absl::string_view topic, Severity severity,
                  absl::string_view message);

 private:
  struct Topic {
    absl::Duration next;
    uint64_t held_back = 0;
  };

  Logger* const target_;
  const Clock* const clock_;
  const absl::Duration interval_;
  Mutex mu_;
  absl::flat_hash_map<std::string, Topic> topics_ ABSL_GUARDED_BY(mu_);
};

}  // namespace casemate

#endif  // BASE_LOG_H_
