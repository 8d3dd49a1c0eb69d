#include "ops/metrics/metrics.h"

#include <cerrno>
#include <cstdint>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

namespace casemate {
namespace {

const FamilySnapshot* FindFamily(const std::vector<FamilySnapshot>& snapshot,
                                 absl::string_view name) {
  for (const FamilySnapshot& family : snapshot) {
    if (family.info.name == name) return &family;
  }
  return nullptr;
}

// The value of `name` with exactly these label values, -1 when there is none.
double ValueOf(const Metrics& metrics, absl::string_view name,
               const std::vector<absl::string_view>& label_values) {
  const std::vector<FamilySnapshot> snapshot = metrics.Snapshot();
  const FamilySnapshot* family = FindFamily(snapshot, name);
  if (family == nullptr) return -1;
  for (const Sample& sample : family->samples) {
    if (sample.label_values == label_values) return sample.value;
  }
  return -1;
}

TEST(MetricsTest, SuccessfulRequestCountsAsOkAndNotAsError) {
  Metrics metrics;
  metrics.RecordFuseOp(FuseOp::kWrite, 0, absl::Milliseconds(3));
  EXPECT_EQ(ValueOf(metrics, "casemate_fuse_ops_total", {"write", "ok"}), 1);
  EXPECT_EQ(ValueOf(metrics, "casemate_fuse_ops_total", {"write", "error"}), 0);
  for (const Counter& errors : metrics.fuse_errors.all()) {
    EXPECT_EQ(errors.value(), 0u);
  }
}

TEST(MetricsTest, FailedRequestCountsUnderItsErrnoAndInTheLatency) {
  Metrics metrics;
  metrics.RecordFuseOp(FuseOp::kLookup, ENOENT, absl::Microseconds(20));
  EXPECT_EQ(ValueOf(metrics, "casemate_fuse_ops_total", {"lookup", "ok"}), 0);
  EXPECT_EQ(ValueOf(metrics, "casemate_fuse_ops_total", {"lookup", "error"}),
            1);
  EXPECT_EQ(ValueOf(metrics, "casemate_fuse_errors_total", {"ENOENT"}), 1);
  EXPECT_EQ(ValueOf(metrics, "casemate_fuse_errors_total", {"other"}), 0);
  EXPECT_EQ(metrics.fuse_op_duration(FuseOp::kLookup).snapshot().count(), 1u);
}

TEST(MetricsTest, ErrnoLabelIsTheErrnosOwnName) {
  EXPECT_EQ(LabelText(ErrnoLabelOf(EIO)), "EIO");
  EXPECT_EQ(LabelText(ErrnoLabelOf(EACCES)), "EACCES");
  EXPECT_EQ(LabelText(ErrnoLabelOf(EXDEV)), "EXDEV");
  EXPECT_EQ(LabelText(ErrnoLabelOf(ESTALE)), "ESTALE");
}

TEST(MetricsTest, ErrnoOutsideTheSetIsOther) {
  for (const int error : {-1, EPIPE, 255, 256, 999, INT32_MAX, INT32_MIN}) {
    EXPECT_EQ(ErrnoLabelOf(error), ErrnoLabel::kOther) << error;
  }
}

TEST(MetricsTest, Rename2CountsAsRename) {
  Metrics metrics;
  metrics.RecordFuseOp(FuseOp::kRename2, 0, absl::ZeroDuration());
  EXPECT_EQ(ValueOf(metrics, "casemate_fuse_ops_total", {"rename", "ok"}), 1);
}

TEST(MetricsTest, LastOpcodeIsOther) {
  EXPECT_EQ(LabelText(FuseOp::kOther), "other");
  EXPECT_EQ(static_cast<size_t>(FuseOp::kOther) + 1, LabelSet<FuseOp>::kSize);
}

// Each metric of each family gets a number of its own, so a snapshot that
// swapped labels or families could not pass.
TEST(MetricsTest, SnapshotShowsEachValueUnderItsOwnNameAndLabels) {
  Metrics metrics;
  metrics.fuse_bytes(Direction::kRead).Increment(11);
  metrics.fuse_bytes(Direction::kWrite).Increment(12);
  metrics.fuse_inflight().Add(13);
  metrics.crypto_bytes(Direction::kWrite).Increment(14);
  metrics.auth_failures(AuthObject::kDirId).Increment(15);
  metrics.cache_hits(CacheId::kChunk).Increment(16);
  metrics.cache_misses(CacheId::kDirectory).Increment(17);
  metrics.cache_evictions(CacheId::kChunk).Increment(18);
  metrics.cache_bytes(CacheId::kChunk).Set(19);
  metrics.cache_entries(CacheId::kDirectory).Set(20);
  metrics.inodes().Set(21);
  metrics.open_handles(HandleKind::kDirectory).Set(22);
  metrics.dirty_bytes().Set(23);
  metrics.forget_underflows().Increment(24);
  metrics.write_back_errors().Increment(25);
  metrics.names_invalid().Increment(26);
  metrics.sync_conflicts().Increment(27);
  metrics.broken_nodes().Increment(28);
  metrics.directory_aliases().Increment(29);

  const struct {
    absl::string_view name;
    std::vector<absl::string_view> labels;
    double value;
  } kExpected[] = {
      {"casemate_fuse_bytes_total", {"read"}, 11},
      {"casemate_fuse_bytes_total", {"write"}, 12},
      {"casemate_fuse_inflight", {}, 13},
      {"casemate_crypto_bytes_total", {"write"}, 14},
      {"casemate_crypto_bytes_total", {"read"}, 0},
      {"casemate_auth_failures_total", {"dirid"}, 15},
      {"casemate_auth_failures_total", {"chunk"}, 0},
      {"casemate_cache_hits_total", {"chunk"}, 16},
      {"casemate_cache_misses_total", {"directory"}, 17},
      {"casemate_cache_evictions_total", {"chunk"}, 18},
      {"casemate_cache_bytes", {"chunk"}, 19},
      {"casemate_cache_entries", {"directory"}, 20},
      {"casemate_inodes", {}, 21},
      {"casemate_open_handles", {"directory"}, 22},
      {"casemate_open_handles", {"file"}, 0},
      {"casemate_dirty_bytes", {}, 23},
      {"casemate_forget_underflows_total", {}, 24},
      {"casemate_write_back_errors_total", {}, 25},
      {"casemate_names_invalid_total", {}, 26},
      {"casemate_sync_conflicts_total", {}, 27},
      {"casemate_broken_nodes_total", {}, 28},
      {"casemate_directory_aliases_total", {}, 29},
  };
  for (const auto& expected : kExpected) {
    EXPECT_EQ(ValueOf(metrics, expected.name, expected.labels), expected.value)
        << expected.name;
  }
}

TEST(MetricsTest, FreshMountShowsEveryCounterAsZeroAndNoHistogram) {
  const Metrics metrics;
  for (const FamilySnapshot& family : metrics.Snapshot()) {
    size_t combinations = 1;
    for (const LabelInfo& label : family.info.labels) {
      combinations *= label.values.size();
    }
    if (family.info.kind == MetricKind::kHistogram) combinations = 0;
    EXPECT_EQ(family.samples.size(), combinations) << family.info.name;
  }
}

TEST(MetricsTest, SnapshotFollowsTheTable) {
  const std::vector<MetricInfo> table = MetricTable();
  const std::vector<FamilySnapshot> snapshot = Metrics().Snapshot();
  ASSERT_EQ(snapshot.size(), table.size());
  for (size_t i = 0; i < table.size(); ++i) {
    EXPECT_EQ(snapshot[i].info.name, table[i].name);
    EXPECT_EQ(snapshot[i].info.kind, table[i].kind);
  }
}

TEST(MetricTableTest, NamesAreUniqueAndOnlyCountersEndInTotal) {
  std::set<absl::string_view> names;
  for (const MetricInfo& info : MetricTable()) {
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_EQ(info.name.substr(0, 9), "casemate_");
    EXPECT_EQ(info.name.size() > 6 &&
                  info.name.substr(info.name.size() - 6) == "_total",
              info.kind == MetricKind::kCounter)
        << info.name;
  }
}

TEST(MetricTableTest, LabelValuesAreDistinctWords) {
  for (const MetricInfo& info : MetricTable()) {
    for (const LabelInfo& label : info.labels) {
      std::set<absl::string_view> values(label.values.begin(),
                                         label.values.end());
      EXPECT_EQ(values.size(), label.values.size()) << label.name;
      EXPECT_EQ(values.count(""), 0u) << label.name;
    }
  }
}

TEST(GaugeTest, GoesDownAsWellAsUp) {
  Gauge gauge;
  gauge.Add(5);
  gauge.Add(-7);
  EXPECT_EQ(gauge.value(), -2);
  gauge.Set(3);
  EXPECT_EQ(gauge.value(), 3);
}

TEST(HistogramTest, BoundsGrowAndCoverStallsOfTheBackingStore) {
  for (size_t i = 1; i < kBucketBoundsNanoseconds.size(); ++i) {
    EXPECT_GT(kBucketBoundsNanoseconds[i], kBucketBoundsNanoseconds[i - 1]);
  }
  EXPECT_EQ(kBucketBoundsNanoseconds.front(),
            absl::ToInt64Nanoseconds(absl::Microseconds(10)));
  EXPECT_GE(kBucketBoundsNanoseconds.back(),
            absl::ToInt64Nanoseconds(absl::Seconds(168)));
}

TEST(HistogramTest, ImpossibleLatenciesAreClampedAndCounted) {
  Histogram histogram;
  histogram.Observe(-absl::Seconds(1));
  histogram.Observe(-absl::InfiniteDuration());
  EXPECT_EQ(histogram.snapshot().buckets.front(), 2u);
  EXPECT_EQ(histogram.snapshot().sum, absl::ZeroDuration());
  histogram.Observe(absl::InfiniteDuration());
  EXPECT_EQ(histogram.snapshot().buckets.back(), 1u);
  EXPECT_EQ(histogram.snapshot().sum, absl::Hours(24));
}

RC_GTEST_PROP(HistogramProperty, ObservationIsInTheFirstBucketThatHoldsIt, ()) {
  // Half of the inputs are on a bound or next to it.
  const size_t near = *rc::gen::inRange<size_t>(0, 12);
  const int64_t nanoseconds = *rc::gen::oneOf(
      rc::gen::inRange<int64_t>(0, 300'000'000'000),
      rc::gen::map(rc::gen::inRange<int64_t>(-1, 2), [near](int64_t offset) {
        return kBucketBoundsNanoseconds[near] + offset;
      }));
  Histogram histogram;
  histogram.Observe(absl::Nanoseconds(nanoseconds));
  const HistogramSnapshot snapshot = histogram.snapshot();
  RC_ASSERT(snapshot.count() == 1u);
  RC_ASSERT(snapshot.sum == absl::Nanoseconds(nanoseconds));
  uint64_t cumulative = 0;
  for (size_t i = 0; i < kBucketBoundsNanoseconds.size(); ++i) {
    cumulative += snapshot.buckets[i];
    RC_ASSERT(cumulative ==
              (nanoseconds <= kBucketBoundsNanoseconds[i] ? 1u : 0u));
  }
}

TEST(MetricsTest, ConcurrentRecordingLosesNothing) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 5000;
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&metrics] {
      for (int i = 0; i < kRounds; ++i) {
        metrics.RecordFuseOp(FuseOp::kRead, i % 2 == 0 ? 0 : EIO,
                             absl::Microseconds(i));
        metrics.inodes().Add(i % 2 == 0 ? 3 : -1);
        if (i % 1000 == 0) metrics.Snapshot();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  const uint64_t half = kThreads * kRounds / 2;
  EXPECT_EQ(metrics.fuse_ops(FuseOp::kRead, FuseResult::kOk).value(), half);
  EXPECT_EQ(metrics.fuse_ops(FuseOp::kRead, FuseResult::kError).value(), half);
  EXPECT_EQ(metrics.fuse_errors(ErrnoLabel::kEIO).value(), half);
  EXPECT_EQ(metrics.inodes().value(), static_cast<int64_t>(2 * half));
  const HistogramSnapshot latency =
      metrics.fuse_op_duration(FuseOp::kRead).snapshot();
  EXPECT_EQ(latency.count(), 2 * half);
  EXPECT_EQ(latency.sum, kThreads * absl::Microseconds(int64_t{kRounds} *
                                                       (kRounds - 1) / 2));
}

TEST(MetricFamilyDeathTest, LabelOutsideItsEnumerationIsABrokenInvariant) {
  Metrics metrics;
  EXPECT_DEATH(metrics.cache_hits(static_cast<CacheId>(200)).Increment(),
               "outside its enumeration");
}

}  // namespace
}  // namespace casemate
