// Seals and opens the chunks of one open file (vault-format-8.md, 8).
//
//   const ChunkCodec codec(header, mac_key);            // once per open file
//   codec.Seal(number, random, cleartext, sealed);
//   RETURN_IF_ERROR(codec.Open(number, sealed, cleartext));
//
// A sealed chunk is bound to its file's header and to its number. Nothing says
// that it is the newest version, or that a short one is the file's last.
#ifndef CRYPTO_CONTENT_CHUNK_CODEC_H_
#define CRYPTO_CONTENT_CHUNK_CODEC_H_

#include <array>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/types/variant.h"
#include "base/bytes.h"
#include "crypto/content/chunk_layout.h"
#include "crypto/content/cipher_combo.h"
#include "crypto/content/file_header.h"
#include "crypto/primitive/aes_ctr.h"
#include "crypto/primitive/aes_gcm.h"
#include "crypto/primitive/hmac.h"
#include "crypto/random/random_source.h"

namespace casemate {

// Immutable and thread-safe; move-only. Seal and Open do not allocate, but for
// the message of an error.
class ChunkCodec {
 public:
  // `mac_key` is the vault's 32 bytes and only used by SIV_CTRMAC. Neither
  // argument needs to outlive the call.
  ChunkCodec(const FileHeader& header, ConstBytes mac_key);

  CipherCombo combo() const { return combo_; }

  // Seals 1 up to kChunkSize bytes to `sealed`, which is larger by the
  // layout's overhead() and disjoint. The nonce is fresh from `random`, every
  // time.
  void Seal(uint64_t number, RandomSource& random, ConstBytes cleartext,
            MutableBytes sealed) const;

  // Opens `sealed` to `cleartext`, which is smaller by overhead() (empty for a
  // `sealed` that is shorter) and disjoint. DataLoss, with `cleartext` zeroed,
  // when the tag does not verify, which includes a chunk moved from another
  // place or file. A chunk of no bytes is valid: upstream writes them.
  absl::Status Open(uint64_t number, ConstBytes sealed,
                    MutableBytes cleartext) const;

 private:
  // BE64(number)‖headerNonce is GCM's associated data. CTRMAC's MAC starts
  // with headerNonce‖BE64(number) (T4).
  struct Binding {
    std::array<uint8_t, 8 + kMaxHeaderNonceSize> bytes;
    size_t size;
    ConstBytes view() const { return ConstBytes(bytes.data(), size); }
  };
  struct Gcm {
    AesGcm aead;
  };
  struct CtrMac {
    AesCtr ctr;
    HmacKey mac;
  };

  static absl::variant<Gcm, CtrMac> Expand(const FileHeader& header,
                                           ConstBytes mac_key);
  Binding BindingOf(uint64_t number) const;
  absl::Status OpenCtrMac(const CtrMac& keys, uint64_t number,
                          ConstBytes sealed, MutableBytes cleartext) const;

  CipherCombo combo_;
  std::array<uint8_t, kMaxHeaderNonceSize> header_nonce_{};
  absl::variant<Gcm, CtrMac> keys_;
};

}  // namespace casemate

#endif  // CRYPTO_CONTENT_CHUNK_CODEC_H_
