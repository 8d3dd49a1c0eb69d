// Why a vault could not be opened or made, for a caller that must tell the
// cases apart: the command line's exit codes. Rides on a Status as a payload.
#ifndef FS_VAULT_VAULT_ERROR_H_
#define FS_VAULT_VAULT_ERROR_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/types/optional.h"

namespace casemate {

enum class VaultErrorKind : uint8_t {
  kNotAVault,
  kUnsupported,        // another format, cipher or place for the key
  kConfigDamaged,      // vault.cryptomator
  kMasterkeyDamaged,   // the masterkey file, or it is missing
  kHostileParameters,  // it asks for more work than is reasonable
  kWrongPassword,
  kMismatch,       // the two files are not of one vault
  kRootMissing,    // d/, or the root's content directory in it
  kAlreadyExists,  // where a new vault was to be made
  kRecoveryKey,    // it is not valid, or not this vault's
};

// `status`, not OK, as an error of this kind.
absl::Status WithVaultError(absl::Status status, VaultErrorKind kind);

// nullopt for a status that carries none: what the store answered, say.
absl::optional<VaultErrorKind> VaultErrorOf(const absl::Status& status);

}  // namespace casemate

#endif  // FS_VAULT_VAULT_ERROR_H_
