#include "ops/metrics/metrics.h"

#include <cerrno>
#include <numeric>
#include <type_traits>
#include <utility>

namespace casemate {
namespace {

// Larger than every errno of Linux.
constexpr size_t kErrnoLimit = 256;

// The label of each errno, found by one load: ENOENT is the most frequent
// answer of all.
constexpr std::array<ErrnoLabel, kErrnoLimit> MakeErrnoLabels() {
  std::array<ErrnoLabel, kErrnoLimit> labels = {};
  for (size_t i = 0; i < kErrnoLimit; ++i) labels[i] = ErrnoLabel::kOther;
#define CASEMATE_ERRNO_ENTRY_(name) labels[name] = ErrnoLabel::k##name;
  CASEMATE_ERRNOS(CASEMATE_ERRNO_ENTRY_)
#undef CASEMATE_ERRNO_ENTRY_
  return labels;
}

constexpr std::array<ErrnoLabel, kErrnoLimit> kErrnoLabels = MakeErrnoLabels();

template <typename Label>
LabelInfo InfoOf() {
  return {LabelSet<Label>::kLabel, LabelSet<Label>::kValues};
}

template <typename Metric, typename... Labels>
MetricInfo InfoOf(const MetricFamily<Metric, Labels...>*,
                  absl::string_view name, absl::string_view help) {
  return {name, help, Metric::kKind, {InfoOf<Labels>()...}};
}

// The label values of the metric at `index` of a family: the inverse of
// MetricFamily::Index.
std::vector<absl::string_view> LabelValuesAt(
    size_t index, absl::Span<const LabelInfo> labels) {
  std::vector<absl::string_view> values(labels.size());
  for (size_t i = labels.size(); i-- > 0;) {
    values[i] = labels[i].values[index % labels[i].values.size()];
    index /= labels[i].values.size();
  }
  return values;
}

template <typename Metric, typename... Labels>
FamilySnapshot SnapshotOf(const MetricFamily<Metric, Labels...>& family,
                          absl::string_view name, absl::string_view help) {
  FamilySnapshot result{InfoOf(&family, name, help), {}};
  for (size_t i = 0; i < family.all().size(); ++i) {
    const Metric& metric = family.all()[i];
    Sample sample;
    if constexpr (std::is_same_v<Metric, Histogram>) {
      sample.histogram = metric.snapshot();
      if (sample.histogram->count() == 0) continue;
    } else {
      sample.value = static_cast<double>(metric.value());
    }
    sample.label_values = LabelValuesAt(i, result.info.labels);
    result.samples.push_back(std::move(sample));
  }
  return result;
}

}  // namespace

ErrnoLabel ErrnoLabelOf(int error) {
  return error >= 0 && error < static_cast<int>(kErrnoLimit)
             ? kErrnoLabels[error]
             : ErrnoLabel::kOther;
}

uint64_t HistogramSnapshot::count() const {
  return std::accumulate(buckets.begin(), buckets.end(), uint64_t{0});
}

void Histogram::Observe(absl::Duration latency) {
  if (latency < absl::ZeroDuration()) latency = absl::ZeroDuration();
  if (latency > absl::Hours(24)) latency = absl::Hours(24);
  const int64_t nanoseconds = absl::ToInt64Nanoseconds(latency);
  size_t bucket = 0;
  while (bucket < kBucketBoundsNanoseconds.size() &&
         nanoseconds > kBucketBoundsNanoseconds[bucket]) {
    ++bucket;
  }
  buckets_[bucket].fetch_add(1, std::memory_order_relaxed);
  sum_nanoseconds_.fetch_add(nanoseconds, std::memory_order_relaxed);
}

HistogramSnapshot Histogram::snapshot() const {
  HistogramSnapshot result;
  for (size_t i = 0; i < buckets_.size(); ++i) {
    result.buckets[i] = buckets_[i].load(std::memory_order_relaxed);
  }
  result.sum = absl::Nanoseconds(
      static_cast<int64_t>(sum_nanoseconds_.load(std::memory_order_relaxed)));
  return result;
}

std::vector<MetricInfo> MetricTable() {
  const auto info = [](auto family, absl::string_view name,
                       absl::string_view help) {
    return InfoOf(family, name, help);
  };
  return {
#define CASEMATE_METRIC_INFO_(member, name, help, ...) \
  info(static_cast<const MetricFamily<__VA_ARGS__>*>(nullptr), name, help),
      CASEMATE_METRICS(CASEMATE_METRIC_INFO_)
#undef CASEMATE_METRIC_INFO_
  };
}

void Metrics::RecordFuseOp(FuseOp op, int error, absl::Duration latency) {
  fuse_ops(op, error == 0 ? FuseResult::kOk : FuseResult::kError).Increment();
  fuse_op_duration(op).Observe(latency);
  if (error != 0) fuse_errors(ErrnoLabelOf(error)).Increment();
}

std::vector<FamilySnapshot> Metrics::Snapshot() const {
  return {
#define CASEMATE_METRIC_SNAPSHOT_(member, name, help, ...) \
  SnapshotOf(member, name, help),
      CASEMATE_METRICS(CASEMATE_METRIC_SNAPSHOT_)
#undef CASEMATE_METRIC_SNAPSHOT_
  };
}

}  // namespace casemate
