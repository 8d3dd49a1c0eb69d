// What `casemate doctor` prints: one finding after the other, for people or for
// programs. Cleartext paths are in it: the user has unlocked the vault.
#ifndef TOOLS_CASEMATE_DOCTOR_REPORT_H_
#define TOOLS_CASEMATE_DOCTOR_REPORT_H_

#include <cstdint>
#include <string>

#include "tools/casemate/command_line.h"
#include "tools/doctor/doctor.h"

namespace casemate {

// The findings by class, the gravest of what remains first, at most ten of a
// class unless `listing` is kAll; then the counts. Fit for a terminal.
std::string FormatReportText(const DoctorReport& report,
                             FindingListing listing);

// One line: {"findings":[{"class","severity","entry","path","explanation",
// "detail","repair","repaired"}...],"directories","files","symlinks",
// "bytes_authenticated"}. "path", "detail" and "repair" are left out where
// there is none. Bytes of an entry that are no UTF-8 are written as \\xNN.
std::string FormatReportJson(const DoctorReport& report);

}  // namespace casemate

#endif  // TOOLS_CASEMATE_DOCTOR_REPORT_H_
