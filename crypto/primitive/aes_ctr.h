// AES-CTR with a 128-bit big-endian counter. Hides bytes and protects none:
// its users authenticate (ChunkCodec, HeaderCodec, AesSiv).
#ifndef CRYPTO_PRIMITIVE_AES_CTR_H_
#define CRYPTO_PRIMITIVE_AES_CTR_H_

#include <openssl/aes.h>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/secret/secret_bytes.h"

namespace casemate {

// Immutable and thread-safe; move-only.
class AesCtr {
 public:
  // A key of 16, 24 or 32 bytes, else InvalidArgument.
  static absl::StatusOr<AesCtr> Create(ConstBytes key);

  // Encrypts or decrypts `in` to `out`, which are equal in size and either the
  // same or disjoint. `counter` is the 16 bytes the counter starts at.
  void Crypt(ConstBytes counter, ConstBytes in, MutableBytes out) const;

 private:
  AesCtr() = default;

  SecretObject<AES_KEY> key_;
};

}  // namespace casemate

#endif  // CRYPTO_PRIMITIVE_AES_CTR_H_
