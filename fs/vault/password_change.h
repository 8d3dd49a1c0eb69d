// A vault's keys under another password: `passwd`, and `reset-password` once
// the recovery key has proven itself (OpenVaultWithRecoveryKey).
//
// Only the masterkey file changes. A vault may stay mounted meanwhile: the
// daemon has its keys and reads the file no more.
#ifndef FS_VAULT_PASSWORD_CHANGE_H_
#define FS_VAULT_PASSWORD_CHANGE_H_

#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/random/random_source.h"
#include "fs/storage/storage.h"
#include "fs/vault/masterkey_file.h"
#include "fs/vault/vault_access.h"

namespace casemate {

// Writes a new masterkey file, reads it back and unlocks it, makes sure of the
// old one's .bkup copy (vault_backup.h), and only then replaces it, in one step
// and durably. At every moment there is a masterkey file that opens with one of
// the two passwords, if there was one before, and a failure keeps the old one:
// except that of the very last step, fsync of the folder, after which the new
// one is in effect until a crash decides.
//
// The old file may be missing or damaged. Where it cannot be a masterkey file
// at all (too long, a folder, a link) it is moved out of the way, to
// "<file>.damaged.XXXXXXXX".
//
// Returns the name under which the old file is kept; empty if there was none.
// The keys stay, so an old copy of the file still opens the vault with the old
// password. AlreadyExists: the .bkup's name is taken by something else.
absl::StatusOr<std::string> ChangePassword(Dir& folder,
                                           const UnlockedVault& vault,
                                           ConstBytes new_password,
                                           KdfCost cost, RandomSource& random);

}  // namespace casemate

#endif  // FS_VAULT_PASSWORD_CHANGE_H_
