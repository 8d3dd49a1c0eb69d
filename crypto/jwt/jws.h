// The compact form of a signed token (RFC 7515): three base64url parts with
// dots between them, signed by HMAC. What the header and the claims say is
// JSON and the caller's business (fs/vault), and so is which algorithms to
// allow: it decodes the header, maps `alg` with JwsAlgorithmFromName, and a
// name that has no JwsAlgorithm, such as "none", never reaches a MAC.
//
//   const absl::optional<JwsParts> parts = SplitJws(token);
//   ... algorithm from parts->header ...
//   if (!VerifyJws(*parts, algorithm, key)) return ...;
//   ... believe parts->claims ...
#ifndef CRYPTO_JWT_JWS_H_
#define CRYPTO_JWT_JWS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "base/bytes.h"

namespace casemate {

// The vault file's bound (vault-format-8.md, 2).
constexpr size_t kMaxJwsSize = 16384;

enum class JwsAlgorithm : uint8_t { kHs256, kHs384, kHs512 };

// Exactly "HS256", "HS384" and "HS512".
absl::optional<JwsAlgorithm> JwsAlgorithmFromName(absl::string_view name);
absl::string_view JwsAlgorithmName(JwsAlgorithm algorithm);

struct JwsParts {
  // What is signed: the token up to its second dot. A view of the token.
  absl::string_view signing_input;
  // Decoded, of unknown origin until VerifyJws says otherwise.
  std::string header;
  std::string claims;
  std::vector<uint8_t> signature;
};

// nullopt for more than kMaxJwsSize bytes, any number of dots but two, and a
// part that is not canonical base64url without padding. An empty part is fine:
// a token for "none" has no signature. `token` outlives the result.
absl::optional<JwsParts> SplitJws(absl::string_view token);

// Whether the signature is the whole MAC of the signing input. Constant time.
bool VerifyJws(const JwsParts& parts, JwsAlgorithm algorithm, ConstBytes key);

// The token for these two texts, which are taken as they are: the caller puts
// the algorithm's name into the header.
std::string SignJws(absl::string_view header_json,
                    absl::string_view claims_json, JwsAlgorithm algorithm,
                    ConstBytes key);

}  // namespace casemate

#endif  // CRYPTO_JWT_JWS_H_
