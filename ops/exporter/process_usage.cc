#include "ops/exporter/process_usage.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status.h"

namespace casemate {
namespace {

absl::StatusOr<std::string> ReadFile(const char* path) {
  std::ifstream in(path);
  std::string text((std::istreambuf_iterator<char>(in)),
                   std::istreambuf_iterator<char>());
  if (text.empty()) {
    return absl::UnavailableError(absl::StrCat("cannot read ", path));
  }
  return text;
}

absl::StatusOr<absl::Time> BootTime() {
  ASSIGN_OR_RETURN(const std::string text, ReadFile("/proc/stat"));
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    int64_t seconds = 0;
    if (absl::ConsumePrefix(&line, "btime ") &&
        absl::SimpleAtoi(line, &seconds)) {
      return absl::FromUnixSeconds(seconds);
    }
  }
  return absl::UnavailableError("/proc/stat has no btime");
}

absl::StatusOr<uint64_t> CountOpenFds() {
  DIR* const dir = opendir("/proc/self/fd");
  if (dir == nullptr) return ErrnoError(errno, "opendir /proc/self/fd");
  uint64_t entries = 0;
  while (readdir(dir) != nullptr) ++entries;
  closedir(dir);
  return entries - 3;  // ".", ".." and the descriptor of `dir`
}

}  // namespace

absl::StatusOr<ProcStat> ParseProcStat(absl::string_view line) {
  // Field 2, the command, may itself hold spaces and parentheses.
  const size_t end_of_command = line.rfind(')');
  if (end_of_command == absl::string_view::npos) {
    return absl::InvalidArgumentError("/proc/self/stat has no command");
  }
  const std::vector<absl::string_view> fields = absl::StrSplit(
      absl::StripAsciiWhitespace(line.substr(end_of_command + 1)), ' ');
  // fields[0] is field 3 of proc(5).
  const auto field = [&fields](size_t number, uint64_t* value) {
    return number - 3 < fields.size() &&
           absl::SimpleAtoi(fields[number - 3], value);
  };
  ProcStat stat;
  uint64_t user = 0;
  uint64_t system = 0;
  if (!field(14, &user) || !field(15, &system) || !field(20, &stat.threads) ||
      !field(22, &stat.start_ticks) || !field(23, &stat.virtual_bytes) ||
      !field(24, &stat.resident_pages)) {
    return absl::InvalidArgumentError("/proc/self/stat has too few numbers");
  }
  stat.cpu_ticks = user + system;
  return stat;
}

absl::StatusOr<ProcessUsage> ReadProcessUsage() {
  ASSIGN_OR_RETURN(const std::string line, ReadFile("/proc/self/stat"));
  ASSIGN_OR_RETURN(const ProcStat stat, ParseProcStat(line));
  ASSIGN_OR_RETURN(const absl::Time boot, BootTime());
  const absl::Duration tick = absl::Seconds(1) / sysconf(_SC_CLK_TCK);

  ProcessUsage usage;
  ASSIGN_OR_RETURN(usage.open_fds, CountOpenFds());
  usage.cpu = tick * stat.cpu_ticks;
  usage.start_time = boot + tick * stat.start_ticks;
  usage.resident_bytes = stat.resident_pages * sysconf(_SC_PAGESIZE);
  usage.virtual_bytes = stat.virtual_bytes;
  usage.threads = stat.threads;
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return ErrnoError(errno, "getrlimit RLIMIT_NOFILE");
  }
  usage.max_fds = limit.rlim_cur;
  return usage;
}

}  // namespace casemate
