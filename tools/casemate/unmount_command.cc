#include "tools/casemate/unmount_command.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "base/status.h"
#include "fs/fuse/mount.h"
#include "fs/storage/unique_fd.h"
#include "tools/casemate/busy_processes.h"
#include "tools/casemate/cli_error.h"
#include "tools/casemate/interrupts.h"
#include "tools/casemate/mountinfo.h"
#include "tools/casemate/proc_file.h"
#include "tools/casemate/runtime_record.h"

namespace casemate {
namespace {

constexpr absl::Duration kDaemonTimeout = absl::Seconds(60);
// How long a daemon may take to notice by itself that its mount is gone. One
// that was copied into another mount namespace (a container, a sandbox) lives
// on there, and the daemon would serve it for ever.
constexpr absl::Duration kNoticeTimeout = absl::Seconds(5);
// After a lazy unmount of an idle mount the daemon ends at once.
constexpr absl::Duration kLazyTimeout = absl::Seconds(2);
constexpr size_t kMaxProcessesNamed = 10;

absl::StatusOr<MountEntry> FindCasemateMount(const std::string& path) {
  const absl::StatusOr<std::string> mountpoint = CanonicalMountpoint(path);
  if (!mountpoint.ok()) {
    return CliError(ExitCode::kMountpoint, mountpoint.status().message());
  }
  ASSIGN_OR_RETURN(const std::vector<MountEntry> mounts, ReadMounts());
  absl::optional<MountEntry> mount = FindMount(mounts, *mountpoint);
  if (!mount) {
    return CliError(ExitCode::kNotMounted,
                    absl::StrCat("nothing is mounted at ", *mountpoint));
  }
  if (!IsCasemate(*mount)) {
    return CliError(ExitCode::kNotMounted,
                    absl::StrCat("what is mounted at ", *mountpoint, " is ",
                                 mount->type, ", not a vault of casemate"),
                    "Use umount(8) for other file systems.");
  }
  return *std::move(mount);
}

// The process that serves a mount, as far as it left word of itself.
struct Daemon {
  pid_t pid = 0;
  UniqueFd pidfd;
};

// glibc 2.36 declares its own without extern "C".
UniqueFd OpenPidfd(pid_t pid) {
  return UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
}

bool SendSignal(int pidfd, int signal_number) {
  return syscall(SYS_pidfd_send_signal, pidfd, signal_number, nullptr, 0) == 0;
}

absl::optional<Daemon> FindDaemon(const MountEntry& mount) {
  const uid_t owner = mount.user.value_or(geteuid());
  const absl::optional<std::string> directory = RuntimeDirectory(owner);
  if (!directory) return absl::nullopt;
  const absl::StatusOr<RuntimeRecord> record =
      ReadRecord(*directory, mount.mountpoint, owner);
  if (!record.ok() || record->device != mount.device) return absl::nullopt;
  Daemon daemon{record->pid, OpenPidfd(record->pid)};
  // Asked after pidfd_open: the descriptor then is of that very process.
  if (!daemon.pidfd.valid() || StartTimeOf(record->pid) != record->start_time) {
    return absl::nullopt;
  }
  return daemon;
}

absl::Status ExplainFailure(const absl::Status& status,
                            const MountEntry& mount) {
  if (ErrnoOf(status) != EBUSY) {
    return CliError(ExitCode::kMountpoint, status.message());
  }
  const std::vector<BusyProcess> busy =
      FindBusyProcesses(mount.device, kMaxProcessesNamed);
  const std::string who =
      busy.empty() ? std::string("by a process that this user may not see")
                   : absl::StrCat("by ", FormatProcesses(busy));
  return CliError(ExitCode::kBusy,
                  absl::StrCat(mount.mountpoint, " is in use ", who),
                  "Close what is open there, or use --lazy to detach it now.");
}

absl::Status AwaitEnd(const Daemon& daemon, Detach detach, Logger& logger) {
  pollfd descriptors[] = {{daemon.pidfd.get(), POLLIN, 0}};
  const auto has_ended_within = [&](absl::Duration timeout) {
    return PollDescriptors(absl::MakeSpan(descriptors), timeout) > 0;
  };
  if (has_ended_within(detach == Detach::kLazy ? kLazyTimeout
                                               : kNoticeTimeout)) {
    return absl::OkStatus();
  }
  if (detach == Detach::kLazy) {
    logger.Warning(
        absl::StrCat("the mount is detached but still in use; its daemon (pid ",
                     daemon.pid, ") ends when the last file is closed"));
    return absl::OkStatus();
  }
  // It writes back everything and ends, whoever still holds a copy.
  if (SendSignal(daemon.pidfd.get(), SIGTERM) &&
      has_ended_within(kDaemonTimeout)) {
    logger.Warning(
        "another mount namespace had a copy of the mount; it is closed there "
        "too");
    return absl::OkStatus();
  }
  return CliError(
      ExitCode::kOther,
      absl::StrCat("unmounted, but the daemon (pid ", daemon.pid,
                   ") has not ended within ",
                   absl::FormatDuration(kDaemonTimeout)),
      "It may still be writing; look at its log before mounting again.");
}

}  // namespace

absl::Status RunUnmount(const UnmountCommand& command, Logger& logger) {
  ASSIGN_OR_RETURN(const MountEntry mount,
                   FindCasemateMount(command.mountpoint));
  // This process would count as one that uses the mount.
  if (chdir("/") < 0) return ErrnoError(errno, "chdir to the root folder");
  const absl::optional<Daemon> daemon = FindDaemon(mount);
  const UnmountMode mode = command.detach == Detach::kLazy
                               ? UnmountMode::kLazy
                               : UnmountMode::kPlain;
  if (const absl::Status status = UnmountFuse(mount.mountpoint, mode);
      !status.ok()) {
    return ExplainFailure(status, mount);
  }
  if (!daemon) return absl::OkStatus();
  return AwaitEnd(*daemon, command.detach, logger);
}

}  // namespace casemate
