#include "tools/casemate/doctor_report.h"

#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tools/doctor/finding.h"
#include "tools/doctor/repairer.h"

namespace casemate {
namespace {

using testing::HasSubstr;
using testing::Not;

Finding Make(FindingClass finding_class, std::string entry) {
  Finding finding;
  finding.finding_class = finding_class;
  finding.entry = std::move(entry);
  return finding;
}

TEST(DoctorReportTest, AHealthyVaultIsItsCounts) {
  DoctorReport report;
  report.counts = {1, 2, 1, 0};
  EXPECT_EQ(FormatReportText(report, FindingListing::kSome),
            "looked through 1 folder, 2 files and 1 symbolic link\n"
            "0 critical, 0 warnings, 0 notes\n");
}

TEST(DoctorReportTest, AuthenticatedBytesAreCounted) {
  DoctorReport report;
  report.counts.bytes_authenticated = 3 << 20;
  EXPECT_THAT(FormatReportText(report, FindingListing::kSome),
              HasSubstr(", 3.0 MiB authenticated"));
}

TEST(DoctorReportTest, NotesComeLast) {
  DoctorReport report;
  report.findings.push_back(Make(FindingClass::kOrphanContentDir, "orphan"));
  report.findings.push_back(Make(FindingClass::kLeftoverTemporary, "left"));
  const std::string text = FormatReportText(report, FindingListing::kSome);
  EXPECT_LT(text.find("orphan"), text.find("left"));
  EXPECT_THAT(text, HasSubstr("0 critical, 1 warning, 1 note\n"));
}

TEST(DoctorReportTest, TenOfAClassUnlessAllAreAskedFor) {
  DoctorReport report;
  for (int i = 0; i < 12; ++i) {
    report.findings.push_back(
        Make(FindingClass::kInvalidSize, absl::StrCat("entry-", i, ".")));
  }
  const std::string some = FormatReportText(report, FindingListing::kSome);
  EXPECT_THAT(some, HasSubstr("entry-9."));
  EXPECT_THAT(some, Not(HasSubstr("entry-10.")));
  EXPECT_THAT(some, HasSubstr("and 2 more; --all shows them"));
  EXPECT_THAT(some, HasSubstr("12 critical"));
  const std::string all = FormatReportText(report, FindingListing::kAll);
  EXPECT_THAT(all, HasSubstr("entry-11."));
  EXPECT_THAT(all, Not(HasSubstr("--all")));
}

TEST(DoctorReportTest, ARepairIsOfferedUntilItIsDone) {
  DoctorReport report;
  report.findings.push_back(Make(FindingClass::kLooseDirFile, "loose"));
  report.findings[0].repair = [](Repairer&) { return absl::OkStatus(); };
  EXPECT_THAT(FormatReportText(report, FindingListing::kSome),
              HasSubstr("--repair moves it to quarantine"));
  report.findings[0].is_repaired = true;
  const std::string repaired = FormatReportText(report, FindingListing::kSome);
  EXPECT_THAT(repaired, Not(HasSubstr("--repair ")));
  EXPECT_THAT(repaired, HasSubstr("[repaired]"));
  EXPECT_THAT(repaired, HasSubstr("0 warnings, 0 notes; 1 repaired"));
}

TEST(DoctorReportTest, NothingReachesATerminalUnescaped) {
  DoctorReport report;
  report.findings.push_back(Make(FindingClass::kForeignFile, "d/\x1b[2J"));
  report.findings[0].path = "/a\x1b]0;b\a";
  report.findings[0].detail = "c\x9b\n";
  const std::string text = FormatReportText(report, FindingListing::kAll);
  for (const char c : {'\x1b', '\a', '\x9b'}) {
    EXPECT_FALSE(absl::StrContains(text, c)) << static_cast<int>(c);
  }
}

TEST(DoctorReportTest, JsonHasWhatThereIs) {
  DoctorReport report;
  report.counts = {1, 2, 3, 4};
  report.findings.push_back(Make(FindingClass::kLooseDirFile, "d/\xff"));
  report.findings[0].repair = [](Repairer&) { return absl::OkStatus(); };
  report.findings[0].path = "/\xc3\xa4";
  report.findings.push_back(Make(FindingClass::kInvalidSize, "e"));
  report.findings[1].detail = "cut";
  const auto json = nlohmann::json::parse(FormatReportJson(report));
  EXPECT_EQ(json["directories"], 1);
  EXPECT_EQ(json["files"], 2);
  EXPECT_EQ(json["symlinks"], 3);
  EXPECT_EQ(json["bytes_authenticated"], 4);
  const auto& loose = json["findings"][0];
  EXPECT_EQ(loose["class"], "LooseDirFile");
  EXPECT_EQ(loose["severity"], "warning");
  EXPECT_EQ(loose["entry"], "d/\\xff");
  EXPECT_EQ(loose["path"], "/\xc3\xa4");
  EXPECT_EQ(loose["repair"], "moves it to quarantine");
  EXPECT_EQ(loose["repaired"], false);
  EXPECT_FALSE(loose.contains("detail"));
  const auto& cut = json["findings"][1];
  EXPECT_EQ(cut["detail"], "cut");
  EXPECT_FALSE(cut.contains("path"));
  EXPECT_FALSE(cut.contains("repair"));
}

}  // namespace
}  // namespace casemate
