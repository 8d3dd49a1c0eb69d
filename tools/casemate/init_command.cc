#include "tools/casemate/init_command.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "crypto/random/os_random.h"
#include "crypto/secret/secret_bytes.h"
#include "fs/storage/posix_storage.h"
#include "fs/vault/vault_access.h"
#include "fs/vault/vault_backup.h"
#include "tools/casemate/cli_error.h"
#include "tools/casemate/interrupts.h"
#include "tools/casemate/password.h"
#include "tools/casemate/vault_opening.h"

namespace casemate {
namespace {

absl::Status InitFailed(absl::string_view what) {
  return CliError(ExitCode::kInitFailed,
                  absl::StrCat("cannot create the vault: ", what));
}

absl::Status CreateIn(const InitCommand& command, const SecretBytes& password,
                      Logger& logger) {
  absl::StatusOr<std::unique_ptr<Dir>> folder = OpenPosixDir(command.vault);
  if (!folder.ok()) {
    return InitFailed(
        absl::StrCat(command.vault, ": ", folder.status().message()));
  }
  NewVaultOptions options;
  options.combo = command.combo;
  options.shortening_threshold = command.shortening_threshold;
  OsRandom random;
  const absl::Status status =
      CreateVault(**folder, options, password.bytes(), random);
  if (!status.ok()) return InitFailed(status.message());
  const absl::Status copied = BackUpVaultFiles(**folder, random);
  if (!copied.ok()) WarnOfMissingBackup(copied, logger);
  return absl::OkStatus();
}

// Whether anything is there, even what nobody may look at.
bool Exists(const std::string& path) {
  struct stat status;
  return lstat(path.c_str(), &status) == 0 || errno != ENOENT;
}

// A quick look, so that nobody thinks up a password in vain.
absl::Status CheckFolder(const std::string& path) {
  if (!Exists(path)) return absl::OkStatus();
  const absl::StatusOr<std::unique_ptr<Dir>> folder = OpenPosixDir(path);
  if (!folder.ok()) {
    return InitFailed(absl::StrCat(path, ": ", folder.status().message()));
  }
  if ((*folder)->Stat(kVaultConfigFile).ok()) {
    return CliError(ExitCode::kInitFailed,
                    absl::StrCat(path, " holds a vault already"),
                    "Choose another folder.");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status RunInit(const InitCommand& command, Logger& logger) {
  RETURN_IF_ERROR(CheckFolder(command.vault));
  absl::StatusOr<SecretBytes> password = [&] {
    Interrupts interrupts;
    return ReadPassword(command.password, PasswordUse::kCreate, interrupts,
                        logger);
  }();
  RETURN_IF_ERROR(password.status());
  const bool is_new = mkdir(command.vault.c_str(), 0700) == 0;
  if (!is_new && errno != EEXIST) {
    return InitFailed(ErrnoError(errno, command.vault).message());
  }
  const absl::Status status = CreateIn(command, *password, logger);
  if (!status.ok() && is_new) rmdir(command.vault.c_str());
  return status;
}

}  // namespace casemate
