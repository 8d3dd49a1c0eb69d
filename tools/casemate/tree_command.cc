#include "tools/casemate/tree_command.h"

#include <cstdlib>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "fs/core/file_system.h"
#include "tools/casemate/interrupts.h"
#include "tools/casemate/progress.h"
#include "tools/casemate/standard_output.h"
#include "tools/casemate/vault_opening.h"
#include "tools/casemate/vault_tree_printer.h"

namespace casemate {
namespace {

constexpr size_t kBufferSize = 16 * 1024;

// As setlocale(3) decides which character set the terminal has.
TreeOptions::Lines LinesOfLocale() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* const value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    const std::string locale = absl::AsciiStrToLower(value);
    const bool is_utf8 =
        absl::StrContains(locale, "utf-8") || absl::StrContains(locale, "utf8");
    return is_utf8 ? TreeOptions::Lines::kUtf8 : TreeOptions::Lines::kAscii;
  }
  return TreeOptions::Lines::kAscii;
}

// Lines, in few writes.
class LineWriter {
 public:
  absl::Status Write(absl::string_view line) {
    absl::StrAppend(&buffer_, line);
    return buffer_.size() < kBufferSize ? absl::OkStatus() : Flush();
  }
  absl::Status Flush() {
    const absl::Status status = WriteOut(BytesOf(buffer_));
    buffer_.clear();
    return status;
  }

 private:
  std::string buffer_;
};

}  // namespace

absl::Status RunTree(const TreeCommand& command, Logger& logger) {
  const RealClock clock;
  Progress progress(StderrScreen(OutputProgress(command.progress)),
                    {"reading folders", ProgressUnit::kItems, {}}, &clock);
  ClearingLogger clearing_logger(&progress, &logger);
  const auto print = [&](FileSystem& file_system) {
    Interrupts interrupts;
    LineWriter writer;
    TreeOptions options;
    options.depth = command.depth;
    options.lines = LinesOfLocale();
    VaultTreePrinter printer(
        &file_system, options,
        [&writer](absl::string_view line) { return writer.Write(line); },
        [&] {
          progress.Advance(1);
          return interrupts.Check();
        });
    absl::Status status = printer.Print(command.path);
    status.Update(writer.Flush());
    return status;
  };
  return WithReadOnlyFileSystem(command.vault, command.password,
                                clearing_logger, print);
}

}  // namespace casemate
