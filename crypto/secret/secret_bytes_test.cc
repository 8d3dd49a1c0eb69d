#include "crypto/secret/secret_bytes.h"

#include <ostream>
#include <type_traits>
#include <utility>

#include "base/bytes.h"
#include "gtest/gtest.h"

namespace casemate {
namespace {

template <typename T, typename = void>
struct IsStreamable : std::false_type {};
template <typename T>
struct IsStreamable<T, std::void_t<decltype(std::declval<std::ostream&>()
                                            << std::declval<const T&>())>>
    : std::true_type {};

template <typename T>
constexpr bool kIsSecret =
    !std::is_copy_constructible_v<T> && !std::is_copy_assignable_v<T> &&
    std::is_nothrow_move_constructible_v<T> && !IsStreamable<T>::value;

static_assert(IsStreamable<int>::value, "the trait finds what is streamable");
static_assert(kIsSecret<SecretBytes>);
static_assert(kIsSecret<SecretKey<32>>);
static_assert(kIsSecret<SecretObject<int>>);

TEST(SecretBytesTest, CopyOfHoldsTheBytes) {
  const SecretBytes secret = SecretBytes::CopyOf(BytesOf("password"));
  EXPECT_EQ(TextOf(secret.bytes()), "password");
  EXPECT_FALSE(secret.empty());
}

TEST(SecretBytesTest, EmptyIsFine) {
  const SecretBytes secret = SecretBytes::CopyOf({});
  EXPECT_TRUE(secret.empty());
  EXPECT_TRUE(SecretBytes().bytes().empty());
}

TEST(SecretBytesTest, MovedFromIsEmpty) {
  SecretBytes from = SecretBytes::CopyOf(BytesOf("one"));
  SecretBytes to = SecretBytes::CopyOf(BytesOf("other"));
  to = std::move(from);
  EXPECT_EQ(TextOf(to.bytes()), "one");
  EXPECT_TRUE(from.empty());  // NOLINT(bugprone-use-after-move): the claim
  SecretBytes& self = to;
  to = std::move(self);
  EXPECT_EQ(TextOf(to.bytes()), "one");
}

TEST(SecretBytesTest, TruncateWipesTheRest) {
  SecretBytes secret = SecretBytes::CopyOf(BytesOf("password\n"));
  const uint8_t* const data = secret.bytes().data();
  secret.Truncate(4);
  EXPECT_EQ(TextOf(secret.bytes()), "pass");
  for (size_t i = 4; i < 9; ++i) EXPECT_EQ(data[i], 0);
}

TEST(SecretBytesDeathTest, TruncateDoesNotGrow) {
  SecretBytes secret(4);
  EXPECT_DEATH(secret.Truncate(5), "never grows");
}

TEST(SecretKeyTest, StartsAsZerosAndHasItsSize) {
  const SecretKey<32> key;
  ASSERT_EQ(key.bytes().size(), 32u);
  for (const uint8_t byte : key.bytes()) EXPECT_EQ(byte, 0);
}

TEST(SecretKeyDeathTest, AnotherSizeIsRefused) {
  EXPECT_DEATH(SecretKey<32>::CopyOf(BytesOf("short")), "size of its type");
}

TEST(ConstantTimeEqualsTest, ComparesSizeAndEveryByte) {
  EXPECT_TRUE(ConstantTimeEquals({}, {}));
  EXPECT_TRUE(ConstantTimeEquals(BytesOf("same"), BytesOf("same")));
  EXPECT_FALSE(ConstantTimeEquals(BytesOf("same"), BytesOf("samE")));
  EXPECT_FALSE(ConstantTimeEquals(BytesOf("same"), BytesOf("Same")));
  EXPECT_FALSE(ConstantTimeEquals(BytesOf("same"), BytesOf("sam")));
}

TEST(WipeTest, ZeroesEveryByte) {
  uint8_t bytes[] = {1, 2, 3};
  Wipe(absl::MakeSpan(bytes));
  for (const uint8_t byte : bytes) EXPECT_EQ(byte, 0);
}

}  // namespace
}  // namespace casemate
