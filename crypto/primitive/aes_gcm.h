// AES-GCM (NIST SP 800-38D) with a tag of 16 bytes, behind the ciphertext.
#ifndef CRYPTO_PRIMITIVE_AES_GCM_H_
#define CRYPTO_PRIMITIVE_AES_GCM_H_

#include <openssl/aead.h>

#include <cstddef>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/secret/secret_bytes.h"

namespace casemate {

constexpr size_t kGcmTagSize = 16;

// Immutable and thread-safe, as BoringSSL promises for seal and open on one
// context (aead.h); move-only. Neither call allocates, but for the message of
// an error.
class AesGcm {
 public:
  // A key of 16, 24 or 32 bytes, else InvalidArgument.
  static absl::StatusOr<AesGcm> Create(ConstBytes key);

  // Seals `plaintext` to `out`, which is kGcmTagSize larger and disjoint.
  // InvalidArgument for an empty nonce. The format's nonces have 12 bytes and
  // are never used twice with one key.
  absl::Status Seal(ConstBytes nonce, ConstBytes ad, ConstBytes plaintext,
                    MutableBytes out) const;

  // Opens `sealed` to `out`, which is kGcmTagSize smaller and disjoint.
  // DataLoss, with `out` zeroed, when the tag does not verify.
  absl::Status Open(ConstBytes nonce, ConstBytes ad, ConstBytes sealed,
                    MutableBytes out) const;

 private:
  AesGcm() = default;

  // For GCM the context holds its whole state inline, so that wiping it is all
  // that EVP_AEAD_CTX_cleanup could do.
  SecretObject<EVP_AEAD_CTX> context_;
};

}  // namespace casemate

#endif  // CRYPTO_PRIMITIVE_AES_GCM_H_
