// Base64 of names, tokens and masterkey files. Claims: what decodes is the one
// spelling of its bytes, in each alphabet; every bytes' spelling decodes to
// them; and decoding stays within its bound.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "base/bytes.h"
#include "base/check.h"
#include "crypto/encoding/base64.h"

namespace casemate {
namespace {

using Bytes = std::vector<uint8_t>;

void FeedUrl(absl::string_view text, Base64Padding padding) {
  const absl::optional<Bytes> decoded = Base64UrlDecode(text, padding);
  Bytes out(Base64DecodedBound(text.size()));
  const absl::optional<size_t> size =
      Base64UrlDecode(text, padding, absl::MakeSpan(out));
  CHECK(size.has_value() == decoded.has_value(), "both ways decode or not");
  if (decoded) {
    CHECK(*size <= out.size(), "what comes out is bounded");
    out.resize(*size);
    CHECK(out == *decoded, "both ways agree");
    CHECK(Base64UrlEncode(*decoded, padding) == text,
          "bytes have one spelling");
  }
  const std::string encoded = Base64UrlEncode(BytesOf(text), padding);
  CHECK(TextOf(*Base64UrlDecode(encoded, padding)) == text,
        "what was encoded decodes to itself");
}

void Feed(absl::string_view text) {
  FeedUrl(text, Base64Padding::kNone);
  FeedUrl(text, Base64Padding::kPadded);
  if (const absl::optional<Bytes> decoded = Base64Decode(text)) {
    CHECK(Base64Encode(*decoded) == text, "bytes have one spelling");
  }
  CHECK(TextOf(*Base64Decode(Base64Encode(BytesOf(text)))) == text,
        "what was encoded decodes to itself");
}

}  // namespace
}  // namespace casemate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  casemate::Feed(casemate::TextOf(casemate::ConstBytes(data, size)));
  return 0;
}
