// Making, opening and describing a vault in a folder: the sequence over
// vault.cryptomator, the masterkey file and the root's content directory.
//
//   ASSIGN_OR_RETURN(UnlockedVault vault, OpenVault(*folder, password, {}));
//   VaultTree tree(std::move(folder), vault.config, &vault.masterkey, ...);
//
// Every error that is the vault's and not the store's carries a VaultErrorKind
// and a message of three parts: the file, what is wrong with it, what to do.
// `folder` is the one that holds d/. Passwords are the user's bytes, UTF-8 in
// any normalisation, without the newline that a password file may end in.
#ifndef FS_VAULT_VAULT_ACCESS_H_
#define FS_VAULT_VAULT_ACCESS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/content/cipher_combo.h"
#include "crypto/random/random_source.h"
#include "fs/storage/storage.h"
#include "fs/vault/masterkey.h"
#include "fs/vault/masterkey_file.h"
#include "fs/vault/vault_config.h"

namespace casemate {

struct UnlockedVault {
  VaultConfig config;
  Masterkey masterkey;
};

// What to do about a vault whose d/ or root content directory is missing.
enum class MissingRoot : uint8_t { kRefused, kAccepted };

struct OpenVaultOptions {
  VersionMac version_mac = VersionMac::kRequired;
  // Accepted by who wants to repair it.
  MissingRoot missing_root = MissingRoot::kRefused;
};

// Unlocks the vault in `folder` and checks that its root can be reached.
// Statuses: NotFound no vault; Unimplemented format 7 or older, Hub, another
// cipher; InvalidArgument a damaged config, or scrypt parameters out of
// bounds; DataLoss a damaged masterkey file, two files that do not belong
// together, a root without content directory; Unauthenticated wrong password.
absl::StatusOr<UnlockedVault> OpenVault(Dir& folder, ConstBytes password,
                                        const OpenVaultOptions& options);

// The same with the recovery key, its words as DecodeRecoveryKey takes them,
// for who has lost the password: the masterkey file is not looked at, nor the
// root. kRecoveryKey (InvalidArgument) when it is no recovery key, or when the
// signature of vault.cryptomator was not made with it.
absl::StatusOr<UnlockedVault> OpenVaultWithRecoveryKey(Dir& folder,
                                                       ConstBytes words);

// What vault.cryptomator claims. None of it is authenticated.
absl::StatusOr<VaultConfig> ReadVaultConfig(Dir& folder);

// What can be told without the password. None of it is authenticated.
struct VaultInfo {
  VaultConfig config;
  KdfCost cost;
};
absl::StatusOr<VaultInfo> ReadVaultInfo(Dir& folder);

struct NewVaultOptions {
  CipherCombo combo = CipherCombo::kSivGcm;
  int shortening_threshold = kMaxShorteningThreshold;
  KdfCost cost;
};

// Makes a vault with new random keys in `folder`, which is empty but for names
// that start with a dot. vault.cryptomator comes last, so a vault that is cut
// short is none; a failure that is not a crash leaves nothing. Copies of the
// two files are BackUpVaultFiles' (vault_backup.h). Directories
// have mode 0700 and files 0600: nobody but the owner needs the ciphertext.
// FailedPrecondition when `folder` is not empty, AlreadyExists when it holds a
// vault, InvalidArgument for an option out of bounds.
absl::Status CreateVault(Dir& folder, const NewVaultOptions& options,
                         ConstBytes password, RandomSource& random);

}  // namespace casemate

#endif  // FS_VAULT_VAULT_ACCESS_H_
