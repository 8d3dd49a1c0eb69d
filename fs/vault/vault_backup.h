// The copies of vault.cryptomator and of the masterkey file beside them, named
// as the official application names them: "<file>.XXXXXXXX.bkup", XXXXXXXX the
// first four bytes of the file's SHA-256 (vault-format-8.md section 1; cryptofs
// common/BackupHelper.java). A vault never needs them to open.
//
// Which version is kept when: upstream moves the old masterkey file to its
// backup name when the password is changed or reset, and copies both files
// whenever it has unlocked a vault. Casemate copies the old masterkey file
// before it replaces it, and both files after `init`, `passwd` and
// `reset-password`. Not when it unlocks: `mount --ro` and `ls` change nothing.
#ifndef FS_VAULT_VAULT_BACKUP_H_
#define FS_VAULT_VAULT_BACKUP_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "crypto/random/random_source.h"
#include "fs/storage/storage.h"

namespace casemate {

// Of the copy of `file` when it holds `content`.
std::string BackupName(absl::string_view file, absl::string_view content);
// True for a name that BackupName could have made for `file`.
bool IsBackupName(absl::string_view file, absl::string_view name);

// The names of the copies of `file` that are in `folder`, sorted. Empty when
// the folder cannot be listed.
std::vector<std::string> ListBackups(const Dir& folder, absl::string_view file);

// Makes sure that `content`, of `file`, has its copy in `folder`, and that the
// copy is durable. AlreadyExists when something else has that name: it is never
// replaced.
absl::Status BackUp(Dir& folder, absl::string_view file,
                    absl::string_view content, RandomSource& random);

// BackUp of vault.cryptomator and of the masterkey file that it names, as they
// are now. Tries both, and returns the first error.
absl::Status BackUpVaultFiles(Dir& folder, RandomSource& random);

}  // namespace casemate

#endif  // FS_VAULT_VAULT_BACKUP_H_
