#include "crypto/primitive/aes_siv.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/status.h"
#include "crypto/secret/secret_bytes.h"

namespace casemate {
namespace {

// RFC 5297, section 7: S2V takes 127 strings, one of which is the plaintext.
constexpr size_t kMaxAds = 126;

AesBlock Xor(const AesBlock& a, const AesBlock& b) {
  AesBlock result;
  for (size_t i = 0; i < result.size(); ++i) result[i] = a[i] ^ b[i];
  return result;
}

}  // namespace

struct AesSivContext::Keys {
  AesCmac mac;
  AesCtr ctr;
};

AesSivContext::~AesSivContext() { Wipe(absl::MakeSpan(absorbed_)); }

AesSivContext AesSivContext::AndAd(ConstBytes ad) const {
  return AesSivContext(keys_, Xor(Doubled(absorbed_), keys_->mac.Sign(ad)));
}

AesBlock AesSivContext::Siv(ConstBytes plaintext) const {
  if (plaintext.size() >= AES_BLOCK_SIZE) {
    return keys_->mac.SignXorEnd(plaintext, absorbed_);
  }
  AesBlock padded{};
  std::copy(plaintext.begin(), plaintext.end(), padded.begin());
  padded[plaintext.size()] = 0x80;
  return keys_->mac.Sign(Xor(Doubled(absorbed_), padded));
}

AesBlock AesSivContext::CounterOf(const uint8_t* siv) {
  AesBlock counter;
  std::copy_n(siv, counter.size(), counter.begin());
  counter[8] &= 0x7f;
  counter[12] &= 0x7f;
  return counter;
}

void AesSivContext::Seal(ConstBytes plaintext, MutableBytes out) const {
  CHECK(out.size() == plaintext.size() + kSivSize,
        "sealing adds the SIV and nothing else");
  const AesBlock siv = Siv(plaintext);
  std::copy(siv.begin(), siv.end(), out.begin());
  keys_->ctr.Crypt(CounterOf(siv.data()), plaintext, out.subspan(kSivSize));
}

absl::Status AesSivContext::Open(ConstBytes sealed, MutableBytes out) const {
  if (sealed.size() < kSivSize) {
    CHECK(out.empty(), "nothing comes out of less than a SIV");
    return absl::DataLossError("AES-SIV: shorter than a SIV");
  }
  CHECK(sealed.size() == out.size() + kSivSize,
        "opening removes the SIV and nothing else");
  const ConstBytes siv = sealed.subspan(0, kSivSize);
  keys_->ctr.Crypt(CounterOf(siv.data()), sealed.subspan(kSivSize), out);
  if (!ConstantTimeEquals(Siv(out), siv)) {
    Wipe(out);
    return absl::DataLossError("AES-SIV: the SIV does not verify");
  }
  return absl::OkStatus();
}

absl::StatusOr<AesSiv> AesSiv::Create(ConstBytes mac_key, ConstBytes ctr_key) {
  if (mac_key.size() != ctr_key.size()) {
    return absl::InvalidArgumentError("AES-SIV: the keys differ in size");
  }
  ASSIGN_OR_RETURN(AesCmac mac, AesCmac::Create(mac_key));
  ASSIGN_OR_RETURN(AesCtr ctr, AesCtr::Create(ctr_key));
  const AesBlock zero{};
  const AesBlock start = mac.Sign(zero);
  return AesSiv(
      AesSivContext(std::make_shared<const AesSivContext::Keys>(
                        AesSivContext::Keys{std::move(mac), std::move(ctr)}),
                    start));
}

AesSivContext AesSiv::WithAds(absl::Span<const ConstBytes> ads) const {
  CHECK(ads.size() <= kMaxAds, "S2V takes at most 126 associated data");
  AesSivContext context = none_;
  for (const ConstBytes ad : ads) context = context.AndAd(ad);
  return context;
}

}  // namespace casemate
