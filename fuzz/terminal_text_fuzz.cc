// A name out of a vault, on its way to a terminal. Claims: what is printed is
// valid UTF-8 without a control character in it; two names never look alike,
// since each can be had back; and to escape twice changes nothing more.
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "base/bytes.h"
#include "base/check.h"
#include "fs/vault/normalization.h"
#include "tools/casemate/terminal_text.h"

namespace casemate {
namespace {

void MustBeHarmless(absl::string_view printed) {
  CHECK(IsValidUtf8(printed), "what is printed is text");
  for (size_t i = 0; i < printed.size(); ++i) {
    const auto byte = static_cast<unsigned char>(printed[i]);
    CHECK(byte >= 0x20 && byte != 0x7f, "no control character is printed");
    if (byte == 0xc2 && i + 1 < printed.size()) {
      CHECK(static_cast<unsigned char>(printed[i + 1]) >= 0xa0,
            "nor one of the second set");
    }
  }
  for (const absl::string_view harmful :
       {"\u200e", "\u2028", "\u202e", "\u2066"}) {
    CHECK(printed.find(harmful) == absl::string_view::npos,
          "nor what changes the direction or the line");
  }
}

void Feed(absl::string_view name) {
  const std::string printed = EscapeControls(name);
  MustBeHarmless(printed);
  CHECK(EscapeControls(printed) == printed, "once is enough");
  const std::string escaped = EscapeName(name);
  MustBeHarmless(escaped);
  CHECK(UnescapeName(escaped) == name, "a name can be had back");
  CHECK(escaped.size() <= 4 * name.size(), "and is bounded");
  UnescapeName(name);
}

}  // namespace
}  // namespace casemate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  casemate::Feed(casemate::TextOf(casemate::ConstBytes(data, size)));
  return 0;
}
