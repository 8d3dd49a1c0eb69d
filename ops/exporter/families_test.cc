#include "ops/exporter/families.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ops/exporter/recorded_metrics.h"
#include "prometheus/text_serializer.h"

namespace casemate {
namespace {

using ::testing::Contains;

const MountInfo kMount = {"1.2.3", "SIV_GCM", "8"};

// The lines of a scrape that are series, not comments.
std::vector<std::string> SeriesOf(const Metrics& metrics) {
  const std::string text =
      prometheus::TextSerializer().Serialize(CollectFamilies(metrics, kMount));
  std::vector<std::string> series;
  for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    if (!absl::StartsWith(line, "#")) series.emplace_back(line);
  }
  return series;
}

bool HasSeriesOf(const std::vector<std::string>& series,
                 absl::string_view family) {
  return std::any_of(series.begin(), series.end(), [&](absl::string_view line) {
    return absl::StartsWith(line, absl::StrCat(family, " ")) ||
           absl::StartsWith(line, absl::StrCat(family, "{"));
  });
}

TEST(FamiliesTest, MountOnWhichEverythingHappenedStaysWithinItsSeriesBudget) {
  Metrics metrics;
  RecordEverything(&metrics);
  EXPECT_LT(SeriesOf(metrics).size(), 1000u);
}

TEST(FamiliesTest, FreshMountStaysWithinATypicalMountsBudget) {
  EXPECT_LT(SeriesOf(Metrics()).size(), 200u);
}

TEST(FamiliesTest, EveryRowOfTheTableIsInAScrape) {
  Metrics metrics;
  RecordEverything(&metrics);
  const std::vector<std::string> series = SeriesOf(metrics);
  for (const MetricInfo& info : MetricTable()) {
    const absl::string_view suffix =
        info.kind == MetricKind::kHistogram ? "_count" : "";
    EXPECT_TRUE(HasSeriesOf(series, absl::StrCat(info.name, suffix)))
        << info.name;
  }
}

TEST(FamiliesTest, EveryOpcodeAndErrnoHasItsSeries) {
  Metrics metrics;
  RecordEverything(&metrics);
  const std::vector<std::string> series = SeriesOf(metrics);
  for (const absl::string_view op : LabelSet<FuseOp>::kValues) {
    EXPECT_THAT(series, Contains(absl::StrCat("casemate_fuse_ops_total{op=\"",
                                              op, "\",result=\"error\"} 199")));
    EXPECT_THAT(series, Contains(absl::StrCat(
                            "casemate_fuse_op_duration_seconds_bucket{op=\"",
                            op, "\",le=\"+Inf\"} 200")));
  }
  for (const absl::string_view name : LabelSet<ErrnoLabel>::kValues) {
    if (name == "other") continue;
    EXPECT_THAT(series,
                Contains(absl::StrCat("casemate_fuse_errors_total{errno=\"",
                                      name, "\"} ", LabelSet<FuseOp>::kSize)));
  }
}

TEST(FamiliesTest, HistogramIsCumulativeInSecondsAndItsBoundsReadWell) {
  Metrics metrics;
  metrics.RecordFuseOp(FuseOp::kFsync, 0, absl::Microseconds(10));
  metrics.RecordFuseOp(FuseOp::kFsync, 0, absl::Milliseconds(250));
  metrics.RecordFuseOp(FuseOp::kFsync, 0, absl::Seconds(300));
  const std::vector<std::string> series = SeriesOf(metrics);
  const std::string name = "casemate_fuse_op_duration_seconds";
  const auto bucket = [&](absl::string_view le, int count) {
    return absl::StrCat(name, "_bucket{op=\"fsync\",le=\"", le, "\"} ", count);
  };
  EXPECT_THAT(series, Contains(bucket("1e-05", 1)));
  EXPECT_THAT(series, Contains(bucket("0.1", 1)));
  EXPECT_THAT(series, Contains(bucket("0.5", 2)));
  EXPECT_THAT(series, Contains(bucket("200", 2)));
  EXPECT_THAT(series, Contains(bucket("+Inf", 3)));
  EXPECT_THAT(series, Contains(absl::StrCat(name, "_count{op=\"fsync\"} 3")));
  EXPECT_THAT(series,
              Contains(absl::StrCat(name, "_sum{op=\"fsync\"} 300.25001")));
}

TEST(FamiliesTest, InfoFamiliesCarryTheMountInLabels) {
  const std::vector<std::string> series = SeriesOf(Metrics());
  EXPECT_THAT(series,
              Contains("casemate_mount_info{version=\"1.2.3\",cipher=\"SIV_"
                       "GCM\",format=\"8\"} 1"));
  EXPECT_TRUE(HasSeriesOf(series, "casemate_build_info"));
}

TEST(FamiliesTest, ProcessFamiliesAreThoseThatDashboardsKnow) {
  const std::vector<std::string> series = SeriesOf(Metrics());
  for (const absl::string_view name :
       {"process_cpu_seconds_total", "process_resident_memory_bytes",
        "process_virtual_memory_bytes", "process_open_fds", "process_max_fds",
        "process_start_time_seconds", "process_threads"}) {
    EXPECT_TRUE(HasSeriesOf(series, name)) << name;
  }
}

}  // namespace
}  // namespace casemate
