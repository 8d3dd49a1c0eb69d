#include "tools/casemate/password.h"

#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tools/casemate/cli_error.h"

namespace casemate {
namespace {

class RecordingLogger final : public Logger {
 public:
  void Log(Severity, absl::string_view message) override {
    messages.emplace_back(message);
  }
  std::vector<std::string> messages;
};

class ReadPasswordTest : public testing::Test {
 protected:
  void SetUp() override {
    unsetenv(kPasswordVariable);
    unsetenv("CREDENTIALS_DIRECTORY");
    folder_ = testing::TempDir() + "/passwordXXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
  }

  std::string WriteFile(absl::string_view content, mode_t mode = 0600,
                        const std::string& name = "password") {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path, std::ios::binary).write(content.data(), content.size());
    EXPECT_EQ(chmod(path.c_str(), mode), 0);
    return path;
  }

  // The password as text, or "error <code>".
  std::string Read(const PasswordOptions& options) {
    const auto password =
        ReadPassword(options, PasswordUse::kUnlock, interrupts_, logger_);
    last_error_ = std::string(password.status().message());
    if (!password.ok()) {
      return absl::StrCat("error ",
                          static_cast<int>(ExitCodeOf(password.status())));
    }
    return std::string(TextOf(password->bytes()));
  }

  std::string ReadFile(absl::string_view content, mode_t mode = 0600) {
    PasswordOptions options;
    options.file = WriteFile(content, mode);
    return Read(options);
  }

  std::string ReadCommand(const std::string& command) {
    PasswordOptions options;
    options.command = command;
    return Read(options);
  }

  Interrupts interrupts_;
  RecordingLogger logger_;
  std::string folder_;
  std::string last_error_;
};

TEST_F(ReadPasswordTest, OneNewlineAtTheEndOfAFileIsNoPartOfIt) {
  EXPECT_EQ(ReadFile("secret"), "secret");
  EXPECT_EQ(ReadFile("secret\n"), "secret");
  EXPECT_EQ(ReadFile("secret\n\n"), "secret\n");
  EXPECT_EQ(ReadFile(" two\nlines \n"), " two\nlines ");
  EXPECT_TRUE(logger_.messages.empty());
}

TEST_F(ReadPasswordTest, EmptyTooLongAndBrokenPasswordsAreRefused) {
  EXPECT_EQ(ReadFile(""), "error 22");
  EXPECT_EQ(ReadFile("\n"), "error 22");
  EXPECT_EQ(ReadFile("\xff\xfe"), "error 9");
  EXPECT_TRUE(absl::StrContains(last_error_, "UTF-8"));
  const std::string longest(kMaxPasswordSize, 'x');
  EXPECT_EQ(ReadFile(longest), longest);
  EXPECT_EQ(ReadFile(longest + "\n"), longest);
  EXPECT_EQ(ReadFile(longest + "x"), "error 9");
  EXPECT_EQ(ReadFile(longest + "xxxxx"), "error 9");
}

TEST_F(ReadPasswordTest, AFileThatOthersCanReadIsWarnedOf) {
  EXPECT_EQ(ReadFile("a", 0640), "a");
  EXPECT_EQ(logger_.messages.size(), 1u);
  EXPECT_EQ(ReadFile("a", 0604), "a");
  EXPECT_EQ(logger_.messages.size(), 2u);
}

TEST_F(ReadPasswordTest, AMissingFileIsNamed) {
  PasswordOptions options;
  options.file = folder_ + "/absent";
  EXPECT_EQ(Read(options), "error 9");
  EXPECT_TRUE(absl::StrContains(last_error_, *options.file));
}

TEST_F(ReadPasswordTest, ADescriptorIsReadToItsEnd) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  std::thread writer([&] {
    EXPECT_EQ(write(ends[1], "sec", 3), 3);
    EXPECT_EQ(write(ends[1], "ret\n", 4), 4);
    close(ends[1]);
  });
  PasswordOptions options;
  options.descriptor = ends[0];
  EXPECT_EQ(Read(options), "secret");
  writer.join();
  close(ends[0]);
  options.descriptor = 1022;
  EXPECT_EQ(Read(options), "error 9");
}

TEST_F(ReadPasswordTest, StandardInputIsReadWhenAsked) {
  const int saved = dup(STDIN_FILENO);
  const int file = open(WriteFile("from stdin\n").c_str(), O_RDONLY);
  ASSERT_EQ(dup2(file, STDIN_FILENO), STDIN_FILENO);
  PasswordOptions options;
  options.standard_input = true;
  EXPECT_EQ(Read(options), "from stdin");
  dup2(saved, STDIN_FILENO);
  close(saved);
  close(file);
}

TEST_F(ReadPasswordTest, TwoSecretsOfOneStreamAreALineEach) {
  const int file =
      open(WriteFile("first\n second \n\nthird").c_str(), O_RDONLY);
  PasswordOptions options;
  options.descriptor = file;
  options.one_line = true;
  EXPECT_EQ(Read(options), "first");
  EXPECT_EQ(Read(options), " second ");
  EXPECT_EQ(Read(options), "error 22");
  EXPECT_EQ(Read(options), "third");
  EXPECT_EQ(Read(options), "error 22");
  close(file);
}

TEST_F(ReadPasswordTest, ErrorsNameTheSecret) {
  PasswordOptions options;
  options.file = folder_ + "/absent";
  for (const auto& [use, name] :
       {std::pair(PasswordUse::kUnlock, "the password: "),
        std::pair(PasswordUse::kChange, "the new password: "),
        std::pair(PasswordUse::kRecoveryKey, "the recovery key: ")}) {
    const absl::Status status =
        ReadPassword(options, use, interrupts_, logger_).status();
    EXPECT_EQ(ExitCodeOf(status), ExitCode::kPasswordUnreadable);
    EXPECT_TRUE(absl::StrContains(status.message(), name)) << status;
  }
}

TEST_F(ReadPasswordTest, ARecoveryKeyIsTakenAsItIsAndLeavesTheVariable) {
  setenv(kPasswordVariable, "new", 1);
  for (const std::string& text : {std::string(), std::string("\xff\nx")}) {
    PasswordOptions options;
    options.file = WriteFile(text);
    const auto words =
        ReadPassword(options, PasswordUse::kRecoveryKey, interrupts_, logger_);
    ASSERT_TRUE(words.ok()) << words.status();
    EXPECT_EQ(TextOf(words->bytes()), text);
  }
  EXPECT_STREQ(getenv(kPasswordVariable), "new");
}

TEST_F(ReadPasswordTest, TheVariableIsUsedAndRemoved) {
  setenv(kPasswordVariable, "from env", 1);
  const char* const value = getenv(kPasswordVariable);
  EXPECT_EQ(Read({}), "from env");
  EXPECT_EQ(getenv(kPasswordVariable), nullptr);
  // Overwritten where it lay: /proc/PID/environ shows that memory.
  EXPECT_EQ(std::string(value, 8), std::string(8, '\0'));
}

TEST_F(ReadPasswordTest, AnotherVariableCanBeNamed) {
  setenv("OTHER_PASSWORD", "other", 1);
  PasswordOptions options;
  options.variable = "OTHER_PASSWORD";
  EXPECT_EQ(Read(options), "other");
  EXPECT_EQ(getenv("OTHER_PASSWORD"), nullptr);
  EXPECT_EQ(Read(options), "error 9");
  setenv(kPasswordVariable, "same", 1);
  options.variable = kPasswordVariable;
  EXPECT_EQ(Read(options), "same");
}

TEST_F(ReadPasswordTest, FlagsWinOverTheVariableAndThatOverTheCredential) {
  WriteFile("from systemd\n", 0440, kCredentialName);
  setenv("CREDENTIALS_DIRECTORY", folder_.c_str(), 1);
  setenv(kPasswordVariable, "from env", 1);
  EXPECT_EQ(ReadFile("from file"), "from file");
  EXPECT_EQ(getenv(kPasswordVariable), nullptr);
  setenv(kPasswordVariable, "from env", 1);
  EXPECT_EQ(Read({}), "from env");
  EXPECT_EQ(Read({}), "from systemd");
  EXPECT_TRUE(logger_.messages.empty());
}

TEST_F(ReadPasswordTest, ACommandsFirstLineIsThePassword) {
  EXPECT_EQ(ReadCommand("printf 'first\\nsecond\\n'"), "first");
  EXPECT_EQ(ReadCommand("printf plain"), "plain");
  EXPECT_EQ(ReadCommand("true"), "error 22");
}

TEST_F(ReadPasswordTest, ACommandThatFailsIsReportedWithItsStatus) {
  EXPECT_EQ(ReadCommand("echo secret; exit 3"), "error 9");
  EXPECT_TRUE(absl::StrContains(last_error_, "exit status 3")) << last_error_;
  EXPECT_EQ(ReadCommand("kill -9 $$"), "error 9");
  EXPECT_TRUE(absl::StrContains(last_error_, "signal 9")) << last_error_;
}

TEST_F(ReadPasswordTest, ACommandSeesNeitherThePasswordNorBlockedSignals) {
  setenv(kPasswordVariable, "secret", 1);
  EXPECT_EQ(ReadCommand("echo ${CASEMATE_PASSWORD:-unset}"), "unset");
  EXPECT_EQ(ReadCommand("grep SigBlk /proc/self/status"),
            "SigBlk:\t0000000000000000");
}

TEST_F(ReadPasswordTest, ASignalEndsTheWaitForACommand) {
  kill(getpid(), SIGTERM);
  EXPECT_EQ(ReadCommand("exec sleep 600"), "error 15");
}

class PromptPasswordTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(openpty(&user_, &terminal_, nullptr, nullptr, nullptr), 0);
  }
  void TearDown() override {
    close(user_);
    close(terminal_);
  }

  // Reads what the terminal shows until it is `text`.
  void AwaitOutput(const std::string& text) {
    std::string shown;
    char c;
    while (shown.size() < text.size() && read(user_, &c, 1) == 1) shown += c;
    EXPECT_EQ(shown, text);
  }

  bool HasEcho() const {
    termios settings;
    EXPECT_EQ(tcgetattr(terminal_, &settings), 0);
    return (settings.c_lflag & ECHO) != 0;
  }

  Interrupts interrupts_;
  int user_ = -1;
  int terminal_ = -1;
};

TEST_F(PromptPasswordTest, ReadsALineWithoutEcho) {
  bool echo_while_asking = true;
  std::thread typist([&] {
    AwaitOutput("Password: ");
    echo_while_asking = HasEcho();
    EXPECT_EQ(write(user_, "secret\n", 7), 7);
  });
  const auto password = PromptPassword(terminal_, "Password: ", interrupts_);
  typist.join();
  ASSERT_TRUE(password.ok()) << password.status();
  EXPECT_EQ(TextOf(password->bytes()), "secret");
  EXPECT_FALSE(echo_while_asking);
  EXPECT_TRUE(HasEcho());
  AwaitOutput("\r\n");  // and nothing of what was typed
}

TEST_F(PromptPasswordTest, ASignalPutsTheEchoBack) {
  std::thread typist([&] {
    AwaitOutput("Password: ");
    kill(getpid(), SIGINT);
  });
  const auto password = PromptPassword(terminal_, "Password: ", interrupts_);
  typist.join();
  EXPECT_EQ(ExitCodeOf(password.status()), ExitCode::kInterrupted);
  EXPECT_TRUE(HasEcho());
}

TEST_F(PromptPasswordTest, WhatIsNoTerminalIsAnError) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  EXPECT_EQ(
      ExitCodeOf(PromptPassword(ends[0], "Password: ", interrupts_).status()),
      ExitCode::kPasswordUnreadable);
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace casemate
