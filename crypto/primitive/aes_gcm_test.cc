#include "crypto/primitive/aes_gcm.h"

#include <cstdint>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "base/bytes.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"
#include "testing/vectors/hex.h"

namespace casemate {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes AnyBytes(size_t size) {
  return *rc::gen::container<Bytes>(size, rc::gen::arbitrary<uint8_t>());
}

// The GCM specification's test case 16.
TEST(AesGcmTest, SealsTheKnownAnswer) {
  const Bytes plaintext = FromHex(
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
      "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
  const AesGcm gcm = AesGcm::Create(FromHex("feffe9928665731c6d6a8f9467308308"
                                            "feffe9928665731c6d6a8f9467308308"))
                         .value();
  Bytes sealed(plaintext.size() + kGcmTagSize);
  ASSERT_TRUE(gcm.Seal(FromHex("cafebabefacedbaddecaf888"),
                       FromHex("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
                       plaintext, absl::MakeSpan(sealed))
                  .ok());
  EXPECT_EQ(ToHex(sealed),
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
            "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
            "76fc6ece0f4e1768cddf8853bb2d551b");
}

TEST(AesGcmTest, RefusesOtherKeySizesAndAnEmptyNonce) {
  for (const size_t size : {0, 8, 15, 20, 33, 64}) {
    EXPECT_FALSE(AesGcm::Create(Bytes(size)).ok()) << size;
  }
  const AesGcm gcm = AesGcm::Create(Bytes(32)).value();
  Bytes out(16);
  EXPECT_EQ(gcm.Seal({}, {}, {}, absl::MakeSpan(out)).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(gcm.Open({}, {}, out, {}).ok());
}

RC_GTEST_PROP(AesGcmProperty, AnyFlippedBitIsRefusedAndNothingComesOut, ()) {
  const AesGcm gcm =
      AesGcm::Create(AnyBytes(*rc::gen::element<size_t>(16, 24, 32))).value();
  const Bytes nonce = AnyBytes(12);
  const Bytes ad = AnyBytes(20);
  const Bytes plaintext = AnyBytes(*rc::gen::inRange<size_t>(1, 100));
  Bytes sealed(plaintext.size() + kGcmTagSize);
  RC_ASSERT(gcm.Seal(nonce, ad, plaintext, absl::MakeSpan(sealed)).ok());
  Bytes out(plaintext.size());
  RC_ASSERT(gcm.Open(nonce, ad, sealed, absl::MakeSpan(out)).ok());
  RC_ASSERT(out == plaintext);

  const auto flipped = [](Bytes bytes) {
    const size_t bit = *rc::gen::inRange<size_t>(0, 8 * bytes.size());
    bytes[bit / 8] ^= 1 << bit % 8;
    return bytes;
  };
  RC_ASSERT(absl::IsDataLoss(
      gcm.Open(nonce, ad, flipped(sealed), absl::MakeSpan(out))));
  RC_ASSERT(out == Bytes(plaintext.size()));
  RC_ASSERT(absl::IsDataLoss(
      gcm.Open(flipped(nonce), ad, sealed, absl::MakeSpan(out))));
  RC_ASSERT(absl::IsDataLoss(
      gcm.Open(nonce, flipped(ad), sealed, absl::MakeSpan(out))));
}

// What lets one open file share one context; TSan looks at it.
TEST(AesGcmTest, ThreadsShareAContext) {
  const AesGcm gcm = AesGcm::Create(Bytes(32, 7)).value();
  std::vector<std::thread> threads;
  for (uint8_t t = 0; t < 4; ++t) {
    threads.emplace_back([&gcm, t] {
      const Bytes plaintext(1000, t);
      Bytes sealed(plaintext.size() + kGcmTagSize);
      Bytes out(plaintext.size());
      for (uint8_t i = 0; i < 100; ++i) {
        const Bytes nonce = {t, i, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
        ASSERT_TRUE(
            gcm.Seal(nonce, {}, plaintext, absl::MakeSpan(sealed)).ok());
        ASSERT_TRUE(gcm.Open(nonce, {}, sealed, absl::MakeSpan(out)).ok());
        ASSERT_EQ(out, plaintext);
        sealed[i] ^= 1;
        ASSERT_FALSE(gcm.Open(nonce, {}, sealed, absl::MakeSpan(out)).ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace casemate
