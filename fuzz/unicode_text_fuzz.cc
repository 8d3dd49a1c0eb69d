// A name or password as Unicode text. Claims: it is valid exactly when it is
// well-formed UTF-8 by the table of RFC 3629; what is valid has one normal
// form, which is valid, its own normal form and at most three times as long;
// and a password's is that of a name.
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/status.h"
#include "crypto/secret/secret_bytes.h"
#include "fs/vault/normalization.h"

namespace casemate {
namespace {

// A row of RFC 3629's table: the range of the first byte, that of the second,
// and how many bytes there are.
struct Form {
  uint8_t first_low, first_high, second_low, second_high;
  size_t size;
};
constexpr Form kForms[] = {
    {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2},
    {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
    {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
    {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
    {0xf4, 0xf4, 0x80, 0x8f, 4}};

bool HasForm(ConstBytes text, const Form& form) {
  if (text.size() < form.size || text[0] < form.first_low ||
      text[0] > form.first_high) {
    return false;
  }
  if (form.size > 1 &&
      (text[1] < form.second_low || text[1] > form.second_high)) {
    return false;
  }
  for (size_t i = 2; i < form.size; ++i) {
    if (text[i] < 0x80 || text[i] > 0xbf) return false;
  }
  return true;
}

bool IsWellFormed(ConstBytes text) {
  while (!text.empty()) {
    size_t size = 0;
    for (const Form& form : kForms) {
      if (HasForm(text, form)) size = form.size;
    }
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

void Feed(ConstBytes input) {
  const absl::string_view text = TextOf(input);
  CHECK(IsValidUtf8(text) == IsWellFormed(input), "valid is well-formed");
  const absl::StatusOr<std::string> nfc = ToNfc(text);
  CHECK(nfc.ok() == IsWellFormed(input), "what is valid has a normal form");
  const absl::StatusOr<SecretBytes> secret = SecretToNfc(input);
  CHECK(secret.ok() == nfc.ok(), "and so has the password");
  if (!nfc.ok()) {
    CHECK(ErrnoOf(nfc.status()) == EILSEQ, "what is not is EILSEQ");
    return;
  }
  CHECK(IsValidUtf8(*nfc), "a normal form is valid");
  CHECK(*ToNfc(*nfc) == *nfc, "and its own");
  CHECK(nfc->size() <= 3 * text.size(), "and bounded");
  CHECK(TextOf(secret->bytes()) == *nfc, "and the password's the same");
}

}  // namespace
}  // namespace casemate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  casemate::Feed(casemate::ConstBytes(data, size));
  return 0;
}
