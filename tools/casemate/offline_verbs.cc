#include "tools/casemate/offline_verbs.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status.h"
#include "tools/casemate/cli_error.h"

namespace casemate {
namespace {

constexpr absl::string_view kVaultPrefix = "vault:";

void AddCommonFlags(CLI::App& verb, OfflineVerbs& found) {
  verb.add_flag("-q,--no-progress", found.no_progress,
                "no line that says how far it is");
  AddSettingFlags(PasswordSettingTable(), verb, found.password_flags);
}

void AddNameVerb(CLI::App& name, const std::string& verb,
                 const std::string& help, const std::string& path_help,
                 OfflineVerbs& found) {
  CLI::App* const app = name.add_subcommand(verb, help);
  app->add_option("VAULT", found.name.vault)->required();
  app->add_option("PATH", found.name.paths, path_help)->required();
  app->add_flag("-0,--null", found.null_terminated,
                "end each answer with NUL instead of a newline");
  AddCommonFlags(*app, found);
}

void AddName(CLI::App& app, OfflineVerbs& found) {
  CLI::App* const name = app.add_subcommand(
      "name", "which encrypted path belongs to a path, and the reverse");
  name->require_subcommand(1);
  AddNameVerb(*name, "encrypt", "print where paths lie in the vault's folder",
              "within the vault", found);
  AddNameVerb(*name, "decrypt", "print which path an encrypted path is of",
              "d/XX/YYYY/ENTRY, from the vault's folder or with it", found);
}

void AddTree(CLI::App& app, OfflineVerbs& found) {
  CLI::App* const tree = app.add_subcommand(
      "tree", "print a folder of a vault and all below it, without mounting");
  tree->add_option("VAULT", found.tree.vault)->required();
  tree->add_option("PATH", found.tree.path, "within the vault; its root");
  tree->add_option("-L,--depth", found.depth, "no deeper than N levels")
      ->type_name("N");
  AddCommonFlags(*tree, found);
}

void AddCopy(CLI::App& app, OfflineVerbs& found) {
  CLI::App* const copy = app.add_subcommand(
      "cp", "copy out of a vault, or into one that is not mounted");
  copy->add_option("VAULT", found.copy.vault)->required();
  copy->add_option("PATH", found.operands,
                   "what to copy, and last where to; `vault:` before a path "
                   "that is within the vault")
      ->required()
      ->expected(-2);
  copy->add_flag("-r,-R,--recursive", found.copy.is_recursive,
                 "folders with all that is in them");
  copy->add_flag("-p,--preserve", found.copy.preserves, "keep mode and times");
  copy->add_flag("-f,--force", found.copy.overwrites,
                 "replace files that are there");
  AddCommonFlags(*copy, found);
}

// Takes "vault:" away, where it is.
bool ConsumeVaultPrefix(std::string& path) {
  absl::string_view rest = path;
  if (!absl::ConsumePrefix(&rest, kVaultPrefix)) return false;
  path = std::string(rest);
  return true;
}

absl::Status FinishCopy(OfflineVerbs& found) {
  CopyCommand& copy = found.copy;
  copy.target = std::move(found.operands.back());
  found.operands.pop_back();
  const bool goes_in = ConsumeVaultPrefix(copy.target);
  copy.direction = goes_in ? CopyDirection::kIn : CopyDirection::kOut;
  if (copy.target.empty() && !goes_in) return UsageError("a path is empty");
  for (std::string& source : found.operands) {
    if (source.empty()) return UsageError("a path is empty");
    if (ConsumeVaultPrefix(source) == goes_in) {
      return UsageError(
          goes_in ? "cp copies into the vault or out of it, not within it"
                  : "one side of cp is in the vault: write vault:PATH for it, "
                    "as in vault:/folder/file");
    }
    copy.sources.push_back(std::move(source));
  }
  return absl::OkStatus();
}

}  // namespace

void AddOfflineVerbs(CLI::App& app, OfflineVerbs& found) {
  AddCopy(app, found);
  AddTree(app, found);
  AddName(app, found);
}

bool HasOfflineVerb(const CLI::App& app) {
  return app.got_subcommand("cp") || app.got_subcommand("tree") ||
         app.got_subcommand("name");
}

absl::StatusOr<Command> FinishOfflineVerb(const CLI::App& app,
                                          OfflineVerbs& found) {
  ASSIGN_OR_RETURN(const PasswordOptions password,
                   SecretOf(found.password_flags, PasswordUse::kUnlock));
  const ProgressDisplay progress = found.no_progress
                                       ? ProgressDisplay::kNever
                                       : ProgressDisplay::kOnTerminal;
  const auto finish = [&](auto& command) {
    command.password = password;
    command.progress = progress;
    return Command(std::move(command));
  };
  if (app.got_subcommand("cp")) {
    RETURN_IF_ERROR(FinishCopy(found));
    return finish(found.copy);
  }
  if (app.got_subcommand("tree")) {
    int depth = 0;
    if (!found.depth.empty()) {
      if (!absl::SimpleAtoi(found.depth, &depth) || depth < 1) {
        return UsageError("the depth is a number from 1 on");
      }
      found.tree.depth = depth;
    }
    return finish(found.tree);
  }
  if (app.get_subcommand("name")->got_subcommand("decrypt")) {
    found.name.direction = NameDirection::kDecrypt;
  }
  if (found.null_terminated) found.name.line_end = LineEnd::kNul;
  return finish(found.name);
}

}  // namespace casemate
