// HMAC (RFC 2104) with SHA-256, SHA-384 or SHA-512.
//
//   const HmacKey key(HmacHash::kSha256, mac_key);   // once
//   Hmac hmac(key);                                  // per message, on the
//   hmac.Update(nonce);                              // stack, no allocation
//   hmac.Update(ciphertext);
//   return hmac.Verify(tag);
#ifndef CRYPTO_PRIMITIVE_HMAC_H_
#define CRYPTO_PRIMITIVE_HMAC_H_

#include <openssl/sha.h>

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "crypto/secret/secret_bytes.h"

namespace casemate {

enum class HmacHash : uint8_t { kSha256, kSha384, kSha512 };

constexpr size_t kMaxHmacSize = 64;

constexpr size_t HmacSize(HmacHash hash) {
  return hash == HmacHash::kSha256 ? 32 : hash == HmacHash::kSha384 ? 48 : 64;
}

// A key after both of its blocks went through the hash. Immutable and
// thread-safe; move-only.
class HmacKey {
 public:
  // Any size of key.
  HmacKey(HmacHash hash, ConstBytes key);

  HmacHash hash() const { return hash_; }
  size_t size() const { return HmacSize(hash_); }

 private:
  friend class Hmac;
  // SHA-384 is SHA-512 with another start, and keeps its state in the same
  // type.
  union HashState {
    SHA256_CTX sha256;
    SHA512_CTX sha512;
  };
  struct States {
    HashState inner;
    HashState outer;
  };

  static void Start(HmacHash hash, HashState* state);
  static void Absorb(HmacHash hash, HashState* state, ConstBytes data);
  static void Finish(HmacHash hash, HashState* state, uint8_t* out);

  HmacHash hash_;
  SecretObject<States> states_;
};

// One message. `key` outlives it. Ends with one call of Sign or Verify.
class Hmac {
 public:
  explicit Hmac(const HmacKey& key);
  Hmac(const Hmac&) = delete;
  Hmac& operator=(const Hmac&) = delete;
  ~Hmac();

  void Update(ConstBytes data);
  // Writes the first out.size() bytes of the MAC: 1 up to key.size().
  void Sign(MutableBytes out);
  // Whether `tag` is the whole MAC, in constant time.
  bool Verify(ConstBytes tag);

 private:
  const HmacKey& key_;
  HmacKey::HashState state_;
};

}  // namespace casemate

#endif  // CRYPTO_PRIMITIVE_HMAC_H_
