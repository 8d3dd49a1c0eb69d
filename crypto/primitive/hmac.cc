#include "crypto/primitive/hmac.h"

#include <openssl/mem.h>

#include <algorithm>
#include <cstring>

#include "absl/types/span.h"
#include "base/check.h"

namespace casemate {
namespace {

constexpr size_t kMaxBlockSize = SHA512_CBLOCK;

size_t BlockSize(HmacHash hash) {
  return hash == HmacHash::kSha256 ? SHA256_CBLOCK : SHA512_CBLOCK;
}

}  // namespace

void HmacKey::Start(HmacHash hash, HashState* state) {
  switch (hash) {
    case HmacHash::kSha256:
      SHA256_Init(&state->sha256);
      return;
    case HmacHash::kSha384:
      SHA384_Init(&state->sha512);
      return;
    case HmacHash::kSha512:
      SHA512_Init(&state->sha512);
      return;
  }
}

void HmacKey::Absorb(HmacHash hash, HashState* state, ConstBytes data) {
  switch (hash) {
    case HmacHash::kSha256:
      SHA256_Update(&state->sha256, data.data(), data.size());
      return;
    case HmacHash::kSha384:
      SHA384_Update(&state->sha512, data.data(), data.size());
      return;
    case HmacHash::kSha512:
      SHA512_Update(&state->sha512, data.data(), data.size());
      return;
  }
}

void HmacKey::Finish(HmacHash hash, HashState* state, uint8_t* out) {
  switch (hash) {
    case HmacHash::kSha256:
      SHA256_Final(out, &state->sha256);
      return;
    case HmacHash::kSha384:
      SHA384_Final(out, &state->sha512);
      return;
    case HmacHash::kSha512:
      SHA512_Final(out, &state->sha512);
      return;
  }
}

HmacKey::HmacKey(HmacHash hash, ConstBytes key) : hash_(hash) {
  SecretKey<kMaxBlockSize> padded;
  const MutableBytes block = padded.mutable_bytes().subspan(0, BlockSize(hash));
  if (key.size() > block.size()) {
    Start(hash, &states_->inner);
    Absorb(hash, &states_->inner, key);
    Finish(hash, &states_->inner, block.data());
  } else {
    std::copy(key.begin(), key.end(), block.begin());
  }
  for (uint8_t& byte : block) byte ^= 0x36;
  Start(hash, &states_->inner);
  Absorb(hash, &states_->inner, block);
  for (uint8_t& byte : block) byte ^= 0x36 ^ 0x5c;
  Start(hash, &states_->outer);
  Absorb(hash, &states_->outer, block);
}

Hmac::Hmac(const HmacKey& key) : key_(key), state_(key.states_->inner) {}

Hmac::~Hmac() { OPENSSL_cleanse(&state_, sizeof(state_)); }

void Hmac::Update(ConstBytes data) {
  HmacKey::Absorb(key_.hash(), &state_, data);
}

void Hmac::Sign(MutableBytes out) {
  CHECK(!out.empty() && out.size() <= key_.size(),
        "a MAC is cut, never stretched");
  uint8_t digest[kMaxHmacSize];
  HmacKey::Finish(key_.hash(), &state_, digest);
  state_ = key_.states_->outer;
  HmacKey::Absorb(key_.hash(), &state_, ConstBytes(digest, key_.size()));
  HmacKey::Finish(key_.hash(), &state_, digest);
  std::memcpy(out.data(), digest, out.size());
}

bool Hmac::Verify(ConstBytes tag) {
  uint8_t expected[kMaxHmacSize];
  const MutableBytes mac(expected, key_.size());
  Sign(mac);
  return ConstantTimeEquals(mac, tag);
}

}  // namespace casemate
