// The words of a command line, paths among them that may be any file's name.
// Claims: a line is understood or a usage error, never another; and no path of
// `cp` or `name` is changed, lost or made two of.
//
// Input: the words, a line each.
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "base/check.h"
#include "tools/casemate/cli_error.h"
#include "tools/casemate/command_line.h"
#include "tools/casemate/exit_codes.h"

namespace casemate {
namespace {

using Words = std::vector<std::string>;

absl::StatusOr<Command> Parse(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  absl::StatusOr<Command> command = ParseCommandLine(words);
  CHECK(command.ok() || ExitCodeOf(command.status()) == ExitCode::kUsage,
        "a line is understood, or the user's error");
  return command;
}

void CheckCopy(const Words& paths) {
  const absl::StatusOr<Command> command = Parse({"cp", "--", "vault"}, paths);
  if (!command.ok()) return;
  const auto* const copy = std::get_if<CopyCommand>(&*command);
  CHECK(copy != nullptr, "cp is cp");
  const bool goes_in = copy->direction == CopyDirection::kIn;
  Words back;
  for (const std::string& source : copy->sources) {
    back.push_back(absl::StrCat(goes_in ? "" : "vault:", source));
  }
  back.push_back(absl::StrCat(goes_in ? "vault:" : "", copy->target));
  CHECK(back == paths, "cp has every path as it was given");
}

void CheckName(const Words& paths) {
  const absl::StatusOr<Command> command =
      Parse({"name", "decrypt", "--", "vault"}, paths);
  CHECK(command.ok(), "any path may be asked for");
  const auto* const name = std::get_if<NameCommand>(&*command);
  CHECK(name != nullptr && name->paths == paths,
        "name has every path as it was given");
}

void Feed(absl::string_view text) {
  // A NUL ends an argument before it is one.
  if (text.find('\0') != absl::string_view::npos) return;
  const Words words = absl::StrSplit(text, '\n');
  // One each: to build the parser takes milliseconds.
  switch (text.size() % 3) {
    case 0:
      Parse(words, {}).IgnoreError();
      break;
    case 1:
      CheckCopy(words);
      break;
    default:
      CheckName(words);
      break;
  }
}

}  // namespace
}  // namespace casemate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  casemate::Feed(absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
