#include "base/log.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "testing/fakes/fake_clock.h"

namespace casemate {
namespace {

class RecordingLogger final : public Logger {
 public:
  void Log(Severity, absl::string_view message) override {
    lines.emplace_back(message);
  }
  std::vector<std::string> lines;
};

TEST(RateLimitedLoggerTest, OneTopicSpeaksOncePerIntervalAndCountsTheRest) {
  RecordingLogger target;
  FakeClock clock;
  RateLimitedLogger logger(&target, &clock, absl::Seconds(10));
  for (int i = 0; i < 4; ++i) {
    logger.LogLimited("auth", Severity::kError, "chunk failed");
  }
  EXPECT_EQ(target.lines, std::vector<std::string>{"chunk failed"});
  clock.Advance(absl::Seconds(10));
  logger.LogLimited("auth", Severity::kError, "chunk failed");
  ASSERT_EQ(target.lines.size(), 2);
  EXPECT_EQ(target.lines[1], "chunk failed (and 3 more like it)");
}

TEST(RateLimitedLoggerTest, TopicsDoNotSilenceEachOther) {
  RecordingLogger target;
  FakeClock clock;
  RateLimitedLogger logger(&target, &clock, absl::Seconds(10));
  logger.LogLimited("auth", Severity::kError, "a");
  logger.LogLimited("write", Severity::kError, "b");
  logger.Info("c");
  logger.Info("c");
  EXPECT_EQ(target.lines, (std::vector<std::string>{"a", "b", "c", "c"}));
}

}  // namespace
}  // namespace casemate
