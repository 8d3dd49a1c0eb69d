// vault.cryptomator: the signed statement of which format, cipher and name
// threshold a vault has (vault-format-8.md section 2).
//
// A token is read in two steps. ParseUnverified tells which masterkey file to
// unlock; Verify then checks the signature with the unlocked key, over the
// received bytes, and only what it returns may be believed. Both refuse, with
// a message of its own each: a key location that is not a plain file name, an
// algorithm other than HS256/384/512, another format, an unknown cipher, a
// threshold that is no number, "exp" or "nbf", a type other than JWT, two equal
// JSON keys, more than 16 KiB. Errors are InvalidArgument for a damaged token,
// Unimplemented for one that another version could serve, and DataLoss for a
// signature that does not verify.
#ifndef FS_VAULT_VAULT_CONFIG_H_
#define FS_VAULT_VAULT_CONFIG_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "crypto/content/cipher_combo.h"
#include "crypto/jwt/jws.h"
#include "fs/vault/masterkey.h"

namespace casemate {

inline constexpr absl::string_view kVaultConfigFile = "vault.cryptomator";
inline constexpr absl::string_view kDefaultMasterkeyFile =
    "masterkey.cryptomator";
inline constexpr size_t kMaxVaultConfigSize = 16 * 1024;

// Thresholds within which names are written. With another one the vault is
// opened read-only.
inline constexpr int kMinShorteningThreshold = 36;
inline constexpr int kMaxShorteningThreshold = 220;

struct VaultConfig {
  std::string jti;  // informational: fit for logs, printable ASCII
  CipherCombo combo = CipherCombo::kSivGcm;
  int shortening_threshold = kMaxShorteningThreshold;
  // False: open the vault read-only. The claim was missing or out of bounds.
  bool threshold_writable = true;
  std::string masterkey_file = std::string(kDefaultMasterkeyFile);
  JwsAlgorithm algorithm = JwsAlgorithm::kHs256;

  // What `token` claims. Nothing of it is proven.
  static absl::StatusOr<VaultConfig> ParseUnverified(absl::string_view token);

  // What `token` says, after its signature verified with `masterkey`.
  // DataLoss when it does not: config and masterkey are of different vaults,
  // or the config was changed.
  static absl::StatusOr<VaultConfig> Verify(absl::string_view token,
                                            const Masterkey& masterkey);

  // The signed token, without a newline. `jti` is written as it is;
  // RandomUuid() makes one.
  std::string Serialize(const Masterkey& masterkey) const;
};

}  // namespace casemate

#endif  // FS_VAULT_VAULT_CONFIG_H_
