// Casemate's version, in one place: `casemate version`, the metrics and the
// release read it from here.
#ifndef TOOLS_CASEMATE_VERSION_H_
#define TOOLS_CASEMATE_VERSION_H_

#include "absl/strings/string_view.h"

namespace casemate {

inline constexpr absl::string_view kVersion = "0.1.0";

}  // namespace casemate

#endif  // TOOLS_CASEMATE_VERSION_H_
