#include "tools/casemate/startup.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/check.h"
#include "base/status.h"
#include "tools/casemate/cli_error.h"

namespace casemate {
namespace {

// Longer than any message of ours, shorter than what a pipe takes at once.
constexpr size_t kMaxRecordSize = 16 * 1024;

void WriteAll(int fd, absl::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;  // the launcher is gone: nobody to tell
    text.remove_prefix(count);
  }
}

absl::Status Silence(int wait_status) {
  const std::string end =
      WIFSIGNALED(wait_status)
          ? absl::StrCat("was ended by signal ", WTERMSIG(wait_status))
          : absl::StrCat("exited with status ", WEXITSTATUS(wait_status));
  return CliError(ExitCode::kFork,
                  absl::StrCat("the daemon ", end, " before it had mounted"),
                  "Run it with --foreground to see more.");
}

// The bytes that the child writes until it closes its end.
std::string ReadRecord(int pipe, pid_t child, Interrupts& interrupts) {
  std::string record;
  while (true) {
    pollfd descriptors[] = {{interrupts.fd(), POLLIN, 0}, {pipe, POLLIN, 0}};
    PollDescriptors(absl::MakeSpan(descriptors), absl::InfiniteDuration());
    if (const auto signal = interrupts.Take()) {
      // A key on the terminal has reached the child as well.
      if (signal->is_from_process) kill(child, signal->number);
      continue;
    }
    char buffer[1024];
    const ssize_t count = read(pipe, buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return record;
    if (record.size() < kMaxRecordSize) record.append(buffer, count);
  }
}

absl::Status AwaitDaemon(int pipe, pid_t child, Interrupts& interrupts) {
  const absl::optional<absl::Status> report =
      DecodeStartupRecord(ReadRecord(pipe, child, interrupts));
  if (report && report->ok()) return absl::OkStatus();
  // It has failed: wait until it has let go of the vault and the mountpoint.
  int wait_status = 0;
  while (waitpid(child, &wait_status, 0) < 0 && errno == EINTR) {
  }
  return report ? *report : Silence(wait_status);
}

}  // namespace

std::string EncodeStartupRecord(const absl::Status& status) {
  constexpr absl::string_view kEnd("\0", 1);
  return absl::StrCat(static_cast<int>(ExitCodeOf(status)), kEnd,
                      status.message(), kEnd, NextStepOf(status), kEnd);
}

absl::optional<absl::Status> DecodeStartupRecord(absl::string_view record) {
  const std::vector<absl::string_view> fields = absl::StrSplit(record, '\0');
  int code = 0;
  if (fields.size() != 4 || !fields[3].empty() ||
      !absl::SimpleAtoi(fields[0], &code)) {
    return absl::nullopt;
  }
  if (code == 0) return absl::OkStatus();
  return CliError(static_cast<ExitCode>(code), fields[1], fields[2]);
}

void StartupReporter::Ready() {
  if (!has_launcher()) return;
  setsid();
  // The user may want to unmount what was the working folder.
  if (chdir("/") < 0) CHECK(errno != ENOENT, "there is a root folder");
  const UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (null.valid()) {
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
      dup2(null.get(), fd);
    }
  }
  WriteAll(pipe_.get(), EncodeStartupRecord(absl::OkStatus()));
  pipe_.reset();
}

bool StartupReporter::Failed(const absl::Status& error) {
  if (!has_launcher()) return false;
  WriteAll(pipe_.get(), EncodeStartupRecord(error));
  pipe_.reset();
  return true;
}

absl::Status RunInBackground(
    Interrupts& interrupts,
    const std::function<absl::Status(StartupReporter&)>& daemon) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) {
    return CliError(ExitCode::kFork, ErrnoError(errno, "pipe").message());
  }
  UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  const pid_t child = fork();
  if (child < 0) {
    return CliError(ExitCode::kFork, ErrnoError(errno, "fork").message());
  }
  if (child == 0) {
    read_end.reset();
    StartupReporter reporter(std::move(write_end));
    const absl::Status status = daemon(reporter);
    if (!status.ok()) reporter.Failed(status);
    // Not exit(): the launcher owns what is buffered and registered.
    _exit(static_cast<int>(ExitCodeOf(status)));
  }
  write_end.reset();
  return AwaitDaemon(read_end.get(), child, interrupts);
}

std::vector<int> OpenDescriptors() {
  std::vector<int> descriptors;
  DIR* const folder = opendir("/proc/self/fd");
  if (folder == nullptr) return descriptors;
  while (const dirent* entry = readdir(folder)) {
    int fd = 0;
    if (absl::SimpleAtoi(entry->d_name, &fd) && fd >= 3 &&
        fd != dirfd(folder)) {
      descriptors.push_back(fd);
    }
  }
  closedir(folder);
  std::sort(descriptors.begin(), descriptors.end());
  return descriptors;
}

void CloseDescriptors(const std::vector<int>& descriptors) {
  for (const int fd : descriptors) close(fd);
}

}  // namespace casemate
