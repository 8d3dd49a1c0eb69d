#include "crypto/primitive/aes_key_wrap.h"

#include <cstdint>
#include <string>
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

struct Example {
  const char* kek;
  const char* key;
  const char* wrapped;
};

// RFC 3394, sections 4.1 to 4.6.
constexpr Example kExamples[] = {
    {"000102030405060708090a0b0c0d0e0f", "00112233445566778899aabbccddeeff",
     "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"},
    {"000102030405060708090a0b0c0d0e0f1011121314151617",
     "00112233445566778899aabbccddeeff",
     "96778b25ae6ca435f92b5b97c050aed2468ab8a17ad84e5d"},
    {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
     "00112233445566778899aabbccddeeff",
     "64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7"},
    {"000102030405060708090a0b0c0d0e0f1011121314151617",
     "00112233445566778899aabbccddeeff0001020304050607",
     "031d33264e15d33268f24ec260743edce1c6c7ddee725a936ba814915c6762d2"},
    {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
     "00112233445566778899aabbccddeeff0001020304050607",
     "a8f9bc1612c68b3ff6e6f4fbe30e71e4769c8b80a32cb8958cd5d17d6b254da1"},
    {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
     "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f",
     "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43b"
     "fb988b9b7a02dd21"},
};

TEST(AesKeyWrapTest, WrapsAndUnwrapsTheExamplesOfTheRfc) {
  for (const Example& example : kExamples) {
    const Bytes kek = FromHex(example.kek);
    const Bytes key = FromHex(example.key);
    Bytes wrapped(key.size() + kKeyWrapOverhead);
    ASSERT_TRUE(AesKeyWrap(kek, key, absl::MakeSpan(wrapped)).ok());
    EXPECT_EQ(ToHex(wrapped), example.wrapped);
    Bytes unwrapped(key.size());
    ASSERT_TRUE(AesKeyUnwrap(kek, wrapped, absl::MakeSpan(unwrapped)).ok());
    EXPECT_EQ(unwrapped, key);
  }
}

TEST(AesKeyWrapTest, SizesOutsideTheRfcAreInvalid) {
  Bytes out(64);
  const auto wrap = [&](size_t kek, size_t key) {
    return AesKeyWrap(Bytes(kek), Bytes(key),
                      absl::MakeSpan(out).subspan(0, key + 8))
        .code();
  };
  const auto unwrap = [&](size_t kek, size_t wrapped) {
    const size_t size = wrapped < 8 ? 0 : wrapped - 8;
    return AesKeyUnwrap(Bytes(kek), Bytes(wrapped),
                        absl::MakeSpan(out).subspan(0, size))
        .code();
  };
  for (const size_t kek : {0, 8, 31, 33, 64}) {
    EXPECT_EQ(wrap(kek, 32), absl::StatusCode::kInvalidArgument) << kek;
    EXPECT_EQ(unwrap(kek, 40), absl::StatusCode::kInvalidArgument) << kek;
  }
  for (const size_t key : {0, 8, 15, 17, 31}) {
    EXPECT_EQ(wrap(32, key), absl::StatusCode::kInvalidArgument) << key;
    EXPECT_EQ(unwrap(32, key + 8), absl::StatusCode::kInvalidArgument) << key;
  }
  EXPECT_EQ(unwrap(32, 7), absl::StatusCode::kInvalidArgument);
}

RC_GTEST_PROP(AesKeyWrapProperty, AnyFlippedBitIsRefusedAndNothingComesOut,
              ()) {
  const Bytes kek =
      *rc::gen::container<Bytes>(32, rc::gen::arbitrary<uint8_t>());
  const Bytes key =
      *rc::gen::container<Bytes>(32, rc::gen::arbitrary<uint8_t>());
  Bytes wrapped(40);
  RC_ASSERT(AesKeyWrap(kek, key, absl::MakeSpan(wrapped)).ok());
  Bytes out(32);
  RC_ASSERT(AesKeyUnwrap(kek, wrapped, absl::MakeSpan(out)).ok());
  RC_ASSERT(out == key);

  const size_t bit = *rc::gen::inRange<size_t>(0, 8 * wrapped.size());
  wrapped[bit / 8] ^= 1 << bit % 8;
  RC_ASSERT(absl::IsDataLoss(AesKeyUnwrap(kek, wrapped, absl::MakeSpan(out))));
  RC_ASSERT(out == Bytes(32));

  wrapped[bit / 8] ^= 1 << bit % 8;
  Bytes other = kek;
  const size_t key_bit = *rc::gen::inRange<size_t>(0, 8 * kek.size());
  other[key_bit / 8] ^= 1 << key_bit % 8;
  RC_ASSERT(
      absl::IsDataLoss(AesKeyUnwrap(other, wrapped, absl::MakeSpan(out))));
}

}  // namespace
}  // namespace casemate
