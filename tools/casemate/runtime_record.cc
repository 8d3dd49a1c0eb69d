#include "tools/casemate/runtime_record.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/status.h"
#include "crypto/primitive/sha.h"
#include "fs/storage/unique_fd.h"
#include "nlohmann/json.hpp"
#include "tools/casemate/terminal_text.h"

namespace casemate {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxRecordSize = 64 * 1024;
constexpr size_t kNameDigits = 32;
constexpr char kRecordSuffix[] = ".json";
// Not blocking: a fifo in a record's place must not hang root's unmount.
constexpr int kOpenToRead = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;

bool DecodePath(const Json& json, const char* key, std::string* path) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_string()) return false;
  *path = UnescapeName(found->get_ref<const std::string&>());
  return true;
}

template <typename T>
bool DecodeNumber(const Json& json, const char* key, T* number) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_number_unsigned()) return false;
  const uint64_t value = found->get<uint64_t>();
  *number = static_cast<T>(value);
  return static_cast<uint64_t>(*number) == value;
}

absl::Status WriteWhole(int fd, absl::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoError(errno, "write the runtime record");
    text.remove_prefix(count);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadWhole(int fd) {
  std::string text(kMaxRecordSize, '\0');
  const ssize_t size = pread(fd, text.data(), text.size(), 0);
  if (size < 0) return ErrnoError(errno, "read the runtime record");
  text.resize(size);
  return text;
}

}  // namespace

std::string RuntimeRecord::ToJson() const {
  // Paths are bytes and JSON is UTF-8: escaped, all of them fit.
  Json json = {
      {"pid", static_cast<uint64_t>(pid)},
      {"start_time", start_time},
      {"mountpoint", EscapeName(mountpoint)},
      {"vault", EscapeName(vault)},
      {"device", device},
  };
  if (metrics_port) json["metrics_port"] = static_cast<uint64_t>(*metrics_port);
  return absl::StrCat(json.dump(), "\n");
}

absl::StatusOr<RuntimeRecord> RuntimeRecord::Parse(absl::string_view text) {
  const Json json = Json::parse(text.begin(), text.end(), nullptr,
                                /*allow_exceptions=*/false);
  RuntimeRecord record;
  if (!json.is_object() || !DecodeNumber(json, "pid", &record.pid) ||
      record.pid <= 1 ||
      !DecodeNumber(json, "start_time", &record.start_time) ||
      !DecodePath(json, "mountpoint", &record.mountpoint) ||
      !DecodePath(json, "vault", &record.vault) ||
      !DecodeNumber(json, "device", &record.device)) {
    return absl::InvalidArgumentError("not a runtime record");
  }
  uint16_t port = 0;
  if (DecodeNumber(json, "metrics_port", &port) && port != 0) {
    record.metrics_port = port;
  }
  return record;
}

absl::optional<std::string> RuntimeDirectory(uid_t user) {
  if (user == 0) return "/run/casemate";
  if (user != geteuid()) return absl::StrCat("/run/user/", user, "/casemate");
  const char* directory = getenv("XDG_RUNTIME_DIR");
  if (directory == nullptr || directory[0] != '/') return absl::nullopt;
  return absl::StrCat(directory, "/casemate");
}

std::string RecordPath(absl::string_view directory,
                       absl::string_view mountpoint) {
  const auto digest = Sha256(BytesOf(mountpoint));
  return absl::StrCat(
      directory, "/",
      absl::BytesToHexString(TextOf(digest)).substr(0, kNameDigits),
      kRecordSuffix);
}

absl::StatusOr<UniqueFd> WriteRecord(const std::string& directory,
                                     const RuntimeRecord& record) {
  if (mkdir(directory.c_str(), 0700) < 0 && errno != EEXIST) {
    return ErrnoError(errno, directory);
  }
  const std::string path = RecordPath(directory, record.mountpoint);
  const std::string temporary = absl::StrCat(path, ".", record.pid);
  UniqueFd file(open(temporary.c_str(),
                     O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
                     0600));
  if (!file.valid()) return ErrnoError(errno, temporary);
  absl::Status status = WriteWhole(file.get(), record.ToJson());
  // Locked before it has its name, so nobody takes it for stale.
  if (status.ok() && flock(file.get(), LOCK_EX | LOCK_NB) < 0) {
    status = ErrnoError(errno, temporary);
  }
  if (status.ok() && rename(temporary.c_str(), path.c_str()) < 0) {
    status = ErrnoError(errno, path);
  }
  if (status.ok()) return file;
  unlink(temporary.c_str());
  return status;
}

void RemoveStaleRecords(const std::string& directory) {
  DIR* const folder = opendir(directory.c_str());
  if (folder == nullptr) return;
  while (const dirent* entry = readdir(folder)) {
    if (!absl::EndsWith(entry->d_name, kRecordSuffix)) continue;
    const UniqueFd file(openat(dirfd(folder), entry->d_name, kOpenToRead));
    if (file.valid() && flock(file.get(), LOCK_EX | LOCK_NB) == 0) {
      unlinkat(dirfd(folder), entry->d_name, 0);
    }
  }
  closedir(folder);
}

bool MayTrustRecord(uid_t file_owner, uid_t mount_owner) {
  return file_owner == mount_owner || file_owner == 0;
}

absl::StatusOr<RuntimeRecord> ReadRecord(const std::string& directory,
                                         absl::string_view mountpoint,
                                         uid_t owner) {
  const std::string path = RecordPath(directory, mountpoint);
  const UniqueFd file(open(path.c_str(), kOpenToRead));
  if (!file.valid()) return ErrnoError(errno, path);
  struct stat status;
  if (fstat(file.get(), &status) < 0) return ErrnoError(errno, path);
  if (!S_ISREG(status.st_mode) || !MayTrustRecord(status.st_uid, owner)) {
    return absl::FailedPreconditionError("a foreign runtime record");
  }
  ASSIGN_OR_RETURN(const std::string text, ReadWhole(file.get()));
  ASSIGN_OR_RETURN(RuntimeRecord record, RuntimeRecord::Parse(text));
  if (record.mountpoint != mountpoint) {
    return absl::FailedPreconditionError("the record of another mountpoint");
  }
  return record;
}

void RemoveRecord(const std::string& directory, absl::string_view mountpoint,
                  pid_t pid) {
  const absl::StatusOr<RuntimeRecord> record =
      ReadRecord(directory, mountpoint, geteuid());
  // Another daemon may have mounted there since a lazy unmount.
  if (!record.ok() || record->pid != pid) return;
  unlink(RecordPath(directory, mountpoint).c_str());
}

}  // namespace casemate
