#include "fs/vault/password_change.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/status.h"
#include "fs/storage/posix_storage.h"
#include "fs/vault/masterkey.h"
#include "fs/vault/masterkey_file.h"
#include "fs/vault/node_files.h"
#include "fs/vault/temp_folder_for_test.h"
#include "fs/vault/vault_access.h"
#include "fs/vault/vault_backup.h"
#include "fs/vault/vault_error.h"
#include "gtest/gtest.h"
#include "testing/fakes/fake_random.h"
#include "testing/faulty_storage/faulty_storage.h"

namespace casemate {
namespace {

constexpr char kKeyFile[] = "masterkey.cryptomator";
constexpr KdfCost kCheap = {2, 1};

constexpr StorageCall kDurableCalls =
    kMutatingCalls | StorageCall::kSyncDir | StorageCall::kSync;

// A vault, its keys, and every file of it by path.
class PasswordChangeTest : public testing::Test {
 protected:
  using State = std::map<std::string, std::string>;

  void SetUp() override {
    NewVaultOptions options;
    options.cost = kCheap;
    ASSERT_TRUE(CreateVault(*dir_, options, BytesOf("old"), random_).ok());
    made_ = StateNow();
  }
  absl::StatusOr<UnlockedVault> Open(absl::string_view password) {
    return OpenVault(*dir_, BytesOf(password), {});
  }
  absl::Status Change(Dir& dir, KdfCost cost = kCheap) {
    absl::StatusOr<std::string> kept =
        ChangePassword(dir, vault(), BytesOf("new"), cost, random_);
    kept_ = kept.value_or("");
    return kept.status();
  }
  // Opened while the vault was as it was made.
  const UnlockedVault& vault() {
    if (!vault_) vault_ = std::make_unique<UnlockedVault>(*Open("old"));
    return *vault_;
  }
  State StateNow() {
    State state;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(folder_.path())) {
      const std::string path = entry.path().lexically_relative(folder_.path());
      state[path] = entry.is_regular_file() ? folder_.Read(path) : "";
    }
    return state;
  }
  // Back to a vault that was just made.
  void Restore() {
    for (const auto& [path, content] : StateNow()) {
      if (made_.count(path) == 0) {
        std::filesystem::remove_all(folder_.PathOf(path));
      }
    }
    folder_.Write(kKeyFile, made_[kKeyFile]);
  }
  // Everything that the vault was made of is there, its old masterkey file at
  // least as a copy.
  void ExpectNothingLost() {
    const std::string& old_key_file = made_[kKeyFile];
    State state = StateNow();
    for (const auto& [path, content] : made_) {
      if (path == kKeyFile) continue;
      EXPECT_EQ(state.count(path), 1u) << path;
      EXPECT_EQ(state[path], content) << path;
    }
    EXPECT_TRUE(state[kKeyFile] == old_key_file ||
                state[BackupName(kKeyFile, old_key_file)] == old_key_file);
  }
  bool HasTemporary() {
    const State state = StateNow();
    return std::any_of(state.begin(), state.end(), [](const auto& file) {
      return IsTemporaryName(file.first);
    });
  }

  TempFolder folder_;
  FakeRandom random_{1};
  std::unique_ptr<Dir> dir_ = *OpenPosixDir(folder_.path());
  State made_;
  std::string kept_;  // what the last Change returned

 private:
  std::unique_ptr<UnlockedVault> vault_;
};

TEST_F(PasswordChangeTest, TheKeysAndEverythingElseStay) {
  ASSERT_TRUE(Change(*dir_, {4, 1}).ok());
  EXPECT_TRUE(absl::IsUnauthenticated(Open("old").status()));
  const absl::StatusOr<UnlockedVault> after = Open("new");
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(after->masterkey.raw(), vault().masterkey.raw());
  EXPECT_EQ(ReadVaultInfo(*dir_)->cost.n, 4u);
  ExpectNothingLost();
  EXPECT_EQ(StateNow().size(), made_.size() + 1);
}

TEST_F(PasswordChangeTest, TheOldFileIsKeptUnderItsBackupName) {
  const std::string copy = BackupName(kKeyFile, made_[kKeyFile]);
  ASSERT_TRUE(Change(*dir_).ok());
  EXPECT_EQ(kept_, copy);
  EXPECT_EQ(folder_.Read(copy), made_[kKeyFile]);
  folder_.Write(kKeyFile, folder_.Read(copy));
  EXPECT_TRUE(Open("old").ok());
}

TEST_F(PasswordChangeTest, TheOldFileIsSafeBeforeItIsReplaced) {
  auto plan = std::make_shared<FaultPlan>();
  const auto dir = WrapFaulty(*OpenPosixDir(folder_.path()), plan);
  vault();
  ASSERT_TRUE(Change(*dir).ok());
  const std::vector<std::string> calls = plan->CallsOf(kDurableCalls);
  const auto call_with = [&](absl::string_view kind, absl::string_view end) {
    const auto at =
        std::find_if(calls.begin(), calls.end(), [&](const std::string& call) {
          return absl::StartsWith(call, kind) && absl::EndsWith(call, end);
        });
    EXPECT_NE(at, calls.end()) << kind << end;
    return at - calls.begin();
  };
  const auto kept = call_with("rename ", ".bkup");
  const auto replaced = call_with("rename ", kKeyFile);
  EXPECT_LT(kept, replaced);
  // The folder is synced in between, and after.
  ASSERT_EQ(replaced - kept, 2);
  EXPECT_EQ(static_cast<int>(calls.size()), replaced + 2);
}

TEST_F(PasswordChangeTest, APasswordChangesWhileTheVaultIsLocked) {
  const auto d = *dir_->OpenDir("d");
  ASSERT_TRUE(d->LockExclusive().ok());
  EXPECT_TRUE(Change(*dir_).ok());
  EXPECT_TRUE(Open("new").ok());
}

TEST_F(PasswordChangeTest, TheNewFileHasTheOldOnesPermissions) {
  std::filesystem::permissions(folder_.PathOf(kKeyFile),
                               std::filesystem::perms(0640));
  ASSERT_TRUE(Change(*dir_).ok());
  EXPECT_EQ(dir_->Stat(kKeyFile)->permissions, 0640u);
}

TEST_F(PasswordChangeTest, WhatDoesNotReadBackIsNotPutInPlace) {
  // Of the temporary file, which nothing but the check opens and reads.
  for (const StorageCall call : {StorageCall::kRead, StorageCall::kOpen}) {
    auto plan = std::make_shared<FaultPlan>();
    const auto dir = WrapFaulty(*OpenPosixDir(folder_.path()), plan);
    vault();
    plan->Fail(call, Fault::Nth(1, EIO).OnPath(".casemate-"));
    EXPECT_EQ(ErrnoOf(Change(*dir)), EIO);
    EXPECT_EQ(StateNow(), made_);
  }
}

TEST_F(PasswordChangeTest, AStoreThatKeepsSomethingElseIsFoundOut) {
  vault();
  const absl::StatusOr<std::string> other_password = MasterkeyFile::Create(
      vault().masterkey, BytesOf("other"), kCheap, random_);
  const absl::StatusOr<std::string> other_keys = MasterkeyFile::Create(
      Masterkey::Create(random_), BytesOf("new"), kCheap, random_);
  for (const std::string& kept :
       {std::string("{}"), *other_password, *other_keys}) {
    auto plan = std::make_shared<FaultPlan>();
    const auto dir = WrapFaulty(*OpenPosixDir(folder_.path()), plan);
    plan->Block(StorageCall::kSync);
    std::thread store([&] {
      plan->WaitUntilBlocked(StorageCall::kSync);
      for (const auto& [path, content] : StateNow()) {
        if (IsTemporaryName(path)) folder_.Write(path, kept);
      }
      plan->Unblock(StorageCall::kSync);
    });
    const absl::Status status = Change(*dir);
    store.join();
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
    EXPECT_EQ(StateNow(), made_);
  }
}

TEST_F(PasswordChangeTest, ATakenBackupNameKeepsTheOldPassword) {
  const std::string copy = BackupName(kKeyFile, made_[kKeyFile]);
  folder_.Write(copy, "something else");
  const absl::Status status = Change(*dir_);
  EXPECT_TRUE(absl::IsAlreadyExists(status)) << status;
  EXPECT_TRUE(Open("old").ok());
  EXPECT_EQ(folder_.Read(copy), "something else");
  EXPECT_FALSE(HasTemporary());
}

TEST_F(PasswordChangeTest, APasswordThatIsNoTextIsRefusedBeforeAnything) {
  EXPECT_TRUE(absl::IsInvalidArgument(
      ChangePassword(*dir_, vault(), BytesOf("\xff"), kCheap, random_)
          .status()));
  EXPECT_EQ(StateNow(), made_);
}

TEST_F(PasswordChangeTest, AVersionMacThatWasDamagedIsRightAfterwards) {
  nlohmann::json json = nlohmann::json::parse(made_[kKeyFile]);
  json["version"] = 7;
  folder_.Write(kKeyFile, json.dump());
  EXPECT_EQ(VaultErrorOf(Open("old").status()),
            VaultErrorKind::kMasterkeyDamaged);
  OpenVaultOptions forgiving;
  forgiving.version_mac = VersionMac::kIgnored;
  const absl::StatusOr<UnlockedVault> opened =
      OpenVault(*dir_, BytesOf("old"), forgiving);
  ASSERT_TRUE(opened.ok());
  ASSERT_TRUE(
      ChangePassword(*dir_, *opened, BytesOf("new"), kCheap, random_).ok());
  EXPECT_TRUE(Open("new").ok());
}

// What may have the masterkey file's name when the recovery key is all there
// is: the file is made by `spoil`, and afterwards is at the path that starts
// with `kept`.
struct Spoiled {
  std::string what;
  std::function<void(const std::string& path)> spoil;
  std::string kept;
};

std::vector<Spoiled> SpoiledFiles() {
  const auto write = [](const std::string& content) {
    return [content](const std::string& path) {
      std::ofstream(path, std::ios::binary) << content;
    };
  };
  const std::string aside = absl::StrCat(kKeyFile, ".damaged.");
  return {{"missing",
           [](const std::string& path) { std::filesystem::remove(path); }, ""},
          {"empty", write(""), BackupName(kKeyFile, "")},
          {"cut", write("{\"version\": 9"),
           BackupName(kKeyFile, "{\"version\": 9")},
          {"hostile", write("{\"scryptCostParam\": 1073741824}"),
           BackupName(kKeyFile, "{\"scryptCostParam\": 1073741824}")},
          {"far too long", write(std::string(70000, ' ')), aside},
          {"a link",
           [](const std::string& path) {
             std::filesystem::remove(path);
             std::filesystem::create_symlink("/etc/hostname", path);
           },
           aside},
          {"a folder",
           [](const std::string& path) {
             std::filesystem::remove(path);
             std::filesystem::create_directory(path);
           },
           aside}};
}

bool HasNameThatStartsWith(const TempFolder& folder, const std::string& start) {
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    if (absl::StartsWith(entry.path().filename().string(), start)) return true;
  }
  return false;
}

TEST_F(PasswordChangeTest, AMasterkeyFileThatIsNoneIsKeptAndReplaced) {
  vault();
  for (const Spoiled& spoiled : SpoiledFiles()) {
    SCOPED_TRACE(spoiled.what);
    spoiled.spoil(folder_.PathOf(kKeyFile));
    const absl::Status status = Change(*dir_);
    ASSERT_TRUE(status.ok()) << status;
    const absl::StatusOr<UnlockedVault> opened = Open("new");
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ(opened->masterkey.raw(), vault().masterkey.raw());
    EXPECT_TRUE(absl::StartsWith(kept_, spoiled.kept)) << kept_;
    EXPECT_EQ(kept_.empty(), spoiled.kept.empty()) << kept_;
    EXPECT_EQ(folder_.Has(kept_), true);
    EXPECT_EQ(dir_->Stat(kKeyFile)->permissions, 0600u);
    EXPECT_FALSE(HasTemporary());
    Restore();
  }
}

// Every step of a change of the password, cut there for good.
TEST_F(PasswordChangeTest, KilledAtAnyCallTheVaultOpensWithEitherPassword) {
  vault();
  for (const StorageCall calls : {kDurableCalls, kAllCalls}) {
    int opened_with_new = 0;
    int steps = 0;
    for (int n = 1;; ++n) {
      SCOPED_TRACE(absl::StrCat("cut at call ", n));
      auto plan = std::make_shared<FaultPlan>();
      const auto dir = WrapFaulty(*OpenPosixDir(folder_.path()), plan);
      plan->Fail(calls, Fault::From(n, EIO));
      const absl::Status status = Change(*dir);
      const bool has_new = Open("new").ok();
      EXPECT_NE(has_new, Open("old").ok());
      ExpectNothingLost();
      Restore();
      if (plan->faults_injected() == 0) {
        EXPECT_TRUE(status.ok() && has_new) << status;
        break;
      }
      EXPECT_FALSE(status.ok());
      opened_with_new += has_new ? 1 : 0;
      ++steps;
    }
    // Of the steps only the folder's last fsync comes after the new password.
    EXPECT_EQ(opened_with_new, 1);
    EXPECT_GE(steps, 9);
  }
}

TEST_F(PasswordChangeTest, AFailedCallKeepsTheOldPasswordAndLeavesNothing) {
  vault();
  for (int n = 1;; ++n) {
    SCOPED_TRACE(absl::StrCat("failed call ", n));
    auto plan = std::make_shared<FaultPlan>();
    const auto dir = WrapFaulty(*OpenPosixDir(folder_.path()), plan);
    plan->Fail(kDurableCalls, Fault::Nth(n, ENOSPC));
    const absl::Status status = Change(*dir);
    EXPECT_FALSE(HasTemporary());
    ExpectNothingLost();
    const bool is_last_sync = Open("new").ok();
    EXPECT_NE(is_last_sync, Open("old").ok());
    const bool is_done = plan->faults_injected() == 0;
    Restore();
    if (is_done) {
      EXPECT_TRUE(status.ok());
      break;
    }
    EXPECT_EQ(ErrnoOf(status), ENOSPC);
    if (is_last_sync)
      EXPECT_EQ(plan->calls().back().call, StorageCall::kSyncDir);
  }
}

TEST_F(PasswordChangeTest, AShortWriteIsNoNewPassword) {
  vault();
  auto plan = std::make_shared<FaultPlan>();
  const auto dir = WrapFaulty(*OpenPosixDir(folder_.path()), plan);
  plan->Fail(StorageCall::kWrite, Fault::ShortWrite(10, ENOSPC));
  EXPECT_EQ(ErrnoOf(Change(*dir)), ENOSPC);
  EXPECT_EQ(StateNow(), made_);
}

// The same where the old file is none that could be lost: it is under its own
// name or aside, and a vault whose old file was of no use has none that is of
// less.
TEST_F(PasswordChangeTest, KilledWhileADamagedFileIsReplacedNothingIsLost) {
  vault();
  for (const Spoiled& spoiled : SpoiledFiles()) {
    SCOPED_TRACE(spoiled.what);
    for (int n = 1;; ++n) {
      SCOPED_TRACE(absl::StrCat("cut at call ", n));
      spoiled.spoil(folder_.PathOf(kKeyFile));
      auto plan = std::make_shared<FaultPlan>();
      const auto dir = WrapFaulty(*OpenPosixDir(folder_.path()), plan);
      plan->Fail(kAllCalls, Fault::From(n, EIO));
      const absl::Status status = Change(*dir);
      const bool has_new = Open("new").ok();
      if (!has_new && !spoiled.kept.empty()) {
        EXPECT_TRUE(folder_.Has(kKeyFile) ||
                    HasNameThatStartsWith(folder_, spoiled.kept));
      }
      if (has_new && !spoiled.kept.empty()) {
        EXPECT_TRUE(HasNameThatStartsWith(folder_, spoiled.kept));
      }
      std::filesystem::remove_all(folder_.PathOf(kKeyFile));
      Restore();
      if (plan->faults_injected() == 0) {
        EXPECT_TRUE(status.ok() && has_new) << status;
        break;
      }
      EXPECT_FALSE(status.ok());
    }
  }
}

TEST_F(PasswordChangeTest, ADamagedFileGetsItsNameBackWhenTheNewOneFails) {
  vault();
  const std::string damaged(70000, ' ');
  folder_.Write(kKeyFile, damaged);
  auto plan = std::make_shared<FaultPlan>();
  const auto dir = WrapFaulty(*OpenPosixDir(folder_.path()), plan);
  plan->Fail(StorageCall::kRename, Fault::Nth(2, EIO));
  EXPECT_EQ(ErrnoOf(Change(*dir)), EIO);
  EXPECT_EQ(folder_.Read(kKeyFile), damaged);
  EXPECT_EQ(StateNow().size(), made_.size());
}

}  // namespace
}  // namespace casemate
