#include "crypto/encoding/base32.h"

#include <cstddef>
#include <cstdint>

namespace casemate {

std::string Base32Encode(ConstBytes bytes) {
  static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string text;
  text.reserve((bytes.size() + 4) / 5 * 8);
  uint32_t bits = 0;
  int count = 0;
  for (const uint8_t byte : bytes) {
    bits = (bits << 8 | byte) & 0xfff;
    for (count += 8; count >= 5;) {
      count -= 5;
      text.push_back(kAlphabet[bits >> count & 31]);
    }
  }
  if (count > 0) text.push_back(kAlphabet[bits << (5 - count) & 31]);
  while (text.size() % 8 != 0) text.push_back('=');
  return text;
}

}  // namespace casemate
