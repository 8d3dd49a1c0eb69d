#include "tools/casemate/vault_opening.h"

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/status.h"
#include "crypto/secret/secret_bytes.h"
#include "fs/storage/posix_storage.h"
#include "fs/vault/masterkey_file.h"
#include "fs/vault/vault_error.h"
#include "fs/vault/vault_tree.h"
#include "tools/casemate/cli_error.h"
#include "tools/casemate/password.h"

namespace casemate {
namespace {

ExitCode CodeOf(VaultErrorKind kind) {
  switch (kind) {
    case VaultErrorKind::kNotAVault:
      return ExitCode::kNotAVault;
    case VaultErrorKind::kUnsupported:
      return ExitCode::kUnsupportedVault;
    case VaultErrorKind::kConfigDamaged:
    case VaultErrorKind::kMismatch:
    case VaultErrorKind::kRootMissing:
      return ExitCode::kVaultDamaged;
    case VaultErrorKind::kMasterkeyDamaged:
      return ExitCode::kMasterkeyDamaged;
    case VaultErrorKind::kHostileParameters:
      return ExitCode::kHostileParameters;
    case VaultErrorKind::kWrongPassword:
      return ExitCode::kWrongPassword;
    case VaultErrorKind::kAlreadyExists:
      return ExitCode::kInitFailed;
    case VaultErrorKind::kRecoveryKey:
      return ExitCode::kRecoveryKey;
  }
  return ExitCode::kOther;
}

void WarnOfWeakness(const VaultInfo& info, Logger& logger) {
  if (info.cost.n < KdfCost::kRecommendedN) {
    logger.Warning(absl::StrCat(
        "the password of this vault is cheap to guess: scrypt N is ",
        info.cost.n, ", less than ", KdfCost::kRecommendedN));
  }
}

}  // namespace

absl::Status FromVaultError(const absl::Status& status) {
  const absl::optional<VaultErrorKind> kind = VaultErrorOf(status);
  return CliError(kind ? CodeOf(*kind) : ExitCode::kOther, status.message());
}

void WarnOfMissingBackup(const absl::Status& why, Logger& logger) {
  logger.Warning(absl::StrCat(
      "the .bkup copies of the vault's two files are not complete: ",
      why.message()));
}

absl::StatusOr<std::unique_ptr<Dir>> OpenVaultFolder(const std::string& path) {
  absl::StatusOr<std::unique_ptr<Dir>> folder = OpenPosixDir(path);
  if (folder.ok()) return folder;
  const int error = ErrnoOf(folder.status());
  if (error == ENOENT || error == ENOTDIR) {
    return CliError(ExitCode::kNotAVault, absl::StrCat(path, " is no folder"),
                    "Give the folder that holds vault.cryptomator.");
  }
  return CliError(ExitCode::kOther,
                  absl::StrCat(path, ": ", folder.status().message()));
}

absl::StatusOr<UnlockedVault> UnlockVault(Dir& folder,
                                          const PasswordOptions& password,
                                          Interrupts& interrupts,
                                          Logger& logger,
                                          const OpenVaultOptions& options) {
  const absl::StatusOr<VaultInfo> info = ReadVaultInfo(folder);
  if (!info.ok()) return FromVaultError(info.status());
  WarnOfWeakness(*info, logger);
  ASSIGN_OR_RETURN(
      const SecretBytes secret,
      ReadPassword(password, PasswordUse::kUnlock, interrupts, logger));
  absl::StatusOr<UnlockedVault> vault =
      OpenVault(folder, secret.bytes(), options);
  if (!vault.ok()) return FromVaultError(vault.status());
  return vault;
}

std::unique_ptr<VaultTree> MakeTree(std::unique_ptr<Dir> folder,
                                    const UnlockedVault& vault,
                                    Services& services) {
  return std::make_unique<VaultTree>(std::move(folder), vault.config,
                                     &vault.masterkey, &services.random,
                                     &services.metrics, &services.logger,
                                     &services.clock, VaultTree::Options());
}

absl::StatusOr<std::unique_ptr<FileSystem>> MakeFileSystem(
    std::unique_ptr<Dir> folder, const UnlockedVault& vault,
    const FileSystemOptions& options, Services& services,
    KernelCache* kernel_cache) {
  absl::StatusOr<std::unique_ptr<FileSystem>> file_system = FileSystem::Create(
      MakeTree(std::move(folder), vault, services), options, &services.clock,
      &services.metrics, &services.logger, kernel_cache);
  if (!file_system.ok()) {
    return CliError(ExitCode::kVaultDamaged,
                    absl::StrCat("the vault's root folder: ",
                                 file_system.status().message()));
  }
  return file_system;
}

absl::Status WithVault(
    const std::string& path, const PasswordOptions& password, Logger& logger,
    const std::function<absl::Status(std::unique_ptr<Dir> folder,
                                     const UnlockedVault& vault)>& work) {
  ASSIGN_OR_RETURN(std::unique_ptr<Dir> folder, OpenVaultFolder(path));
  absl::StatusOr<UnlockedVault> vault = [&] {
    Interrupts interrupts;
    return UnlockVault(*folder, password, interrupts, logger);
  }();
  RETURN_IF_ERROR(vault.status());
  return work(std::move(folder), *vault);
}

absl::Status WithReadOnlyFileSystem(
    const std::string& path, const PasswordOptions& password, Logger& logger,
    const std::function<absl::Status(FileSystem&)>& work) {
  const auto with_vault = [&](std::unique_ptr<Dir> folder,
                              const UnlockedVault& vault) -> absl::Status {
    Services services(&logger);
    FileSystemOptions options;
    options.read_only = true;
    ASSIGN_OR_RETURN(
        const std::unique_ptr<FileSystem> file_system,
        MakeFileSystem(std::move(folder), vault, options, services, nullptr));
    return work(*file_system);
  };
  return WithVault(path, password, logger, with_vault);
}

}  // namespace casemate
