// The header of a content file: the nonce that binds the file's chunks
// together and the key that encrypts them, sealed with the vault's keys
// (vault-format-8.md, 7). A header lives as long as its file: writing and
// truncating keep it, only truncating to zero may replace it.
#ifndef CRYPTO_CONTENT_FILE_HEADER_H_
#define CRYPTO_CONTENT_FILE_HEADER_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/types/variant.h"
#include "base/bytes.h"
#include "crypto/content/cipher_combo.h"
#include "crypto/primitive/aes_ctr.h"
#include "crypto/primitive/aes_gcm.h"
#include "crypto/primitive/hmac.h"
#include "crypto/random/random_source.h"
#include "crypto/secret/secret_bytes.h"

namespace casemate {

inline constexpr size_t kMaxHeaderSize = 88;
inline constexpr size_t kMaxHeaderNonceSize = 16;
inline constexpr size_t kContentKeySize = 32;

// The header's nonce, and also that of a chunk.
constexpr size_t HeaderNonceSize(CipherCombo combo) {
  return combo == CipherCombo::kSivGcm ? 12 : 16;
}

// Move-only. Immutable, so safe to read from any thread.
class FileHeader {
 public:
  // A fresh nonce and a fresh key, taken from `random` in this order.
  static FileHeader Create(CipherCombo combo, RandomSource& random);
  // `nonce` has HeaderNonceSize(combo) bytes, `content_key` kContentKeySize.
  FileHeader(CipherCombo combo, ConstBytes nonce, ConstBytes content_key);

  CipherCombo combo() const { return combo_; }
  ConstBytes nonce() const {
    return ConstBytes(nonce_.data(), HeaderNonceSize(combo_));
  }
  ConstBytes content_key() const { return content_key_.bytes(); }

 private:
  CipherCombo combo_;
  std::array<uint8_t, kMaxHeaderNonceSize> nonce_{};
  SecretKey<kContentKeySize> content_key_;
};

// Seals and opens the headers of one vault. Immutable and thread-safe;
// move-only. The keys are expanded here, once per vault.
class HeaderCodec {
 public:
  // Both keys have 32 bytes and need not outlive the call.
  HeaderCodec(CipherCombo combo, ConstBytes enc_key, ConstBytes mac_key);

  CipherCombo combo() const { return combo_; }

  // `header` is of the codec's combo; `out` has ChunkLayout's header_size().
  void Seal(const FileHeader& header, MutableBytes out) const;

  // DataLoss when `sealed` has another size or was not sealed with the vault's
  // keys. Nothing else can be learned from it: a header is bound to no name
  // and no place.
  absl::StatusOr<FileHeader> Open(ConstBytes sealed) const;

 private:
  struct Gcm {
    AesGcm aead;
  };
  struct CtrMac {
    AesCtr ctr;
    HmacKey mac;
  };

  static absl::variant<Gcm, CtrMac> Expand(CipherCombo combo,
                                           ConstBytes enc_key,
                                           ConstBytes mac_key);
  // Decrypts `sealed` to `payload` when it is authentic.
  absl::Status OpenPayload(ConstBytes sealed, MutableBytes payload) const;

  CipherCombo combo_;
  absl::variant<Gcm, CtrMac> keys_;
};

}  // namespace casemate

#endif  // CRYPTO_CONTENT_FILE_HEADER_H_
