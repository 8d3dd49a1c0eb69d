#include "crypto/primitive/aes_cmac.h"

#include <openssl/cipher.h>
#include <openssl/cmac.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"
#include "testing/vectors/hex.h"

namespace casemate {
namespace {

using Bytes = std::vector<uint8_t>;

AesBlock BoringSslMacOf(const Bytes& key, const Bytes& message) {
  const EVP_CIPHER* const cipher = key.size() == 16   ? EVP_aes_128_cbc()
                                   : key.size() == 24 ? EVP_aes_192_cbc()
                                                      : EVP_aes_256_cbc();
  AesBlock mac{};
  size_t size = 0;
  CMAC_CTX* const context = CMAC_CTX_new();
  EXPECT_EQ(CMAC_Init(context, key.data(), key.size(), cipher, nullptr), 1);
  EXPECT_EQ(CMAC_Update(context, message.data(), message.size()), 1);
  EXPECT_EQ(CMAC_Final(context, mac.data(), &size), 1);
  CMAC_CTX_free(context);
  return mac;
}

Bytes AnyKey() {
  const size_t size = *rc::gen::element<size_t>(16, 24, 32);
  return *rc::gen::container<Bytes>(size, rc::gen::arbitrary<uint8_t>());
}

Bytes AnyMessage(size_t least) {
  const size_t size = *rc::gen::inRange<size_t>(least, 100);
  return *rc::gen::container<Bytes>(size, rc::gen::arbitrary<uint8_t>());
}

// RFC 4493, section 4.
TEST(AesCmacTest, SignsTheExamplesOfTheRfc) {
  const Bytes message = FromHex(
      "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
      "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
  const AesCmac cmac =
      AesCmac::Create(FromHex("2b7e151628aed2a6abf7158809cf4f3c")).value();
  const auto sign = [&](size_t size) {
    return ToHex(cmac.Sign(ConstBytes(message).subspan(0, size)));
  };
  EXPECT_EQ(sign(0), "bb1d6929e95937287fa37d129b756746");
  EXPECT_EQ(sign(16), "070a16b46b4d4144f79bdd9dd04a287c");
  EXPECT_EQ(sign(40), "dfa66747de9ae63030ca32611497c827");
  EXPECT_EQ(sign(64), "51f0bebf7e3b9d92fc49741779363cfe");
}

TEST(AesCmacTest, DoublingFoldsTheCarryIn) {
  AesBlock block{};
  block[0] = 0x80;
  block[15] = 0x01;
  EXPECT_EQ(ToHex(Doubled(block)), "00000000000000000000000000000085");
  block[0] = 0x40;
  EXPECT_EQ(ToHex(Doubled(block)), "80000000000000000000000000000002");
}

TEST(AesCmacTest, RefusesOtherKeySizes) {
  for (const size_t size : {0, 8, 15, 20, 33, 64}) {
    EXPECT_FALSE(AesCmac::Create(Bytes(size)).ok()) << size;
  }
}

RC_GTEST_PROP(AesCmacProperty, AgreesWithBoringSsl, ()) {
  const Bytes key = AnyKey();
  const Bytes message = AnyMessage(0);
  RC_ASSERT(AesCmac::Create(key)->Sign(message) ==
            BoringSslMacOf(key, message));
}

RC_GTEST_PROP(AesCmacProperty, XorEndIsTheMacOfTheXoredMessage, ()) {
  const Bytes key = AnyKey();
  const Bytes message = AnyMessage(16);
  AesBlock end;
  for (uint8_t& byte : end) byte = *rc::gen::arbitrary<uint8_t>();
  Bytes xored = message;
  std::transform(end.begin(), end.end(), xored.end() - 16, xored.end() - 16,
                 [](uint8_t a, uint8_t b) { return a ^ b; });
  RC_ASSERT(AesCmac::Create(key)->SignXorEnd(message, end) ==
            BoringSslMacOf(key, xored));
}

}  // namespace
}  // namespace casemate
