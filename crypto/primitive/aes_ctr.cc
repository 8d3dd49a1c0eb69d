#include "crypto/primitive/aes_ctr.h"

#include <openssl/mem.h>

#include <cstring>

#include "absl/status/status.h"
#include "base/check.h"

namespace casemate {

absl::StatusOr<AesCtr> AesCtr::Create(ConstBytes key) {
  AesCtr ctr;
  if (AES_set_encrypt_key(key.data(), 8 * key.size(), ctr.key_.get()) != 0) {
    return absl::InvalidArgumentError("AES-CTR: bad size of the key");
  }
  return ctr;
}

void AesCtr::Crypt(ConstBytes counter, ConstBytes in, MutableBytes out) const {
  CHECK(counter.size() == AES_BLOCK_SIZE, "the counter is one block");
  CHECK(in.size() == out.size(), "CTR keeps the size");
  uint8_t position[AES_BLOCK_SIZE];
  std::memcpy(position, counter.data(), sizeof(position));
  uint8_t key_stream[AES_BLOCK_SIZE] = {};
  unsigned used = 0;
  AES_ctr128_encrypt(in.data(), out.data(), in.size(), key_.get(), position,
                     key_stream, &used);
  OPENSSL_cleanse(key_stream, sizeof(key_stream));
}

}  // namespace casemate
