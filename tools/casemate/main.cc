// The one place where the process as such is set up; everything else is in
// libraries.
#include <fuse_lowlevel.h>
#include <openssl/base.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cstdio>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/log.h"
#include "base/status.h"
#include "tools/casemate/cli_error.h"
#include "tools/casemate/command_line.h"
#include "tools/casemate/copy_command.h"
#include "tools/casemate/doctor_command.h"
#include "tools/casemate/info_command.h"
#include "tools/casemate/init_command.h"
#include "tools/casemate/key_commands.h"
#include "tools/casemate/mount_command.h"
#include "tools/casemate/name_commands.h"
#include "tools/casemate/read_commands.h"
#include "tools/casemate/tree_command.h"
#include "tools/casemate/unmount_command.h"
#include "tools/casemate/version.h"

namespace casemate {
namespace {

// Before any secret is read. Not dumpable: no core file, and no process of the
// same user can attach or read /proc/PID/mem; a password would be in there.
// Children that exec (fusermount3, --extpass) are dumpable again.
void HardenProcess() {
  prctl(PR_SET_DUMPABLE, 0);
  const rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
}

// Every open file of the mount is one here, and the default of 1024 is for
// programs that use select(2).
void RaiseFileLimit() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

absl::Status Print(const std::string& text) {
  const bool is_written =
      std::fwrite(text.data(), 1, text.size(), stdout) == text.size() &&
      std::fflush(stdout) == 0;
  return is_written
             ? absl::OkStatus()
             : CliError(ExitCode::kOther, "cannot write to standard output");
}

std::string VersionText() {
  return std::string("casemate ") + std::string(kVersion) + "\nlibfuse " +
         fuse_pkgversion() + "\nBoringSSL API " +
         std::to_string(BORINGSSL_API_VERSION) + "\n";
}

// Runs the verb that was asked for.
struct Runner {
  Logger& logger;

  absl::Status operator()(const InitCommand& c) { return RunInit(c, logger); }
  absl::Status operator()(const MountCommand& c) { return RunMount(c); }
  absl::Status operator()(const UnmountCommand& c) {
    return RunUnmount(c, logger);
  }
  absl::Status operator()(const ListCommand& c) { return RunList(c, logger); }
  absl::Status operator()(const CatCommand& c) { return RunCat(c, logger); }
  absl::Status operator()(const PasswdCommand& c) {
    return RunPasswd(c, logger);
  }
  absl::Status operator()(const ShowRecoveryKeyCommand& c) {
    return RunShowRecoveryKey(c, logger);
  }
  absl::Status operator()(const ResetPasswordCommand& c) {
    return RunResetPassword(c, logger);
  }
  absl::Status operator()(const DoctorCommand& c) {
    return RunDoctor(c, logger);
  }
  absl::Status operator()(const NameCommand& c) { return RunName(c, logger); }
  absl::Status operator()(const TreeCommand& c) { return RunTree(c, logger); }
  absl::Status operator()(const CopyCommand& c) { return RunCopy(c, logger); }
  absl::Status operator()(const InfoCommand& c) {
    ASSIGN_OR_RETURN(const std::string text, RunInfo(c));
    return Print(text);
  }
  absl::Status operator()(const VersionCommand&) {
    return Print(VersionText());
  }
  absl::Status operator()(const HelpCommand& c) { return Print(c.text); }
};

int Main(int argc, char** argv) {
  HardenProcess();
  RaiseFileLimit();
  // A write beyond RLIMIT_FSIZE is to fail with EFBIG, not to end the process.
  signal(SIGXFSZ, SIG_IGN);
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0),
                                           argv + argc);
  StderrLogger logger(Severity::kInfo);
  const absl::StatusOr<Command> command = ParseCommandLine(arguments);
  const absl::Status status =
      command.ok() ? std::visit(Runner{logger}, *command) : command.status();
  if (!status.ok()) std::fputs(FormatError(status).c_str(), stderr);
  return static_cast<int>(ExitCodeOf(status));
}

}  // namespace
}  // namespace casemate

int main(int argc, char** argv) { return casemate::Main(argc, argv); }
