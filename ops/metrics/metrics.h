// The counters of one mount, made from the table in table.h.
//
//   metrics->RecordFuseOp(FuseOp::kRead, 0, latency);
//   metrics->fuse_bytes(Direction::kRead).Increment(n);
//   metrics->inodes().Add(1);
//
// Recording takes no lock and allocates nothing: one relaxed fetch_add per
// counter, two per histogram. Values of different metrics are therefore not
// one consistent moment, which Prometheus does not expect either.
//
// Each row of the table is a public member that is called with its labels.
// fuse_ops, fuse_op_duration and fuse_errors belong together: write them
// through RecordFuseOp only. Reading is Snapshot(), free of any exporter.
#ifndef OPS_METRICS_METRICS_H_
#define OPS_METRICS_METRICS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "base/check.h"
#include "ops/metrics/labels.h"
#include "ops/metrics/table.h"

namespace casemate {

enum class MetricKind : uint8_t { kCounter, kGauge, kHistogram };

// Two threads that count different things must not write one cache line.
inline constexpr size_t kMetricAlignment = 64;

// A number that only grows. Thread-safe.
class alignas(kMetricAlignment) Counter {
 public:
  static constexpr MetricKind kKind = MetricKind::kCounter;

  void Increment(uint64_t by = 1) {
    value_.fetch_add(by, std::memory_order_relaxed);
  }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

// A number that goes up and down. Thread-safe.
class alignas(kMetricAlignment) Gauge {
 public:
  static constexpr MetricKind kKind = MetricKind::kGauge;

  void Add(int64_t by) { value_.fetch_add(by, std::memory_order_relaxed); }
  void Set(int64_t value) { value_.store(value, std::memory_order_relaxed); }
  int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

// The upper bounds of a histogram's buckets; one more takes the rest. They
// reach from a cached read to a backing store that stalls for minutes: with
// narrower bounds a quantile is below the mean (field-notes, pain 15).
inline constexpr std::array<int64_t, 12> kBucketBoundsNanoseconds = {
    10'000,        50'000,         200'000,        1'000'000,
    5'000'000,     20'000'000,     100'000'000,    500'000'000,
    2'000'000'000, 10'000'000'000, 50'000'000'000, 200'000'000'000,
};

struct HistogramSnapshot {
  // Observations in each bucket alone, not cumulative; the last has no bound.
  std::array<uint64_t, kBucketBoundsNanoseconds.size() + 1> buckets = {};
  absl::Duration sum;

  uint64_t count() const;
};

// Latencies. Thread-safe. An observation below 0 counts as 0 and one above a
// day as a day, so that no caller's mistake can overflow the sum.
class alignas(kMetricAlignment) Histogram {
 public:
  static constexpr MetricKind kKind = MetricKind::kHistogram;

  void Observe(absl::Duration latency);
  // The buckets, and so the count, are exact; the sum may be ahead of or
  // behind them by observations that are under way.
  HistogramSnapshot snapshot() const;

 private:
  std::array<std::atomic<uint64_t>, kBucketBoundsNanoseconds.size() + 1>
      buckets_{};
  std::atomic<uint64_t> sum_nanoseconds_{0};
};

// One metric for each combination of the labels' values.
template <typename Metric, typename... Labels>
class MetricFamily {
 public:
  static constexpr size_t kSize = (LabelSet<Labels>::kSize * ... * 1);

  Metric& operator()(Labels... labels) { return metrics_[Index(labels...)]; }
  const Metric& operator()(Labels... labels) const {
    return metrics_[Index(labels...)];
  }

  // In the order of the labels' values, the last label fastest.
  const std::array<Metric, kSize>& all() const { return metrics_; }

 private:
  static size_t Index(Labels... labels) {
    size_t index = 0;
    ((index = index * LabelSet<Labels>::kSize + static_cast<size_t>(labels)),
     ...);
    CHECK(index < kSize, "a metric's label is outside its enumeration");
    return index;
  }

  std::array<Metric, kSize> metrics_;
};

// A label's name and every value it can have.
struct LabelInfo {
  absl::string_view name;
  absl::Span<const absl::string_view> values;
};

// A row of the table. The texts are literals.
struct MetricInfo {
  absl::string_view name;
  absl::string_view help;
  MetricKind kind = MetricKind::kCounter;
  std::vector<LabelInfo> labels;
};

struct Sample {
  // One value for each of MetricInfo::labels.
  std::vector<absl::string_view> label_values;
  double value = 0;                             // of a counter or gauge
  absl::optional<HistogramSnapshot> histogram;  // of a histogram
};

struct FamilySnapshot {
  MetricInfo info;
  std::vector<Sample> samples;
};

// The rows of the table, in its order.
std::vector<MetricInfo> MetricTable();

// One per mount. Thread-safe.
class Metrics {
 public:
  Metrics() = default;
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // Counts a request that was answered: `error` is 0 or the errno replied.
  void RecordFuseOp(FuseOp op, int error, absl::Duration latency);

  // Every family with every combination of labels, also those that are still
  // 0, so that a rate is right from the first event on. Only a histogram
  // without observations has no sample: it would be 15 lines that say nothing.
  std::vector<FamilySnapshot> Snapshot() const;

#define CASEMATE_METRIC_MEMBER_(member, name, help, ...) \
  MetricFamily<__VA_ARGS__> member;
  CASEMATE_METRICS(CASEMATE_METRIC_MEMBER_)
#undef CASEMATE_METRIC_MEMBER_
};

}  // namespace casemate

#endif  // OPS_METRICS_METRICS_H_
