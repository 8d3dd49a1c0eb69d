// A new file of the vault's root folder, complete and durable under a temporary
// name until it takes its own in one step.
//
//   ASSIGN_OR_RETURN(PendingFile pending,
//                    PendingFile::Write(folder, content, like, random));
//   <read it back, keep what it replaces>
//   return pending.Commit("masterkey.cryptomator", RenameMode::kReplace);
//
// A crash leaves at most the temporary file, which no client takes for a part
// of the vault.
#ifndef FS_VAULT_PENDING_FILE_H_
#define FS_VAULT_PENDING_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "crypto/random/random_source.h"
#include "fs/storage/storage.h"

namespace casemate {

class PendingFile {
 public:
  // `folder` outlives the result. The file gets the owner and the permissions
  // of `like`, as far as this user may give them; without it mode 0600.
  static absl::StatusOr<PendingFile> Write(Dir& folder,
                                           absl::string_view content,
                                           const absl::optional<FileStat>& like,
                                           RandomSource& random);

  PendingFile(PendingFile&& other) noexcept;
  PendingFile& operator=(PendingFile&&) = delete;
  PendingFile(const PendingFile&) = delete;
  // Removes the file unless it was committed.
  ~PendingFile();

  // The temporary name.
  const std::string& name() const { return name_; }

  // Renames it to `name` and makes that durable. Once. An error of the last
  // step leaves the file in effect, though perhaps not after a crash.
  absl::Status Commit(absl::string_view name, RenameMode mode);

 private:
  PendingFile(Dir* folder, std::string name);

  Dir* folder_;
  std::string name_;  // empty: there is nothing to remove
};

// Both steps in one.
absl::Status WriteFileAtomically(Dir& folder, absl::string_view name,
                                 absl::string_view content, RenameMode mode,
                                 RandomSource& random);

}  // namespace casemate

#endif  // FS_VAULT_PENDING_FILE_H_
