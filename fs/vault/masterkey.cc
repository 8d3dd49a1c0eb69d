#include "fs/vault/masterkey.h"

#include <algorithm>

#include "base/check.h"

namespace casemate {

Masterkey Masterkey::Create(RandomSource& random) {
  Masterkey masterkey;
  random.Fill(masterkey.key_.mutable_bytes());
  return masterkey;
}

Masterkey Masterkey::FromHalves(ConstBytes enc_key, ConstBytes mac_key) {
  CHECK(enc_key.size() == kKeySize && mac_key.size() == kKeySize,
        "each half of a masterkey has 32 bytes");
  Masterkey masterkey;
  const MutableBytes raw = masterkey.key_.mutable_bytes();
  std::copy(enc_key.begin(), enc_key.end(), raw.begin());
  std::copy(mac_key.begin(), mac_key.end(), raw.begin() + kKeySize);
  return masterkey;
}

}  // namespace casemate
