#include "fs/fuse/fusermount.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"

extern char** environ;

namespace casemate {
namespace {

constexpr char kProgram[] = "fusermount3";
// Where the helper finds the socket, whatever number it has here.
constexpr int kCommFd = 3;

class FileActions {
 public:
  FileActions() { posix_spawn_file_actions_init(&actions_); }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;

  // dup2, which also clears close-on-exec when both are one.
  void Place(const UniqueFd& fd, int number) {
    posix_spawn_file_actions_adddup2(&actions_, fd.get(), number);
  }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Ours without what would change the helper's language or socket.
std::vector<std::string> HelperEnvironment() {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const absl::string_view text = *entry;
    if (absl::StartsWith(text, "LC_") || absl::StartsWith(text, "LANG") ||
        absl::StartsWith(text, "_FUSE_COMMFD")) {
      continue;
    }
    result.emplace_back(text);
  }
  result.push_back("LC_ALL=C");
  result.push_back(absl::StrCat("_FUSE_COMMFD=", kCommFd));
  return result;
}

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

absl::StatusOr<Pipe> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return ErrnoError(errno, "pipe2");
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::string ReadAll(const UniqueFd& fd) {
  std::string text;
  char part[512];
  while (true) {
    const ssize_t count = read(fd.get(), part, sizeof(part));
    if (count > 0) {
      text.append(part, static_cast<size_t>(count));
    } else if (count == 0 || errno != EINTR) {
      return text;
    }
  }
}

// A running helper, and the pipe with its words.
struct Helper {
  pid_t pid = -1;
  UniqueFd words;
};

absl::StatusOr<Helper> Start(std::vector<std::string> arguments,
                             const UniqueFd& comm) {
  absl::StatusOr<Pipe> pipe = MakePipe();
  if (!pipe.ok()) return pipe.status();
  std::vector<std::string> environment = HelperEnvironment();
  FileActions actions;
  // In this order: the pipe's number may be kCommFd.
  actions.Place(pipe->write_end, STDERR_FILENO);
  if (comm.valid()) actions.Place(comm, kCommFd);
  Helper helper;
  const int error =
      posix_spawnp(&helper.pid, kProgram, actions.get(), nullptr,
                   Pointers(arguments).data(), Pointers(environment).data());
  if (error != 0) return ErrnoError(error, "cannot run fusermount3");
  helper.words = std::move(pipe->read_end);
  return helper;
}

absl::Status Finish(Helper helper) {
  const std::string words(absl::StripAsciiWhitespace(ReadAll(helper.words)));
  int result = 0;
  while (waitpid(helper.pid, &result, 0) < 0) {
    if (errno != EINTR) return ErrnoError(errno, "waitpid for fusermount3");
  }
  if (WIFEXITED(result) && WEXITSTATUS(result) == 0) return absl::OkStatus();
  const std::string message =
      words.empty() ? std::string("fusermount3 failed without a word") : words;
  // It exits with 1 whatever happened: only its words tell.
  for (const int error : {EBUSY, EPERM, EACCES, EINVAL, ENOENT, ENODEV}) {
    if (absl::StrContains(message, strerror(error))) {
      return WithErrno(absl::FailedPreconditionError(message), error);
    }
  }
  return WithErrno(absl::FailedPreconditionError(message), EIO);
}

// Waits for the descriptor; none comes when the helper ends without sending.
UniqueFd ReceiveDescriptor(const UniqueFd& socket) {
  char byte = 0;
  iovec part{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  ssize_t count;
  do {
    count = recvmsg(socket.get(), &message, MSG_CMSG_CLOEXEC);
  } while (count < 0 && errno == EINTR);
  if (count <= 0) return UniqueFd();
  const cmsghdr* const header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_level != SOL_SOCKET ||
      header->cmsg_type != SCM_RIGHTS) {
    return UniqueFd();
  }
  int fd = -1;
  memcpy(&fd, CMSG_DATA(header), sizeof(fd));
  return UniqueFd(fd);
}

}  // namespace

absl::StatusOr<UniqueFd> MountWithFusermount(const std::string& mountpoint,
                                             const std::string& mount_options) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return ErrnoError(errno, "socketpair");
  }
  const UniqueFd ours(ends[0]);
  UniqueFd theirs(ends[1]);
  absl::StatusOr<Helper> helper =
      Start({kProgram, "-o", mount_options, "--", mountpoint}, theirs);
  if (!helper.ok()) return helper.status();
  theirs.reset();
  UniqueFd device = ReceiveDescriptor(ours);
  RETURN_IF_ERROR(Finish(std::move(*helper)));
  if (!device.valid()) {
    return ErrnoError(EIO, "fusermount3 mounted but passed no descriptor");
  }
  return device;
}

absl::Status UnmountWithFusermount(const std::string& mountpoint, bool lazy) {
  std::vector<std::string> arguments = {kProgram, "-u"};
  if (lazy) arguments.push_back("-z");
  arguments.push_back("--");
  arguments.push_back(mountpoint);
  absl::StatusOr<Helper> helper = Start(std::move(arguments), UniqueFd());
  if (!helper.ok()) return helper.status();
  return Finish(std::move(*helper));
}

}  // namespace casemate
