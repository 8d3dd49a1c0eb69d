#include "tools/casemate/proc_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status.h"
#include "fs/storage/unique_fd.h"

namespace casemate {
namespace {

constexpr size_t kMaxSize = size_t{16} << 20;

// Field 22 of /proc/PID/stat, counted from the one after "(comm)".
constexpr size_t kStartTimeField = 19;

}  // namespace

absl::StatusOr<std::string> ReadProcFile(const std::string& path) {
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return ErrnoError(errno, path);
  std::string text;
  while (text.size() < kMaxSize) {
    char buffer[4096];
    const ssize_t count = read(file.get(), buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoError(errno, path);
    if (count == 0) break;
    text.append(buffer, count);
  }
  return text;
}

absl::optional<uint64_t> StartTimeOf(pid_t pid) {
  const absl::StatusOr<std::string> stat =
      ReadProcFile(absl::StrCat("/proc/", pid, "/stat"));
  if (!stat.ok()) return absl::nullopt;
  // The command may hold spaces and parentheses; nothing after it does.
  const size_t end = stat->rfind(") ");
  if (end == std::string::npos) return absl::nullopt;
  const std::vector<absl::string_view> fields =
      absl::StrSplit(absl::string_view(*stat).substr(end + 2), ' ');
  uint64_t ticks = 0;
  if (fields.size() <= kStartTimeField ||
      !absl::SimpleAtoi(fields[kStartTimeField], &ticks)) {
    return absl::nullopt;
  }
  return ticks;
}

std::string CommandOf(pid_t pid) {
  const absl::StatusOr<std::string> comm =
      ReadProcFile(absl::StrCat("/proc/", pid, "/comm"));
  if (!comm.ok()) return "?";
  return std::string(absl::StripSuffix(*comm, "\n"));
}

}  // namespace casemate
