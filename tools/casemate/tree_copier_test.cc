// The copier over its real sides: a folder of this machine and a vault.
#include "tools/casemate/tree_copier.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/status.h"
#include "gtest/gtest.h"
#include "testing/fakes/fake_clock.h"
#include "tools/casemate/cli_error.h"
#include "tools/casemate/local_side.h"
#include "tools/casemate/vault_for_test.h"
#include "tools/casemate/vault_side.h"

namespace casemate {
namespace {

namespace fs = std::filesystem;

using Tree = std::map<std::string, std::string>;

class TreeCopierTest : public testing::Test {
 protected:
  void SetUp() override {
    local_ = testing::TempDir() + "/copyXXXXXX";
    ASSERT_NE(mkdtemp(local_.data()), nullptr);
    umask_ = umask(0);  // as RunCopy does
    Use(MakeOptions());
  }
  void TearDown() override {
    umask(umask_);
    fs::remove_all(local_);
  }

  static TreeCopierOptions MakeOptions() {
    TreeCopierOptions options;
    options.is_recursive = true;
    options.preserves = true;
    return options;
  }

  void Use(const TreeCopierOptions& options) {
    errors_ = std::make_unique<ErrorTally>(&progress_);
    copier_ = std::make_unique<TreeCopier>(
        options, &progress_, errors_.get(), [this]() -> absl::Status {
          return checks_left_-- > 0
                     ? absl::OkStatus()
                     : CliError(ExitCode::kInterrupted, "interrupted");
        });
  }

  std::string Path(const std::string& name) const {
    return local_ + "/" + name;
  }
  void Write(const std::string& name, absl::string_view text) const {
    std::ofstream(Path(name)) << text;
  }
  std::string Read(const std::string& name) const {
    std::ifstream file(Path(name));
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  void MakeFolder(const std::string& name) const {
    fs::create_directory(Path(name));
  }
  static void SetTime(const std::string& path, time_t seconds) {
    const timespec times[] = {{seconds, 1}, {seconds, 2}};
    CHECK(utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW) == 0,
          "a test can set times");
  }

  // "-0640 1.2 content" by path, of everything below the folder `name`.
  Tree State(const std::string& name) const {
    Tree tree;
    for (const auto& entry : fs::recursive_directory_iterator(Path(name))) {
      struct stat stat = {};
      CHECK(lstat(entry.path().c_str(), &stat) == 0, "it is there");
      const std::string path = entry.path().lexically_relative(Path(name));
      std::string& text = tree[path];
      text = absl::StrCat(absl::Hex(stat.st_mode), " ", stat.st_mtim.tv_sec,
                          ".", stat.st_mtim.tv_nsec, " ");
      if (entry.is_symlink()) {
        text += fs::read_symlink(entry.path());
      } else if (entry.is_regular_file()) {
        text += Read(name + "/" + path);
      }
    }
    return tree;
  }
  // The names below the folder `name`, sorted, with spaces between.
  std::string Names(const std::string& name) const {
    std::string names;
    for (const auto& [path, state] : State(name)) {
      absl::StrAppend(&names, names.empty() ? "" : " ", path);
    }
    return names;
  }

  // Copies the local `name` to the vault's root, or the vault's `name` to the
  // local folder `to`.
  absl::Status In(const std::string& name) {
    auto source = OpenLocalSource(local_, forbidden_);
    auto target = OpenVaultTarget(&vault_.file_system(), "/", &vault_.random());
    CHECK(source.ok() && target.ok(), "both sides are there");
    RETURN_IF_ERROR(copier_->Copy({source->get(), name, name},
                                  {target->get(), name, "vault:" + name}));
    return errors_->Result();
  }
  absl::Status Out(const std::string& name, const std::string& to) {
    auto source = OpenVaultSource(&vault_.file_system(), "/");
    auto target = OpenLocalTarget(Path(to), &vault_.random());
    CHECK(source.ok() && target.ok(), "both sides are there");
    RETURN_IF_ERROR(copier_->Copy({source->get(), name, "vault:" + name},
                                  {target->get(), name, to + "/" + name}));
    return errors_->Result();
  }
  static int Code(const absl::Status& status) {
    return static_cast<int>(ExitCodeOf(status));
  }

  VaultForTest vault_;
  FakeClock clock_;
  Progress progress_{{}, {"", ProgressUnit::kBytes, {}}, &clock_};
  std::unique_ptr<ErrorTally> errors_;
  std::unique_ptr<TreeCopier> copier_;
  absl::optional<LocalId> forbidden_;
  int checks_left_ = 1000000;
  std::string local_;
  mode_t umask_ = 0;
};

TEST_F(TreeCopierTest, ATreeComesBackAsItWas) {
  MakeFolder("in");
  MakeFolder("in/empty");
  MakeFolder("in/sub");
  Write("in/file", "content");
  Write("in/nothing", "");
  Write("in/sub/" + std::string(200, 'n'),
        std::string((size_t{2} << 20) + 12345, 'x'));
  fs::create_symlink("../no/where", Path("in/link"));
  ASSERT_EQ(chmod(Path("in/file").c_str(), 0604), 0);
  ASSERT_EQ(chmod(Path("in/sub").c_str(), 01750), 0);
  for (const char* name : {"in/file", "in/link", "in/empty", "in/sub", "in"}) {
    SetTime(Path(name), 1577836800);
  }
  MakeFolder("out");
  ASSERT_EQ(Code(In("in")), 0);
  vault_.Reopen();
  ASSERT_EQ(Code(Out("in", "out")), 0);
  EXPECT_EQ(State("out/in"), State("in"));
  struct stat stat = {};
  ASSERT_EQ(::stat(Path("out/in").c_str(), &stat), 0);
  EXPECT_EQ(stat.st_mtim.tv_sec, 1577836800);
  EXPECT_EQ(vault_.file_system().inode_count(), 1u);  // none is kept
  EXPECT_EQ(vault_.file_system().open_file_count(), 0u);
}

TEST_F(TreeCopierTest, WithoutPreservingTheModeGoesThroughTheUmask) {
  TreeCopierOptions options = MakeOptions();
  options.preserves = false;
  options.umask = 027;
  Use(options);
  Write("f", "");
  ASSERT_EQ(chmod(Path("f").c_str(), 0777), 0);
  SetTime(Path("f"), 1577836800);
  MakeFolder("out");
  ASSERT_EQ(Code(In("f")), 0);
  ASSERT_EQ(Code(Out("f", "out")), 0);
  struct stat stat = {};
  ASSERT_EQ(::stat(Path("out/f").c_str(), &stat), 0);
  EXPECT_EQ(stat.st_mode & 07777, mode_t{0750});
  EXPECT_GT(stat.st_mtim.tv_sec, 1577836800);
}

TEST_F(TreeCopierTest, NoProgramGetsItsOwnersRights) {
  Write("f", "");
  ASSERT_EQ(chmod(Path("f").c_str(), 06755), 0);
  MakeFolder("out");
  ASSERT_EQ(Code(In("f")), 0);
  ASSERT_EQ(Code(Out("f", "out")), 0);
  struct stat stat = {};
  ASSERT_EQ(::stat(Path("out/f").c_str(), &stat), 0);
  EXPECT_EQ(stat.st_mode & 07777, mode_t{0755});
}

TEST_F(TreeCopierTest, WhatIsThereStaysUnlessForced) {
  MakeFolder("out");
  Write("f", "new");
  Write("g", "new");
  Write("out/f", "old");
  fs::create_symlink(Path("out/f"), Path("out/g"));
  ASSERT_EQ(Code(In("f")), 0);
  ASSERT_EQ(Code(In("g")), 0);
  EXPECT_EQ(Code(Out("f", "out")), 48);
  EXPECT_EQ(Code(Out("g", "out")), 48);
  EXPECT_EQ(Code(In("f")), 48);
  EXPECT_EQ(Read("out/f"), "old");

  TreeCopierOptions options = MakeOptions();
  options.overwrite = Overwrite::kYes;
  Use(options);
  // The link is replaced, not what it leads to.
  EXPECT_EQ(Code(Out("g", "out")), 0);
  EXPECT_EQ(Read("out/f"), "old");
  EXPECT_EQ(Read("out/g"), "new");
  EXPECT_FALSE(fs::is_symlink(Path("out/g")));
  EXPECT_EQ(Code(Out("f", "out")), 0);
  EXPECT_EQ(Read("out/f"), "new");
  Write("f", "newer");
  EXPECT_EQ(Code(In("f")), 0);
  EXPECT_EQ(Code(Out("f", "out")), 0);
  EXPECT_EQ(Read("out/f"), "newer");
  EXPECT_EQ(Names("out"), "f g");
}

TEST_F(TreeCopierTest, AFolderIsMergedAndNeverReplaced) {
  TreeCopierOptions options = MakeOptions();
  options.overwrite = Overwrite::kYes;
  Use(options);
  MakeFolder("a");
  Write("a/new", "");
  ASSERT_EQ(Code(In("a")), 0);
  Write("b", "");
  ASSERT_EQ(Code(In("b")), 0);
  MakeFolder("out");
  MakeFolder("out/a");
  Write("out/a/old", "");
  MakeFolder("out/b");
  EXPECT_EQ(Code(Out("a", "out")), 0);
  EXPECT_EQ(Names("out"), "a a/new a/old b");
  EXPECT_EQ(Code(Out("b", "out")), 48);
  // A file, or a link to a folder, in the place of a folder.
  Use(options);
  fs::remove_all(Path("out/a"));
  fs::create_symlink(Path("out/b"), Path("out/a"));
  EXPECT_EQ(Code(Out("a", "out")), 48);
  EXPECT_EQ(Names("out"), "a b");
}

TEST_F(TreeCopierTest, WhatIsDamagedIsLeftOutAndNamed) {
  MakeFolder("in");
  Write("in/bad", std::string(1000, 'x'));
  Write("in/good", "content");
  ASSERT_EQ(Code(In("in")), 0);
  vault_.Damage(1000);
  MakeFolder("out");
  testing::internal::CaptureStderr();
  const absl::Status status = Out("in", "out");
  const std::string told = testing::internal::GetCapturedStderr();
  EXPECT_EQ(Code(status), 44);
  EXPECT_TRUE(absl::StrContains(told, "casemate: vault:in/bad: ")) << told;
  EXPECT_EQ(Names("out"), "in in/good");
}

TEST_F(TreeCopierTest, AnInterruptLeavesNoTemporaryFile) {
  Write("f", std::string(size_t{3} << 20, 'x'));
  MakeFolder("out");
  checks_left_ = 2;
  EXPECT_EQ(Code(In("f")), 15);
  checks_left_ = 1000000;
  auto root = OpenVaultSource(&vault_.file_system(), "/");
  ASSERT_TRUE(root.ok());
  EXPECT_EQ((*root)->List()->size(), 0u);
  ASSERT_EQ(Code(In("f")), 0);
  checks_left_ = 2;
  EXPECT_EQ(Code(Out("f", "out")), 15);
  EXPECT_EQ(Names("out"), "");
}

TEST_F(TreeCopierTest, WhatCannotBeCopiedDoesNotStopTheRest) {
  MakeFolder("in");
  MakeFolder("in/vault");
  ASSERT_EQ(mkfifo(Path("in/fifo").c_str(), 0600), 0);
  Write("in/name\xff", "");
  Write("in/z", "");
  struct stat stat = {};
  ASSERT_EQ(::stat(Path("in/vault").c_str(), &stat), 0);
  forbidden_ = LocalId{stat.st_dev, stat.st_ino};
  testing::internal::CaptureStderr();
  EXPECT_EQ(Code(In("in")), 11);
  const std::string told = testing::internal::GetCapturedStderr();
  for (const char* path : {"in/fifo: ", "in/vault: ", "vault:in/name\\xff: "}) {
    EXPECT_TRUE(absl::StrContains(told, path)) << told;
  }
  MakeFolder("out");
  Use(MakeOptions());
  ASSERT_EQ(Code(Out("in", "out")), 0);
  EXPECT_EQ(Names("out"), "in in/z");
}

TEST_F(TreeCopierTest, FoldersNeedToBeAskedFor) {
  Use(TreeCopierOptions());
  MakeFolder("in");
  EXPECT_EQ(Code(In("in")), 1);
  EXPECT_EQ(Code(Out("absent", ".")), 1);  // the first error's
  Use(TreeCopierOptions());
  EXPECT_EQ(Code(Out("absent", ".")), 43);
  Use(TreeCopierOptions());
  EXPECT_EQ(Code(In("absent")), 11);
}

TEST_F(TreeCopierTest, MeasuresWhatItWouldRead) {
  MakeFolder("in");
  MakeFolder("in/sub");
  Write("in/a", std::string(1000, 'x'));
  Write("in/sub/b", std::string(234, 'x'));
  fs::create_symlink("a", Path("in/link"));
  ASSERT_EQ(Code(In("in")), 0);
  auto local = OpenLocalSource(local_, {});
  auto vault = OpenVaultSource(&vault_.file_system(), "in");
  ASSERT_TRUE(local.ok() && vault.ok());
  EXPECT_EQ(*copier_->Measure(**local, "in"), 1234u);
  EXPECT_EQ(*copier_->MeasureContents(**vault), 1234u);
  EXPECT_EQ(*copier_->Measure(**vault, "a"), 1000u);
  Use(TreeCopierOptions());
  EXPECT_EQ(*copier_->Measure(**local, "in"), 0u);
}

// A target whose disk is full.
class FullTarget final : public TargetFolder {
 public:
  absl::StatusOr<absl::optional<CopyNode>> Find(absl::string_view) override {
    return absl::optional<CopyNode>();
  }
  absl::Status MakeFolder(absl::string_view) override { return Full(); }
  absl::StatusOr<std::unique_ptr<TargetFolder>> Open(
      absl::string_view) override {
    return Full();
  }
  absl::StatusOr<std::unique_ptr<NewFile>> MakeFile() override {
    ++files;
    return Full();
  }
  absl::Status MakeLink(absl::string_view, const std::string&,
                        const CopyAttributes&, Overwrite) override {
    return Full();
  }
  absl::Status SetAttributes(const CopyAttributes&) override { return Full(); }
  absl::Status Sync() override { return absl::OkStatus(); }

  int files = 0;

 private:
  static absl::Status Full() {
    return WithErrno(CliError(ExitCode::kOther, "full"), ENOSPC);
  }
};

TEST_F(TreeCopierTest, AFullDiskEndsItAtOnce) {
  MakeFolder("in");
  Write("in/a", "x");
  Write("in/b", "x");
  auto source = OpenLocalSource(Path("in"), {});
  ASSERT_TRUE(source.ok());
  FullTarget target;
  const absl::Status status =
      copier_->CopyContents(**source, "in", target, "vault:");
  EXPECT_EQ(status.message(), "vault:a: full");
  EXPECT_EQ(target.files, 1);
}

}  // namespace
}  // namespace casemate
