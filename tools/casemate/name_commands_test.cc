#include "tools/casemate/name_commands.h"

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "gtest/gtest.h"

namespace casemate {
namespace {

TEST(StripVaultTest, TakesPathsOfTheVaultAndOfTheMachine) {
  std::string vault = testing::TempDir() + "/stripXXXXXX";
  ASSERT_NE(mkdtemp(vault.data()), nullptr);
  vault = std::filesystem::canonical(vault);
  std::filesystem::create_directories(vault + "/d/AB/C");
  std::filesystem::create_directory_symlink(vault, vault + "/link");
  std::filesystem::create_symlink("/nowhere", vault + "/d/AB/C/N.c9r");

  EXPECT_EQ(StripVault(vault, "d/AB/C"), "d/AB/C");
  EXPECT_EQ(StripVault(vault, "./d/AB/C/"), "d/AB/C/");
  EXPECT_EQ(StripVault(vault, vault + "/d/AB/C"), "d/AB/C");
  EXPECT_EQ(StripVault(vault, vault + "/d/AB/C/"), "d/AB/C");
  EXPECT_EQ(StripVault(vault + "/link", vault + "/d/AB/C"), "d/AB/C");
  EXPECT_EQ(StripVault(vault, vault + "/link/d/AB/C"), "d/AB/C");
  EXPECT_EQ(StripVault(vault, vault + "/d/AB/../AB/C/absent.c9r"),
            "d/AB/C/absent.c9r");
  // The entry itself is the store's: a link there is not followed.
  EXPECT_EQ(StripVault(vault, vault + "/d/AB/C/N.c9r"), "d/AB/C/N.c9r");
  EXPECT_EQ(StripVault(vault + "/d", vault + "/other"), "");
  EXPECT_EQ(StripVault(vault, "/d/AB/C"), "");
  EXPECT_EQ(StripVault(vault + "/absent", vault + "/d"), "");
  std::filesystem::remove_all(vault);
}

TEST(StripVaultTest, ARelativePathIsOfTheWorkingFolderUnlessItStartsWithD) {
  std::string vault = testing::TempDir() + "/stripXXXXXX";
  ASSERT_NE(mkdtemp(vault.data()), nullptr);
  std::filesystem::create_directories(vault + "/d/AB");
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(vault + "/d");
  EXPECT_EQ(StripVault(vault, "AB"), "d/AB");
  EXPECT_EQ(StripVault("..", "AB/N.c9r"), "d/AB/N.c9r");
  std::filesystem::current_path(before);
  std::filesystem::remove_all(vault);
}

}  // namespace
}  // namespace casemate
