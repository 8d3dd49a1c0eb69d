// AES-SIV (RFC 5297): deterministic authenticated encryption, for names and
// for the hash of directory ids.
//
//   ASSIGN_OR_RETURN(AesSiv siv, AesSiv::Create(mac_key, enc_key));
//   const AesSivContext names = siv.WithAd(parent_dir_id);  // per directory
//   names.Seal(name, sealed);                               // per name
//
// The key order is RFC 5297's: first the MAC half, then the CTR half. In a
// vault these are macKey and encKey (vault-format-8.md, T1).
#ifndef CRYPTO_PRIMITIVE_AES_SIV_H_
#define CRYPTO_PRIMITIVE_AES_SIV_H_

#include <cstddef>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/bytes.h"
#include "crypto/primitive/aes_cmac.h"
#include "crypto/primitive/aes_ctr.h"

namespace casemate {

constexpr size_t kSivSize = 16;

// AES-SIV for one list of associated data, which is already absorbed. Shares
// the expanded keys of the AesSiv it came from and keeps them alive.
// Immutable and thread-safe; cheap to move and to copy. Neither call
// allocates, but for the message of an error.
class AesSivContext {
 public:
  AesSivContext(const AesSivContext&) = default;
  AesSivContext& operator=(const AesSivContext&) = default;
  AesSivContext(AesSivContext&&) = default;
  AesSivContext& operator=(AesSivContext&&) = default;
  ~AesSivContext();

  // Seals `plaintext` to `out`, which is kSivSize larger and disjoint.
  void Seal(ConstBytes plaintext, MutableBytes out) const;

  // Opens `sealed` to `out`, which is kSivSize smaller (empty for a `sealed`
  // that is shorter) and disjoint. DataLoss, with `out` zeroed, when `sealed`
  // was not made with these keys and this associated data.
  absl::Status Open(ConstBytes sealed, MutableBytes out) const;

 private:
  friend class AesSiv;
  struct Keys;

  AesSivContext(std::shared_ptr<const Keys> keys, const AesBlock& absorbed)
      : keys_(std::move(keys)), absorbed_(absorbed) {}

  // RFC 5297's D after the associated data: one more component.
  AesSivContext AndAd(ConstBytes ad) const;
  // S2V's result for `plaintext`, and the counter that follows from it.
  AesBlock Siv(ConstBytes plaintext) const;
  static AesBlock CounterOf(const uint8_t* siv);

  std::shared_ptr<const Keys> keys_;
  AesBlock absorbed_;
};

// Immutable and thread-safe; cheap to move and to copy.
class AesSiv {
 public:
  // Two keys of one size: 16, 24 or 32 bytes, else InvalidArgument.
  static absl::StatusOr<AesSiv> Create(ConstBytes mac_key, ConstBytes ctr_key);

  // One component of associated data. An empty one is not the same as none
  // (vault-format-8.md, T2 and T3).
  AesSivContext WithAd(ConstBytes ad) const { return none_.AndAd(ad); }
  AesSivContext WithoutAd() const { return none_; }
  // Any list of up to 126 components.
  AesSivContext WithAds(absl::Span<const ConstBytes> ads) const;

  // As AesSivContext's, with the associated data absorbed anew.
  void Seal(absl::Span<const ConstBytes> ads, ConstBytes plaintext,
            MutableBytes out) const {
    WithAds(ads).Seal(plaintext, out);
  }
  absl::Status Open(absl::Span<const ConstBytes> ads, ConstBytes sealed,
                    MutableBytes out) const {
    return WithAds(ads).Open(sealed, out);
  }

 private:
  explicit AesSiv(AesSivContext none) : none_(std::move(none)) {}

  AesSivContext none_;
};

}  // namespace casemate

#endif  // CRYPTO_PRIMITIVE_AES_SIV_H_
