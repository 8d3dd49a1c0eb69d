#include "crypto/jwt/jws.h"

#include <utility>

#include "absl/types/span.h"
#include "base/check.h"
#include "crypto/encoding/base64.h"
#include "crypto/primitive/hmac.h"

namespace casemate {
namespace {

struct Algorithm {
  JwsAlgorithm algorithm;
  absl::string_view name;
  HmacHash hash;
};

constexpr Algorithm kAlgorithms[] = {
    {JwsAlgorithm::kHs256, "HS256", HmacHash::kSha256},
    {JwsAlgorithm::kHs384, "HS384", HmacHash::kSha384},
    {JwsAlgorithm::kHs512, "HS512", HmacHash::kSha512},
};

const Algorithm& RowOf(JwsAlgorithm algorithm) {
  for (const Algorithm& row : kAlgorithms) {
    if (row.algorithm == algorithm) return row;
  }
  CHECK(false, "every algorithm has a row");
}

// False when `part` is not canonical base64url.
bool DecodePart(absl::string_view part, std::vector<uint8_t>* bytes) {
  absl::optional<std::vector<uint8_t>> decoded =
      Base64UrlDecode(part, Base64Padding::kNone);
  if (!decoded.has_value()) return false;
  *bytes = *std::move(decoded);
  return true;
}

bool DecodePart(absl::string_view part, std::string* text) {
  std::vector<uint8_t> bytes;
  if (!DecodePart(part, &bytes)) return false;
  text->assign(bytes.begin(), bytes.end());
  return true;
}

}  // namespace

absl::optional<JwsAlgorithm> JwsAlgorithmFromName(absl::string_view name) {
  for (const Algorithm& row : kAlgorithms) {
    if (row.name == name) return row.algorithm;
  }
  return absl::nullopt;
}

absl::string_view JwsAlgorithmName(JwsAlgorithm algorithm) {
  return RowOf(algorithm).name;
}

absl::optional<JwsParts> SplitJws(absl::string_view token) {
  if (token.size() > kMaxJwsSize) return absl::nullopt;
  const size_t first = token.find('.');
  if (first == absl::string_view::npos) return absl::nullopt;
  const size_t second = token.find('.', first + 1);
  if (second == absl::string_view::npos) return absl::nullopt;
  // A third dot would be part of the signature, where it is no digit.
  JwsParts parts;
  parts.signing_input = token.substr(0, second);
  if (!DecodePart(token.substr(0, first), &parts.header) ||
      !DecodePart(token.substr(first + 1, second - first - 1), &parts.claims) ||
      !DecodePart(token.substr(second + 1), &parts.signature)) {
    return absl::nullopt;
  }
  return parts;
}

bool VerifyJws(const JwsParts& parts, JwsAlgorithm algorithm, ConstBytes key) {
  const HmacKey hmac_key(RowOf(algorithm).hash, key);
  Hmac hmac(hmac_key);
  hmac.Update(BytesOf(parts.signing_input));
  return hmac.Verify(parts.signature);
}

std::string SignJws(absl::string_view header_json,
                    absl::string_view claims_json, JwsAlgorithm algorithm,
                    ConstBytes key) {
  std::string token;
  Base64UrlEncode(BytesOf(header_json), Base64Padding::kNone, &token);
  token.push_back('.');
  Base64UrlEncode(BytesOf(claims_json), Base64Padding::kNone, &token);
  const HmacKey hmac_key(RowOf(algorithm).hash, key);
  Hmac hmac(hmac_key);
  hmac.Update(BytesOf(token));
  uint8_t signature[kMaxHmacSize];
  const MutableBytes used(signature, hmac_key.size());
  hmac.Sign(used);
  token.push_back('.');
  Base64UrlEncode(used, Base64Padding::kNone, &token);
  return token;
}

}  // namespace casemate
