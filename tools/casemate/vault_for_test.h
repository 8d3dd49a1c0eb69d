// A new vault in a folder of its own, and a file system over it.
#ifndef TOOLS_CASEMATE_VAULT_FOR_TEST_H_
#define TOOLS_CASEMATE_VAULT_FOR_TEST_H_

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/log.h"
#include "fs/core/file_system.h"
#include "fs/storage/posix_storage.h"
#include "fs/vault/vault_access.h"
#include "gtest/gtest.h"
#include "tools/casemate/vault_opening.h"

namespace casemate {

class VaultForTest {
 public:
  VaultForTest() {
    folder_ = testing::TempDir() + "/vaultXXXXXX";
    CHECK(mkdtemp(folder_.data()) != nullptr, "a test can make its folder");
    const auto dir = OpenPosixDir(folder_);
    CHECK(dir.ok(), "a test can open its folder");
    NewVaultOptions options;
    options.cost.n = 2;
    CHECK(CreateVault(**dir, options, BytesOf("pw"), services_.random).ok(),
          "a test can make its vault");
    auto vault = OpenVault(**dir, BytesOf("pw"), {});
    CHECK(vault.ok(), "a test can open its vault");
    vault_ = std::make_unique<UnlockedVault>(*std::move(vault));
    Reopen();
  }
  ~VaultForTest() {
    file_system_.reset();
    std::filesystem::remove_all(folder_);
  }
  VaultForTest(const VaultForTest&) = delete;
  VaultForTest& operator=(const VaultForTest&) = delete;

  // Nothing of what was read or written stays in a cache.
  void Reopen() {
    file_system_.reset();
    auto dir = OpenPosixDir(folder_);
    CHECK(dir.ok(), "a test can open its folder");
    auto made =
        MakeFileSystem(*std::move(dir), *vault_, {}, services_, nullptr);
    CHECK(made.ok(), "a test can open its file system");
    file_system_ = *std::move(made);
  }

  FileSystem& file_system() { return *file_system_; }
  OsRandom& random() { return services_.random; }
  const std::string& folder() const { return folder_; }

  // Changes bytes in the first chunk of the one file of `size` bytes.
  void Damage(size_t size) {
    file_system_.reset();
    std::string encrypted;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(folder_ + "/d")) {
      if (entry.is_regular_file() && entry.file_size() == 68 + 28 + size) {
        CHECK(encrypted.empty(), "no two files of a test have this size");
        encrypted = entry.path();
      }
    }
    std::fstream file(encrypted, std::ios::in | std::ios::out);
    file.seekp(100);
    file << "damage";
    file.close();
    CHECK(file.good(), "a test can damage its file");
    Reopen();
  }

 private:
  StderrLogger stderr_{Severity::kError};
  Services services_{&stderr_};
  std::string folder_;
  std::unique_ptr<UnlockedVault> vault_;
  std::unique_ptr<FileSystem> file_system_;
};

}  // namespace casemate

#endif  // TOOLS_CASEMATE_VAULT_FOR_TEST_H_
