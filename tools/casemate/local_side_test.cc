#include "tools/casemate/local_side.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include "crypto/random/os_random.h"
#include "gtest/gtest.h"
#include "tools/casemate/cli_error.h"

namespace casemate {
namespace {

namespace fs = std::filesystem;

class LocalSideTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/sideXXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
    fs::create_directory(folder_ + "/folder");
    std::ofstream(folder_ + "/folder/file") << "content";
    fs::create_symlink("folder", folder_ + "/to_folder");
    fs::create_symlink("folder/file", folder_ + "/to_file");
    source_ = *OpenLocalSource(folder_, {});
    target_ = *OpenLocalTarget(folder_, &random_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  static absl::Status Ignore(ConstBytes) { return absl::OkStatus(); }

  OsRandom random_;
  std::string folder_;
  std::unique_ptr<SourceFolder> source_;
  std::unique_ptr<TargetFolder> target_;
};

TEST_F(LocalSideTest, FollowsLinksOnlyInThePathOfTheUser) {
  EXPECT_TRUE(OpenLocalSource(folder_ + "/to_folder", {}).ok());
  EXPECT_TRUE(OpenLocalTarget(folder_ + "/to_folder", &random_).ok());
  EXPECT_FALSE(source_->Open("to_folder").ok());
  EXPECT_FALSE(target_->Open("to_folder").ok());
  EXPECT_FALSE(source_->Read("to_file", Ignore).ok());
  EXPECT_EQ(source_->Describe("to_file")->kind, NodeKind::kSymlink);
  EXPECT_EQ((*target_->Find("to_folder"))->kind, NodeKind::kSymlink);
}

TEST_F(LocalSideTest, AFifoInAFilesPlaceHoldsNobodyUp) {
  ASSERT_EQ(mkfifo((folder_ + "/fifo").c_str(), 0600), 0);
  EXPECT_FALSE(source_->Read("fifo", Ignore).ok());
  EXPECT_EQ(source_->Describe("fifo")->kind, absl::nullopt);
}

TEST_F(LocalSideTest, AFileIsSeenOnlyWhenItIsWhole) {
  CopyAttributes attributes;
  attributes.permissions = 0400;
  {
    const auto file = target_->MakeFile();
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_TRUE((*file)->Append(BytesOf("new")).ok());
    EXPECT_FALSE(fs::exists(folder_ + "/new"));
    // Somebody was faster.
    std::ofstream(folder_ + "/new") << "theirs";
    EXPECT_EQ(ExitCodeOf((*file)->Commit("new", attributes, Overwrite::kNo)),
              ExitCode::kExists);
    EXPECT_TRUE((*file)->Commit("newer", attributes, Overwrite::kNo).ok());
  }
  std::ifstream theirs(folder_ + "/new");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(theirs), {}), "theirs");
  std::ifstream ours(folder_ + "/newer");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(ours), {}), "new");
  EXPECT_EQ(fs::status(folder_ + "/newer").permissions(),
            fs::perms::owner_read);
  EXPECT_EQ(source_->List()->size(), 5u);  // and no temporary file
}

TEST_F(LocalSideTest, ALinkDoesNotReplaceUnlessItMay) {
  EXPECT_EQ(ExitCodeOf(target_->MakeLink("to_file", "x", {}, Overwrite::kNo)),
            ExitCode::kExists);
  EXPECT_EQ(fs::read_symlink(folder_ + "/to_file"), "folder/file");
  EXPECT_TRUE(target_->MakeLink("to_file", "x", {}, Overwrite::kYes).ok());
  EXPECT_EQ(fs::read_symlink(folder_ + "/to_file"), "x");
  EXPECT_EQ(ExitCodeOf(target_->MakeLink("folder", "x", {}, Overwrite::kYes)),
            ExitCode::kExists);
  EXPECT_EQ(source_->List()->size(), 3u);
}

TEST_F(LocalSideTest, AForbiddenFolderIsNotOpenedByAnyPath) {
  struct stat stat = {};
  ASSERT_EQ(::stat((folder_ + "/folder").c_str(), &stat), 0);
  const auto source =
      OpenLocalSource(folder_, LocalId{stat.st_dev, stat.st_ino});
  ASSERT_TRUE(source.ok());
  EXPECT_FALSE((*source)->Open("folder").ok());
  EXPECT_TRUE(source_->Open("folder").ok());
}

}  // namespace
}  // namespace casemate
