#include "tools/casemate/read_commands.h"

#include <unistd.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/status.h"
#include "fs/core/file_system.h"
#include "tools/casemate/progress.h"
#include "tools/casemate/standard_output.h"
#include "tools/casemate/terminal_text.h"
#include "tools/casemate/vault_opening.h"
#include "tools/casemate/vault_reader.h"

namespace casemate {
namespace {

std::string FormatEntry(const ListedEntry& entry, ListFormat format) {
  if (format == ListFormat::kNames) return entry.name;
  std::string name = entry.name;
  if (!entry.link_target.empty()) {
    absl::StrAppend(&name, " -> ", entry.link_target);
  }
  return FormatLongEntry(entry, name);
}

void EscapeForTerminal(ListedEntry& entry) {
  entry.name = EscapeName(entry.name);
  entry.link_target = EscapeName(entry.link_target);
}

}  // namespace

absl::Status RunList(const ListCommand& command, Logger& logger) {
  const bool is_terminal = isatty(STDOUT_FILENO) == 1;
  return WithReadOnlyFileSystem(
      command.vault, command.password, logger,
      [&](FileSystem& file_system) -> absl::Status {
        ASSIGN_OR_RETURN(std::vector<ListedEntry> entries,
                         ListPath(file_system, command.path));
        std::string out;
        for (ListedEntry& entry : entries) {
          if (is_terminal) EscapeForTerminal(entry);
          absl::StrAppend(&out, FormatEntry(entry, command.format), "\n");
        }
        return WriteOut(BytesOf(out));
      });
}

absl::Status RunCat(const CatCommand& command, Logger& logger) {
  const auto print = [&](FileSystem& file_system) -> absl::Status {
    ASSIGN_OR_RETURN(const ListedEntry file,
                     DescribePath(file_system, command.path));
    const RealClock clock;
    Progress progress(StderrScreen(OutputProgress(command.progress)),
                      {"reading", ProgressUnit::kBytes,
                       file.attributes ? file.attributes->size : 0},
                      &clock);
    return ReadPath(file_system, command.path, [&progress](ConstBytes block) {
      progress.Advance(block.size());
      return WriteOut(block);
    });
  };
  return WithReadOnlyFileSystem(command.vault, command.password, logger, print);
}

}  // namespace casemate
