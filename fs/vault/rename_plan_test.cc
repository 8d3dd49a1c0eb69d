// Every combination of source, target, form and mode: what the plan does to a
// real directory, looked at after every single step.
#include "fs/vault/rename_plan.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/bytes.h"
#include "base/status.h"
#include "fs/storage/posix_storage.h"
#include "fs/storage/storage.h"
#include "fs/vault/node_files.h"
#include "fs/vault/node_mover.h"
#include "fs/vault/temp_folder_for_test.h"
#include "gtest/gtest.h"

namespace casemate {
namespace {

constexpr NodeKind kKinds[] = {NodeKind::kFile, NodeKind::kDirectory,
                               NodeKind::kSymlink};
constexpr RenameMode kModes[] = {RenameMode::kReplace, RenameMode::kNoReplace,
                                 RenameMode::kExchange};

std::string KindName(NodeKind kind) {
  return kind == NodeKind::kFile        ? "file"
         : kind == NodeKind::kDirectory ? "directory"
                                        : "symlink";
}

std::string Describe(const RenameRequest& request) {
  const char* const modes[] = {"replace", "noreplace", "exchange"};
  return absl::StrCat(
      KindName(request.source.kind),
      request.source.shortened ? " shortened" : "", " -> ",
      request.target ? KindName(*request.target) : "absent",
      request.target_shortened ? " shortened" : "", ", ",
      modes[static_cast<int>(request.mode)],
      request.exchange == StoreExchange::kNo ? ", no exchange" : "");
}

std::vector<RenameRequest> AllRequests() {
  std::vector<RenameRequest> requests;
  for (const NodeKind source : kKinds) {
    for (const bool source_shortened : {false, true}) {
      for (const bool target_shortened : {false, true}) {
        for (const RenameMode mode : kModes) {
          for (const StoreExchange exchange :
               {StoreExchange::kYes, StoreExchange::kNo}) {
            RenameRequest request;
            request.source = {source, source_shortened};
            request.target_shortened = target_shortened;
            request.mode = mode;
            request.exchange = exchange;
            requests.push_back(request);
            for (const NodeKind target : kKinds) {
              request.target = target;
              requests.push_back(request);
            }
          }
        }
      }
    }
  }
  return requests;
}

// What POSIX and the format say, written down apart from the plan: 0 or errno.
int ExpectedErrno(const RenameRequest& request) {
  if (!request.target) {
    return request.mode == RenameMode::kExchange ? ENOENT : 0;
  }
  const NodeKind source = request.source.kind;
  const NodeKind target = *request.target;
  if (request.mode == RenameMode::kNoReplace) return EEXIST;
  if (request.mode == RenameMode::kExchange) {
    const bool both_unshortened =
        !request.source.shortened && !request.target_shortened;
    return both_unshortened || source == target ? 0 : EINVAL;
  }
  const bool source_is_dir = source == NodeKind::kDirectory;
  const bool target_is_dir = target == NodeKind::kDirectory;
  if (source_is_dir && !target_is_dir) return ENOTDIR;
  if (!source_is_dir && target_is_dir) return EISDIR;
  return 0;
}

// Two content directories with the nodes of one request in them. A node's type
// file says "old" or "new" (the one that is renamed), in place of ciphertext.
class Stage {
 public:
  explicit Stage(const RenameRequest& request) : request_(request) {
    root_ = *OpenPosixDir(temp_.path());
    source_dir_ = MakeDir("from");
    target_dir_ = MakeDir("to");
    ends_.source_content = source_dir_.get();
    ends_.target_content = target_dir_.get();
    ends_.source_entry = request.source.shortened ? "S.c9s" : "S.c9r";
    ends_.target_entry = request.target_shortened ? "T.c9s" : "T.c9r";
    ends_.target_c9r = "long-T.c9r";
    ends_.aside_entry = ".casemate-aside.tmp";
    MakeNode(*source_dir_, ends_.source_entry, request.source.kind, "new");
    if (request.target) {
      MakeNode(*target_dir_, ends_.target_entry, *request.target, "old");
    }
  }

  const RenameEnds& ends() const { return ends_; }

  // "new file", "old symlink", "absent" or "broken".
  std::string AtSource() const {
    return Read(*source_dir_, ends_.source_entry);
  }
  std::string AtTarget() const {
    return Read(*target_dir_, ends_.target_entry);
  }

  // The entries of both directories, to see that nothing is left over.
  std::vector<std::string> SourceFiles() const { return Files(*source_dir_); }
  std::vector<std::string> TargetFiles() const { return Files(*target_dir_); }

 private:
  std::unique_ptr<Dir> MakeDir(const std::string& name) {
    EXPECT_TRUE(root_->MakeDir(name, 0700).ok());
    return *root_->OpenDir(name);
  }

  static void MakeNode(Dir& dir, const std::string& entry, NodeKind kind,
                       const std::string& text) {
    const NodeMaker maker;
    if (HasNodeDirectory(entry, kind)) {
      ASSERT_TRUE(maker.MakeDir(dir, entry).ok());
    }
    if (IsShortenedEntry(entry)) {
      ASSERT_TRUE(maker
                      .WriteFile(dir, InnerPath(entry, kLongNameFile),
                                 BytesOf("long-" + entry))
                      .ok());
    }
    ASSERT_TRUE(
        maker.WriteFile(dir, TypeFilePath(entry, kind), BytesOf(text)).ok());
  }

  static std::string Read(const Dir& dir, const std::string& entry) {
    const absl::StatusOr<FoundNode> found = InspectNode(dir, entry);
    if (!found.ok()) {
      return ErrnoOf(found.status()) == ENOENT ? "absent" : "broken";
    }
    const absl::StatusOr<std::string> text =
        ReadSmallFile(dir, TypeFilePath(entry, found->kind), 100);
    return absl::StrCat(text.ok() ? *text : "unreadable", " ",
                        KindName(found->kind));
  }

  static std::vector<std::string> Files(const Dir& dir) {
    std::vector<std::string> files;
    const std::vector<DirEntry> entries = *dir.List();
    for (const DirEntry& entry : entries) {
      files.push_back(entry.name);
      if (entry.type != FileType::kDirectory) continue;
      const std::vector<DirEntry> inner = *(*dir.OpenDir(entry.name))->List();
      for (const DirEntry& file : inner) {
        files.push_back(InnerPath(entry.name, file.name));
      }
    }
    std::sort(files.begin(), files.end());
    return files;
  }

  const RenameRequest request_;
  TempFolder temp_;
  std::unique_ptr<Dir> root_;
  std::unique_ptr<Dir> source_dir_;
  std::unique_ptr<Dir> target_dir_;
  RenameEnds ends_;
};

std::string Is(const char* age, NodeKind kind) {
  return absl::StrCat(age, " ", KindName(kind));
}

std::string OldTarget(const RenameRequest& request) {
  return request.target ? Is("old", *request.target) : "absent";
}

// The files of a healthy node, and no others.
std::vector<std::string> FilesOf(const std::string& entry, NodeKind kind) {
  std::vector<std::string> files = {entry};
  if (HasNodeDirectory(entry, kind)) files.push_back(TypeFilePath(entry, kind));
  if (IsShortenedEntry(entry)) {
    files.push_back(InnerPath(entry, kLongNameFile));
  }
  std::sort(files.begin(), files.end());
  return files;
}

TEST(RenamePlanTest, ErrnoIsPosixsForEveryCombination) {
  for (const RenameRequest& request : AllRequests()) {
    EXPECT_EQ(ErrnoOf(PlanRename(request).status()), ExpectedErrno(request))
        << Describe(request);
  }
}

TEST(RenamePlanTest, EveryPlanMovesTheNodeAndLeavesNothingOver) {
  int plans = 0;
  for (const RenameRequest& request : AllRequests()) {
    SCOPED_TRACE(Describe(request));
    const absl::StatusOr<RenamePlan> plan = PlanRename(request);
    if (!plan.ok()) continue;
    ++plans;
    const Stage stage(request);
    for (const RenameStep& step : plan->steps) {
      const absl::Status status = RunRenameStep(step, stage.ends());
      ASSERT_TRUE(status.ok()) << status;
    }
    const NodeKind source = request.source.kind;
    EXPECT_EQ(stage.AtTarget(), Is("new", source));
    EXPECT_EQ(stage.TargetFiles(), FilesOf(stage.ends().target_entry, source));
    if (request.mode == RenameMode::kExchange) {
      EXPECT_EQ(stage.AtSource(), Is("old", *request.target));
      EXPECT_EQ(stage.SourceFiles(),
                FilesOf(stage.ends().source_entry, *request.target));
    } else {
      EXPECT_EQ(stage.AtSource(), "absent");
      EXPECT_EQ(stage.SourceFiles(), std::vector<std::string>());
    }
  }
  EXPECT_EQ(plans, 2 * (24 + 20 + 18));  // absent, over, exchange
}

TEST(RenamePlanTest, TheTargetIsOldOrNewAfterEveryStep) {
  for (const RenameRequest& request : AllRequests()) {
    if (request.exchange == StoreExchange::kNo) continue;
    SCOPED_TRACE(Describe(request));
    const absl::StatusOr<RenamePlan> plan = PlanRename(request);
    if (!plan.ok()) continue;
    const Stage stage(request);
    for (size_t i = 0; i < plan->steps.size(); ++i) {
      ASSERT_TRUE(RunRenameStep(plan->steps[i], stage.ends()).ok());
      EXPECT_EQ(stage.AtTarget(), i + 1 >= plan->effective
                                      ? Is("new", request.source.kind)
                                      : OldTarget(request))
          << "after step " << i;
    }
  }
}

// A crash may lose neither object before the rename is in effect: what cannot
// be found under its name is still a part of the other's node.
TEST(RenamePlanTest, BothObjectsAreOnDiskUntilTheRenameIsInEffect) {
  for (const RenameRequest& request : AllRequests()) {
    SCOPED_TRACE(Describe(request));
    const absl::StatusOr<RenamePlan> plan = PlanRename(request);
    if (!plan.ok()) continue;
    for (size_t i = 0; i + 1 < plan->effective; ++i) {
      EXPECT_NE(plan->steps[i].action, RenameAction::kRemoveFile);
      if (plan->steps[i].action == RenameAction::kMove) {
        EXPECT_NE(plan->steps[i].mode, RenameMode::kReplace);
      }
    }
  }
}

TEST(RenamePlanTest, UndoingTheStepsBeforeTheRenameIsInEffectRestoresBoth) {
  for (const RenameRequest& request : AllRequests()) {
    SCOPED_TRACE(Describe(request));
    const absl::StatusOr<RenamePlan> plan = PlanRename(request);
    if (!plan.ok()) continue;
    ASSERT_GT(plan->effective, 0);
    for (size_t done = 0; done < plan->effective; ++done) {
      const Stage stage(request);
      const auto source_files = stage.SourceFiles();
      const auto target_files = stage.TargetFiles();
      for (size_t i = 0; i < done; ++i) {
        ASSERT_TRUE(RunRenameStep(plan->steps[i], stage.ends()).ok());
      }
      for (size_t i = done; i-- > 0;) {
        UndoRenameStep(plan->steps[i], stage.ends());
      }
      EXPECT_EQ(stage.SourceFiles(), source_files) << "after " << done;
      EXPECT_EQ(stage.TargetFiles(), target_files) << "after " << done;
      EXPECT_EQ(stage.AtSource(), Is("new", request.source.kind));
      EXPECT_EQ(stage.AtTarget(), OldTarget(request));
    }
  }
}

TEST(RenamePlanTest, WithoutExchangeNoPlanExchangesButTheModeItself) {
  for (RenameRequest request : AllRequests()) {
    if (request.exchange == StoreExchange::kYes ||
        request.mode == RenameMode::kExchange) {
      continue;
    }
    const absl::StatusOr<RenamePlan> plan = PlanRename(request);
    if (!plan.ok()) continue;
    for (const RenameStep& step : plan->steps) {
      EXPECT_NE(step.mode, RenameMode::kExchange) << Describe(request);
    }
  }
}

}  // namespace
}  // namespace casemate
