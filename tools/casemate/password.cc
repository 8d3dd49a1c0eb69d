#include "tools/casemate/password.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/status.h"
#include "fs/storage/unique_fd.h"
#include "fs/vault/normalization.h"
#include "tools/casemate/cli_error.h"

namespace casemate {
namespace {

// How much of what was read is the password.
enum class Extent : uint8_t {
  kAll,
  kFirstLine,
  kNextLine,  // the first line, and what follows stays unread
};

// ReadPassword says before it what cannot be read.
absl::Status Unreadable(absl::string_view what, absl::string_view next = "") {
  return CliError(ExitCode::kPasswordUnreadable, what, next);
}

absl::Status UnreadableErrno(absl::string_view where, int error) {
  return Unreadable(ErrnoError(error, where).message());
}

void Trim(Extent extent, SecretBytes& password) {
  const absl::string_view text = TextOf(password.bytes());
  if (extent != Extent::kAll) {
    if (const size_t end = text.find('\n'); end != text.npos) {
      password.Truncate(end);
    }
  } else if (!text.empty() && text.back() == '\n') {
    password.Truncate(text.size() - 1);
  }
}

absl::StatusOr<SecretBytes> ReadToEnd(int fd, absl::string_view where,
                                      Extent extent, Interrupts& interrupts) {
  // Room for the newline, and for one byte that shows it is too long.
  SecretBytes password(kMaxPasswordSize + 2);
  size_t size = 0;
  while (size < password.size()) {
    RETURN_IF_ERROR(interrupts.WaitReadable(fd));
    const size_t wanted =
        extent == Extent::kNextLine ? 1 : password.size() - size;
    const ssize_t count =
        read(fd, password.mutable_bytes().data() + size, wanted);
    if (count < 0) {
      if (errno == EINTR || errno == EAGAIN) continue;
      return UnreadableErrno(where, errno);
    }
    if (count == 0) break;
    size += count;
    if (extent == Extent::kNextLine && password.bytes()[size - 1] == '\n') {
      break;
    }
  }
  password.Truncate(size);
  Trim(extent, password);
  if (password.size() > kMaxPasswordSize) {
    return Unreadable(absl::StrCat(where, " holds more than 64 KiB"));
  }
  return password;
}

enum class WarnOfMode : uint8_t { kNo, kYes };

absl::StatusOr<SecretBytes> ReadFile(const std::string& path, WarnOfMode warn,
                                     PasswordUse use, Interrupts& interrupts,
                                     Logger& logger) {
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!file.valid()) return UnreadableErrno(path, errno);
  struct stat status;
  if (fstat(file.get(), &status) == 0 && warn == WarnOfMode::kYes &&
      S_ISREG(status.st_mode) && (status.st_mode & (S_IRGRP | S_IROTH)) != 0) {
    logger.Warning(absl::StrCat(
        "the ", SecretName(use),
        " file can be read by other users; chmod 600 would keep them out"));
  }
  return ReadToEnd(file.get(), path, Extent::kAll, interrupts);
}

absl::StatusOr<SecretBytes> ReadVariable(const std::string& name) {
  const char* value = getenv(name.c_str());
  if (value == nullptr) {
    return Unreadable(absl::StrCat("the variable ", name, " is not set"));
  }
  SecretBytes password = SecretBytes::CopyOf(BytesOf(value));
  ForgetVariable(name);
  if (password.size() > kMaxPasswordSize) {
    return Unreadable(
        absl::StrCat("the variable ", name, " holds more than 64 KiB"));
  }
  return password;
}

// The shell that runs `command`, its output going to `output`. It gets the
// signals back that are blocked here: a key on the terminal must end it.
absl::StatusOr<pid_t> SpawnShell(const std::string& command, int output) {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
  sigset_t none;
  sigset_t defaults;
  sigemptyset(&none);
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  const char* arguments[] = {"/bin/sh", "-c", command.c_str(), nullptr};
  pid_t shell = 0;
  const int error = posix_spawn(&shell, "/bin/sh", &files, &attributes,
                                const_cast<char* const*>(arguments), environ);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) return UnreadableErrno("cannot run the shell", error);
  return shell;
}

absl::Status CheckExit(int wait_status) {
  if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0) {
    return absl::OkStatus();
  }
  return Unreadable(
      WIFEXITED(wait_status)
          ? absl::StrCat("the --extpass command failed with exit status ",
                         WEXITSTATUS(wait_status))
          : absl::StrCat("the --extpass command was ended by signal ",
                         WTERMSIG(wait_status)),
      "Run the command by itself to see why.");
}

absl::StatusOr<SecretBytes> ReadFromCommand(const std::string& command,
                                            Interrupts& interrupts) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return UnreadableErrno("pipe", errno);
  UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  ASSIGN_OR_RETURN(const pid_t shell, SpawnShell(command, write_end.get()));
  write_end.reset();
  absl::StatusOr<SecretBytes> password =
      ReadToEnd(read_end.get(), "the --extpass command's output",
                Extent::kFirstLine, interrupts);
  // A command that has more to say gets SIGPIPE, one that we no longer wait
  // for is told so.
  read_end.reset();
  if (!password.ok()) kill(shell, SIGTERM);
  int wait_status = 0;
  while (waitpid(shell, &wait_status, 0) < 0 && errno == EINTR) {
  }
  RETURN_IF_ERROR(interrupts.Check());
  if (!password.ok()) return password;
  RETURN_IF_ERROR(CheckExit(wait_status));
  return password;
}

// Echo off while it lives. The suspend key is off too: a job that is stopped
// while it waits here would leave the terminal to the shell without echo.
class QuietTerminal {
 public:
  explicit QuietTerminal(int terminal) : terminal_(terminal) {
    is_changed_ = tcgetattr(terminal_, &before_) == 0;
    if (!is_changed_) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHOE | ECHOK | ECHONL);
    quiet.c_lflag |= ICANON | ISIG;
    quiet.c_cc[VSUSP] = _POSIX_VDISABLE;
    is_changed_ = tcsetattr(terminal_, TCSAFLUSH, &quiet) == 0;
  }
  ~QuietTerminal() {
    if (is_changed_) tcsetattr(terminal_, TCSAFLUSH, &before_);
  }
  QuietTerminal(const QuietTerminal&) = delete;
  QuietTerminal& operator=(const QuietTerminal&) = delete;

  bool is_changed() const { return is_changed_; }

 private:
  const int terminal_;
  termios before_;
  bool is_changed_ = false;
};

void Say(int terminal, const char* text) {
  const ssize_t ignored = write(terminal, text, strlen(text));
  static_cast<void>(ignored);  // a terminal that is gone fails the read too
}

struct Prompts {
  const char* first;
  const char* again;  // null: it is asked for once
};

Prompts PromptsFor(PasswordUse use) {
  switch (use) {
    case PasswordUse::kUnlock:
      break;
    case PasswordUse::kCreate:
      return {"Password: ", "Password again: "};
    case PasswordUse::kChange:
      return {"New password: ", "New password again: "};
    case PasswordUse::kRecoveryKey:
      return {"Recovery key, 44 words on one line: ", nullptr};
  }
  return {"Password: ", nullptr};
}

const char* FlagsFor(PasswordUse use) {
  switch (use) {
    case PasswordUse::kUnlock:
    case PasswordUse::kCreate:
      break;
    case PasswordUse::kChange:
      return "Use --new-password-stdin, --new-password-file or --new-extpass.";
    case PasswordUse::kRecoveryKey:
      return "Use --recovery-key-stdin or --recovery-key-file.";
  }
  return "Use --password-stdin, --password-file, --extpass or the variable "
         "CASEMATE_PASSWORD.";
}

absl::StatusOr<SecretBytes> Prompt(PasswordUse use, Interrupts& interrupts) {
  const UniqueFd terminal(open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!terminal.valid()) {
    return Unreadable("there is no terminal to ask on", FlagsFor(use));
  }
  const Prompts prompts = PromptsFor(use);
  ASSIGN_OR_RETURN(SecretBytes password,
                   PromptPassword(terminal.get(), prompts.first, interrupts));
  if (prompts.again == nullptr || password.empty()) return password;
  ASSIGN_OR_RETURN(const SecretBytes again,
                   PromptPassword(terminal.get(), prompts.again, interrupts));
  if (!ConstantTimeEquals(password.bytes(), again.bytes())) {
    return Unreadable("the two passwords differ");
  }
  return password;
}

absl::StatusOr<SecretBytes> ReadExplicit(const PasswordOptions& options,
                                         PasswordUse use,
                                         Interrupts& interrupts,
                                         Logger& logger) {
  if (options.file) {
    return ReadFile(*options.file, WarnOfMode::kYes, use, interrupts, logger);
  }
  const Extent extent = options.one_line ? Extent::kNextLine : Extent::kAll;
  if (options.descriptor) {
    return ReadToEnd(*options.descriptor,
                     absl::StrCat("descriptor ", *options.descriptor), extent,
                     interrupts);
  }
  if (options.standard_input) {
    return ReadToEnd(STDIN_FILENO, "standard input", extent, interrupts);
  }
  if (options.variable) return ReadVariable(*options.variable);
  return ReadFromCommand(*options.command, interrupts);
}

absl::StatusOr<SecretBytes> ReadImplicit(PasswordUse use,
                                         Interrupts& interrupts,
                                         Logger& logger) {
  if (use == PasswordUse::kChange || use == PasswordUse::kRecoveryKey) {
    return Prompt(use, interrupts);
  }
  if (getenv(kPasswordVariable) != nullptr) {
    return ReadVariable(kPasswordVariable);
  }
  if (const char* directory = getenv("CREDENTIALS_DIRECTORY")) {
    const std::string path = absl::StrCat(directory, "/", kCredentialName);
    // systemd sets the mode of its credentials and takes care of it.
    if (access(path.c_str(), F_OK) == 0) {
      return ReadFile(path, WarnOfMode::kNo, use, interrupts, logger);
    }
  }
  return Prompt(use, interrupts);
}

// `status` of a source, with what it was to be the source of.
absl::Status Named(PasswordUse use, const absl::Status& status) {
  if (ExitCodeOf(status) != ExitCode::kPasswordUnreadable) return status;
  return Unreadable(
      absl::StrCat("cannot read the ", SecretName(use), ": ", status.message()),
      NextStepOf(status));
}

}  // namespace

absl::StatusOr<SecretBytes> PromptPassword(int terminal, const char* prompt,
                                           Interrupts& interrupts) {
  const QuietTerminal quiet(terminal);
  if (!quiet.is_changed()) return UnreadableErrno("the terminal", errno);
  Say(terminal, prompt);
  SecretBytes password(kMaxPasswordSize);
  absl::Status status = interrupts.WaitReadable(terminal);
  ssize_t size = 0;
  if (status.ok()) {
    // One line at most: the terminal is in canonical mode.
    size = read(terminal, password.mutable_bytes().data(), password.size());
    if (size < 0) status = UnreadableErrno("the terminal", errno);
  }
  Say(terminal, "\n");
  RETURN_IF_ERROR(status);
  password.Truncate(size);
  Trim(Extent::kFirstLine, password);
  return password;
}

void ForgetVariable(const std::string& name) {
  char* value = getenv(name.c_str());
  if (value == nullptr) return;
  Wipe(MutableBytes(reinterpret_cast<uint8_t*>(value), strlen(value)));
  unsetenv(name.c_str());
}

absl::StatusOr<SecretBytes> ReadPassword(const PasswordOptions& options,
                                         PasswordUse use,
                                         Interrupts& interrupts,
                                         Logger& logger) {
  // Before an explicit source: --extpass runs a child. With --password-env the
  // variable may be the very one.
  if ((options.count() != 0 || use == PasswordUse::kChange) &&
      use != PasswordUse::kRecoveryKey &&
      options.variable != kPasswordVariable) {
    ForgetVariable(kPasswordVariable);
  }
  absl::StatusOr<SecretBytes> password =
      options.count() != 0 ? ReadExplicit(options, use, interrupts, logger)
                           : ReadImplicit(use, interrupts, logger);
  if (!password.ok()) return Named(use, password.status());
  if (use == PasswordUse::kRecoveryKey) return password;
  if (password->empty()) {
    return CliError(ExitCode::kEmptyPassword,
                    absl::StrCat("the ", SecretName(use), " is empty"));
  }
  if (!IsValidUtf8(TextOf(password->bytes()))) {
    return Named(
        use,
        Unreadable("it is not valid UTF-8",
                   "Every client of this format takes passwords as UTF-8."));
  }
  return password;
}

}  // namespace casemate
