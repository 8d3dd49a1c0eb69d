#include "tools/casemate/copy_command.h"

#include <sys/stat.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/types/optional.h"
#include "base/clock.h"
#include "base/status.h"
#include "crypto/random/random_source.h"
#include "fs/core/file_system.h"
#include "fs/storage/storage.h"
#include "fs/vault/vault_access.h"
#include "tools/casemate/cli_error.h"
#include "tools/casemate/copy_side.h"
#include "tools/casemate/error_tally.h"
#include "tools/casemate/interrupts.h"
#include "tools/casemate/local_side.h"
#include "tools/casemate/progress.h"
#include "tools/casemate/tree_copier.h"
#include "tools/casemate/vault_lock.h"
#include "tools/casemate/vault_opening.h"
#include "tools/casemate/vault_side.h"

namespace casemate {
namespace {

// What makes a run of `cp`: the two sides by path, and how paths are called.
struct Sides {
  std::function<absl::StatusOr<std::unique_ptr<SourceFolder>>(
      const std::string&)>
      open_source;
  std::function<absl::StatusOr<std::unique_ptr<TargetFolder>>(
      const std::string&)>
      open_target;
  std::string source_prefix;
  std::string target_prefix;
};

// A source that was opened: one name in a folder, or all that is in it.
struct OpenedSource {
  std::unique_ptr<SourceFolder> folder;
  std::string name;
  std::string path;
};

class Run {
 public:
  Run(const CopyCommand& command, Sides sides, Progress& progress,
      Interrupts& interrupts, mode_t umask)
      : command_(command),
        sides_(std::move(sides)),
        progress_(progress),
        errors_(&progress),
        copier_(OptionsOf(command, umask), &progress, &errors_,
                [&interrupts] { return interrupts.Check(); }) {}

  absl::Status Copy(bool with_total) {
    RETURN_IF_ERROR(OpenSources());
    RETURN_IF_ERROR(OpenTarget());
    if (with_total) RETURN_IF_ERROR(Measure());
    for (const OpenedSource& source : sources_) {
      RETURN_IF_ERROR(CopyOne(source));
    }
    const absl::Status synced = target_->Sync();
    if (!synced.ok()) return About(target_path_, synced);
    return errors_.Result();
  }

 private:
  static TreeCopierOptions OptionsOf(const CopyCommand& command, mode_t umask) {
    TreeCopierOptions options;
    options.is_recursive = command.is_recursive;
    options.preserves = command.preserves;
    options.overwrite = command.overwrites ? Overwrite::kYes : Overwrite::kNo;
    options.umask = umask;
    return options;
  }

  static absl::Status About(const std::string& path,
                            const absl::Status& error) {
    return CliError(ExitCodeOf(error),
                    absl::StrCat(path, ": ", error.message()),
                    NextStepOf(error));
  }

  absl::Status OpenSources() {
    for (const std::string& path : command_.sources) {
      const SplitPath split = SplitLastName(path);
      OpenedSource source;
      source.path = absl::StrCat(sides_.source_prefix, path);
      source.name = split.name;
      auto folder = sides_.open_source(split.folder);
      if (!folder.ok()) {
        errors_.Tell(About(source.path, folder.status()));
        continue;
      }
      source.folder = *std::move(folder);
      sources_.push_back(std::move(source));
    }
    return absl::OkStatus();
  }

  // Into the target when it is a folder, else under its name.
  absl::Status OpenTarget() {
    target_path_ = absl::StrCat(sides_.target_prefix, command_.target);
    auto folder = sides_.open_target(command_.target);
    if (folder.ok()) {
      target_ = *std::move(folder);
      return absl::OkStatus();
    }
    const SplitPath split = SplitLastName(command_.target);
    if (command_.sources.size() > 1 || split.name.empty()) {
      return About(target_path_,
                   CliError(ExitCode::kOther, "there is no such folder"));
    }
    folder = sides_.open_target(split.folder);
    if (!folder.ok()) return About(target_path_, folder.status());
    target_ = *std::move(folder);
    target_name_ = split.name;
    must_be_folder_ = split.ends_in_slash;
    return absl::OkStatus();
  }

  absl::Status Measure() {
    uint64_t total = 0;
    for (const OpenedSource& source : sources_) {
      ASSIGN_OR_RETURN(const uint64_t size,
                       source.name.empty()
                           ? copier_.MeasureContents(*source.folder)
                           : copier_.Measure(*source.folder, source.name));
      total += size;
    }
    progress_.SetTotal(total);
    return absl::OkStatus();
  }

  absl::Status CopyOne(const OpenedSource& source) {
    if (source.name.empty()) return CopyWhole(source);
    if (must_be_folder_) {
      const auto node = source.folder->Describe(source.name);
      if (node.ok() && node->kind != NodeKind::kDirectory) {
        return About(target_path_,
                     CliError(ExitCode::kOther, "there is no such folder"));
      }
    }
    const bool goes_into = target_name_.empty();
    const std::string slash =
        absl::EndsWith(target_path_, "/") || absl::EndsWith(target_path_, ":")
            ? ""
            : "/";
    return copier_.Copy(
        {source.folder.get(), source.name, source.path},
        {target_.get(), goes_into ? source.name : target_name_,
         goes_into ? absl::StrCat(target_path_, slash, source.name)
                   : target_path_});
  }

  // All that is in the source: into the target, which is made if need be.
  absl::Status CopyWhole(const OpenedSource& source) {
    if (!command_.is_recursive) {
      errors_.Tell(CliError(ExitCode::kUsage,
                            absl::StrCat(source.path, ": this is a folder"),
                            "Use -r to copy all that is in it."));
      return absl::OkStatus();
    }
    if (target_name_.empty()) {
      return copier_.CopyContents(*source.folder, source.path, *target_,
                                  target_path_);
    }
    absl::Status made = target_->MakeFolder(target_name_);
    if (!made.ok()) return About(target_path_, made);
    const auto folder = target_->Open(target_name_);
    if (!folder.ok()) return About(target_path_, folder.status());
    RETURN_IF_ERROR(copier_.CopyContents(*source.folder, source.path, **folder,
                                         target_path_));
    const auto node = source.folder->DescribeSelf();
    if (!node.ok()) return About(source.path, node.status());
    return (*folder)->SetAttributes(copier_.AttributesOf(*node));
  }

  const CopyCommand& command_;
  const Sides sides_;
  Progress& progress_;
  ErrorTally errors_;
  TreeCopier copier_;

  std::vector<OpenedSource> sources_;
  std::unique_ptr<TargetFolder> target_;
  std::string target_name_;  // empty: into the target
  std::string target_path_;
  bool must_be_folder_ = false;
};

// The vault's folder must not get its own cleartext, from where it would be
// synchronised.
absl::Status CheckOutsideVault(const CopyCommand& command) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path vault = fs::canonical(command.vault, error);
  if (error) return absl::OkStatus();  // will be told when it is opened
  const fs::path target =
      fs::weakly_canonical(fs::absolute(command.target), error);
  const std::string below = target.lexically_relative(vault).string();
  if (error || below.empty() || absl::StartsWith(below, "..")) {
    return absl::OkStatus();
  }
  return CliError(ExitCode::kUsage,
                  absl::StrCat(command.target, " is inside the vault's folder"),
                  "Copy elsewhere: what copies the vault would copy the "
                  "cleartext too. A path within the vault is written vault:" +
                      command.target + ".");
}

absl::optional<LocalId> IdOf(const std::string& path) {
  struct stat stat = {};
  if (::stat(path.c_str(), &stat) != 0) return absl::nullopt;
  return LocalId{stat.st_dev, stat.st_ino};
}

constexpr absl::string_view kVaultPrefix = "vault:";

Sides SidesOut(const CopyCommand&, FileSystem* file_system,
               RandomSource* random) {
  Sides sides;
  sides.source_prefix = std::string(kVaultPrefix);
  sides.open_source = [=](const std::string& path) {
    return OpenVaultSource(file_system, path);
  };
  sides.open_target = [=](const std::string& path) {
    return OpenLocalTarget(path, random);
  };
  return sides;
}

Sides SidesIn(const CopyCommand& command, FileSystem* file_system,
              RandomSource* random) {
  Sides sides;
  sides.target_prefix = std::string(kVaultPrefix);
  sides.open_source = [id = IdOf(command.vault)](const std::string& path) {
    return OpenLocalSource(path, id);
  };
  sides.open_target = [=](const std::string& path) {
    return OpenVaultTarget(file_system, path, random);
  };
  return sides;
}

// The run itself, over the unlocked vault.
absl::Status CopyWith(const CopyCommand& command, std::unique_ptr<Dir> folder,
                      const UnlockedVault& vault, mode_t umask,
                      Interrupts& interrupts, Logger& logger) {
  const RealClock clock;
  const Screen screen = StderrScreen(command.progress);
  Progress progress(screen, {"copying", ProgressUnit::kBytes, {}}, &clock);
  ClearingLogger clearing_logger(&progress, &logger);
  Services services(&clearing_logger);
  const bool goes_in = command.direction == CopyDirection::kIn;
  FileSystemOptions options;
  options.read_only = !goes_in;
  ASSIGN_OR_RETURN(
      const std::unique_ptr<FileSystem> file_system,
      MakeFileSystem(std::move(folder), vault, options, services, nullptr));
  const auto make_sides = goes_in ? SidesIn : SidesOut;
  Run run(command, make_sides(command, file_system.get(), &services.random),
          progress, interrupts, umask);
  // To look at everything first is worth it only to tell how long it takes.
  return run.Copy(screen.write != nullptr);
}

absl::Status CopyOut(const CopyCommand& command, mode_t umask, Logger& logger) {
  RETURN_IF_ERROR(CheckOutsideVault(command));
  return WithVault(
      command.vault, command.password, logger,
      [&](std::unique_ptr<Dir> folder, const UnlockedVault& vault) {
        Interrupts interrupts;
        return CopyWith(command, std::move(folder), vault, umask, interrupts,
                        logger);
      });
}

absl::Status CopyIn(const CopyCommand& command, mode_t umask, Logger& logger) {
  ASSIGN_OR_RETURN(std::unique_ptr<Dir> folder, OpenVaultFolder(command.vault));
  // Not a vault is worse news than not to be had.
  if (const auto info = ReadVaultInfo(*folder); !info.ok()) {
    return FromVaultError(info.status());
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<Dir> lock,
                   LockVault(command.vault, *folder));
  Interrupts interrupts;
  ASSIGN_OR_RETURN(const UnlockedVault vault,
                   UnlockVault(*folder, command.password, interrupts, logger));
  if (!vault.config.threshold_writable) {
    return CliError(ExitCode::kUnsupportedVault,
                    "the vault's shortening threshold is missing or out of "
                    "bounds; it can only be read");
  }
  return CopyWith(command, std::move(folder), vault, umask, interrupts, logger);
}

}  // namespace

SplitPath SplitLastName(absl::string_view path) {
  SplitPath split;
  while (path.size() > 1 && absl::ConsumeSuffix(&path, "/")) {
    split.ends_in_slash = true;
  }
  const size_t slash = path.rfind('/');
  const absl::string_view last =
      slash == absl::string_view::npos ? path : path.substr(slash + 1);
  if (last.empty() || last == "." || last == "..") {
    split.folder = path.empty() ? "." : std::string(path);
    return split;
  }
  split.name = std::string(last);
  split.folder = slash == absl::string_view::npos ? "."
                 : slash == 0                     ? "/"
                              : std::string(path.substr(0, slash));
  return split;
}

absl::Status RunCopy(const CopyCommand& command, Logger& logger) {
  // Modes are set as they are to be, and so are those of the vault's own files.
  const mode_t umask = ::umask(0);
  return command.direction == CopyDirection::kIn
             ? CopyIn(command, umask, logger)
             : CopyOut(command, umask, logger);
}

}  // namespace casemate
