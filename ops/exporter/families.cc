#include "ops/exporter/families.h"

#include <cstddef>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ops/exporter/process_usage.h"
#include "prometheus/client_metric.h"
#include "prometheus/metric_type.h"

namespace casemate {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricType;

prometheus::MetricFamily MakeFamily(absl::string_view name,
                                    absl::string_view help, MetricType type) {
  prometheus::MetricFamily family;
  family.name = std::string(name);
  family.help = std::string(help);
  family.type = type;
  return family;
}

MetricType TypeOf(MetricKind kind) {
  switch (kind) {
    case MetricKind::kCounter:
      return MetricType::Counter;
    case MetricKind::kGauge:
      return MetricType::Gauge;
    case MetricKind::kHistogram:
      return MetricType::Histogram;
  }
  return MetricType::Untyped;
}

// Prometheus wants each bucket to include those before it; the serializer adds
// the last one, +Inf, from the count.
ClientMetric::Histogram ToPrometheus(const HistogramSnapshot& snapshot) {
  ClientMetric::Histogram histogram;
  histogram.sample_count = snapshot.count();
  histogram.sample_sum = absl::ToDoubleSeconds(snapshot.sum);
  uint64_t cumulative = 0;
  for (size_t i = 0; i < kBucketBoundsNanoseconds.size(); ++i) {
    cumulative += snapshot.buckets[i];
    histogram.bucket.push_back(
        {cumulative, static_cast<double>(kBucketBoundsNanoseconds[i]) / 1e9});
  }
  return histogram;
}

prometheus::MetricFamily ToPrometheus(const FamilySnapshot& snapshot) {
  prometheus::MetricFamily family = MakeFamily(
      snapshot.info.name, snapshot.info.help, TypeOf(snapshot.info.kind));
  for (const Sample& sample : snapshot.samples) {
    ClientMetric metric;
    for (size_t i = 0; i < snapshot.info.labels.size(); ++i) {
      metric.label.push_back({std::string(snapshot.info.labels[i].name),
                              std::string(sample.label_values[i])});
    }
    metric.counter.value = sample.value;
    metric.gauge.value = sample.value;
    if (sample.histogram.has_value()) {
      metric.histogram = ToPrometheus(*sample.histogram);
    }
    family.metric.push_back(std::move(metric));
  }
  return family;
}

prometheus::MetricFamily OneSample(absl::string_view name,
                                   absl::string_view help, MetricType type,
                                   double value) {
  prometheus::MetricFamily family = MakeFamily(name, help, type);
  ClientMetric& metric = family.metric.emplace_back();
  metric.counter.value = value;
  metric.gauge.value = value;
  return family;
}

void AppendInfo(const MountInfo& info,
                std::vector<prometheus::MetricFamily>* families) {
  prometheus::MetricFamily mount =
      OneSample("casemate_mount_info", "What is mounted; always 1.",
                MetricType::Gauge, 1);
  mount.metric[0].label = {{"version", info.version},
                           {"cipher", info.cipher},
                           {"format", info.format}};
  families->push_back(std::move(mount));
  prometheus::MetricFamily build =
      OneSample("casemate_build_info", "What is running; always 1.",
                MetricType::Gauge, 1);
  build.metric[0].label = {{"version", info.version},
                           {"compiler", __VERSION__}};
  families->push_back(std::move(build));
}

void AppendProcess(const ProcessUsage& usage,
                   std::vector<prometheus::MetricFamily>* families) {
  const auto add = [families](absl::string_view name, absl::string_view help,
                              MetricType type, double value) {
    families->push_back(OneSample(name, help, type, value));
  };
  add("process_cpu_seconds_total", "User and system CPU time.",
      MetricType::Counter, absl::ToDoubleSeconds(usage.cpu));
  add("process_resident_memory_bytes", "Memory in RAM.", MetricType::Gauge,
      static_cast<double>(usage.resident_bytes));
  add("process_virtual_memory_bytes", "Address space.", MetricType::Gauge,
      static_cast<double>(usage.virtual_bytes));
  add("process_threads", "Threads.", MetricType::Gauge,
      static_cast<double>(usage.threads));
  add("process_open_fds", "Open file descriptors.", MetricType::Gauge,
      static_cast<double>(usage.open_fds));
  add("process_max_fds", "Limit of open file descriptors.", MetricType::Gauge,
      static_cast<double>(usage.max_fds));
  add("process_start_time_seconds", "Start, in seconds since the epoch.",
      MetricType::Gauge,
      absl::ToDoubleSeconds(usage.start_time - absl::UnixEpoch()));
}

}  // namespace

std::vector<prometheus::MetricFamily> CollectFamilies(const Metrics& metrics,
                                                      const MountInfo& info) {
  std::vector<prometheus::MetricFamily> families;
  for (const FamilySnapshot& snapshot : metrics.Snapshot()) {
    if (!snapshot.samples.empty()) families.push_back(ToPrometheus(snapshot));
  }
  AppendInfo(info, &families);
  const absl::StatusOr<ProcessUsage> usage = ReadProcessUsage();
  if (usage.ok()) AppendProcess(*usage, &families);
  return families;
}

}  // namespace casemate
