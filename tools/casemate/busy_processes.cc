#include "tools/casemate/busy_processes.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tools/casemate/proc_file.h"

namespace casemate {
namespace {

// True when the object that the link of /proc `path` leads to is on `device`.
bool LeadsTo(const std::string& path, dev_t device) {
  struct statx object;
  // No field asked for: FUSE then answers from the kernel, and to everybody.
  if (statx(AT_FDCWD, path.c_str(), AT_STATX_DONT_SYNC, 0, &object) < 0) {
    return false;
  }
  return makedev(object.stx_dev_major, object.stx_dev_minor) == device;
}

std::vector<std::string> NumbersIn(const std::string& folder_path) {
  std::vector<std::string> numbers;
  DIR* const folder = opendir(folder_path.c_str());
  if (folder == nullptr) return numbers;
  while (const dirent* entry = readdir(folder)) {
    int ignored = 0;
    if (absl::SimpleAtoi(entry->d_name, &ignored)) {
      numbers.emplace_back(entry->d_name);
    }
  }
  closedir(folder);
  return numbers;
}

bool HasOpenFile(const std::string& process, dev_t device) {
  const std::string folder = absl::StrCat(process, "/fd");
  for (const std::string& fd : NumbersIn(folder)) {
    if (LeadsTo(absl::StrCat(folder, "/", fd), device)) return true;
  }
  return false;
}

bool HasMapping(const std::string& process, dev_t device) {
  const absl::StatusOr<std::string> maps =
      ReadProcFile(absl::StrCat(process, "/maps"));
  if (!maps.ok()) return false;
  // "start-end perms offset major:minor inode path"
  const std::string wanted =
      absl::StrFormat("%02x:%02x", major(device), minor(device));
  for (const absl::string_view line : absl::StrSplit(*maps, '\n')) {
    const std::vector<absl::string_view> fields =
        absl::StrSplit(line, absl::MaxSplits(' ', 4));
    if (fields.size() >= 4 && fields[3] == wanted) return true;
  }
  return false;
}

bool IsUsing(const std::string& process, dev_t device) {
  for (const absl::string_view link : {"/cwd", "/root", "/exe"}) {
    if (LeadsTo(absl::StrCat(process, link), device)) return true;
  }
  return HasOpenFile(process, device) || HasMapping(process, device);
}

}  // namespace

std::vector<BusyProcess> FindBusyProcesses(dev_t device, size_t limit) {
  std::vector<pid_t> pids;
  for (const std::string& name : NumbersIn("/proc")) {
    int pid = 0;
    if (absl::SimpleAtoi(name, &pid) && pid != getpid()) pids.push_back(pid);
  }
  std::sort(pids.begin(), pids.end());
  std::vector<BusyProcess> busy;
  for (const pid_t pid : pids) {
    if (busy.size() == limit) break;
    if (IsUsing(absl::StrCat("/proc/", pid), device)) {
      busy.push_back({pid, CommandOf(pid)});
    }
  }
  return busy;
}

std::string FormatProcesses(absl::Span<const BusyProcess> processes) {
  return absl::StrJoin(
      processes, ", ", [](std::string* out, const BusyProcess& process) {
        absl::StrAppend(out, process.pid, " (", process.command, ")");
      });
}

}  // namespace casemate
