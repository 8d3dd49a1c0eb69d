#include "tools/doctor/finding.h"

#include <cstddef>

namespace casemate {
namespace {

constexpr FindingRow kTable[] = {
#define CASEMATE_FINDING_ROW_(name, severity, explanation, repair)       \
  {FindingClass::k##name, #name, FindingSeverity::severity, explanation, \
   repair},
    CASEMATE_FINDINGS(CASEMATE_FINDING_ROW_)
#undef CASEMATE_FINDING_ROW_
};

}  // namespace

absl::Span<const FindingRow> FindingTable() { return kTable; }

const FindingRow& RowOf(FindingClass finding_class) {
  return kTable[static_cast<size_t>(finding_class)];
}

absl::string_view SeverityName(FindingSeverity severity) {
  switch (severity) {
    case FindingSeverity::kInfo:
      return "info";
    case FindingSeverity::kWarning:
      return "warning";
    case FindingSeverity::kCritical:
      break;
  }
  return "critical";
}

}  // namespace casemate
