#include "tools/casemate/exit_codes.h"

#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"

namespace casemate {
namespace {

// The rows "| 12 | the password is wrong |" of the manual.
std::map<int, std::string> DocumentedCodes() {
  std::map<int, std::string> codes;
  std::ifstream manual("docs/cli.md");
  for (std::string line; std::getline(manual, line);) {
    const std::vector<std::string> cells = absl::StrSplit(line, '|');
    int code = 0;
    if (cells.size() == 4 && absl::SimpleAtoi(cells[1], &code)) {
      const bool is_new =
          codes.emplace(code, absl::StripAsciiWhitespace(cells[2])).second;
      EXPECT_TRUE(is_new) << code;
    }
  }
  return codes;
}

TEST(ExitCodesTest, TheManualHasExactlyTheTable) {
  std::map<int, std::string> table;
  for (const ExitCodeRow& row : ExitCodeTable()) {
    const bool is_new =
        table.emplace(static_cast<int>(row.code), row.meaning).second;
    EXPECT_TRUE(is_new) << row.meaning;
  }
  EXPECT_EQ(DocumentedCodes(), table);
}

// A released number never changes its meaning: this list only grows.
TEST(ExitCodesTest, NumbersThatScriptsRelyOnStay) {
  EXPECT_EQ(static_cast<int>(ExitCode::kOk), 0);
  EXPECT_EQ(static_cast<int>(ExitCode::kUsage), 1);
  EXPECT_EQ(static_cast<int>(ExitCode::kNotAVault), 6);
  EXPECT_EQ(static_cast<int>(ExitCode::kInitFailed), 7);
  EXPECT_EQ(static_cast<int>(ExitCode::kVaultDamaged), 8);
  EXPECT_EQ(static_cast<int>(ExitCode::kPasswordUnreadable), 9);
  EXPECT_EQ(static_cast<int>(ExitCode::kMountpoint), 10);
  EXPECT_EQ(static_cast<int>(ExitCode::kOther), 11);
  EXPECT_EQ(static_cast<int>(ExitCode::kWrongPassword), 12);
  EXPECT_EQ(static_cast<int>(ExitCode::kHostileParameters), 13);
  EXPECT_EQ(static_cast<int>(ExitCode::kMasterkeyDamaged), 14);
  EXPECT_EQ(static_cast<int>(ExitCode::kInterrupted), 15);
  EXPECT_EQ(static_cast<int>(ExitCode::kFork), 17);
  EXPECT_EQ(static_cast<int>(ExitCode::kServe), 19);
  EXPECT_EQ(static_cast<int>(ExitCode::kEmptyPassword), 22);
  EXPECT_EQ(static_cast<int>(ExitCode::kFindings), 26);
  EXPECT_EQ(static_cast<int>(ExitCode::kAlreadyMounted), 40);
  EXPECT_EQ(static_cast<int>(ExitCode::kBusy), 41);
  EXPECT_EQ(static_cast<int>(ExitCode::kUnsupportedVault), 42);
  EXPECT_EQ(static_cast<int>(ExitCode::kPathNotFound), 43);
  EXPECT_EQ(static_cast<int>(ExitCode::kContentDamaged), 44);
  EXPECT_EQ(static_cast<int>(ExitCode::kMetricsAddress), 45);
  EXPECT_EQ(static_cast<int>(ExitCode::kNotMounted), 46);
  EXPECT_EQ(static_cast<int>(ExitCode::kRecoveryKey), 47);
  EXPECT_EQ(static_cast<int>(ExitCode::kExists), 48);
  EXPECT_EQ(ExitCodeTable().size(), 25u);
}

}  // namespace
}  // namespace casemate
