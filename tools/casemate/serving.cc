#include "tools/casemate/serving.h"

#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "fs/fuse/mount.h"
#include "tools/casemate/cli_error.h"
#include "tools/casemate/mountinfo.h"

namespace casemate {
namespace {

constexpr absl::Duration kMaintenancePeriod = absl::Milliseconds(500);
constexpr absl::Duration kMaxDirtyAge = absl::Seconds(1);
constexpr absl::Duration kHandshakePoll = absl::Milliseconds(5);
// systemd waits 90 seconds before it kills: leave time to write back.
constexpr absl::Duration kGraceOfUsers = absl::Seconds(10);

absl::Status ServeError(const absl::Status& status) {
  return CliError(ExitCode::kServe,
                  absl::StrCat("serving the mount failed: ", status.message()));
}

}  // namespace

MountProbe::~MountProbe() {
  if (thread_.joinable()) thread_.join();
}

void MountProbe::Start() {
  thread_ = std::thread([this] { Run(); });
}

void MountProbe::Run() {
  struct stat status;
  if (stat(mountpoint_.c_str(), &status) < 0) {
    error_ = errno;
  } else {
    device_ = status.st_dev;
  }
  done_.Set();
}

absl::StatusOr<dev_t> MountProbe::result() const {
  if (error_ != 0) {
    return CliError(
        ExitCode::kServe,
        ErrnoError(error_, absl::StrCat("the mount at ", mountpoint_,
                                        " does not answer"))
            .message());
  }
  return device_;
}

Serving::Serving(FileSystem* file_system, Session* session,
                 std::string mountpoint, Logger* logger)
    : file_system_(file_system),
      session_(session),
      mountpoint_(std::move(mountpoint)),
      logger_(logger),
      server_([this] { Serve(); }),
      maintenance_([this] { Maintain(); }) {}

Serving::~Serving() {
  if (!ended_.is_set()) session_->Stop();
  if (server_.joinable()) server_.join();
  StopMaintenance();
}

void Serving::Serve() {
  serve_status_ = session_->Serve();
  ended_.Set();
}

void Serving::Maintain() {
  while (true) {
    {
      MutexLock lock(&mu_);
      if (!quitting_) changed_.WaitFor(&mu_, kMaintenancePeriod);
      if (quitting_) return;
    }
    file_system_->WriteBackOlderThan(kMaxDirtyAge);
  }
}

void Serving::StopMaintenance() {
  {
    MutexLock lock(&mu_);
    quitting_ = true;
    changed_.NotifyAll();
  }
  if (maintenance_.joinable()) maintenance_.join();
}

absl::StatusOr<dev_t> Serving::AwaitAnswer(const MountProbe& probe,
                                           Interrupts& interrupts) {
  pollfd descriptors[] = {{interrupts.fd(), POLLIN, 0},
                          {ended_.fd(), POLLIN, 0},
                          {probe.done().fd(), POLLIN, 0}};
  PollDescriptors(absl::MakeSpan(descriptors), absl::InfiniteDuration());
  RETURN_IF_ERROR(interrupts.Check());
  if (ended_.is_set()) return EndedTooSoon();
  ASSIGN_OR_RETURN(device_, probe.result());
  return device_;
}

absl::Status Serving::AwaitHandshake(Interrupts& interrupts) {
  while (!session_->initialized()) {
    pollfd descriptors[] = {{interrupts.fd(), POLLIN, 0},
                            {ended_.fd(), POLLIN, 0}};
    PollDescriptors(absl::MakeSpan(descriptors), kHandshakePoll);
    RETURN_IF_ERROR(interrupts.Check());
    if (ended_.is_set()) return EndedTooSoon();
  }
  return absl::OkStatus();
}

absl::Status Serving::EndedTooSoon() const {
  return serve_status_.ok()
             ? CliError(ExitCode::kServe, "unmounted before it had answered")
             : ServeError(serve_status_);
}

bool Serving::IsStillMounted() const {
  const absl::StatusOr<std::vector<MountEntry>> mounts = ReadMounts();
  if (!mounts.ok()) return false;
  const absl::optional<MountEntry> mount = FindMount(*mounts, mountpoint_);
  return mount && mount->device == device_;
}

absl::Duration Serving::BeginEnd() {
  // Unmounted already, and perhaps something else is mounted there by now; what
  // we serve is a copy in another mount namespace. Or we never knew where.
  if (!IsStillMounted()) return absl::ZeroDuration();
  absl::Status status = UnmountFuse(mountpoint_, UnmountMode::kPlain);
  if (status.ok()) return absl::InfiniteDuration();
  if (ErrnoOf(status) == EBUSY) {
    logger_->Warning(
        absl::StrCat("the mount is in use: detached, and stopped after ",
                     absl::FormatDuration(kGraceOfUsers)));
    // Now, in case that something worse than a signal follows.
    if (const absl::Status written = file_system_->WriteBackAll();
        !written.ok()) {
      logger_->Error(absl::StrCat("write back: ", written.message()));
    }
    status = UnmountFuse(mountpoint_, UnmountMode::kLazy);
    if (status.ok()) return kGraceOfUsers;
  }
  logger_->Error(absl::StrCat("cannot unmount: ", status.message()));
  return absl::ZeroDuration();
}

absl::Status Serving::AwaitEnd(Interrupts& interrupts) {
  bool is_ending = false;
  absl::Duration patience = absl::InfiniteDuration();
  while (!ended_.is_set()) {
    pollfd descriptors[] = {{ended_.fd(), POLLIN, 0},
                            {interrupts.fd(), POLLIN, 0}};
    const int ready = PollDescriptors(absl::MakeSpan(descriptors), patience);
    if (ended_.is_set()) break;
    const bool is_signal = interrupts.Take().has_value();
    if (ready > 0 && !is_signal) continue;
    if (!is_ending) {
      is_ending = true;
      patience = BeginEnd();
    } else {
      session_->Stop();
      patience = absl::InfiniteDuration();
    }
  }
  server_.join();
  StopMaintenance();
  const absl::Status written = file_system_->WriteBackAll();
  if (!written.ok()) {
    return CliError(ExitCode::kServe,
                    absl::StrCat("not everything could be written back: ",
                                 written.message()));
  }
  return serve_status_.ok() ? serve_status_ : ServeError(serve_status_);
}

}  // namespace casemate
