// The manual pages against the program: what it has is in them.
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"
#include "tools/casemate/command_line.h"
#include "tools/casemate/exit_codes.h"
#include "tools/casemate/mount_settings.h"

namespace casemate {
namespace {

std::string Page(const std::string& name) {
  std::ifstream file("man/" + name);
  std::string text(std::istreambuf_iterator<char>(file), {});
  EXPECT_FALSE(text.empty()) << name;
  return text;
}

// Where a verb is described in full.
std::string PageOf(const std::string& verb) {
  if (verb == "mount") return Page("casemate-mount.8");
  if (verb == "doctor") return Page("casemate-doctor.1") + Page("casemate.1");
  return Page("casemate.1");
}

std::string Help(std::vector<std::string> words) {
  words.push_back("--help");
  const absl::StatusOr<Command> command = ParseCommandLine(words);
  if (!command.ok()) {
    ADD_FAILURE() << command.status();
    return "";
  }
  return std::get<HelpCommand>(*command).text;
}

// The verbs that a help text lists, in their order.
std::vector<std::string> VerbsIn(const std::string& help) {
  std::vector<std::string> verbs;
  bool is_listing = false;
  for (absl::string_view line : absl::StrSplit(help, '\n')) {
    if (line == "Subcommands:") {
      is_listing = true;
    } else if (is_listing && absl::ConsumePrefix(&line, "  ") &&
               !absl::StartsWith(line, " ")) {
      verbs.emplace_back(line.substr(0, line.find(' ')));
    }
  }
  return verbs;
}

// "--json" and "-l" of a help text.
std::set<std::string> FlagsIn(const std::string& help) {
  std::set<std::string> flags;
  for (absl::string_view line : absl::StrSplit(help, '\n')) {
    if (!absl::StartsWith(line, "  -")) continue;
    line = absl::StripLeadingAsciiWhitespace(line);
    for (const absl::string_view flag :
         absl::StrSplit(line.substr(0, line.find(' ')), ',')) {
      flags.emplace(flag);
    }
  }
  return flags;
}

// True when mdoc's macro `macro` ("Cm mount", "Fl -json") is on a line of
// `page` that starts with `start`, and ends there or goes on with a space.
bool HasMacro(const std::string& page, absl::string_view start,
              absl::string_view macro) {
  for (const absl::string_view line : absl::StrSplit(page, '\n')) {
    const std::string words = absl::StrCat(line, " ");
    if (absl::StartsWith(line, start) &&
        (absl::StrContains(words, absl::StrCat(" ", macro, " ")) ||
         absl::StartsWith(words, absl::StrCat(".", macro, " ")))) {
      return true;
    }
  }
  return false;
}

void ExpectFlags(const std::vector<std::string>& words) {
  const std::set<std::string> flags = FlagsIn(Help(words));
  EXPECT_TRUE(flags.count("--help")) << "a help that was not understood";
  const std::string page = PageOf(words.front());
  for (const std::string& flag : flags) {
    EXPECT_TRUE(HasMacro(page, ".", absl::StrCat("Fl ", flag.substr(1))))
        << words.front() << " " << flag;
  }
}

TEST(ManualTest, EveryVerbIsInThePageAndItsFlagsToo) {
  const std::string page = Page("casemate.1");
  const auto expect_verb = [&page](const std::string& verb) {
    EXPECT_TRUE(HasMacro(page, ".It ", absl::StrCat("Cm ", verb))) << verb;
    EXPECT_TRUE(HasMacro(page, ".Cm ", absl::StrCat("Cm ", verb))) << verb;
  };
  const std::vector<std::string> verbs = VerbsIn(Help({}));
  EXPECT_GE(verbs.size(), 9u);
  for (const std::string& verb : verbs) {
    const std::vector<std::string> inner = VerbsIn(Help({verb}));
    for (const std::string& word : inner) {
      expect_verb(absl::StrCat(verb, " ", word));
      ExpectFlags({verb, word});
    }
    if (!inner.empty()) continue;
    expect_verb(verb);
    ExpectFlags({verb});
  }
}

// The rows ".It 12" with the line after them.
std::map<int, std::string> DocumentedCodes() {
  std::map<int, std::string> codes;
  const std::string page = Page("casemate.1");
  const std::vector<std::string> lines = absl::StrSplit(page, '\n');
  for (size_t i = 0; i + 1 < lines.size(); ++i) {
    absl::string_view line = lines[i];
    int code = 0;
    if (absl::ConsumePrefix(&line, ".It ") && absl::SimpleAtoi(line, &code)) {
      EXPECT_TRUE(codes.emplace(code, lines[i + 1]).second) << code;
    }
  }
  return codes;
}

TEST(ManualTest, ExitCodesAreExactlyTheTable) {
  std::map<int, std::string> table;
  for (const ExitCodeRow& row : ExitCodeTable()) {
    table.emplace(static_cast<int>(row.code), row.meaning);
  }
  EXPECT_EQ(DocumentedCodes(), table);
}

// The items ".It Fl -uid Ar N" and ".It Fl -verbose , Fl v" of the page of
// `mount`, against what the table would give.
TEST(ManualTest, MountOptionsAreExactlyTheTable) {
  std::multiset<std::string> documented;
  for (absl::string_view line :
       absl::StrSplit(Page("casemate-mount.8"), '\n')) {
    if (absl::ConsumePrefix(&line, ".It Fl -")) documented.emplace(line);
  }
  std::multiset<std::string> table = {"help , Fl h"};
  for (const absl::Span<const SettingRow> rows :
       {SettingTable(), PasswordSettingTable()}) {
    for (const SettingRow& row : rows) {
      std::string text(row.name);
      if (!row.value.empty()) absl::StrAppend(&text, " Ar ", row.value);
      if (!row.short_flag.empty()) {
        absl::StrAppend(&text, " , Fl ", row.short_flag);
      }
      table.insert(text);
    }
  }
  EXPECT_EQ(documented, table);
}

}  // namespace
}  // namespace casemate
