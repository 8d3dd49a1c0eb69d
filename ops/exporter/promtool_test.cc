// Prometheus's own linter reads a real scrape.
#include <sys/wait.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "ops/exporter/http_client.h"
#include "ops/exporter/metrics_exporter.h"
#include "ops/exporter/recorded_metrics.h"

namespace casemate {
namespace {

struct LintResult {
  int exit_code = -1;
  std::string output;
};

LintResult Lint(const std::string& scrape) {
  const std::string path = absl::StrCat(::testing::TempDir(), "/scrape.txt");
  std::ofstream(path) << scrape;
  LintResult result;
  FILE* const pipe = popen(
      absl::StrCat("promtool check metrics < '", path, "' 2>&1").c_str(), "r");
  if (pipe == nullptr) return result;
  char buffer[4096];
  while (const size_t n = fread(buffer, 1, sizeof(buffer), pipe)) {
    result.output.append(buffer, n);
  }
  const int status = pclose(pipe);
  if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
  return result;
}

TEST(PromtoolTest, ScrapeWithEverySeriesHasNothingToComplainAbout) {
  Metrics metrics;
  RecordEverything(&metrics);
  MetricsExporter::Options options;
  options.listen = "127.0.0.1:0";
  options.metrics = &metrics;
  options.mount = {"1.2.3", "SIV_GCM", "8"};
  options.healthy = [] { return true; };
  const auto exporter = MetricsExporter::Start(std::move(options));
  ASSERT_TRUE(exporter.ok()) << exporter.status();
  const HttpResponse scrape =
      HttpRequest((*exporter)->port(), "GET", "/metrics");
  ASSERT_EQ(scrape.code, 200);
  const LintResult result = Lint(scrape.body);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.output, "");
}

// Shows that the test above can fail.
TEST(PromtoolTest, LinterComplainsAboutACounterWithoutTotal) {
  const LintResult result = Lint(
      "# HELP casemate_x Something.\n# TYPE casemate_x counter\n"
      "casemate_x 1\n");
  EXPECT_NE(result.exit_code, 0);
  EXPECT_NE(result.output, "");
}

}  // namespace
}  // namespace casemate
