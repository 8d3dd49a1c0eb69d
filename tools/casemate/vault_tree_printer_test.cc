#include "tools/casemate/vault_tree_printer.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "fs/core/types.h"
#include "gtest/gtest.h"
#include "tools/casemate/cli_error.h"
#include "tools/casemate/vault_for_test.h"

namespace casemate {
namespace {

class VaultTreePrinterTest : public testing::Test {
 protected:
  Ino MakeFolder(Ino parent, absl::string_view name) {
    const auto made =
        vault_.file_system().MakeDirectory(Context(), parent, name, 0755);
    CHECK(made.ok(), "a test can make its folder");
    return made->ino;
  }
  void MakeFile(Ino parent, absl::string_view name) {
    CHECK(vault_.file_system()
              .MakeNode(Context(), parent, name, S_IFREG | 0644)
              .ok(),
          "a test can make its file");
  }
  void MakeLink(absl::string_view name, absl::string_view target) {
    CHECK(vault_.file_system()
              .MakeSymlink(Context(), kRootIno, name, target)
              .ok(),
          "a test can make its link");
  }

  // What is printed, and "exit N" when that is not 0.
  std::string Tree(absl::string_view path, const TreeOptions& options = {}) {
    std::string text;
    VaultTreePrinter printer(
        &vault_.file_system(), options,
        [&text](absl::string_view line) {
          absl::StrAppend(&text, line);
          return absl::OkStatus();
        },
        [this]() -> absl::Status {
          return visits_left_-- > 0
                     ? absl::OkStatus()
                     : CliError(ExitCode::kInterrupted, "interrupted");
        });
    const absl::Status status = printer.Print(path);
    if (!status.ok()) {
      absl::StrAppend(&text, "exit ", static_cast<int>(ExitCodeOf(status)));
    }
    return text;
  }

  VaultForTest vault_;
  int visits_left_ = 1000;
};

TEST_F(VaultTreePrinterTest, DrawsWhatIsThere) {
  const Ino a = MakeFolder(kRootIno, "a");
  const Ino b = MakeFolder(a, "b");
  MakeFile(b, "deep");
  MakeFile(a, "c");
  MakeLink("link", "a/b");
  MakeFolder(kRootIno, "z");
  EXPECT_EQ(Tree(""),
            "/\n"
            "├── a\n"
            "│   ├── b\n"
            "│   │   └── deep\n"
            "│   └── c\n"
            "├── link -> a/b\n"
            "└── z\n"
            "\n3 folders, 3 files\n");
  TreeOptions ascii;
  ascii.lines = TreeOptions::Lines::kAscii;
  EXPECT_EQ(Tree("/a", ascii),
            "/a\n"
            "|-- b\n"
            "|   `-- deep\n"
            "`-- c\n"
            "\n1 folder, 2 files\n");
  EXPECT_EQ(Tree("a/c"), "a/c\n\n0 folders, 1 file\n");
  EXPECT_EQ(Tree("absent"), "exit 43");
  EXPECT_EQ(vault_.file_system().inode_count(), 1u + 3 + 3);  // as it was
}

TEST_F(VaultTreePrinterTest, GoesNoDeeperThanToldAndDoesNotLookThere) {
  MakeFile(MakeFolder(MakeFolder(kRootIno, "a"), "b"), "deep");
  TreeOptions options;
  options.depth = 2;
  visits_left_ = 2;
  EXPECT_EQ(Tree("", options), "/\n└── a\n    └── b\n\n2 folders, 0 files\n");
}

TEST_F(VaultTreePrinterTest, MarksWhatIsDamagedAndGoesOn) {
  MakeFolder(kRootIno, "a");
  MakeLink("link", "target");
  MakeFile(kRootIno, "z");
  // Every dir.c9r leads nowhere, no link authenticates.
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(vault_.folder() + "/d")) {
    const std::string name = entry.path().filename();
    if (name == "dir.c9r") std::ofstream(entry.path()) << "another id";
    if (name == "symlink.c9r") std::ofstream(entry.path()) << "nothing";
  }
  vault_.Reopen();
  EXPECT_EQ(Tree(""),
            "/\n"
            "├── a [damaged]\n"
            "├── link -> ? [damaged]\n"
            "└── z\n"
            "\n0 folders, 1 file, 2 damaged\n"
            "exit 44");
}

TEST_F(VaultTreePrinterTest, NamesCannotDrawFalseLines) {
  MakeFile(kRootIno, "x\n└── y\x1b[2J");
  MakeLink("l", "\x1b]0;title\x07");
  EXPECT_EQ(Tree(""),
            "/\n"
            "├── l -> \\x1b]0;title\\x07\n"
            "└── x\\x0a└── y\\x1b[2J\n"
            "\n0 folders, 2 files\n");
}

TEST_F(VaultTreePrinterTest, StopsWhenItIsTold) {
  MakeFolder(kRootIno, "a");
  visits_left_ = 1;
  EXPECT_EQ(Tree(""), "/\nexit 15");
}

}  // namespace
}  // namespace casemate
