#include "tools/casemate/interrupts.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/clock.h"
#include "tools/casemate/cli_error.h"

namespace casemate {
namespace {

absl::Status InterruptedBy(int signal) {
  return CliError(ExitCode::kInterrupted,
                  absl::StrCat("interrupted by signal ", signal));
}

}  // namespace

Interrupts::Interrupts() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    sigaddset(&signals, signal);
  }
  CHECK(pthread_sigmask(SIG_BLOCK, &signals, &old_mask_) == 0,
        "valid signals can be blocked");
  fd_.reset(signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  CHECK(fd_.valid(), "a process that starts has a descriptor to spare");
}

Interrupts::~Interrupts() { pthread_sigmask(SIG_SETMASK, &old_mask_, nullptr); }

absl::optional<Interrupts::Signal> Interrupts::Take() {
  signalfd_siginfo info;
  if (read(fd_.get(), &info, sizeof(info)) != sizeof(info)) {
    return absl::nullopt;
  }
  return Signal{static_cast<int>(info.ssi_signo), info.ssi_code <= 0};
}

absl::Status Interrupts::Check() {
  if (const auto signal = Take()) return InterruptedBy(signal->number);
  return absl::OkStatus();
}

absl::Status Interrupts::WaitReadable(int fd) {
  pollfd descriptors[] = {{fd_.get(), POLLIN, 0}, {fd, POLLIN, 0}};
  PollDescriptors(absl::MakeSpan(descriptors), absl::InfiniteDuration());
  return Check();
}

int PollDescriptors(absl::Span<pollfd> descriptors, absl::Duration timeout) {
  const RealClock clock;
  const absl::Duration end = clock.Monotonic() + timeout;
  while (true) {
    int64_t wait = -1;
    if (timeout != absl::InfiniteDuration()) {
      const absl::Duration left = end - clock.Monotonic();
      // Rounded up, or the last millisecond would spin.
      wait = std::clamp<int64_t>(
          absl::ToInt64Milliseconds(left + absl::Microseconds(999)), 0,
          INT_MAX);
    }
    const int ready =
        poll(descriptors.data(), descriptors.size(), static_cast<int>(wait));
    if (ready >= 0) return ready;
    CHECK(errno == EINTR, "poll of our own descriptors only fails by EINTR");
  }
}

}  // namespace casemate
