#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/bytes.h"
#include "base/status.h"
#include "fs/vault/content_directory.h"
#include "fs/vault/dir_id.h"
#include "fs/vault/name_codec.h"
#include "fs/vault/pending_file.h"
#include "fs/vault/sealed_file.h"
#include "fs/vault/vault_access.h"
#include "fs/vault/vault_error.h"

namespace casemate {
namespace {

constexpr mode_t kDirectoryMode = 0700;

absl::Status CheckOptions(const NewVaultOptions& options) {
  RETURN_IF_ERROR(options.cost.Check());
  if (options.shortening_threshold < kMinShorteningThreshold ||
      options.shortening_threshold > kMaxShorteningThreshold) {
    return absl::InvalidArgumentError(
        absl::StrCat("the shortening threshold is ",
                     options.shortening_threshold, "; possible are ",
                     kMinShorteningThreshold, " to ", kMaxShorteningThreshold));
  }
  return absl::OkStatus();
}

absl::Status CheckEmpty(Dir& folder) {
  ASSIGN_OR_RETURN(const std::vector<DirEntry> entries, folder.List());
  bool empty = true;
  for (const DirEntry& entry : entries) {
    if (entry.name == kVaultConfigFile) {
      return WithVaultError(
          absl::AlreadyExistsError(absl::StrCat(
              kVaultConfigFile,
              ": there is a vault in this folder; choose another folder")),
          VaultErrorKind::kAlreadyExists);
    }
    // Synchronisation tools keep their own things under such names.
    if (!absl::StartsWith(entry.name, ".")) empty = false;
  }
  if (empty) return absl::OkStatus();
  return WithVaultError(
      absl::FailedPreconditionError(
          "the folder is not empty; choose an empty one, or remove what an "
          "interrupted casemate init has left (masterkey.cryptomator and d)"),
      VaultErrorKind::kAlreadyExists);
}

absl::Status MakeRoot(Dir& folder, const Masterkey& masterkey,
                      CipherCombo combo, RandomSource& random) {
  RETURN_IF_ERROR(folder.MakeDir("d", kDirectoryMode));
  ASSIGN_OR_RETURN(const std::unique_ptr<Dir> d, folder.OpenDir("d"));
  const NewContentDirectory options = {kDirectoryMode, NewOwner()};
  return MakeContentDirectory(*d, NameCodec(masterkey), DirId(),
                              SealedFileCodec(combo, &masterkey), random,
                              options)
      .status();
}

// Takes back what a failed CreateVault has made, in a folder that was empty.
void RemoveAttempt(Dir& folder, const Masterkey& masterkey) {
  folder.RemoveFile(kVaultConfigFile).IgnoreError();
  const NameCodec names(masterkey);
  const absl::StatusOr<std::unique_ptr<Dir>> d = folder.OpenDir("d");
  if (d.ok()) {
    RemoveContentDirectory(**d, names, DirId()).IgnoreError();
    (*d)->RemoveDir(names.ContentPath(DirId()).substr(0, 2)).IgnoreError();
    folder.RemoveDir("d").IgnoreError();
  }
  folder.RemoveFile(kDefaultMasterkeyFile).IgnoreError();
}

}  // namespace

absl::Status CreateVault(Dir& folder, const NewVaultOptions& options,
                         ConstBytes password, RandomSource& random) {
  RETURN_IF_ERROR(CheckOptions(options));
  RETURN_IF_ERROR(CheckEmpty(folder));
  const Masterkey masterkey = Masterkey::Create(random);
  ASSIGN_OR_RETURN(
      const std::string key_file,
      MasterkeyFile::Create(masterkey, password, options.cost, random));
  VaultConfig config;
  config.jti = RandomUuid(random);
  config.combo = options.combo;
  config.shortening_threshold = options.shortening_threshold;

  absl::Status status = WriteFileAtomically(
      folder, kDefaultMasterkeyFile, key_file, RenameMode::kNoReplace, random);
  if (status.ok()) {
    status = MakeRoot(folder, masterkey, options.combo, random);
  }
  if (status.ok()) {
    status = WriteFileAtomically(folder, kVaultConfigFile,
                                 config.Serialize(masterkey),
                                 RenameMode::kNoReplace, random);
  }
  if (!status.ok()) RemoveAttempt(folder, masterkey);
  return status;
}

}  // namespace casemate
