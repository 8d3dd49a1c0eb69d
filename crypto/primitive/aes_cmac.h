// AES-CMAC (RFC 4493; NIST SP 800-38B), the MAC inside AES-SIV.
//
// BoringSSL's CMAC sets up a cipher context per message, which costs three
// times what a name costs here: the key schedule and both subkeys are made
// once, and a message is a chain of AES_encrypt. aes_cmac_test.cc holds it
// against BoringSSL's.
#ifndef CRYPTO_PRIMITIVE_AES_CMAC_H_
#define CRYPTO_PRIMITIVE_AES_CMAC_H_

#include <openssl/aes.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/secret/secret_bytes.h"

namespace casemate {

using AesBlock = std::array<uint8_t, AES_BLOCK_SIZE>;

// `block` times x in GF(2^128): RFC 5297's dbl.
AesBlock Doubled(const AesBlock& block);

// Immutable and thread-safe; move-only. Never allocates after Create.
class AesCmac {
 public:
  // A key of 16, 24 or 32 bytes, else InvalidArgument.
  static absl::StatusOr<AesCmac> Create(ConstBytes key);

  AesBlock Sign(ConstBytes message) const;

  // The MAC of `message`, at least one block long, after its last 16 bytes
  // were xored with `end`: RFC 5297's xorend, without a copy of the message.
  AesBlock SignXorEnd(ConstBytes message, const AesBlock& end) const;

 private:
  struct Schedule {
    AES_KEY aes;
    AesBlock subkey_whole;    // K1: the last block is complete
    AesBlock subkey_partial;  // K2: the last block is padded
  };

  AesCmac() = default;
  // The chain over all of `message`; `end` may be null.
  AesBlock Chain(ConstBytes message, const AesBlock* end) const;
  // One link: `state` xored with the block at `block`, encrypted.
  void Absorb(AesBlock& state, const uint8_t* block) const;

  SecretObject<Schedule> schedule_;
};

}  // namespace casemate

#endif  // CRYPTO_PRIMITIVE_AES_CMAC_H_
