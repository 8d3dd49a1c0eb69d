// docs/metrics.md lists what a scrape shows: each family, with its type and
// labels, and no other.
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "ops/exporter/families.h"
#include "ops/exporter/recorded_metrics.h"
#include "prometheus/metric_family.h"
#include "prometheus/metric_type.h"

namespace casemate {
namespace {

// "counter op,result", by name.
using Catalogue = std::map<std::string, std::string>;

std::vector<prometheus::MetricFamily> AllFamilies() {
  Metrics metrics;
  RecordEverything(&metrics);
  return CollectFamilies(metrics, {"1.2.3", "SIV_GCM", "8"});
}

std::string TypeName(prometheus::MetricType type) {
  switch (type) {
    case prometheus::MetricType::Counter:
      return "counter";
    case prometheus::MetricType::Gauge:
      return "gauge";
    case prometheus::MetricType::Histogram:
      return "histogram";
    default:
      return "unexpected type";
  }
}

Catalogue Scraped() {
  Catalogue result;
  for (const prometheus::MetricFamily& family : AllFamilies()) {
    std::vector<std::string> labels;
    for (const auto& label : family.metric.at(0).label) {
      labels.push_back(label.name);
    }
    result[family.name] =
        absl::StrCat(TypeName(family.type), " ", absl::StrJoin(labels, ","));
  }
  return result;
}

std::vector<std::string> DocumentLines() {
  std::ifstream in("docs/metrics.md");
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// The rows "| `name` | type | `label`, `label` | … |".
Catalogue Documented() {
  Catalogue result;
  for (const std::string& line : DocumentLines()) {
    if (!absl::StartsWith(line, "| `")) continue;
    const std::vector<std::string> cells = absl::StrSplit(line, '|');
    if (cells.size() < 7) {
      ADD_FAILURE() << "a row has too few columns: " << line;
      continue;
    }
    const auto bare = [](const std::string& cell) {
      return absl::StrReplaceAll(absl::StripAsciiWhitespace(cell),
                                 {{"`", ""}, {" ", ""}});
    };
    const bool is_new =
        result
            .emplace(bare(cells[1]),
                     absl::StrCat(bare(cells[2]), " ", bare(cells[3])))
            .second;
    EXPECT_TRUE(is_new) << "listed twice: " << bare(cells[1]);
  }
  return result;
}

// Every word in the document that is spelled like a metric.
std::set<std::string> MentionedNames() {
  std::set<std::string> names;
  for (const std::string& line : DocumentLines()) {
    std::string word;
    for (const char c : line + " ") {
      if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_') {
        word += c;
        continue;
      }
      if (absl::StartsWith(word, "casemate_") ||
          absl::StartsWith(word, "process_")) {
        names.insert(word);
      }
      word.clear();
    }
  }
  return names;
}

TEST(MetricsDocumentTest, ListsEveryFamilyWithItsTypeAndLabels) {
  const Catalogue documented = Documented();
  for (const auto& [name, shape] : Scraped()) {
    ASSERT_EQ(documented.count(name), 1u) << name << " is not in the document";
    EXPECT_EQ(documented.at(name), shape) << name;
  }
}

TEST(MetricsDocumentTest, MentionsNoMetricThatDoesNotExist) {
  std::set<std::string> existing;
  for (const auto& [name, shape] : Scraped()) {
    existing.insert(name);
    if (absl::StartsWith(shape, "histogram")) {
      for (const char* suffix : {"_bucket", "_sum", "_count"}) {
        existing.insert(absl::StrCat(name, suffix));
      }
    }
  }
  for (const std::string& name : MentionedNames()) {
    EXPECT_EQ(existing.count(name), 1u) << name << " is in the document only";
  }
}

}  // namespace
}  // namespace casemate
