#include "tools/casemate/progress.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/log.h"
#include "gtest/gtest.h"
#include "testing/fakes/fake_clock.h"

namespace casemate {
namespace {

constexpr absl::string_view kErase = "\r\x1b[K";

class ProgressTest : public testing::Test {
 protected:
  Screen TestScreen() {
    return {[this](absl::string_view text) { written_.emplace_back(text); },
            [this] { return columns_; }};
  }

  // What stands on the terminal after the last write; "" when nothing does.
  std::string Line() const {
    if (written_.empty()) return "";
    absl::string_view line = written_.back();
    EXPECT_TRUE(absl::ConsumePrefix(&line, kErase)) << line;
    return std::string(line);
  }

  FakeClock clock_;
  int columns_ = 80;
  std::vector<std::string> written_;
};

constexpr uint64_t kMib = uint64_t{1} << 20;

TEST_F(ProgressTest, NothingIsDrawnInTheFirstSecond) {
  {
    Progress progress(TestScreen(), {"copying", ProgressUnit::kBytes, 10},
                      &clock_);
    progress.Advance(1);
    clock_.Advance(absl::Milliseconds(999));
    progress.Advance(1);
    progress.Clear();
  }
  EXPECT_EQ(written_, std::vector<std::string>());
}

TEST_F(ProgressTest, ShowsWhatIsDoneHowFastAndHowLongItWillTake) {
  Progress progress(TestScreen(), {"copying", ProgressUnit::kBytes, 100 * kMib},
                    &clock_);
  clock_.Advance(absl::Seconds(5));
  progress.Advance(25 * kMib);
  EXPECT_EQ(Line(),
            "copying  [====>             ]   25%  25.0 MiB / 100.0 MiB  "
            "5.0 MiB/s  0:15 left");
  EXPECT_EQ(Line().size(), 79u);
}

TEST_F(ProgressTest, IsRedrawnAtMostTenTimesASecond) {
  Progress progress(TestScreen(), {"copying", ProgressUnit::kBytes, 1000},
                    &clock_);
  clock_.Advance(absl::Seconds(1));
  for (int i = 0; i < 1000; ++i) {
    progress.Advance(1);
    clock_.Advance(absl::Milliseconds(1));
  }
  EXPECT_EQ(written_.size(), 10u);
}

TEST_F(ProgressTest, IsGoneAtTheEndAndBeforeAMessage) {
  StderrLogger nobody(Severity::kError);
  {
    Progress progress(TestScreen(), {"copying", ProgressUnit::kBytes, 10},
                      &clock_);
    clock_.Advance(absl::Seconds(1));
    progress.Advance(1);
    ClearingLogger(&progress, &nobody).Info("a message");
    ASSERT_EQ(written_.size(), 2u);
    EXPECT_EQ(written_.back(), kErase);
    progress.Clear();  // there is nothing to clear any more
    EXPECT_EQ(written_.size(), 2u);
    clock_.Advance(absl::Seconds(1));
    progress.Advance(1);
    EXPECT_EQ(written_.size(), 3u);
  }
  EXPECT_EQ(written_.back(), kErase);
}

TEST_F(ProgressTest, WithoutATotalItSaysHowMuchAndHowLong) {
  Progress progress(TestScreen(), {"checking", ProgressUnit::kItems, {}},
                    &clock_);
  clock_.Advance(absl::Seconds(3723));
  progress.Advance(7446);
  EXPECT_EQ(Line(), "checking  7446 items  2 a second  1:02:03");
  progress.SetTotal(7446 * 2);
  clock_.Advance(absl::Milliseconds(100));
  progress.Advance(0);
  EXPECT_TRUE(absl::StrContains(Line(), " 50%  7446 / 14892  1 a second"))
      << Line();
}

TEST_F(ProgressTest, ATotalThatWasTooSmallIsForgotten) {
  Progress progress(TestScreen(), {"copying", ProgressUnit::kBytes, 10},
                    &clock_);
  clock_.Advance(absl::Seconds(1));
  progress.Advance(2048);
  EXPECT_EQ(Line(), "copying  2.0 KiB  2.0 KiB/s  0:01");
}

TEST_F(ProgressTest, ExtremesAreNoTrouble) {
  Progress nothing(TestScreen(), {"copying", ProgressUnit::kBytes, 0}, &clock_);
  Progress all(TestScreen(), {"copying", ProgressUnit::kBytes, UINT64_MAX},
               &clock_);
  clock_.Advance(absl::Seconds(1));
  nothing.Advance(0);
  EXPECT_TRUE(absl::StrContains(Line(), "100%  0 B / 0 B  0 B/s")) << Line();
  all.Advance(1);
  EXPECT_TRUE(absl::StrContains(Line(),
                                "  0%  1 B / 16.0 EiB  1 B/s  99:59:59"
                                " left"))
      << Line();
}

TEST_F(ProgressTest, ANarrowTerminalHasNoBarAndIsNeverWrapped) {
  Progress progress(TestScreen(), {"copying", ProgressUnit::kBytes, 1024},
                    &clock_);
  const std::string whole =
      "copying   50%  512 B / 1.0 KiB  512 B/s  0:01 left";
  clock_.Advance(absl::Seconds(1));
  columns_ = static_cast<int>(whole.size()) + 1;
  progress.Advance(512);
  EXPECT_EQ(Line(), whole);
  columns_ = 10;
  clock_.Advance(absl::Milliseconds(100));
  progress.Advance(0);
  EXPECT_EQ(Line(), whole.substr(0, 9));
}

TEST_F(ProgressTest, InTheBackgroundNothingIsDrawn) {
  Progress progress(TestScreen(), {"copying", ProgressUnit::kBytes, 10},
                    &clock_);
  columns_ = 0;
  clock_.Advance(absl::Seconds(1));
  progress.Advance(1);
  EXPECT_EQ(written_.size(), 0u);
}

TEST_F(ProgressTest, WithoutAScreenItOnlyCounts) {
  Progress progress(StderrScreen(ProgressDisplay::kNever),
                    {"copying", ProgressUnit::kBytes, 10}, &clock_);
  clock_.Advance(absl::Seconds(2));
  progress.Advance(10);
  progress.Clear();
}

TEST(FormatBytesTest, HasOneDecimalAndABinaryUnit) {
  EXPECT_EQ(FormatBytes(0), "0 B");
  EXPECT_EQ(FormatBytes(1023), "1023 B");
  EXPECT_EQ(FormatBytes(1024), "1.0 KiB");
  EXPECT_EQ(FormatBytes(kMib - 1), "1.0 MiB");
  EXPECT_EQ(FormatBytes(12 * kMib + kMib / 8), "12.1 MiB");
  EXPECT_EQ(FormatBytes(UINT64_MAX), "16.0 EiB");
}

}  // namespace
}  // namespace casemate
