// From a path and a password to a FileSystem: what `mount` and the verbs on a
// vault that is not mounted share. Errors are CliErrors.
#ifndef TOOLS_CASEMATE_VAULT_OPENING_H_
#define TOOLS_CASEMATE_VAULT_OPENING_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/log.h"
#include "crypto/random/os_random.h"
#include "fs/core/file_system.h"
#include "fs/core/kernel_cache.h"
#include "fs/storage/storage.h"
#include "fs/vault/vault_access.h"
#include "fs/vault/vault_tree.h"
#include "ops/metrics/metrics.h"
#include "tools/casemate/interrupts.h"
#include "tools/casemate/password_options.h"

namespace casemate {

// What every part of a file system is given, made once per process and after
// the last fork.
struct Services {
  explicit Services(Logger* target)
      : logger(target, &clock, absl::Seconds(10)) {}

  RealClock clock;
  OsRandom random;
  Metrics metrics;
  RateLimitedLogger logger;
};

// An error of fs/vault, or of its store, with its exit code.
absl::Status FromVaultError(const absl::Status& status);

// Tells why BackUpVaultFiles failed; the vault works without.
void WarnOfMissingBackup(const absl::Status& why, Logger& logger);

// The folder of a vault. kNotAVault when there is no such folder.
absl::StatusOr<std::unique_ptr<Dir>> OpenVaultFolder(const std::string& path);

// Reads the password and unlocks. A folder that is no vault is refused before
// anybody is asked for one. Warns of a vault whose password is easily guessed.
absl::StatusOr<UnlockedVault> UnlockVault(Dir& folder,
                                          const PasswordOptions& password,
                                          Interrupts& interrupts,
                                          Logger& logger,
                                          const OpenVaultOptions& options = {});

// The tree of the vault in `folder`; `vault` and `services` outlive it.
std::unique_ptr<VaultTree> MakeTree(std::unique_ptr<Dir> folder,
                                    const UnlockedVault& vault,
                                    Services& services);

// A file system over `folder`; `vault` and `services` outlive it, and so does
// `kernel_cache`, which may be null.
absl::StatusOr<std::unique_ptr<FileSystem>> MakeFileSystem(
    std::unique_ptr<Dir> folder, const UnlockedVault& vault,
    const FileSystemOptions& options, Services& services,
    KernelCache* kernel_cache);

// Unlocks the vault at `path` for `work`, without a mark that it is in use.
absl::Status WithVault(
    const std::string& path, const PasswordOptions& password, Logger& logger,
    const std::function<absl::Status(std::unique_ptr<Dir> folder,
                                     const UnlockedVault& vault)>& work);

// The same with a file system that is read-only.
absl::Status WithReadOnlyFileSystem(
    const std::string& path, const PasswordOptions& password, Logger& logger,
    const std::function<absl::Status(FileSystem&)>& work);

}  // namespace casemate

#endif  // TOOLS_CASEMATE_VAULT_OPENING_H_
