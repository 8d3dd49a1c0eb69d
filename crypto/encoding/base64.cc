#include "crypto/encoding/base64.h"

#include <array>

#include "base/check.h"

namespace casemate {
namespace {

constexpr char kStandard[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr char kUrl[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr uint8_t kNoDigit = 64;

using Digits = std::array<uint8_t, 256>;

constexpr Digits DigitsOf(const char* alphabet) {
  Digits digits{};
  for (uint8_t& digit : digits) digit = kNoDigit;
  for (int i = 0; i < 64; ++i) {
    digits[static_cast<uint8_t>(alphabet[i])] = static_cast<uint8_t>(i);
  }
  return digits;
}

constexpr Digits kStandardDigits = DigitsOf(kStandard);
constexpr Digits kUrlDigits = DigitsOf(kUrl);

void Encode(const char* alphabet, ConstBytes bytes, Base64Padding padding,
            std::string* out) {
  const size_t start = out->size();
  out->resize(start + (bytes.size() + 2) / 3 * 4);
  char* to = &(*out)[start];
  for (; bytes.size() >= 3; bytes.remove_prefix(3)) {
    const uint32_t group = bytes[0] << 16 | bytes[1] << 8 | bytes[2];
    *to++ = alphabet[group >> 18];
    *to++ = alphabet[group >> 12 & 63];
    *to++ = alphabet[group >> 6 & 63];
    *to++ = alphabet[group & 63];
  }
  if (bytes.empty()) return;
  const bool two = bytes.size() == 2;
  const uint32_t group = bytes[0] << 16 | (two ? bytes[1] << 8 : 0);
  *to++ = alphabet[group >> 18];
  *to++ = alphabet[group >> 12 & 63];
  if (two) *to++ = alphabet[group >> 6 & 63];
  if (padding == Base64Padding::kPadded) {
    *to++ = '=';
    if (!two) *to++ = '=';
  }
  out->resize(to - out->data());
}

// The digits of `text` without its padding, nullopt when the length is wrong.
absl::optional<absl::string_view> StripPadding(absl::string_view text,
                                               Base64Padding padding) {
  if (padding == Base64Padding::kPadded) {
    if (text.size() % 4 != 0) return absl::nullopt;
    for (int i = 0; i < 2 && !text.empty() && text.back() == '='; ++i) {
      text.remove_suffix(1);
    }
  }
  if (text.size() % 4 == 1) return absl::nullopt;
  return text;
}

absl::optional<size_t> Decode(const Digits& digits, absl::string_view text,
                              Base64Padding padding, MutableBytes out) {
  const absl::optional<absl::string_view> stripped =
      StripPadding(text, padding);
  if (!stripped.has_value()) return absl::nullopt;
  CHECK(out.size() >= Base64DecodedBound(text.size()),
        "there is room for the decoded bytes");
  uint32_t bits = 0;
  int count = 0;
  size_t size = 0;
  for (const char c : *stripped) {
    const uint8_t digit = digits[static_cast<uint8_t>(c)];
    if (digit == kNoDigit) return absl::nullopt;
    bits = bits << 6 | digit;
    count += 6;
    if (count >= 8) {
      count -= 8;
      out[size++] = static_cast<uint8_t>(bits >> count);
      bits &= (1u << count) - 1;
    }
  }
  if (bits != 0) return absl::nullopt;
  return size;
}

absl::optional<std::vector<uint8_t>> DecodeToVector(const Digits& digits,
                                                    absl::string_view text,
                                                    Base64Padding padding) {
  std::vector<uint8_t> bytes(Base64DecodedBound(text.size()));
  const absl::optional<size_t> size =
      Decode(digits, text, padding, absl::MakeSpan(bytes));
  if (!size.has_value()) return absl::nullopt;
  bytes.resize(*size);
  return bytes;
}

}  // namespace

std::string Base64Encode(ConstBytes bytes) {
  std::string text;
  Encode(kStandard, bytes, Base64Padding::kPadded, &text);
  return text;
}

absl::optional<std::vector<uint8_t>> Base64Decode(absl::string_view text) {
  return DecodeToVector(kStandardDigits, text, Base64Padding::kPadded);
}

void Base64UrlEncode(ConstBytes bytes, Base64Padding padding,
                     std::string* out) {
  Encode(kUrl, bytes, padding, out);
}

std::string Base64UrlEncode(ConstBytes bytes, Base64Padding padding) {
  std::string text;
  Encode(kUrl, bytes, padding, &text);
  return text;
}

absl::optional<std::vector<uint8_t>> Base64UrlDecode(absl::string_view text,
                                                     Base64Padding padding) {
  return DecodeToVector(kUrlDigits, text, padding);
}

absl::optional<size_t> Base64UrlDecode(absl::string_view text,
                                       Base64Padding padding,
                                       MutableBytes out) {
  return Decode(kUrlDigits, text, padding, out);
}

}  // namespace casemate
