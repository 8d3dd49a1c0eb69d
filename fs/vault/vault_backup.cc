#include "fs/vault/vault_backup.h"

#include <algorithm>
#include <cerrno>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/types/optional.h"
#include "base/bytes.h"
#include "base/status.h"
#include "crypto/primitive/sha.h"
#include "fs/vault/masterkey_file.h"
#include "fs/vault/node_files.h"
#include "fs/vault/pending_file.h"
#include "fs/vault/vault_config.h"

namespace casemate {
namespace {

constexpr absl::string_view kSuffix = ".bkup";
constexpr size_t kHashBytes = 4;

// With the owner and the permissions of the original.
absl::Status WriteCopy(Dir& folder, absl::string_view original,
                       absl::string_view name, absl::string_view content,
                       RandomSource& random) {
  absl::optional<FileStat> like;
  if (absl::StatusOr<FileStat> stat = folder.Stat(original); stat.ok()) {
    like = *stat;
  }
  ASSIGN_OR_RETURN(PendingFile pending,
                   PendingFile::Write(folder, content, like, random));
  return pending.Commit(name, RenameMode::kNoReplace);
}

// The file `name` is `content`, durably; else an error.
absl::Status ConfirmCopy(Dir& folder, const std::string& name,
                         absl::string_view content) {
  const absl::StatusOr<std::string> found =
      ReadSmallFile(folder, name, content.size());
  if (!found.ok() && !absl::IsOutOfRange(found.status())) {
    return Annotate(found.status(), name);
  }
  if (!found.ok() || *found != content) {
    return absl::AlreadyExistsError(
        absl::StrCat(name,
                     ": it holds something else than its name says; move it "
                     "out of the folder and try again"));
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<File> file,
                   folder.OpenFile(name, Access::kRead));
  RETURN_IF_ERROR(file->Sync());
  return folder.Sync();
}

absl::Status BackUpFile(Dir& folder, const std::string& file, size_t limit,
                        RandomSource& random) {
  const absl::StatusOr<std::string> content =
      ReadSmallFile(folder, file, limit);
  if (!content.ok()) return Annotate(content.status(), file);
  return BackUp(folder, file, *content, random);
}

}  // namespace

std::string BackupName(absl::string_view file, absl::string_view content) {
  const auto hash = Sha256(BytesOf(content));
  const std::string hex =
      absl::BytesToHexString(TextOf(ConstBytes(hash).first(kHashBytes)));
  return absl::StrCat(file, ".", absl::AsciiStrToUpper(hex), kSuffix);
}

bool IsBackupName(absl::string_view file, absl::string_view name) {
  return absl::ConsumePrefix(&name, file) && absl::ConsumePrefix(&name, ".") &&
         absl::ConsumeSuffix(&name, kSuffix) && name.size() == 2 * kHashBytes &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return absl::ascii_isdigit(c) || (c >= 'A' && c <= 'F');
         });
}

std::vector<std::string> ListBackups(const Dir& folder,
                                     absl::string_view file) {
  std::vector<std::string> names;
  const absl::StatusOr<std::vector<DirEntry>> entries = folder.List();
  if (!entries.ok()) return names;
  for (const DirEntry& entry : *entries) {
    if (IsBackupName(file, entry.name)) names.push_back(entry.name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

absl::Status BackUp(Dir& folder, absl::string_view file,
                    absl::string_view content, RandomSource& random) {
  const std::string name = BackupName(file, content);
  if (IsErrno(folder.Stat(name).status(), ENOENT)) {
    const absl::Status status = WriteCopy(folder, file, name, content, random);
    // EEXIST: another process was faster.
    if (!IsErrno(status, EEXIST)) {
      return status.ok() ? status : Annotate(status, name);
    }
  }
  return ConfirmCopy(folder, name, content);
}

absl::Status BackUpVaultFiles(Dir& folder, RandomSource& random) {
  absl::Status status = BackUpFile(folder, std::string(kVaultConfigFile),
                                   kMaxVaultConfigSize, random);
  const absl::StatusOr<std::string> token =
      ReadSmallFile(folder, kVaultConfigFile, kMaxVaultConfigSize);
  if (!token.ok()) return status.ok() ? token.status() : status;
  const absl::StatusOr<VaultConfig> config =
      VaultConfig::ParseUnverified(*token);
  if (!config.ok()) return status.ok() ? config.status() : status;
  status.Update(BackUpFile(folder, config->masterkey_file,
                           kMaxMasterkeyFileSize, random));
  return status;
}

}  // namespace casemate
