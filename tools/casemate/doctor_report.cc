#include "tools/casemate/doctor_report.h"

#include <cstddef>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"
#include "tools/casemate/progress.h"
#include "tools/casemate/terminal_text.h"
#include "tools/doctor/finding.h"

namespace casemate {
namespace {

constexpr size_t kShownOfClass = 10;

// "1 folder", "2 folders".
std::string Count(uint64_t count, absl::string_view one,
                  absl::string_view many) {
  return absl::StrCat(count, " ", count == 1 ? one : many);
}

std::string Heading(const FindingRow& row) {
  std::string text(row.explanation);
  text[0] = absl::ascii_toupper(static_cast<unsigned char>(text[0]));
  return absl::StrCat(SeverityName(row.severity), ": ", row.name, "\n  ", text,
                      ".\n");
}

std::string Line(const Finding& finding) {
  std::string line =
      absl::StrCat("  ", EscapeName(finding.path.value_or("(no path)")),
                   finding.is_repaired ? "  [repaired]" : "", "\n    ",
                   EscapeName(finding.entry), "\n");
  if (!finding.detail.empty()) {
    absl::StrAppend(&line, "    ", EscapeControls(finding.detail), "\n");
  }
  return line;
}

// All of one class; not empty.
std::string FormatClass(const std::vector<const Finding*>& findings,
                        FindingListing listing) {
  const FindingRow& row = RowOf(findings.front()->finding_class);
  std::string text = Heading(row);
  size_t shown = findings.size();
  if (listing == FindingListing::kSome && shown > kShownOfClass) {
    shown = kShownOfClass;
  }
  bool can_be_repaired = false;
  for (size_t i = 0; i < findings.size(); ++i) {
    if (i < shown) absl::StrAppend(&text, Line(*findings[i]));
    can_be_repaired =
        can_be_repaired || (findings[i]->repair && !findings[i]->is_repaired);
  }
  if (shown < findings.size()) {
    absl::StrAppend(&text, "  and ", findings.size() - shown,
                    " more; --all shows them\n");
  }
  if (can_be_repaired) {
    absl::StrAppend(&text, "  --repair ", row.repair, ".\n");
  }
  return absl::StrCat(text, "\n");
}

// By class; what is no more than a note comes last.
std::vector<std::vector<const Finding*>> ByClass(const DoctorReport& report) {
  std::vector<std::vector<const Finding*>> problems;
  std::vector<std::vector<const Finding*>> notes;
  for (const FindingRow& row : FindingTable()) {
    std::vector<const Finding*> findings;
    for (const Finding& finding : report.findings) {
      if (finding.finding_class == row.finding_class) {
        findings.push_back(&finding);
      }
    }
    if (findings.empty()) continue;
    (row.severity == FindingSeverity::kInfo ? notes : problems)
        .push_back(std::move(findings));
  }
  problems.insert(problems.end(), notes.begin(), notes.end());
  return problems;
}

std::string Summary(const DoctorReport& report) {
  const ScanCounts& counts = report.counts;
  std::string text = absl::StrCat(
      "looked through ", Count(counts.directories, "folder", "folders"), ", ",
      Count(counts.files, "file", "files"), " and ",
      Count(counts.symlinks, "symbolic link", "symbolic links"));
  if (counts.bytes_authenticated > 0) {
    absl::StrAppend(&text, ", ", FormatBytes(counts.bytes_authenticated),
                    " authenticated");
  }
  size_t left[3] = {0, 0, 0};
  size_t repaired = 0;
  for (const Finding& finding : report.findings) {
    if (finding.is_repaired) {
      ++repaired;
    } else {
      ++left[static_cast<size_t>(finding.severity())];
    }
  }
  absl::StrAppend(&text, "\n", left[2], " critical, ",
                  Count(left[1], "warning", "warnings"), ", ",
                  Count(left[0], "note", "notes"));
  if (repaired > 0) absl::StrAppend(&text, "; ", repaired, " repaired");
  return absl::StrCat(text, "\n");
}

nlohmann::ordered_json JsonOf(const Finding& finding) {
  const FindingRow& row = RowOf(finding.finding_class);
  nlohmann::ordered_json json;
  json["class"] = std::string(row.name);
  json["severity"] = std::string(SeverityName(row.severity));
  json["entry"] = EscapeName(finding.entry);
  if (finding.path) json["path"] = *finding.path;
  json["explanation"] = std::string(row.explanation);
  if (!finding.detail.empty()) json["detail"] = EscapeName(finding.detail);
  if (finding.repair) json["repair"] = std::string(row.repair);
  json["repaired"] = finding.is_repaired;
  return json;
}

}  // namespace

std::string FormatReportText(const DoctorReport& report,
                             FindingListing listing) {
  std::string text;
  for (const auto& findings : ByClass(report)) {
    absl::StrAppend(&text, FormatClass(findings, listing));
  }
  return absl::StrCat(text, Summary(report));
}

std::string FormatReportJson(const DoctorReport& report) {
  nlohmann::ordered_json json;
  json["findings"] = nlohmann::ordered_json::array();
  for (const Finding& finding : report.findings) {
    json["findings"].push_back(JsonOf(finding));
  }
  json["directories"] = report.counts.directories;
  json["files"] = report.counts.files;
  json["symlinks"] = report.counts.symlinks;
  json["bytes_authenticated"] = report.counts.bytes_authenticated;
  return absl::StrCat(json.dump(), "\n");
}

}  // namespace casemate
