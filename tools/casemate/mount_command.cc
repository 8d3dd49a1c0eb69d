#include "tools/casemate/mount_command.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/status.h"
#include "fs/fuse/device_transport.h"
#include "fs/fuse/mount.h"
#include "fs/fuse/notifier.h"
#include "fs/fuse/session.h"
#include "ops/exporter/listen_address.h"
#include "ops/exporter/metrics_exporter.h"
#include "tools/casemate/cli_error.h"
#include "tools/casemate/daemon_logger.h"
#include "tools/casemate/interrupts.h"
#include "tools/casemate/mountinfo.h"
#include "tools/casemate/proc_file.h"
#include "tools/casemate/runtime_record.h"
#include "tools/casemate/serving.h"
#include "tools/casemate/startup.h"
#include "tools/casemate/vault_lock.h"
#include "tools/casemate/vault_opening.h"
#include "tools/casemate/version.h"

namespace casemate {
namespace {

constexpr absl::string_view kFormat = "8";

// The mount that is to be, with absolute paths: a daemon's working folder is
// the root.
struct Plan {
  std::string vault;
  // Empty when somebody else has mounted and we cannot tell where.
  std::string mountpoint;
  absl::optional<int> passed_device;
  MountSettings settings;
};

absl::StatusOr<Plan> MakePlan(const MountCommand& command) {
  Plan plan;
  plan.settings = command.settings;
  absl::StatusOr<std::string> vault = CanonicalMountpoint(command.vault);
  if (!vault.ok()) {
    return CliError(ExitCode::kNotAVault, vault.status().message());
  }
  plan.passed_device = PassedDescriptor(command.mountpoint);
  if (plan.passed_device) {
    plan.mountpoint = MountpointServedBy(*plan.passed_device).value_or("");
  } else {
    absl::StatusOr<std::string> mountpoint =
        CanonicalMountpoint(command.mountpoint);
    if (!mountpoint.ok()) {
      return CliError(ExitCode::kMountpoint, mountpoint.status().message());
    }
    plan.mountpoint = *std::move(mountpoint);
  }
  plan.vault = *std::move(vault);
  if (plan.settings.metrics_listen) {
    const auto address = ParseListenAddress(*plan.settings.metrics_listen);
    if (!address.ok()) {
      return CliError(ExitCode::kMetricsAddress, address.status().message());
    }
  }
  return plan;
}

// What syncs or copies the vault would carry the cleartext along.
absl::Status CheckOutsideVault(const Plan& plan) {
  if (plan.mountpoint != plan.vault &&
      !absl::StartsWith(plan.mountpoint, absl::StrCat(plan.vault, "/"))) {
    return absl::OkStatus();
  }
  return CliError(ExitCode::kMountpoint,
                  absl::StrCat(plan.mountpoint, " is inside the vault"),
                  "Mount it elsewhere: what copies the vault would copy the "
                  "cleartext too.");
}

// What a daemon must not keep: everything it inherited, but for its own two and
// the device that it was passed.
std::vector<int> InheritedDescriptors(const Plan& plan,
                                      const StartupReporter& startup,
                                      const Interrupts& interrupts) {
  std::vector<int> descriptors = OpenDescriptors();
  descriptors.erase(std::remove_if(descriptors.begin(), descriptors.end(),
                                   [&](int fd) {
                                     return fd == startup.fd() ||
                                            fd == interrupts.fd() ||
                                            fd == plan.passed_device;
                                   }),
                    descriptors.end());
  return descriptors;
}

FileSystemOptions FileSystemOptionsOf(const MountSettings& settings) {
  FileSystemOptions options;
  options.read_only = settings.read_only;
  options.owner_is_caller = settings.allow_other && geteuid() == 0;
  options.shown_uid = settings.uid;
  options.shown_gid = settings.gid;
  options.shown_umask = settings.umask;
  return options;
}

MountOptions MountOptionsOf(const MountSettings& settings) {
  MountOptions options;
  options.read_only = settings.read_only;
  options.allow_other = settings.allow_other;
  options.allow_nonempty = settings.nonempty;
  if (settings.fsname) options.fsname = *settings.fsname;
  return options;
}

SessionOptions SessionOptionsOf(const MountSettings& settings) {
  SessionOptions options;
  const auto set = [](const absl::optional<absl::Duration>& from,
                      absl::Duration& to) { to = from.value_or(to); };
  set(settings.entry_timeout, options.entry_timeout);
  set(settings.attr_timeout, options.attribute_timeout);
  set(settings.negative_timeout, options.negative_timeout);
  return options;
}

// The mount at `mountpoint`, which was just made. Unmounts it, unless it is
// gone by then: a daemon that fails must not leave a dead mount behind.
class MountGuard {
 public:
  explicit MountGuard(std::string mountpoint)
      : mountpoint_(std::move(mountpoint)), device_(DeviceNow()) {}
  ~MountGuard() {
    if (device_ && DeviceNow() == device_) {
      UnmountFuse(mountpoint_, UnmountMode::kLazy).IgnoreError();
    }
  }
  MountGuard(const MountGuard&) = delete;
  MountGuard& operator=(const MountGuard&) = delete;

  absl::optional<dev_t> device() const { return device_; }

 private:
  absl::optional<dev_t> DeviceNow() const {
    const absl::StatusOr<std::vector<MountEntry>> mounts = ReadMounts();
    if (!mounts.ok()) return absl::nullopt;
    const auto mount = FindMount(*mounts, mountpoint_);
    if (!mount || !IsCasemate(*mount)) return absl::nullopt;
    return mount->device;
  }

  const std::string mountpoint_;
  const absl::optional<dev_t> device_;
};

// The runtime record while it lives. Without a runtime directory there is
// none, and `unmount` will not be able to wait.
class RecordGuard {
 public:
  ~RecordGuard() {
    if (directory_) RemoveRecord(*directory_, mountpoint_, getpid());
  }

  void Write(const Plan& plan, dev_t device, absl::optional<int> port,
             Logger& logger) {
    directory_ = RuntimeDirectory(geteuid());
    if (!directory_) return;
    RuntimeRecord record;
    record.pid = getpid();
    record.start_time = StartTimeOf(record.pid).value_or(0);
    record.mountpoint = mountpoint_ = plan.mountpoint;
    record.vault = plan.vault;
    record.device = device;
    record.metrics_port = port;
    RemoveStaleRecords(*directory_);
    absl::StatusOr<UniqueFd> held = WriteRecord(*directory_, record);
    if (!held.ok()) {
      logger.Warning(
          absl::StrCat("no runtime record, so `casemate unmount` "
                       "cannot wait for this daemon: ",
                       held.status().message()));
      return;
    }
    held_ = *std::move(held);
  }

 private:
  absl::optional<std::string> directory_;
  std::string mountpoint_;
  UniqueFd held_;
};

// A vault from the password to the last write. The members are in the order in
// which they must come to be; the end goes backwards: file system and caches,
// keys, the lock, and last the record that says there is a daemon.
class Daemon {
 public:
  Daemon(Plan plan, StartupReporter& startup, Interrupts& interrupts,
         DaemonLogger& logger)
      : plan_(std::move(plan)),
        startup_(startup),
        interrupts_(interrupts),
        logger_(logger) {}

  absl::Status Run() {
    RETURN_IF_ERROR(Unlock());
    RETURN_IF_ERROR(StartExporter());
    return Serve();
  }

 private:
  absl::Status Unlock();
  absl::Status StartExporter();
  absl::Status Serve();
  absl::StatusOr<std::unique_ptr<Session>> MakeSession(UniqueFd device);
  absl::Status AnnounceAndServe(Session& session, MountProbe& probe,
                                const MountGuard& mount);

  Plan plan_;
  StartupReporter& startup_;
  Interrupts& interrupts_;
  DaemonLogger& logger_;

  RecordGuard record_;
  std::unique_ptr<Dir> lock_;
  std::unique_ptr<Services> services_;
  std::unique_ptr<UnlockedVault> vault_;
  std::unique_ptr<Notifier> notifier_;
  std::unique_ptr<FileSystem> file_system_;
  std::atomic<bool> is_healthy_{false};
  std::unique_ptr<MetricsExporter> exporter_;
};

absl::Status Daemon::Unlock() {
  const std::vector<int> inherited =
      InheritedDescriptors(plan_, startup_, interrupts_);
  ASSIGN_OR_RETURN(std::unique_ptr<Dir> folder, OpenVaultFolder(plan_.vault));
  // Not a vault is worse news than not to be had.
  if (const auto info = ReadVaultInfo(*folder); !info.ok()) {
    return FromVaultError(info.status());
  }
  RETURN_IF_ERROR(CheckOutsideVault(plan_));
  ASSIGN_OR_RETURN(lock_, LockVault(plan_.vault, *folder));
  ASSIGN_OR_RETURN(
      UnlockedVault vault,
      UnlockVault(*folder, plan_.settings.password, interrupts_, logger_));
  RETURN_IF_ERROR(interrupts_.Check());
  if (startup_.has_launcher()) CloseDescriptors(inherited);
  if (!vault.config.threshold_writable && !plan_.settings.read_only) {
    logger_.Warning(
        "the vault's shortening threshold is missing or out of bounds; it is "
        "mounted read-only");
    plan_.settings.read_only = true;
  }
  vault_ = std::make_unique<UnlockedVault>(std::move(vault));
  services_ = std::make_unique<Services>(&logger_);
  notifier_ = std::make_unique<Notifier>(&services_->logger);
  ASSIGN_OR_RETURN(file_system_,
                   MakeFileSystem(std::move(folder), *vault_,
                                  FileSystemOptionsOf(plan_.settings),
                                  *services_, notifier_.get()));
  return absl::OkStatus();
}

absl::Status Daemon::StartExporter() {
  if (!plan_.settings.metrics_listen) return absl::OkStatus();
  MetricsExporter::Options options;
  options.listen = *plan_.settings.metrics_listen;
  options.metrics = &services_->metrics;
  options.mount.version = std::string(kVersion);
  options.mount.cipher = std::string(CipherComboName(vault_->config.combo));
  options.mount.format = std::string(kFormat);
  options.healthy = [this] {
    return is_healthy_.load(std::memory_order_acquire);
  };
  absl::StatusOr<std::unique_ptr<MetricsExporter>> exporter =
      MetricsExporter::Start(std::move(options));
  if (!exporter.ok()) {
    return CliError(ExitCode::kMetricsAddress, exporter.status().message());
  }
  exporter_ = *std::move(exporter);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Session>> Daemon::MakeSession(UniqueFd device) {
  DeviceTransport::Options options;
  options.threads = plan_.settings.threads.value_or(options.threads);
  absl::StatusOr<std::unique_ptr<Session>> session = Session::Create(
      file_system_.get(),
      std::make_unique<DeviceTransport>(std::move(device), options),
      notifier_.get(), SessionOptionsOf(plan_.settings), &services_->metrics,
      &services_->clock, &services_->logger);
  if (!session.ok()) {
    return CliError(ExitCode::kServe, session.status().message());
  }
  return session;
}

absl::Status Daemon::Serve() {
  MountProbe probe(plan_.mountpoint);
  absl::StatusOr<UniqueFd> device = MountFuse(
      plan_.passed_device ? absl::StrCat("/dev/fd/", *plan_.passed_device)
                          : plan_.mountpoint,
      MountOptionsOf(plan_.settings));
  if (!device.ok()) {
    return CliError(ExitCode::kMountpoint, device.status().message());
  }
  const MountGuard mount(plan_.mountpoint);
  ASSIGN_OR_RETURN(const std::unique_ptr<Session> session,
                   MakeSession(*std::move(device)));
  return AnnounceAndServe(*session, probe, mount);
}

absl::Status Daemon::AnnounceAndServe(Session& session, MountProbe& probe,
                                      const MountGuard& mount) {
  Serving serving(file_system_.get(), &session, plan_.mountpoint, &logger_);
  if (plan_.mountpoint.empty()) {
    RETURN_IF_ERROR(serving.AwaitHandshake(interrupts_));
  } else {
    probe.Start();
    ASSIGN_OR_RETURN(const dev_t device,
                     serving.AwaitAnswer(probe, interrupts_));
    if (device != mount.device()) {
      return CliError(ExitCode::kServe, "unmounted before it had answered");
    }
    record_.Write(
        plan_, device,
        exporter_ ? absl::make_optional(exporter_->port()) : absl::nullopt,
        logger_);
  }
  is_healthy_.store(session.initialized(), std::memory_order_release);
  if (startup_.has_launcher()) logger_.SwitchToSyslog();
  startup_.Ready();
  logger_.Info("mounted");
  const absl::Status status = serving.AwaitEnd(interrupts_);
  is_healthy_.store(false, std::memory_order_release);
  exporter_.reset();
  logger_.Log(status.ok() ? Severity::kInfo : Severity::kError,
              status.ok() ? "unmounted" : status.message());
  return status;
}

}  // namespace

absl::Status RunMount(const MountCommand& command) {
  ASSIGN_OR_RETURN(const Plan plan, MakePlan(command));
  DaemonLogger logger(plan.settings.verbosity);
  Interrupts interrupts;
  signal(SIGPIPE, SIG_IGN);
  // A write past our own RLIMIT_FSIZE is EFBIG for its caller, not our end.
  signal(SIGXFSZ, SIG_IGN);
  // The kernel has applied the umask of whoever creates a file
  // (fuse-invariants A9).
  umask(0);
  const auto run = [&](StartupReporter& startup) {
    return Daemon(plan, startup, interrupts, logger).Run();
  };
  if (!plan.settings.foreground) return RunInBackground(interrupts, run);
  StartupReporter nobody;
  return run(nobody);
}

}  // namespace casemate
