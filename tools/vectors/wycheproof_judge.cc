#include "tools/vectors/wycheproof_judge.h"

#include <stdexcept>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "base/bytes.h"
#include "crypto/primitive/aes_cmac.h"
#include "crypto/primitive/aes_gcm.h"
#include "crypto/primitive/aes_key_wrap.h"
#include "crypto/primitive/aes_siv.h"
#include "crypto/primitive/hmac.h"
#include "crypto/secret/secret_bytes.h"
#include "testing/vectors/hex.h"

namespace casemate {
namespace {

using nlohmann::json;
using Bytes = std::vector<uint8_t>;

Bytes Field(const json& test, const char* name) {
  absl::optional<Bytes> bytes = ParseHex(test.at(name).get<std::string>());
  if (!bytes.has_value()) throw std::invalid_argument(name);
  return *std::move(bytes);
}

size_t BytesIn(const json& group, const char* bits) {
  return group.at(bits).get<size_t>() / 8;
}

// From what came out of sealing `message` and opening `sealed`.
Answer AnswerOf(const Bytes& resealed, const Bytes& sealed, bool is_opened,
                const Bytes& opened, const Bytes& message) {
  if (!is_opened) return Answer::kRefused;
  return resealed == sealed && opened == message ? Answer::kAccepted
                                                 : Answer::kWrongOutput;
}

// A message authentication code: `mac` is whole, the vector's tag is cut to
// the group's size.
Answer JudgeMac(const json& group, const Bytes& tag, ConstBytes mac) {
  const size_t size = BytesIn(group, "tagSize");
  if (size == 0 || size > mac.size()) return Answer::kNoSuchTagSize;
  return ConstantTimeEquals(mac.subspan(0, size), tag) ? Answer::kAccepted
                                                       : Answer::kRefused;
}

Answer JudgeCmac(const json& group, const json& test) {
  const absl::StatusOr<AesCmac> cmac = AesCmac::Create(Field(test, "key"));
  if (!cmac.ok()) return Answer::kNoSuchKeySize;
  return JudgeMac(group, Field(test, "tag"), cmac->Sign(Field(test, "msg")));
}

template <HmacHash kHash>
Answer JudgeHmac(const json& group, const json& test) {
  const HmacKey key(kHash, Field(test, "key"));
  const Bytes message = Field(test, "msg");
  const Bytes tag = Field(test, "tag");
  Bytes mac(key.size());
  Hmac signing(key);
  signing.Update(message);
  signing.Sign(absl::MakeSpan(mac));
  const Answer answer = JudgeMac(group, tag, mac);
  if (BytesIn(group, "tagSize") != key.size()) return answer;
  // A whole tag has a second way to be checked, which must agree.
  Hmac verifying(key);
  verifying.Update(message);
  const bool verified = verifying.Verify(tag);
  return verified == (answer == Answer::kAccepted) ? answer
                                                   : Answer::kWrongOutput;
}

Answer JudgeGcm(const json& group, const json& test) {
  const absl::StatusOr<AesGcm> gcm = AesGcm::Create(Field(test, "key"));
  if (!gcm.ok()) return Answer::kNoSuchKeySize;
  if (BytesIn(group, "tagSize") != kGcmTagSize) return Answer::kNoSuchTagSize;
  const Bytes iv = Field(test, "iv");
  const Bytes ad = Field(test, "aad");
  const Bytes message = Field(test, "msg");
  const Bytes tag = Field(test, "tag");
  Bytes sealed = Field(test, "ct");
  sealed.insert(sealed.end(), tag.begin(), tag.end());
  if (sealed.size() < kGcmTagSize) return Answer::kRefused;

  Bytes resealed(message.size() + kGcmTagSize);
  if (!gcm->Seal(iv, ad, message, absl::MakeSpan(resealed)).ok()) {
    return Answer::kNoSuchIvSize;
  }
  Bytes opened(sealed.size() - kGcmTagSize);
  const bool is_opened = gcm->Open(iv, ad, sealed, absl::MakeSpan(opened)).ok();
  return AnswerOf(resealed, sealed, is_opened, opened, message);
}

Answer JudgeSiv(const json&, const json& test) {
  const Bytes key = Field(test, "key");
  const ConstBytes mac_key = ConstBytes(key).subspan(0, key.size() / 2);
  const ConstBytes ctr_key = ConstBytes(key).subspan(key.size() / 2);
  const absl::StatusOr<AesSiv> siv = AesSiv::Create(mac_key, ctr_key);
  if (!siv.ok()) return Answer::kNoSuchKeySize;
  const Bytes message = Field(test, "msg");
  const Bytes sealed = Field(test, "ct");
  // Always one component, also when it is empty.
  const AesSivContext context = siv->WithAd(Field(test, "aad"));
  Bytes resealed(message.size() + kSivSize);
  context.Seal(message, absl::MakeSpan(resealed));
  Bytes opened(sealed.size() < kSivSize ? 0 : sealed.size() - kSivSize);
  const bool is_opened = context.Open(sealed, absl::MakeSpan(opened)).ok();
  return AnswerOf(resealed, sealed, is_opened, opened, message);
}

Answer JudgeKeyWrap(const json&, const json& test) {
  const Bytes kek = Field(test, "key");
  const Bytes key = Field(test, "msg");
  const Bytes wrapped = Field(test, "ct");
  Bytes unwrapped(wrapped.size() < kKeyWrapOverhead
                      ? 0
                      : wrapped.size() - kKeyWrapOverhead);
  const absl::Status opened =
      AesKeyUnwrap(kek, wrapped, absl::MakeSpan(unwrapped));
  // The size of what is wrapped is the size of a key.
  if (absl::IsInvalidArgument(opened)) return Answer::kNoSuchKeySize;
  Bytes rewrapped(key.size() + kKeyWrapOverhead);
  const bool is_wrapped = AesKeyWrap(kek, key, absl::MakeSpan(rewrapped)).ok();
  if (opened.ok() && !is_wrapped) return Answer::kWrongOutput;
  return AnswerOf(rewrapped, wrapped, opened.ok(), unwrapped, key);
}

struct Row {
  absl::string_view algorithm;
  Judge judge;
};

constexpr Row kRows[] = {
    {"AES-CMAC", JudgeCmac},
    {"AES-GCM", JudgeGcm},
    {"AES-SIV-CMAC", JudgeSiv},
    {"AES-WRAP", JudgeKeyWrap},
    {"HMACSHA256", JudgeHmac<HmacHash::kSha256>},
    {"HMACSHA384", JudgeHmac<HmacHash::kSha384>},
    {"HMACSHA512", JudgeHmac<HmacHash::kSha512>},
};

}  // namespace

Judge JudgeFor(absl::string_view algorithm) {
  for (const Row& row : kRows) {
    if (row.algorithm == algorithm) return row.judge;
  }
  return nullptr;
}

}  // namespace casemate
