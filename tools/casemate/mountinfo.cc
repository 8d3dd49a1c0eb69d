#include "tools/casemate/mountinfo.h"

#include <limits.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status.h"
#include "tools/casemate/proc_file.h"

namespace casemate {
namespace {

constexpr int kMaxLinks = 40;  // as the kernel

bool IsOctal(char c) { return c >= '0' && c <= '7'; }

// The kernel writes space, tab, newline, backslash and '#' as \ooo.
std::string Unescape(absl::string_view field) {
  std::string text;
  for (size_t i = 0; i < field.size(); ++i) {
    if (field[i] == '\\' && i + 3 < field.size() && IsOctal(field[i + 1]) &&
        IsOctal(field[i + 2]) && IsOctal(field[i + 3])) {
      text.push_back(static_cast<char>((field[i + 1] - '0') * 64 +
                                       (field[i + 2] - '0') * 8 +
                                       (field[i + 3] - '0')));
      i += 3;
    } else {
      text.push_back(field[i]);
    }
  }
  return text;
}

absl::optional<dev_t> ParseDevice(absl::string_view text) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(text, absl::MaxSplits(':', 1));
  uint32_t major_number = 0;
  uint32_t minor_number = 0;
  if (!absl::SimpleAtoi(parts.first, &major_number) ||
      !absl::SimpleAtoi(parts.second, &minor_number)) {
    return absl::nullopt;
  }
  return makedev(major_number, minor_number);
}

absl::optional<uid_t> UserOf(absl::string_view super_options) {
  for (absl::string_view option : absl::StrSplit(super_options, ',')) {
    uid_t user = 0;
    if (absl::ConsumePrefix(&option, "user_id=") &&
        absl::SimpleAtoi(option, &user)) {
      return user;
    }
  }
  return absl::nullopt;
}

absl::StatusOr<std::string> Resolve(const std::string& path) {
  const std::unique_ptr<char, decltype(&free)> resolved(
      realpath(path.c_str(), nullptr), free);
  if (resolved == nullptr) return ErrnoError(errno, path);
  return std::string(resolved.get());
}

// What the link at `path` holds; absent when it is none.
absl::optional<std::string> ReadLink(const std::string& path) {
  char target[PATH_MAX];
  const ssize_t size = readlink(path.c_str(), target, sizeof(target));
  if (size < 0) return absl::nullopt;
  return std::string(target, size);
}

}  // namespace

absl::optional<MountEntry> ParseMountLine(absl::string_view line) {
  // id parent major:minor root mountpoint options [tags...] - type source super
  const std::vector<absl::string_view> fields = absl::StrSplit(line, ' ');
  if (fields.size() < 10) return absl::nullopt;
  const auto separator = std::find(fields.begin() + 6, fields.end(), "-");
  if (fields.end() - separator < 4) return absl::nullopt;
  const absl::optional<dev_t> device = ParseDevice(fields[2]);
  if (!device) return absl::nullopt;
  MountEntry entry;
  entry.device = *device;
  entry.mountpoint = Unescape(fields[4]);
  entry.type = Unescape(separator[1]);
  entry.source = Unescape(separator[2]);
  entry.user = UserOf(separator[3]);
  return entry;
}

absl::StatusOr<std::vector<MountEntry>> ReadMounts() {
  ASSIGN_OR_RETURN(const std::string text,
                   ReadProcFile("/proc/self/mountinfo"));
  std::vector<MountEntry> mounts;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (auto entry = ParseMountLine(line)) mounts.push_back(*std::move(entry));
  }
  return mounts;
}

absl::optional<MountEntry> FindMount(const std::vector<MountEntry>& mounts,
                                     absl::string_view mountpoint) {
  const auto found = std::find_if(
      mounts.rbegin(), mounts.rend(),
      [&](const MountEntry& m) { return m.mountpoint == mountpoint; });
  if (found == mounts.rend()) return absl::nullopt;
  return *found;
}

bool IsCasemate(const MountEntry& mount) {
  return mount.type == "fuse.casemate";
}

absl::optional<dev_t> ParseFuseConnection(absl::string_view fdinfo) {
  for (absl::string_view line : absl::StrSplit(fdinfo, '\n')) {
    unsigned connection = 0;
    if (absl::ConsumePrefix(&line, "fuse_connection:") &&
        absl::SimpleAtoi(line, &connection)) {
      // The connection's number is the device's minor one, the major is 0.
      return makedev(0, connection);
    }
  }
  return absl::nullopt;
}

absl::optional<std::string> MountpointServedBy(int fd) {
  const absl::StatusOr<std::string> fdinfo =
      ReadProcFile(absl::StrCat("/proc/self/fdinfo/", fd));
  const absl::StatusOr<std::vector<MountEntry>> mounts = ReadMounts();
  if (!fdinfo.ok() || !mounts.ok()) return absl::nullopt;
  const absl::optional<dev_t> device = ParseFuseConnection(*fdinfo);
  for (const MountEntry& mount : *mounts) {
    if (device == mount.device && IsCasemate(mount)) return mount.mountpoint;
  }
  return absl::nullopt;
}

absl::StatusOr<std::string> CanonicalMountpoint(const std::string& path) {
  std::string current = path;
  for (int links = 0; links < kMaxLinks; ++links) {
    while (current.size() > 1 && current.back() == '/') current.pop_back();
    const size_t slash = current.rfind('/');
    const std::string name =
        slash == std::string::npos ? current : current.substr(slash + 1);
    // Names without a parent that could be resolved in their place.
    if (name.empty() || name == "." || name == "..") return Resolve(current);
    const std::string parent =
        slash == std::string::npos ? "." : current.substr(0, slash + 1);
    ASSIGN_OR_RETURN(const std::string folder, Resolve(parent));
    current = folder == "/" ? absl::StrCat("/", name)
                            : absl::StrCat(folder, "/", name);
    const absl::optional<std::string> target = ReadLink(current);
    if (!target) return current;
    current = absl::StartsWith(*target, "/")
                  ? *target
                  : absl::StrCat(folder, "/", *target);
  }
  return ErrnoError(ELOOP, path);
}

}  // namespace casemate
