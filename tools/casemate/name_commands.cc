#include "tools/casemate/name_commands.h"

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/status.h"
#include "fs/storage/storage.h"
#include "fs/vault/path_translator.h"
#include "fs/vault/vault_access.h"
#include "fs/vault/vault_tree.h"
#include "tools/casemate/cli_error.h"
#include "tools/casemate/error_tally.h"
#include "tools/casemate/interrupts.h"
#include "tools/casemate/progress.h"
#include "tools/casemate/standard_output.h"
#include "tools/casemate/terminal_text.h"
#include "tools/casemate/vault_opening.h"

namespace casemate {
namespace {

absl::Status FromTranslation(absl::string_view path, NameDirection direction,
                             const absl::Status& status) {
  // An interrupt, which has its code.
  if (ExitCodeOf(status) != ExitCode::kOther) return status;
  std::string what = absl::StrCat(path, ": ", status.message());
  if (absl::IsDataLoss(status)) {
    return CliError(ExitCode::kContentDamaged, what);
  }
  switch (ErrnoOf(status)) {
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
    case EINVAL:
    case EILSEQ:
      if (direction == NameDirection::kEncrypt) {
        what = absl::StrCat(path, ": there is no such path in the vault");
      }
      return CliError(ExitCode::kPathNotFound, what);
    default:
      return CliError(ExitCode::kOther, what);
  }
}

// One run of the verb over its paths.
class Translation {
 public:
  Translation(const NameCommand& command, PathTranslator& translator,
              Progress& progress)
      : command_(command), translator_(translator), progress_(progress) {}

  absl::Status Run() {
    ErrorTally errors(&progress_);
    for (const std::string& path : command_.paths) {
      const absl::StatusOr<std::string> answer = Translate(path);
      if (ExitCodeOf(answer.status()) == ExitCode::kInterrupted) {
        return answer.status();
      }
      RETURN_IF_ERROR(Print(answer.value_or("")));
      if (!answer.ok()) errors.Tell(answer.status());
    }
    return errors.Result();
  }

 private:
  absl::StatusOr<std::string> Translate(const std::string& path) {
    const bool encrypts = command_.direction == NameDirection::kEncrypt;
    absl::StatusOr<std::string> answer =
        encrypts ? translator_.Encrypt(path)
                 : translator_.Decrypt(StripVault(command_.vault, path),
                                       [this]() -> absl::Status {
                                         progress_.Advance(1);
                                         return interrupts_.Check();
                                       });
    if (!answer.ok()) {
      return FromTranslation(path, command_.direction, answer.status());
    }
    return answer;
  }

  absl::Status Print(std::string answer) {
    progress_.Clear();
    if (isatty(STDOUT_FILENO) == 1) answer = EscapeName(answer);
    answer.push_back(command_.line_end == LineEnd::kNul ? '\0' : '\n');
    return WriteOut(BytesOf(answer));
  }

  const NameCommand& command_;
  PathTranslator& translator_;
  Progress& progress_;
  Interrupts interrupts_;
};

}  // namespace

std::string StripVault(const std::string& vault, absl::string_view path) {
  namespace fs = std::filesystem;
  while (absl::StartsWith(path, "./")) path.remove_prefix(2);
  if (path == "d" || absl::StartsWith(path, "d/")) return std::string(path);
  std::error_code error;
  const fs::path folder = fs::canonical(vault, error);
  if (error) return "";
  // Of the folder above only: what the entry is, the vault says.
  const fs::path given = fs::absolute(fs::path(std::string(path)), error);
  const fs::path entry = given.has_filename() ? given : given.parent_path();
  const fs::path above = fs::weakly_canonical(entry.parent_path(), error);
  if (error) return "";
  const std::string below =
      (above / entry.filename()).lexically_relative(folder).string();
  return absl::StartsWith(below, "..") ? "" : below;
}

absl::Status RunName(const NameCommand& command, Logger& logger) {
  const auto translate = [&](std::unique_ptr<Dir> folder,
                             const UnlockedVault& vault) {
    const RealClock clock;
    Progress progress(StderrScreen(command.progress),
                      {"looking", ProgressUnit::kItems, {}}, &clock);
    ClearingLogger clearing_logger(&progress, &logger);
    Services services(&clearing_logger);
    const std::unique_ptr<VaultTree> tree =
        MakeTree(std::move(folder), vault, services);
    PathTranslator translator(tree.get(), vault.config.shortening_threshold);
    return Translation(command, translator, progress).Run();
  };
  return WithVault(command.vault, command.password, logger, translate);
}

}  // namespace casemate
