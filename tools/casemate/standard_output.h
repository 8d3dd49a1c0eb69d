// Standard output by write(2): no buffer keeps a copy of what may be secret.
#ifndef TOOLS_CASEMATE_STANDARD_OUTPUT_H_
#define TOOLS_CASEMATE_STANDARD_OUTPUT_H_

#include "absl/status/status.h"
#include "base/bytes.h"
#include "tools/casemate/progress.h"

namespace casemate {

// Writes all of `bytes`, or says why not.
absl::Status WriteOut(ConstBytes bytes);

// `display`, if standard output is a file: on a terminal, or through a pager,
// the output itself says how far it is, and would be disturbed.
ProgressDisplay OutputProgress(ProgressDisplay display);

}  // namespace casemate

#endif  // TOOLS_CASEMATE_STANDARD_OUTPUT_H_
