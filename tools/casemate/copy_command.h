// casemate cp.
#ifndef TOOLS_CASEMATE_COPY_COMMAND_H_
#define TOOLS_CASEMATE_COPY_COMMAND_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/log.h"
#include "tools/casemate/command_line.h"

namespace casemate {

// Copying in locks the vault, and waits for everything to be durable. Copying
// out takes no lock: it reads, and a mounted vault may be read.
absl::Status RunCopy(const CopyCommand& command, Logger& logger);

// A path in its two parts. An empty name stands for the folder itself: of "/",
// ".", "..", and what ends in "/." or "/..".
struct SplitPath {
  std::string folder;  // as it can be opened; "." for none
  std::string name;
  bool ends_in_slash = false;
};
SplitPath SplitLastName(absl::string_view path);

}  // namespace casemate

#endif  // TOOLS_CASEMATE_COPY_COMMAND_H_
