#include "tools/casemate/startup.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "tools/casemate/cli_error.h"

namespace casemate {
namespace {

absl::Status RoundTrip(const absl::Status& status) {
  return DecodeStartupRecord(EncodeStartupRecord(status))
      .value_or(absl::InternalError("not decoded"));
}

TEST(StartupRecordTest, CarriesCodeMessageAndNextStep) {
  EXPECT_TRUE(RoundTrip(absl::OkStatus()).ok());
  const absl::Status status = RoundTrip(
      CliError(ExitCode::kWrongPassword, "wrong\npassword", "Try again."));
  EXPECT_EQ(ExitCodeOf(status), ExitCode::kWrongPassword);
  EXPECT_EQ(status.message(), "wrong\npassword");
  EXPECT_EQ(NextStepOf(status), "Try again.");
  EXPECT_EQ(NextStepOf(RoundTrip(CliError(ExitCode::kOther, "x"))), "");
}

TEST(StartupRecordTest, HalfARecordIsNone) {
  const std::string record =
      EncodeStartupRecord(CliError(ExitCode::kOther, "what", "next"));
  for (size_t size = 0; size < record.size(); ++size) {
    EXPECT_FALSE(DecodeStartupRecord(record.substr(0, size)).has_value())
        << size;
  }
}

TEST(RunInBackgroundTest, AFailureOfTheChildIsTheLaunchersError) {
  Interrupts interrupts;
  const absl::Status status = RunInBackground(interrupts, [](auto&) {
    return CliError(ExitCode::kWrongPassword, "no", "Try again.");
  });
  EXPECT_EQ(ExitCodeOf(status), ExitCode::kWrongPassword);
  EXPECT_EQ(status.message(), "no");
  EXPECT_EQ(NextStepOf(status), "Try again.");
  // The child was waited for: no zombie is left.
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
}

TEST(RunInBackgroundTest, AChildThatDiesSilentlyIsReported) {
  Interrupts interrupts;
  const absl::Status killed =
      RunInBackground(interrupts, [](auto&) -> absl::Status {
        kill(getpid(), SIGKILL);
        return absl::OkStatus();
      });
  EXPECT_EQ(ExitCodeOf(killed), ExitCode::kFork);
  EXPECT_TRUE(absl::StrContains(killed.message(), "signal 9")) << killed;
  const absl::Status silent =
      RunInBackground(interrupts, [](auto&) { return absl::OkStatus(); });
  EXPECT_EQ(ExitCodeOf(silent), ExitCode::kFork);
}

// What a daemon found about itself after Ready(), told through a pipe.
struct DaemonState {
  bool leads_session = false;
  bool is_at_root = false;
  bool output_is_null = false;
};

DaemonState StateOfThisProcess() {
  DaemonState state;
  state.leads_session = getsid(0) == getpid();
  char folder[4096];
  state.is_at_root = getcwd(folder, sizeof(folder)) == std::string("/");
  struct stat null;
  struct stat output;
  state.output_is_null = stat("/dev/null", &null) == 0 &&
                         fstat(STDOUT_FILENO, &output) == 0 &&
                         null.st_rdev == output.st_rdev;
  return state;
}

TEST(RunInBackgroundTest, ADaemonThatIsReadyHasLeftItsTerminal) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  Interrupts interrupts;
  const absl::Status status =
      RunInBackground(interrupts, [&](StartupReporter& startup) {
        startup.Ready();
        const DaemonState state = StateOfThisProcess();
        const ssize_t size = write(ends[1], &state, sizeof(state));
        return size == sizeof(state) ? absl::OkStatus()
                                     : absl::InternalError("write");
      });
  EXPECT_TRUE(status.ok()) << status;
  DaemonState state;
  ASSERT_EQ(read(ends[0], &state, sizeof(state)), ssize_t{sizeof(state)});
  EXPECT_TRUE(state.leads_session);
  EXPECT_TRUE(state.is_at_root);
  EXPECT_TRUE(state.output_is_null);
  close(ends[0]);
  close(ends[1]);
  EXPECT_GT(waitpid(-1, nullptr, 0), 0);
}

TEST(RunInBackgroundTest, ASignalForTheLauncherReachesTheChild) {
  Interrupts interrupts;
  const pid_t launcher = getpid();
  const absl::Status status = RunInBackground(interrupts, [&](auto&) {
    kill(launcher, SIGTERM);
    pollfd descriptors[] = {{interrupts.fd(), POLLIN, 0}};
    PollDescriptors(absl::MakeSpan(descriptors), absl::Seconds(60));
    return interrupts.Check();
  });
  EXPECT_EQ(ExitCodeOf(status), ExitCode::kInterrupted);
}

TEST(OpenDescriptorsTest, ListsWhatIsOpenAboveTheStandardThree) {
  const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(fd, 3);
  const std::vector<int> open_now = OpenDescriptors();
  EXPECT_EQ(std::count(open_now.begin(), open_now.end(), fd), 1);
  EXPECT_EQ(std::count(open_now.begin(), open_now.end(), 0), 0);
  CloseDescriptors({fd});
  const std::vector<int> open_then = OpenDescriptors();
  EXPECT_EQ(std::count(open_then.begin(), open_then.end(), fd), 0);
}

}  // namespace
}  // namespace casemate
