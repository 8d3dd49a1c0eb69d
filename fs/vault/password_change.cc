#include "fs/vault/password_change.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/status.h"
#include "crypto/secret/secret_bytes.h"
#include "fs/vault/node_files.h"
#include "fs/vault/pending_file.h"
#include "fs/vault/vault_backup.h"

namespace casemate {
namespace {

// What has the masterkey file's name now.
struct OldFile {
  absl::optional<FileStat> stat;        // absent: nothing
  absl::optional<std::string> content;  // absent: no masterkey file
};

absl::StatusOr<OldFile> LookAtOldFile(const Dir& folder,
                                      const std::string& name) {
  const absl::StatusOr<FileStat> stat = folder.Stat(name);
  if (IsErrno(stat.status(), ENOENT)) return OldFile();
  if (!stat.ok()) return Annotate(stat.status(), name);
  OldFile old;
  old.stat = *stat;
  if (stat->type != FileType::kRegular) return old;
  absl::StatusOr<std::string> content =
      ReadSmallFile(folder, name, kMaxMasterkeyFileSize);
  if (absl::IsOutOfRange(content.status())) return old;
  if (!content.ok()) {
    return Annotate(content.status(),
                    absl::StrCat(name, ", of which a copy has to be made"));
  }
  old.content = *std::move(content);
  return old;
}

// Whose owner and permissions the new file gets.
absl::optional<FileStat> Model(const Dir& folder, const OldFile& old) {
  if (old.content) return old.stat;
  const absl::StatusOr<FileStat> config = folder.Stat(kVaultConfigFile);
  return config.ok() ? absl::make_optional(*config) : absl::nullopt;
}

// What was written is what is on the store, and opens with the password.
absl::Status CheckOpens(const Dir& folder, const std::string& name,
                        const Masterkey& masterkey, ConstBytes password) {
  ASSIGN_OR_RETURN(const std::string json,
                   ReadSmallFile(folder, name, kMaxMasterkeyFileSize));
  const absl::StatusOr<MasterkeyFile> file = MasterkeyFile::Parse(json);
  if (file.ok()) {
    const absl::StatusOr<Masterkey> keys =
        file->Unlock(password, VersionMac::kRequired);
    if (keys.ok() && ConstantTimeEquals(keys->raw(), masterkey.raw())) {
      return absl::OkStatus();
    }
  }
  return absl::DataLossError(
      "the new masterkey file does not read back as it was written; is the "
      "store sound?");
}

std::string NameForDamaged(const std::string& name, RandomSource& random) {
  std::array<uint8_t, 4> bytes;
  random.Fill(MutableBytes(bytes));
  return absl::StrCat(name, ".damaged.",
                      absl::BytesToHexString(TextOf(ConstBytes(bytes))));
}

// `pending` becomes the masterkey file in place of what cannot be one.
absl::StatusOr<std::string> ReplaceDamaged(Dir& folder, const std::string& name,
                                           PendingFile& pending,
                                           RandomSource& random) {
  std::string aside = NameForDamaged(name, random);
  RETURN_IF_ERROR(folder.Rename(name, folder, aside, RenameMode::kNoReplace));
  const absl::Status status = pending.Commit(name, RenameMode::kNoReplace);
  // Without effect when the new file has the name.
  if (!status.ok()) {
    folder.Rename(aside, folder, name, RenameMode::kNoReplace).IgnoreError();
    return status;
  }
  return aside;
}

}  // namespace

absl::StatusOr<std::string> ChangePassword(Dir& folder,
                                           const UnlockedVault& vault,
                                           ConstBytes new_password,
                                           KdfCost cost, RandomSource& random) {
  const std::string& name = vault.config.masterkey_file;
  ASSIGN_OR_RETURN(
      const std::string json,
      MasterkeyFile::Create(vault.masterkey, new_password, cost, random));
  ASSIGN_OR_RETURN(const OldFile old, LookAtOldFile(folder, name));
  ASSIGN_OR_RETURN(
      PendingFile pending,
      PendingFile::Write(folder, json, Model(folder, old), random));
  RETURN_IF_ERROR(
      CheckOpens(folder, pending.name(), vault.masterkey, new_password));
  if (!old.stat) {
    RETURN_IF_ERROR(pending.Commit(name, RenameMode::kNoReplace));
    return std::string();
  }
  if (!old.content) return ReplaceDamaged(folder, name, pending, random);
  RETURN_IF_ERROR(BackUp(folder, name, *old.content, random));
  RETURN_IF_ERROR(pending.Commit(name, RenameMode::kReplace));
  return BackupName(name, *old.content);
}

}  // namespace casemate
