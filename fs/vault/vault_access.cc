#include "fs/vault/vault_access.h"

#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/status.h"
#include "fs/vault/dir_id.h"
#include "fs/vault/name_codec.h"
#include "fs/vault/recovery_key.h"
#include "fs/vault/vault_backup.h"
#include "fs/vault/vault_error.h"

namespace casemate {
namespace {

absl::Status VaultError(VaultErrorKind kind, absl::StatusCode code,
                        absl::string_view file, absl::string_view problem,
                        absl::string_view advice) {
  return WithVaultError(
      absl::Status(code, absl::StrCat(file, ": ", problem, "; ", advice)),
      kind);
}

constexpr absl::string_view kRestore =
    "restore it from a copy (such as a .bkup file beside it)";
constexpr absl::string_view kRestoreKey =
    "restore it from a copy (such as a .bkup file beside it), or make a new "
    "one with casemate recovery-key reset-password";

absl::Status NoConfig(Dir& folder) {
  const bool has_key = folder.Stat(kDefaultMasterkeyFile).ok();
  const VaultErrorKind kind =
      has_key ? VaultErrorKind::kUnsupported : VaultErrorKind::kNotAVault;
  const absl::StatusCode code =
      has_key ? absl::StatusCode::kUnimplemented : absl::StatusCode::kNotFound;
  const std::vector<std::string> copies = ListBackups(folder, kVaultConfigFile);
  if (!copies.empty()) {
    return VaultError(kind, code, kVaultConfigFile,
                      "missing, while there is a copy of it",
                      absl::StrCat("copy ", copies.back(), " to this name"));
  }
  if (has_key) {
    return VaultError(kind, code, kVaultConfigFile,
                      "missing, while a masterkey file is there: a vault of "
                      "format 7 or older, or one that was not made completely",
                      "open it once with a current Cryptomator, which "
                      "converts it, or restore the file");
  }
  return VaultError(kind, code, kVaultConfigFile,
                    "not found: this folder is not a vault",
                    "check the path, or make a vault with casemate init");
}

absl::StatusOr<std::string> ReadToken(Dir& folder) {
  absl::StatusOr<std::string> token =
      ReadSmallFile(folder, kVaultConfigFile, kMaxVaultConfigSize);
  if (ErrnoOf(token.status()) == ENOENT) return NoConfig(folder);
  if (absl::IsOutOfRange(token.status())) {
    return VaultError(VaultErrorKind::kConfigDamaged,
                      absl::StatusCode::kInvalidArgument, kVaultConfigFile,
                      "far too long", kRestore);
  }
  if (!token.ok()) return Annotate(token.status(), kVaultConfigFile);
  return token;
}

absl::Status ConfigError(const absl::Status& why) {
  if (absl::IsUnimplemented(why)) {
    return VaultError(VaultErrorKind::kUnsupported, why.code(),
                      kVaultConfigFile, why.message(),
                      "use a version of Cryptomator or casemate that knows it");
  }
  return VaultError(VaultErrorKind::kConfigDamaged,
                    absl::StatusCode::kInvalidArgument, kVaultConfigFile,
                    why.message(), kRestore);
}

absl::StatusOr<MasterkeyFile> ReadMasterkeyFile(Dir& folder,
                                                const std::string& name) {
  const auto damaged = [&name](absl::string_view problem) {
    return VaultError(VaultErrorKind::kMasterkeyDamaged,
                      absl::StatusCode::kDataLoss, name, problem, kRestoreKey);
  };
  const absl::StatusOr<std::string> json =
      ReadSmallFile(folder, name, kMaxMasterkeyFileSize);
  if (ErrnoOf(json.status()) == ENOENT) return damaged("missing");
  if (absl::IsOutOfRange(json.status())) return damaged("far too long");
  if (!json.ok()) return Annotate(json.status(), name);
  absl::StatusOr<MasterkeyFile> file = MasterkeyFile::Parse(*json);
  if (absl::IsInvalidArgument(file.status())) {
    return VaultError(VaultErrorKind::kHostileParameters,
                      absl::StatusCode::kInvalidArgument, name,
                      file.status().message(),
                      "no known application writes such a file: do not enter "
                      "your password; restore the file from a copy, or make a "
                      "new one with casemate recovery-key reset-password");
  }
  if (!file.ok()) return damaged(file.status().message());
  return file;
}

absl::Status UnlockError(const std::string& name, const absl::Status& why) {
  if (absl::IsUnauthenticated(why)) {
    return VaultError(VaultErrorKind::kWrongPassword, why.code(), name,
                      "wrong password", "try again");
  }
  if (absl::IsInvalidArgument(why)) {
    return VaultError(VaultErrorKind::kWrongPassword, why.code(), name,
                      "the password is not UTF-8 text",
                      "check the encoding of your terminal or password file");
  }
  if (absl::IsDataLoss(why)) {
    return VaultError(VaultErrorKind::kMasterkeyDamaged, why.code(), name,
                      why.message(), kRestoreKey);
  }
  return Annotate(why, name);
}

// d/ and the root's content directory in it.
absl::Status CheckRoot(Dir& folder, const Masterkey& masterkey) {
  const auto missing = [](const absl::Status& status, absl::string_view what) {
    const int error = ErrnoOf(status);
    if (error != ENOENT && error != ENOTDIR) return Annotate(status, "d");
    return VaultError(VaultErrorKind::kRootMissing, absl::StatusCode::kDataLoss,
                      "d", what,
                      "is the vault synchronised completely? otherwise restore "
                      "it from a copy");
  };
  const absl::StatusOr<std::unique_ptr<Dir>> d = folder.OpenDir("d");
  if (!d.ok()) {
    return missing(d.status(), "the folder with the vault's data is missing");
  }
  const NameCodec names(masterkey);
  const absl::Status root = (*d)->OpenDir(names.ContentPath(DirId())).status();
  if (root.ok()) return root;
  return missing(root, "the vault's root directory is missing in it");
}

}  // namespace

absl::StatusOr<UnlockedVault> OpenVault(Dir& folder, ConstBytes password,
                                        const OpenVaultOptions& options) {
  ASSIGN_OR_RETURN(const std::string token, ReadToken(folder));
  const absl::StatusOr<VaultConfig> alleged =
      VaultConfig::ParseUnverified(token);
  if (!alleged.ok()) return ConfigError(alleged.status());
  const std::string& key_file = alleged->masterkey_file;
  ASSIGN_OR_RETURN(const MasterkeyFile file,
                   ReadMasterkeyFile(folder, key_file));
  absl::StatusOr<Masterkey> masterkey =
      file.Unlock(password, options.version_mac);
  if (!masterkey.ok()) return UnlockError(key_file, masterkey.status());

  absl::StatusOr<VaultConfig> config = VaultConfig::Verify(token, *masterkey);
  if (absl::IsDataLoss(config.status())) {
    return VaultError(
        VaultErrorKind::kMismatch, config.status().code(), kVaultConfigFile,
        absl::StrCat("it was changed, or does not belong to ", key_file),
        "restore both files from one copy of the vault");
  }
  if (!config.ok()) return ConfigError(config.status());
  const absl::Status root = CheckRoot(folder, *masterkey);
  const bool is_accepted = options.missing_root == MissingRoot::kAccepted &&
                           VaultErrorOf(root) == VaultErrorKind::kRootMissing;
  if (!root.ok() && !is_accepted) return root;
  return UnlockedVault{*std::move(config), *std::move(masterkey)};
}

absl::StatusOr<UnlockedVault> OpenVaultWithRecoveryKey(Dir& folder,
                                                       ConstBytes words) {
  ASSIGN_OR_RETURN(const std::string token, ReadToken(folder));
  ASSIGN_OR_RETURN(Masterkey masterkey, DecodeRecoveryKey(words));
  absl::StatusOr<VaultConfig> config = VaultConfig::Verify(token, masterkey);
  if (absl::IsDataLoss(config.status())) {
    return VaultError(
        VaultErrorKind::kRecoveryKey, absl::StatusCode::kInvalidArgument,
        kVaultConfigFile,
        "the recovery key is another vault's, or this file was "
        "changed",
        "look for the right key, or restore the file from a copy");
  }
  if (!config.ok()) return ConfigError(config.status());
  return UnlockedVault{*std::move(config), std::move(masterkey)};
}

absl::StatusOr<VaultConfig> ReadVaultConfig(Dir& folder) {
  ASSIGN_OR_RETURN(const std::string token, ReadToken(folder));
  absl::StatusOr<VaultConfig> config = VaultConfig::ParseUnverified(token);
  if (!config.ok()) return ConfigError(config.status());
  return config;
}

absl::StatusOr<VaultInfo> ReadVaultInfo(Dir& folder) {
  VaultInfo info;
  ASSIGN_OR_RETURN(info.config, ReadVaultConfig(folder));
  ASSIGN_OR_RETURN(const MasterkeyFile file,
                   ReadMasterkeyFile(folder, info.config.masterkey_file));
  info.cost = file.cost();
  return info;
}

}  // namespace casemate
