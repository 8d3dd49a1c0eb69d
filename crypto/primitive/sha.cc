#include "crypto/primitive/sha.h"

#include <openssl/sha.h>

namespace casemate {

std::array<uint8_t, 20> Sha1(ConstBytes bytes) {
  std::array<uint8_t, 20> digest;
  SHA1(bytes.data(), bytes.size(), digest.data());
  return digest;
}

std::array<uint8_t, 32> Sha256(ConstBytes bytes) {
  std::array<uint8_t, 32> digest;
  SHA256(bytes.data(), bytes.size(), digest.data());
  return digest;
}

}  // namespace casemate
