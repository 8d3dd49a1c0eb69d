#include "crypto/primitive/aes_cmac.h"

#include <openssl/mem.h>

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "base/check.h"

namespace casemate {

AesBlock Doubled(const AesBlock& block) {
  AesBlock doubled;
  for (size_t i = 0; i + 1 < block.size(); ++i) {
    doubled[i] = static_cast<uint8_t>(block[i] << 1 | block[i + 1] >> 7);
  }
  // Without a branch: the block is secret.
  const uint8_t carry = static_cast<uint8_t>(-(block[0] >> 7)) & 0x87;
  doubled[15] = static_cast<uint8_t>(block[15] << 1) ^ carry;
  return doubled;
}

absl::StatusOr<AesCmac> AesCmac::Create(ConstBytes key) {
  AesCmac cmac;
  Schedule& schedule = *cmac.schedule_;
  if (AES_set_encrypt_key(key.data(), 8 * key.size(), &schedule.aes) != 0) {
    return absl::InvalidArgumentError("AES-CMAC: bad size of the key");
  }
  const uint8_t zero[AES_BLOCK_SIZE] = {};
  AesBlock encrypted_zero;
  AES_encrypt(zero, encrypted_zero.data(), &schedule.aes);
  schedule.subkey_whole = Doubled(encrypted_zero);
  schedule.subkey_partial = Doubled(schedule.subkey_whole);
  Wipe(absl::MakeSpan(encrypted_zero));
  return cmac;
}

void AesCmac::Absorb(AesBlock& state, const uint8_t* block) const {
  for (size_t i = 0; i < state.size(); ++i) state[i] ^= block[i];
  AES_encrypt(state.data(), state.data(), &schedule_->aes);
}

AesBlock AesCmac::Chain(ConstBytes message, const AesBlock* end) const {
  AesBlock state{};
  // The last 16 bytes, which `end` touches, lie in at most two blocks.
  const size_t kept = end == nullptr ? AES_BLOCK_SIZE : 2 * AES_BLOCK_SIZE;
  while (message.size() > kept) {
    Absorb(state, message.data());
    message.remove_prefix(AES_BLOCK_SIZE);
  }
  uint8_t tail[2 * AES_BLOCK_SIZE] = {};
  std::copy(message.begin(), message.end(), tail);
  size_t size = message.size();
  if (end != nullptr) {
    uint8_t* const masked = tail + size - AES_BLOCK_SIZE;
    for (size_t i = 0; i < AES_BLOCK_SIZE; ++i) masked[i] ^= (*end)[i];
  }
  uint8_t* last = tail;
  if (size > AES_BLOCK_SIZE) {
    Absorb(state, last);
    last += AES_BLOCK_SIZE;
    size -= AES_BLOCK_SIZE;
  }
  const bool whole = size == AES_BLOCK_SIZE;
  if (!whole) last[size] = 0x80;
  const AesBlock& subkey =
      whole ? schedule_->subkey_whole : schedule_->subkey_partial;
  for (size_t i = 0; i < AES_BLOCK_SIZE; ++i) last[i] ^= subkey[i];
  Absorb(state, last);
  OPENSSL_cleanse(tail, sizeof(tail));
  return state;
}

AesBlock AesCmac::Sign(ConstBytes message) const {
  return Chain(message, nullptr);
}

AesBlock AesCmac::SignXorEnd(ConstBytes message, const AesBlock& end) const {
  CHECK(message.size() >= AES_BLOCK_SIZE, "xorend needs a whole block");
  return Chain(message, &end);
}

}  // namespace casemate
