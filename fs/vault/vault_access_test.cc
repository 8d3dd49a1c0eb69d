#include "fs/vault/vault_access.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "crypto/jwt/jws.h"
#include "crypto/secret/secret_bytes.h"
#include "fs/storage/posix_storage.h"
#include "fs/vault/dir_id.h"
#include "fs/vault/masterkey.h"
#include "fs/vault/name_codec.h"
#include "fs/vault/recovery_key.h"
#include "fs/vault/temp_folder_for_test.h"
#include "fs/vault/vault_backup.h"
#include "fs/vault/vault_error.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "testing/fakes/fake_random.h"
#include "testing/faulty_storage/faulty_storage.h"

namespace casemate {
namespace {

constexpr char kConfig[] = "vault.cryptomator";
constexpr char kKeyFile[] = "masterkey.cryptomator";

NewVaultOptions Cheap() {
  NewVaultOptions options;
  options.cost = {2, 1};
  return options;
}

class VaultAccessTest : public testing::Test {
 protected:
  absl::Status Create(const NewVaultOptions& options = Cheap()) {
    return CreateVault(*dir_, options, BytesOf("pw"), random_);
  }
  absl::StatusOr<UnlockedVault> Open(absl::string_view password = "pw") {
    return OpenVault(*dir_, BytesOf(password), OpenVaultOptions());
  }
  // The kind, code and first word of what Open answers, and that the message
  // says something to do.
  void ExpectRefused(VaultErrorKind kind, absl::StatusCode code,
                     absl::string_view file, absl::string_view said,
                     absl::string_view password = "pw") {
    const absl::Status status = Open(password).status();
    EXPECT_EQ(VaultErrorOf(status), kind) << status;
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_TRUE(absl::StartsWith(status.message(), absl::StrCat(file, ": ")))
        << status;
    EXPECT_TRUE(absl::StrContains(status.message(), said)) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), "; ")) << status;
  }
  void EditKeyFile(const std::string& member, const nlohmann::json& value) {
    nlohmann::json json = nlohmann::json::parse(folder_.Read(kKeyFile));
    json[member] = value;
    folder_.Write(kKeyFile, json.dump());
  }

  TempFolder folder_;
  FakeRandom random_{1};
  std::unique_ptr<Dir> dir_ = *OpenPosixDir(folder_.path());
};

TEST_F(VaultAccessTest, ANewVaultOpensWithItsPasswordAndOptions) {
  NewVaultOptions options = Cheap();
  options.combo = CipherCombo::kSivCtrMac;
  options.shortening_threshold = 100;
  ASSERT_TRUE(Create(options).ok());
  const absl::StatusOr<UnlockedVault> vault = Open();
  ASSERT_TRUE(vault.ok()) << vault.status();
  EXPECT_EQ(vault->config.combo, CipherCombo::kSivCtrMac);
  EXPECT_EQ(vault->config.shortening_threshold, 100);
  EXPECT_TRUE(vault->config.threshold_writable);
  EXPECT_EQ(vault->config.jti.size(), DirId::kUuidSize);
}

TEST_F(VaultAccessTest, ANewVaultIsExactlyTheFormatsFiles) {
  ASSERT_TRUE(Create().ok());
  const std::string root =
      "d/" + NameCodec(Open()->masterkey).ContentPath(DirId());
  std::vector<std::string> paths;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(folder_.path())) {
    paths.push_back(entry.path().lexically_relative(folder_.path()));
  }
  std::sort(paths.begin(), paths.end());
  EXPECT_EQ(paths,
            (std::vector<std::string>{"d", root.substr(0, 4), root,
                                      root + "/dirid.c9r", kKeyFile, kConfig}));
  for (const std::string& file :
       {std::string(kKeyFile), std::string(kConfig), root + "/dirid.c9r"}) {
    EXPECT_EQ(dir_->Stat(file == kKeyFile || file == kConfig ? file : "d")
                      ->permissions &
                  077,
              0);
  }
}

TEST_F(VaultAccessTest, TwoVaultsShareNoKey) {
  TempFolder other;
  const auto other_dir = *OpenPosixDir(other.path());
  ASSERT_TRUE(Create().ok());
  ASSERT_TRUE(CreateVault(*other_dir, Cheap(), BytesOf("pw"), random_).ok());
  EXPECT_NE(Open()->masterkey.raw(),
            OpenVault(*other_dir, BytesOf("pw"), {})->masterkey.raw());
}

TEST_F(VaultAccessTest, InitRefusesAFolderThatIsInUse) {
  folder_.Write("notes.txt", "x");
  absl::Status status = Create();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_EQ(VaultErrorOf(status), VaultErrorKind::kAlreadyExists);
  EXPECT_FALSE(folder_.Has("d"));
  std::filesystem::remove(folder_.PathOf("notes.txt"));
  folder_.Write(".stfolder", "");
  EXPECT_TRUE(Create().ok());
  const std::string token = folder_.Read(kConfig);
  status = Create();
  EXPECT_TRUE(absl::IsAlreadyExists(status)) << status;
  EXPECT_EQ(VaultErrorOf(status), VaultErrorKind::kAlreadyExists);
  EXPECT_EQ(folder_.Read(kConfig), token);
}

TEST_F(VaultAccessTest, InitRefusesOptionsThatNobodyCouldOpen) {
  NewVaultOptions options = Cheap();
  options.shortening_threshold = 35;
  EXPECT_TRUE(absl::IsInvalidArgument(Create(options)));
  options.shortening_threshold = 221;
  EXPECT_TRUE(absl::IsInvalidArgument(Create(options)));
  options = Cheap();
  options.cost.n = 3;
  EXPECT_TRUE(absl::IsInvalidArgument(Create(options)));
  EXPECT_TRUE(absl::IsInvalidArgument(
      CreateVault(*dir_, Cheap(), BytesOf("\xff"), random_)));
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(VaultAccessTest, AFailedInitLeavesTheFolderAsItWas) {
  int failures = 0;
  for (int n = 1;; ++n) {
    auto plan = std::make_shared<FaultPlan>();
    const auto dir = WrapFaulty(*OpenPosixDir(folder_.path()), plan);
    plan->Fail(kMutatingCalls | StorageCall::kSync | StorageCall::kSyncDir,
               Fault::Nth(n, ENOSPC));
    const absl::Status status =
        CreateVault(*dir, Cheap(), BytesOf("pw"), random_);
    if (plan->faults_injected() == 0) {
      EXPECT_TRUE(status.ok());
      break;
    }
    ++failures;
    EXPECT_EQ(ErrnoOf(status), ENOSPC) << n;
    EXPECT_TRUE(std::filesystem::is_empty(folder_.path())) << n;
  }
  EXPECT_GT(failures, 10);
}

TEST_F(VaultAccessTest, AnInterruptedInitIsNoVault) {
  for (int n = 1;; ++n) {
    TempFolder folder;
    auto plan = std::make_shared<FaultPlan>();
    const auto dir = WrapFaulty(*OpenPosixDir(folder.path()), plan);
    plan->Fail(kMutatingCalls, Fault::From(n, EIO));
    CreateVault(*dir, Cheap(), BytesOf("pw"), random_).IgnoreError();
    if (plan->faults_injected() == 0) break;
    EXPECT_FALSE(folder.Has(kConfig)) << n;
  }
}

TEST_F(VaultAccessTest, NoConfigIsNoVault) {
  ExpectRefused(VaultErrorKind::kNotAVault, absl::StatusCode::kNotFound,
                kConfig, "casemate init");
}

TEST_F(VaultAccessTest, AMasterkeyWithoutConfigIsAnOlderFormat) {
  ASSERT_TRUE(Create().ok());
  std::filesystem::remove(folder_.PathOf(kConfig));
  ExpectRefused(VaultErrorKind::kUnsupported, absl::StatusCode::kUnimplemented,
                kConfig, "format 7");
}

TEST_F(VaultAccessTest, AHubVaultIsUnsupported) {
  ASSERT_TRUE(Create().ok());
  folder_.Write(kConfig,
                SignJws(R"({"kid":"hub+https://h/","alg":"HS256"})", "{}",
                        JwsAlgorithm::kHs256, Open()->masterkey.raw()));
  ExpectRefused(VaultErrorKind::kUnsupported, absl::StatusCode::kUnimplemented,
                kConfig, "Hub");
}

TEST_F(VaultAccessTest, ADamagedConfigIsSaidToBe) {
  ASSERT_TRUE(Create().ok());
  for (const std::string& content :
       {std::string(), std::string("x.y.z"), std::string(20000, 'x')}) {
    folder_.Write(kConfig, content);
    ExpectRefused(VaultErrorKind::kConfigDamaged,
                  absl::StatusCode::kInvalidArgument, kConfig, "restore");
  }
}

TEST_F(VaultAccessTest, ADamagedMasterkeyFileIsSaidToBe) {
  ASSERT_TRUE(Create().ok());
  const std::string good = folder_.Read(kKeyFile);
  for (const std::string& content :
       {std::string(), std::string("{}"), std::string(70000, ' ')}) {
    folder_.Write(kKeyFile, content);
    ExpectRefused(VaultErrorKind::kMasterkeyDamaged,
                  absl::StatusCode::kDataLoss, kKeyFile, "restore");
  }
  folder_.Write(kKeyFile, good);
  EditKeyFile("version", 7);
  ExpectRefused(VaultErrorKind::kMasterkeyDamaged, absl::StatusCode::kDataLoss,
                kKeyFile, "versionMac");
  OpenVaultOptions forgiving;
  forgiving.version_mac = VersionMac::kIgnored;
  EXPECT_TRUE(OpenVault(*dir_, BytesOf("pw"), forgiving).ok());
  std::filesystem::remove(folder_.PathOf(kKeyFile));
  ExpectRefused(VaultErrorKind::kMasterkeyDamaged, absl::StatusCode::kDataLoss,
                kKeyFile, "missing");
}

TEST_F(VaultAccessTest, HostileScryptParametersAreRefusedByName) {
  ASSERT_TRUE(Create().ok());
  EditKeyFile("scryptCostParam", 1 << 30);
  ExpectRefused(VaultErrorKind::kHostileParameters,
                absl::StatusCode::kInvalidArgument, kKeyFile,
                "scryptCostParam is 1073741824");
}

TEST_F(VaultAccessTest, AWrongPasswordIsUnauthenticated) {
  ASSERT_TRUE(Create().ok());
  ExpectRefused(VaultErrorKind::kWrongPassword,
                absl::StatusCode::kUnauthenticated, kKeyFile, "wrong password",
                "pW");
  ExpectRefused(VaultErrorKind::kWrongPassword,
                absl::StatusCode::kInvalidArgument, kKeyFile, "UTF-8", "\xff");
}

TEST_F(VaultAccessTest, FilesOfTwoVaultsDoNotBelongTogether) {
  ASSERT_TRUE(Create().ok());
  TempFolder other;
  const auto other_dir = *OpenPosixDir(other.path());
  ASSERT_TRUE(CreateVault(*other_dir, Cheap(), BytesOf("pw"), random_).ok());
  folder_.Write(kConfig, other.Read(kConfig));
  ExpectRefused(VaultErrorKind::kMismatch, absl::StatusCode::kDataLoss, kConfig,
                kKeyFile);
}

TEST_F(VaultAccessTest, AVaultWithoutItsRootIsIncomplete) {
  ASSERT_TRUE(Create().ok());
  const std::string root = NameCodec(Open()->masterkey).ContentPath(DirId());
  std::filesystem::remove_all(folder_.PathOf("d/" + root));
  ExpectRefused(VaultErrorKind::kRootMissing, absl::StatusCode::kDataLoss, "d",
                "root directory is missing");
  std::filesystem::remove_all(folder_.PathOf("d"));
  ExpectRefused(VaultErrorKind::kRootMissing, absl::StatusCode::kDataLoss, "d",
                "folder with the vault's data is missing");
}

TEST_F(VaultAccessTest, WhatTheStoreAnswersPassesThrough) {
  ASSERT_TRUE(Create().ok());
  auto plan = std::make_shared<FaultPlan>();
  const auto dir = WrapFaulty(*OpenPosixDir(folder_.path()), plan);
  plan->Fail(StorageCall::kOpen, Fault::From(1, EACCES));
  const absl::Status status =
      OpenVault(*dir, BytesOf("pw"), OpenVaultOptions()).status();
  EXPECT_EQ(ErrnoOf(status), EACCES);
  EXPECT_EQ(VaultErrorOf(status), absl::nullopt);
}

TEST_F(VaultAccessTest, InfoNeedsNoPassword) {
  ASSERT_TRUE(Create().ok());
  const absl::StatusOr<VaultInfo> info = ReadVaultInfo(*dir_);
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->config.combo, CipherCombo::kSivGcm);
  EXPECT_EQ(info->cost.n, 2);
  EXPECT_EQ(info->cost.r, 1);
}

TEST_F(VaultAccessTest, AMissingConfigIsToBeCopiedBackFromItsCopy) {
  ASSERT_TRUE(Create().ok());
  ASSERT_TRUE(BackUpVaultFiles(*dir_, random_).ok());
  const std::string copy = BackupName(kConfig, folder_.Read(kConfig));
  std::filesystem::remove(folder_.PathOf(kConfig));
  ExpectRefused(VaultErrorKind::kUnsupported, absl::StatusCode::kUnimplemented,
                kConfig, absl::StrCat("copy ", copy));
  std::filesystem::remove(folder_.PathOf(kKeyFile));
  ExpectRefused(VaultErrorKind::kNotAVault, absl::StatusCode::kNotFound,
                kConfig, absl::StrCat("copy ", copy));
}

TEST_F(VaultAccessTest, TheRecoveryKeyOpensWithoutPasswordAndMasterkeyFile) {
  ASSERT_TRUE(Create().ok());
  const absl::StatusOr<UnlockedVault> before = Open();
  const SecretBytes words = EncodeRecoveryKey(before->masterkey);
  for (const std::string& key_file :
       {folder_.Read(kKeyFile), std::string("{}"), std::string()}) {
    folder_.Write(kKeyFile, key_file);
    if (key_file.empty()) std::filesystem::remove(folder_.PathOf(kKeyFile));
    const absl::StatusOr<UnlockedVault> vault =
        OpenVaultWithRecoveryKey(*dir_, words.bytes());
    ASSERT_TRUE(vault.ok()) << vault.status();
    EXPECT_EQ(vault->masterkey.raw(), before->masterkey.raw());
    EXPECT_EQ(vault->config.jti, before->config.jti);
  }
}

TEST_F(VaultAccessTest, AnotherVaultsRecoveryKeyIsRefused) {
  ASSERT_TRUE(Create().ok());
  const SecretBytes words = EncodeRecoveryKey(Masterkey::Create(random_));
  for (const absl::string_view text :
       {TextOf(words.bytes()), absl::string_view("pathway lift")}) {
    const absl::Status status =
        OpenVaultWithRecoveryKey(*dir_, BytesOf(text)).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_EQ(VaultErrorOf(status), VaultErrorKind::kRecoveryKey);
  }
  std::filesystem::remove(folder_.PathOf(kConfig));
  EXPECT_EQ(
      VaultErrorOf(OpenVaultWithRecoveryKey(*dir_, words.bytes()).status()),
      VaultErrorKind::kUnsupported);
}

TEST(VaultErrorTest, OrdinaryStatusesHaveNoKind) {
  EXPECT_EQ(VaultErrorOf(absl::OkStatus()), absl::nullopt);
  EXPECT_EQ(VaultErrorOf(absl::NotFoundError("x")), absl::nullopt);
  EXPECT_EQ(VaultErrorOf(WithVaultError(absl::NotFoundError("x"),
                                        VaultErrorKind::kAlreadyExists)),
            VaultErrorKind::kAlreadyExists);
}

}  // namespace
}  // namespace casemate
