#include "tools/casemate/vault_lock.h"

#include <sys/types.h>

#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/status.h"
#include "tools/casemate/cli_error.h"
#include "tools/casemate/lock_holder.h"
#include "tools/casemate/mountinfo.h"
#include "tools/casemate/proc_file.h"

namespace casemate {
namespace {

absl::Status AlreadyMounted(const std::string& vault, const Dir& content) {
  absl::optional<pid_t> holder;
  const absl::StatusOr<FileStat> stat = content.StatSelf();
  const absl::StatusOr<std::string> locks = ReadProcFile("/proc/locks");
  if (stat.ok() && locks.ok()) {
    holder = FindLockHolder(*locks, stat->id.device, stat->id.inode);
  }
  const std::string who = holder ? absl::StrCat(" by process ", *holder, " (",
                                                CommandOf(*holder), ")")
                                 : "";
  return CliError(ExitCode::kAlreadyMounted,
                  absl::StrCat(vault, " is mounted already", who),
                  "Unmount it first.");
}

}  // namespace

absl::StatusOr<std::unique_ptr<Dir>> LockVault(const std::string& vault,
                                               Dir& folder) {
  absl::StatusOr<std::unique_ptr<Dir>> content = folder.OpenDir("d");
  if (!content.ok()) {
    return CliError(
        ErrnoOf(content.status()) == ENOENT ? ExitCode::kVaultDamaged
                                            : ExitCode::kOther,
        absl::StrCat("the vault's folder d: ", content.status().message()));
  }
  const absl::Status locked = (*content)->LockExclusive();
  if (locked.ok()) return content;
  if (ErrnoOf(locked) == EWOULDBLOCK) return AlreadyMounted(vault, **content);
  return CliError(
      ExitCode::kOther,
      absl::StrCat("cannot mark the vault as mounted: ", locked.message()),
      "The file system it is on must support flock(2).");
}

}  // namespace casemate
