// The vault's two 256-bit keys, unlocked. Everything else is derived from or
// wrapped by them.
//
// Which half goes where differs by use (vault-format-8.md section 0, T1):
// the token's key is enc‖mac; AES-SIV takes mac as K1 and enc as K2.
//
// Lives in secret memory: wiped on destruction, not copyable, not printable.
#ifndef FS_VAULT_MASTERKEY_H_
#define FS_VAULT_MASTERKEY_H_

#include <cstddef>

#include "base/bytes.h"
#include "crypto/random/random_source.h"
#include "crypto/secret/secret_bytes.h"

namespace casemate {

class Masterkey {
 public:
  static constexpr size_t kKeySize = 32;

  // Fresh random keys, for a new vault.
  static Masterkey Create(RandomSource& random);
  // A copy of the two halves, kKeySize bytes each.
  static Masterkey FromHalves(ConstBytes enc_key, ConstBytes mac_key);

  Masterkey(Masterkey&&) = default;
  Masterkey& operator=(Masterkey&&) = default;

  ConstBytes enc_key() const { return raw().first(kKeySize); }
  ConstBytes mac_key() const { return raw().last(kKeySize); }
  // enc‖mac: signs and verifies the vault token.
  ConstBytes raw() const { return key_.bytes(); }

 private:
  Masterkey() = default;

  SecretKey<2 * kKeySize> key_;
};

}  // namespace casemate

#endif  // FS_VAULT_MASTERKEY_H_
