#include "tools/casemate/daemon_logger.h"

#include <syslog.h>

namespace casemate {
namespace {

Severity LeastOf(Verbosity verbosity) {
  switch (verbosity) {
    case Verbosity::kQuiet:
      return Severity::kError;
    case Verbosity::kNormal:
      return Severity::kWarning;
    case Verbosity::kVerbose:
      return Severity::kInfo;
  }
  return Severity::kInfo;
}

}  // namespace

DaemonLogger::DaemonLogger(Verbosity verbosity)
    : stderr_(LeastOf(verbosity)), syslog_(LeastOf(verbosity)) {}

void DaemonLogger::Log(Severity severity, absl::string_view message) {
  if (is_detached_.load(std::memory_order_acquire)) {
    syslog_.Log(severity, message);
  } else {
    stderr_.Log(severity, message);
  }
}

void DaemonLogger::SwitchToSyslog() {
  openlog("casemate", LOG_PID, LOG_DAEMON);
  is_detached_.store(true, std::memory_order_release);
}

}  // namespace casemate
