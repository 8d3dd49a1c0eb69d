// docs/doctor.md and the manual page against the table of findings.
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/doctor/finding.h"

namespace casemate {
namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The rows of the table whose first cell is a class.
std::vector<std::string> DocumentedRows() {
  std::vector<std::string> rows;
  for (const absl::string_view line :
       absl::StrSplit(ReadFile("docs/doctor.md"), '\n')) {
    if (absl::StartsWith(line, "| `")) rows.emplace_back(line);
  }
  return rows;
}

TEST(DoctorDocsTest, TheManualHasExactlyTheTable) {
  std::vector<std::string> rows;
  for (const FindingRow& row : FindingTable()) {
    rows.push_back(
        absl::StrCat("| `", row.name, "` | ", SeverityName(row.severity), " | ",
                     row.explanation, " | ",
                     row.repair.empty() ? "nothing" : row.repair, " |"));
  }
  EXPECT_EQ(DocumentedRows(), rows);
}

TEST(DoctorDocsTest, TheManualPageNamesEveryClass) {
  std::vector<std::string> documented;
  const std::string page = ReadFile("man/casemate-doctor.1");
  for (absl::string_view line : absl::StrSplit(page, '\n')) {
    if (!absl::ConsumePrefix(&line, ".It ")) continue;
    for (const absl::string_view word : absl::StrSplit(line, " , ")) {
      documented.emplace_back(word);
    }
  }
  for (const FindingRow& row : FindingTable()) {
    EXPECT_THAT(documented, testing::Contains(std::string(row.name)));
  }
}

}  // namespace
}  // namespace casemate
