#include "tools/casemate/key_commands.h"

#include <unistd.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/status.h"
#include "crypto/random/os_random.h"
#include "crypto/secret/secret_bytes.h"
#include "fs/storage/storage.h"
#include "fs/vault/masterkey_file.h"
#include "fs/vault/password_change.h"
#include "fs/vault/recovery_key.h"
#include "fs/vault/vault_access.h"
#include "fs/vault/vault_backup.h"
#include "tools/casemate/cli_error.h"
#include "tools/casemate/interrupts.h"
#include "tools/casemate/password.h"
#include "tools/casemate/standard_output.h"
#include "tools/casemate/vault_opening.h"

namespace casemate {
namespace {

// The keys, and the password that they are to have from now on.
struct NewPassword {
  UnlockedVault vault;
  SecretBytes password;
};

// A file that is kept, with where it is and what it still opens.
void TellOfOldFile(const std::string& kept, Logger& logger) {
  if (kept.empty()) return;
  logger.Info(absl::StrCat(
      "the old masterkey file is kept as ", kept,
      "; with the old password it still opens the vault, as every other old "
      "copy does"));
}

// What a new password costs to guess: never less than before, as far as the
// old masterkey file tells.
KdfCost NewCost(Dir& folder) {
  const absl::StatusOr<VaultInfo> info = ReadVaultInfo(folder);
  return info.ok() ? info->cost.AtLeastRecommended() : KdfCost();
}

absl::Status SetPassword(Dir& folder, const NewPassword& next, Logger& logger) {
  OsRandom random;
  const absl::StatusOr<std::string> kept = ChangePassword(
      folder, next.vault, next.password.bytes(), NewCost(folder), random);
  if (!kept.ok()) {
    return CliError(
        ExitCode::kOther,
        absl::StrCat("cannot set the new password: ", kept.status().message()),
        "The vault opens as before, or with the new password if only the last "
        "step failed.");
  }
  TellOfOldFile(*kept, logger);
  const absl::Status copied = BackUpVaultFiles(folder, random);
  if (!copied.ok()) WarnOfMissingBackup(copied, logger);
  return absl::OkStatus();
}

}  // namespace

absl::Status RunPasswd(const PasswdCommand& command, Logger& logger) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Dir> folder,
                   OpenVaultFolder(command.vault));
  const auto next = [&]() -> absl::StatusOr<NewPassword> {
    Interrupts interrupts;
    OpenVaultOptions options;
    options.version_mac = command.version_mac;
    ASSIGN_OR_RETURN(
        UnlockedVault vault,
        UnlockVault(*folder, command.password, interrupts, logger, options));
    ASSIGN_OR_RETURN(SecretBytes password,
                     ReadPassword(command.new_password, PasswordUse::kChange,
                                  interrupts, logger));
    return NewPassword{std::move(vault), std::move(password)};
  }();
  RETURN_IF_ERROR(next.status());
  return SetPassword(*folder, *next, logger);
}

absl::Status RunShowRecoveryKey(const ShowRecoveryKeyCommand& command,
                                Logger& logger) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Dir> folder,
                   OpenVaultFolder(command.vault));
  const absl::StatusOr<UnlockedVault> vault = [&] {
    Interrupts interrupts;
    return UnlockVault(*folder, command.password, interrupts, logger);
  }();
  RETURN_IF_ERROR(vault.status());
  if (isatty(STDOUT_FILENO) == 1) {
    logger.Warning(
        "whoever sees these words can open the vault without its password, "
        "now and after every change of it; clear the screen and its history");
  }
  RETURN_IF_ERROR(WriteOut(EncodeRecoveryKey(vault->masterkey).bytes()));
  return WriteOut(BytesOf("\n"));
}

absl::Status RunResetPassword(const ResetPasswordCommand& command,
                              Logger& logger) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Dir> folder,
                   OpenVaultFolder(command.vault));
  // Before anybody has to find 44 words.
  const absl::Status is_vault = ReadVaultConfig(*folder).status();
  if (!is_vault.ok()) return FromVaultError(is_vault);
  const auto next = [&]() -> absl::StatusOr<NewPassword> {
    Interrupts interrupts;
    ASSIGN_OR_RETURN(
        const SecretBytes words,
        ReadPassword(command.recovery_key, PasswordUse::kRecoveryKey,
                     interrupts, logger));
    absl::StatusOr<UnlockedVault> vault =
        OpenVaultWithRecoveryKey(*folder, words.bytes());
    if (!vault.ok()) return FromVaultError(vault.status());
    ASSIGN_OR_RETURN(SecretBytes password,
                     ReadPassword(command.new_password, PasswordUse::kChange,
                                  interrupts, logger));
    return NewPassword{*std::move(vault), std::move(password)};
  }();
  RETURN_IF_ERROR(next.status());
  return SetPassword(*folder, *next, logger);
}

}  // namespace casemate
