#include "tools/doctor/content_checks.h"

#include "gtest/gtest.h"

namespace casemate {
namespace {

// What the checks find is in doctor_test.
TEST(FormatRangesTest, NeighboursAreOneRange) {
  EXPECT_EQ(FormatRanges({}, 9), "");
  EXPECT_EQ(FormatRanges({0}, 9), "0");
  EXPECT_EQ(FormatRanges({3, 7, 8, 9}, 9), "3, 7-9");
  EXPECT_EQ(FormatRanges({1, 2, 4}, 9), "1-2, 4");
}

TEST(FormatRangesTest, NoMoreThanTheLimit) {
  EXPECT_EQ(FormatRanges({1, 3, 5}, 2), "1, 3 and more");
  EXPECT_EQ(FormatRanges({1, 3}, 2), "1, 3");
}

}  // namespace
}  // namespace casemate
