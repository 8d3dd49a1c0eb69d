// The command line of `name`, `tree` and `cp`: verbs on a vault that is not
// mounted. A part of command_line.h, which has the values they become.
#ifndef TOOLS_CASEMATE_OFFLINE_VERBS_H_
#define TOOLS_CASEMATE_OFFLINE_VERBS_H_

#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "tools/casemate/command_line.h"
#include "tools/casemate/setting_flags.h"

namespace casemate {

// What CLI11 found, before it is checked.
struct OfflineVerbs {
  NameCommand name;
  TreeCommand tree;
  CopyCommand copy;
  std::string depth;
  std::vector<std::string> operands;  // of cp
  bool null_terminated = false;
  bool no_progress = false;
  SettingFlags password_flags;
};

// `found` lives until the line is parsed.
void AddOfflineVerbs(CLI::App& app, OfflineVerbs& found);

// After parsing: whether one of these verbs was given, and what it says.
bool HasOfflineVerb(const CLI::App& app);
absl::StatusOr<Command> FinishOfflineVerb(const CLI::App& app,
                                          OfflineVerbs& found);

}  // namespace casemate

#endif  // TOOLS_CASEMATE_OFFLINE_VERBS_H_
