#include "fs/vault/vault_backup.h"

#include <cerrno>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/status.h"
#include "fs/storage/posix_storage.h"
#include "fs/vault/node_files.h"
#include "fs/vault/temp_folder_for_test.h"
#include "fs/vault/vault_access.h"
#include "gtest/gtest.h"
#include "testing/fakes/fake_random.h"
#include "testing/faulty_storage/faulty_storage.h"

namespace casemate {
namespace {

constexpr char kConfig[] = "vault.cryptomator";
constexpr char kKeyFile[] = "masterkey.cryptomator";
// SHA-256 of "abc" starts with ba7816bf.
constexpr char kCopyOfAbc[] = "f.BA7816BF.bkup";

constexpr StorageCall kDurableCalls =
    kMutatingCalls | StorageCall::kSyncDir | StorageCall::kSync;

class VaultBackupTest : public testing::Test {
 protected:
  void MakeVault() {
    NewVaultOptions options;
    options.cost = {2, 1};
    ASSERT_TRUE(CreateVault(*dir_, options, BytesOf("pw"), random_).ok());
  }
  absl::Status BackUpAbc(Dir& dir) { return BackUp(dir, "f", "abc", random_); }
  std::vector<std::string> Names() {
    std::vector<std::string> names;
    for (const auto& entry :
         std::filesystem::directory_iterator(folder_.path())) {
      names.push_back(entry.path().filename());
    }
    return names;
  }

  TempFolder folder_;
  FakeRandom random_{1};
  std::unique_ptr<Dir> dir_ = *OpenPosixDir(folder_.path());
};

TEST_F(VaultBackupTest, ACopyIsNamedByTheHashOfItsContent) {
  EXPECT_EQ(BackupName("f", "abc"), kCopyOfAbc);
  EXPECT_TRUE(BackUpAbc(*dir_).ok());
  EXPECT_EQ(folder_.Read(kCopyOfAbc), "abc");
  EXPECT_EQ(dir_->Stat(kCopyOfAbc)->permissions, 0600);
  EXPECT_EQ(Names().size(), 1u);
}

TEST_F(VaultBackupTest, OnlyNamesThatItGivesAreBackups) {
  EXPECT_TRUE(IsBackupName("f", kCopyOfAbc));
  for (const char* name :
       {"f.bkup", "f.BA7816B.bkup", "f.BA7816BFF.bkup", "f.ba7816bf.bkup",
        "f.GA7816BF.bkup", "g.BA7816BF.bkup", "f.BA7816BF", "fBA7816BF.bkup",
        "f.BA7816BF.bkup.bkup"}) {
    EXPECT_FALSE(IsBackupName("f", name)) << name;
    folder_.Write(name, "");
  }
  EXPECT_TRUE(ListBackups(*dir_, "f").empty());
  folder_.Write("f.FFFFFFFF.bkup", "");
  folder_.Write(kCopyOfAbc, "");
  EXPECT_EQ(ListBackups(*dir_, "f"),
            (std::vector<std::string>{kCopyOfAbc, "f.FFFFFFFF.bkup"}));
}

TEST_F(VaultBackupTest, ACopyThatIsThereIsKeptAndMadeDurable) {
  folder_.Write(kCopyOfAbc, "abc");
  auto plan = std::make_shared<FaultPlan>();
  const auto dir = WrapFaulty(*OpenPosixDir(folder_.path()), plan);
  EXPECT_TRUE(BackUpAbc(*dir).ok());
  EXPECT_TRUE(plan->CallsOf(kMutatingCalls).empty());
  EXPECT_EQ(plan->CallsOf(StorageCall::kSync | StorageCall::kSyncDir).size(),
            2u);
}

TEST_F(VaultBackupTest, WhatHasTheNameOfACopyIsNeverReplaced) {
  for (const std::string& other :
       {std::string("abd"), std::string("ab"), std::string("abcd")}) {
    folder_.Write(kCopyOfAbc, other);
    const absl::Status status = BackUpAbc(*dir_);
    EXPECT_TRUE(absl::IsAlreadyExists(status)) << status;
    EXPECT_EQ(folder_.Read(kCopyOfAbc), other);
  }
  std::filesystem::remove(folder_.PathOf(kCopyOfAbc));
  folder_.Write("elsewhere", "abc");
  std::filesystem::create_symlink("elsewhere", folder_.PathOf(kCopyOfAbc));
  EXPECT_FALSE(BackUpAbc(*dir_).ok());
  EXPECT_TRUE(std::filesystem::is_symlink(folder_.PathOf(kCopyOfAbc)));
}

TEST_F(VaultBackupTest, NorIsWhatGetsTheNameMeanwhile) {
  for (const std::string& other : {std::string("abd"), std::string("abc")}) {
    folder_.Write(kCopyOfAbc, other);
    auto plan = std::make_shared<FaultPlan>();
    const auto dir = WrapFaulty(*OpenPosixDir(folder_.path()), plan);
    plan->Fail(StorageCall::kStat, Fault::Nth(1, ENOENT).OnPath(kCopyOfAbc));
    EXPECT_EQ(BackUpAbc(*dir).ok(), other == "abc");
    EXPECT_EQ(plan->faults_injected(), 1);
    EXPECT_EQ(folder_.Read(kCopyOfAbc), other);
    EXPECT_EQ(Names().size(), 1u);
  }
}

TEST_F(VaultBackupTest, ACopyHasThePermissionsOfItsOriginal) {
  folder_.Write("f", "abc");
  std::filesystem::permissions(folder_.PathOf("f"),
                               std::filesystem::perms(0640));
  ASSERT_TRUE(BackUpAbc(*dir_).ok());
  EXPECT_EQ(dir_->Stat(kCopyOfAbc)->permissions, 0640);
}

TEST_F(VaultBackupTest, AVaultsTwoFilesAreCopied) {
  MakeVault();
  ASSERT_TRUE(BackUpVaultFiles(*dir_, random_).ok());
  for (const std::string file : {kConfig, kKeyFile}) {
    const std::string content = folder_.Read(file);
    EXPECT_EQ(folder_.Read(BackupName(file, content)), content);
  }
  EXPECT_EQ(Names().size(), 5u);
  EXPECT_TRUE(BackUpVaultFiles(*dir_, random_).ok());
  EXPECT_EQ(Names().size(), 5u);
}

TEST_F(VaultBackupTest, AFileThatCannotBeCopiedDoesNotKeepTheOtherFromIt) {
  MakeVault();
  for (const std::string file : {kConfig, kKeyFile}) {
    const std::string other = file == kConfig ? kKeyFile : kConfig;
    auto plan = std::make_shared<FaultPlan>();
    const auto dir = WrapFaulty(*OpenPosixDir(folder_.path()), plan);
    plan->Fail(StorageCall::kRename,
               Fault::From(1, ENOSPC).OnPath(absl::StrCat(file, ".")));
    const absl::Status status = BackUpVaultFiles(*dir, random_);
    EXPECT_EQ(ErrnoOf(status), ENOSPC) << status;
    EXPECT_TRUE(ListBackups(*dir_, file).empty());
    ASSERT_EQ(ListBackups(*dir_, other).size(), 1u);
    std::filesystem::remove(folder_.PathOf(ListBackups(*dir_, other).front()));
  }
}

TEST_F(VaultBackupTest, ACopyIsWholeOrAbsentWhateverFails) {
  MakeVault();
  const std::string config = folder_.Read(kConfig);
  const std::string key_file = folder_.Read(kKeyFile);
  int failures = 0;
  for (const bool is_lasting : {false, true}) {
    for (int n = 1;; ++n) {
      SCOPED_TRACE(absl::StrCat(is_lasting ? "from " : "at ", n));
      auto plan = std::make_shared<FaultPlan>();
      const auto dir = WrapFaulty(*OpenPosixDir(folder_.path()), plan);
      plan->Fail(kAllCalls,
                 is_lasting ? Fault::From(n, EIO) : Fault::Nth(n, EIO));
      const absl::Status status = BackUpVaultFiles(*dir, random_);
      for (const std::string file : {kConfig, kKeyFile}) {
        for (const std::string& name : ListBackups(*dir_, file)) {
          EXPECT_EQ(BackupName(file, folder_.Read(name)), name);
          std::filesystem::remove(folder_.PathOf(name));
        }
      }
      EXPECT_EQ(folder_.Read(kConfig), config);
      EXPECT_EQ(folder_.Read(kKeyFile), key_file);
      for (const std::string& name : Names()) {
        if (!IsTemporaryName(name)) continue;
        EXPECT_TRUE(is_lasting) << "a stray " << name;
        std::filesystem::remove(folder_.PathOf(name));
      }
      if (plan->faults_injected() == 0) {
        EXPECT_TRUE(status.ok()) << status;
        break;
      }
      if (is_lasting) EXPECT_FALSE(status.ok());
      ++failures;
    }
  }
  EXPECT_GT(failures, 40);
}

TEST_F(VaultBackupTest, AFailedStepThatChangesSomethingIsReported) {
  for (int n = 1;; ++n) {
    auto plan = std::make_shared<FaultPlan>();
    const auto dir = WrapFaulty(*OpenPosixDir(folder_.path()), plan);
    plan->Fail(kDurableCalls, Fault::Nth(n, ENOSPC));
    const absl::Status status = BackUpAbc(*dir);
    std::filesystem::remove(folder_.PathOf(kCopyOfAbc));
    if (plan->faults_injected() == 0) break;
    EXPECT_EQ(ErrnoOf(status), ENOSPC) << n;
    EXPECT_TRUE(Names().empty()) << n;
  }
}

}  // namespace
}  // namespace casemate
