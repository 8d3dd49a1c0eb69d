// Base64 of RFC 4648: the standard alphabet (section 4) for the fields of the
// masterkey file, the URL alphabet (section 5) for names and tokens.
//
// Decoders are strict: no white space, no missing or superfluous padding, no
// set bits after the last byte. So two different texts never decode to the
// same bytes, which is what keeps two spellings of one name from existing
// (vault-format-8.md, 5).
#ifndef CRYPTO_ENCODING_BASE64_H_
#define CRYPTO_ENCODING_BASE64_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "base/bytes.h"

namespace casemate {

// Tokens go without, names and shortened names with.
enum class Base64Padding : uint8_t { kNone, kPadded };

// Standard alphabet, padded.
std::string Base64Encode(ConstBytes bytes);
absl::optional<std::vector<uint8_t>> Base64Decode(absl::string_view text);

// Appends to `out`, which allocates only when it has to grow.
void Base64UrlEncode(ConstBytes bytes, Base64Padding padding, std::string* out);
std::string Base64UrlEncode(ConstBytes bytes, Base64Padding padding);
absl::optional<std::vector<uint8_t>> Base64UrlDecode(absl::string_view text,
                                                     Base64Padding padding);

// Decodes into the front of `out` without allocating and returns the number of
// bytes. `out` has room for Base64DecodedBound(text.size()); after a failure
// its content is unspecified.
absl::optional<size_t> Base64UrlDecode(absl::string_view text,
                                       Base64Padding padding, MutableBytes out);

constexpr size_t Base64DecodedBound(size_t text_size) {
  return (text_size + 3) / 4 * 3;
}

}  // namespace casemate

#endif  // CRYPTO_ENCODING_BASE64_H_
