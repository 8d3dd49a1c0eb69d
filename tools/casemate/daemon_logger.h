// Standard error while there is a user to read it, syslog afterwards.
#ifndef TOOLS_CASEMATE_DAEMON_LOGGER_H_
#define TOOLS_CASEMATE_DAEMON_LOGGER_H_

#include <atomic>

#include "absl/strings/string_view.h"
#include "base/log.h"
#include "tools/casemate/mount_settings.h"

namespace casemate {

// Thread-safe.
class DaemonLogger final : public Logger {
 public:
  explicit DaemonLogger(Verbosity verbosity);

  void Log(Severity severity, absl::string_view message) override;
  // From now on, for all threads.
  void SwitchToSyslog();

 private:
  StderrLogger stderr_;
  SyslogLogger syslog_;
  std::atomic<bool> is_detached_{false};
};

}  // namespace casemate

#endif  // TOOLS_CASEMATE_DAEMON_LOGGER_H_
