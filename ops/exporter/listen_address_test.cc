#include "ops/exporter/listen_address.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

namespace casemate {
namespace {

std::string Parsed(absl::string_view text) {
  const auto address = ParseListenAddress(text);
  return address.ok() ? address->ToString() : "refused";
}

TEST(ListenAddressTest, PortAloneAndLocalhostAreTheLoopbackAddress) {
  EXPECT_EQ(Parsed("9567"), "127.0.0.1:9567");
  EXPECT_EQ(Parsed("localhost:0"), "127.0.0.1:0");
}

TEST(ListenAddressTest, NumericAddressesStay) {
  EXPECT_EQ(Parsed("0.0.0.0:65535"), "0.0.0.0:65535");
  EXPECT_EQ(Parsed("10.1.2.3:80"), "10.1.2.3:80");
}

TEST(ListenAddressTest, MalformedAddressIsRefusedByNameWithAnExample) {
  for (const absl::string_view text : {"",
                                       ":",
                                       ":9567",
                                       "127.0.0.1",
                                       "127.0.0.1:",
                                       "127.0.0.1:65536",
                                       "127.0.0.1:-1",
                                       "127.0.0.1:+1",
                                       "127.0.0.1: 1",
                                       "127.0.0.1:1 ",
                                       "127.0.0.1:99999999999",
                                       "127.0.0.1:9567s",
                                       "300.0.0.1:1",
                                       "::1:9567",
                                       "[::1]:9567",
                                       "[::1:9567",
                                       "[127.0.0.1]:1",
                                       "[localhost]:1",
                                       "example.org:1",
                                       "127.0.0.1:1,0.0.0.0:2"}) {
    const auto address = ParseListenAddress(text);
    ASSERT_EQ(address.status().code(), absl::StatusCode::kInvalidArgument)
        << text;
    EXPECT_TRUE(absl::StrContains(address.status().message(),
                                  absl::StrCat("\"", text, "\"")));
    EXPECT_TRUE(
        absl::StrContains(address.status().message(), "127.0.0.1:9567"));
  }
}

TEST(ListenAddressTest, Ipv6IsRefusedForWhatItIs) {
  EXPECT_TRUE(absl::StrContains(
      ParseListenAddress("[::1]:9567").status().message(), "no IPv6"));
}

RC_GTEST_PROP(ListenAddressProperty, EveryIpv4AddressAndPortSurvives,
              (uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port)) {
  const std::string text = absl::StrCat(a, ".", b, ".", c, ".", d, ":", port);
  RC_ASSERT(Parsed(text) == text);
}

RC_GTEST_PROP(ListenAddressProperty, WhatIsAcceptedParsesToItself,
              (const std::string& text)) {
  const auto address = ParseListenAddress(text);
  if (address.ok())
    RC_ASSERT(Parsed(address->ToString()) == address->ToString());
}

}  // namespace
}  // namespace casemate
