#include "crypto/primitive/hmac.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "base/bytes.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"
#include "testing/vectors/hex.h"

namespace casemate {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr HmacHash kHashes[] = {HmacHash::kSha256, HmacHash::kSha384,
                                HmacHash::kSha512};

Bytes MacOf(HmacHash hash, ConstBytes key, ConstBytes message) {
  const HmacKey hmac_key(hash, key);
  Hmac hmac(hmac_key);
  hmac.Update(message);
  Bytes mac(HmacSize(hash));
  hmac.Sign(absl::MakeSpan(mac));
  return mac;
}

Bytes BoringSslMacOf(HmacHash hash, ConstBytes key, ConstBytes message) {
  const EVP_MD* const md = hash == HmacHash::kSha256   ? EVP_sha256()
                           : hash == HmacHash::kSha384 ? EVP_sha384()
                                                       : EVP_sha512();
  Bytes mac(HmacSize(hash));
  unsigned size = 0;
  HMAC(md, key.data(), key.size(), message.data(), message.size(), mac.data(),
       &size);
  mac.resize(size);
  return mac;
}

// RFC 4231, test case 2.
TEST(HmacTest, KnownAnswers) {
  const ConstBytes key = BytesOf("Jefe");
  const ConstBytes message = BytesOf("what do ya want for nothing?");
  EXPECT_EQ(ToHex(MacOf(HmacHash::kSha256, key, message)),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(ToHex(MacOf(HmacHash::kSha384, key, message)),
            "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
            "8e2240ca5e69e2c78b3239ecfab21649");
  EXPECT_EQ(ToHex(MacOf(HmacHash::kSha512, key, message)),
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
            "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
}

TEST(HmacTest, KeysAroundTheBlockSizeAgreeWithBoringSsl) {
  for (const HmacHash hash : kHashes) {
    for (const size_t size : {0, 63, 64, 65, 127, 128, 129, 300}) {
      const Bytes key(size, 0x5a);
      const Bytes message(77, 0x11);
      EXPECT_EQ(MacOf(hash, key, message), BoringSslMacOf(hash, key, message))
          << size;
    }
  }
}

TEST(HmacTest, VerifyTakesTheWholeMacOnly) {
  for (const HmacHash hash : kHashes) {
    const HmacKey key(hash, BytesOf("key"));
    Bytes mac = MacOf(hash, BytesOf("key"), BytesOf("message"));
    const auto verifies = [&](ConstBytes tag) {
      Hmac hmac(key);
      hmac.Update(BytesOf("mess"));
      hmac.Update(BytesOf("age"));
      return hmac.Verify(tag);
    };
    EXPECT_TRUE(verifies(mac));
    EXPECT_FALSE(verifies(ConstBytes(mac).subspan(0, mac.size() - 1)));
    EXPECT_FALSE(verifies({}));
    mac.back() ^= 1;
    EXPECT_FALSE(verifies(mac));
  }
}

RC_GTEST_PROP(HmacProperty, AgreesWithBoringSslForAnySplit,
              (const Bytes& key, const Bytes& a, const Bytes& b)) {
  Bytes whole = a;
  whole.insert(whole.end(), b.begin(), b.end());
  for (const HmacHash hash : kHashes) {
    const HmacKey hmac_key(hash, key);
    Hmac hmac(hmac_key);
    hmac.Update(a);
    hmac.Update(b);
    const Bytes expected = BoringSslMacOf(hash, key, whole);
    const size_t size = *rc::gen::inRange<size_t>(1, expected.size() + 1);
    Bytes mac(size);
    hmac.Sign(absl::MakeSpan(mac));
    RC_ASSERT(mac == Bytes(expected.begin(), expected.begin() + size));
  }
}

}  // namespace
}  // namespace casemate
