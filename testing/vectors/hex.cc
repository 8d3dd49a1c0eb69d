#include "testing/vectors/hex.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "base/check.h"

namespace casemate {

absl::optional<std::vector<uint8_t>> ParseHex(absl::string_view text) {
  const auto is_digit = [](unsigned char c) { return absl::ascii_isxdigit(c); };
  if (text.size() % 2 != 0 ||
      !std::all_of(text.begin(), text.end(), is_digit)) {
    return absl::nullopt;
  }
  const std::string bytes = absl::HexStringToBytes(text);
  return std::vector<uint8_t>(bytes.begin(), bytes.end());
}

std::vector<uint8_t> FromHex(absl::string_view text) {
  absl::optional<std::vector<uint8_t>> bytes = ParseHex(text);
  CHECK(bytes.has_value(), "a vector's bytes are hex");
  return *std::move(bytes);
}

std::string ToHex(ConstBytes bytes) {
  return absl::BytesToHexString(TextOf(bytes));
}

}  // namespace casemate
