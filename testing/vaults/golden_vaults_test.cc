// What the official library wrote, read by fs/core: every path, size, byte and
// target that the library lists, and nothing else.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "crypto/primitive/sha.h"
#include "crypto/random/os_random.h"
#include "fs/core/file_system.h"
#include "fs/storage/posix_storage.h"
#include "fs/storage/storage.h"
#include "fs/vault/vault_access.h"
#include "fs/vault/vault_tree.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "ops/metrics/metrics.h"
#include "tools/casemate/vault_reader.h"

namespace casemate {
namespace {

namespace stdfs = std::filesystem;
using Json = nlohmann::json;

constexpr absl::string_view kPassword = "correct horse battery staple";

// A copy of the vault `name`: Bazel's data are symbolic links, which no vault
// may have in it.
std::string CopyOf(const std::string& name) {
  const stdfs::path copy = stdfs::path(std::getenv("TEST_TMPDIR")) / name;
  stdfs::copy("testing/vaults/" + name, copy, stdfs::copy_options::recursive);
  return copy;
}

Json Listing(const std::string& name) {
  std::ifstream file("testing/vaults/" + name + ".json");
  return Json::parse(file);
}

class GoldenVaultTest : public testing::TestWithParam<const char*> {
 protected:
  GoldenVaultTest() : limited_(&logger_, &clock_, absl::Seconds(1)) {}

  std::unique_ptr<FileSystem> Open(const std::string& path) {
    absl::StatusOr<std::unique_ptr<Dir>> folder = OpenPosixDir(path);
    EXPECT_TRUE(folder.ok()) << folder.status();
    absl::StatusOr<UnlockedVault> vault =
        OpenVault(**folder, BytesOf(kPassword), OpenVaultOptions());
    EXPECT_TRUE(vault.ok()) << vault.status();
    vault_ = std::make_unique<UnlockedVault>(*std::move(vault));
    auto tree = std::make_unique<VaultTree>(
        *std::move(folder), vault_->config, &vault_->masterkey, &random_,
        &metrics_, &limited_, &clock_, VaultTree::Options());
    FileSystemOptions options;
    options.read_only = true;
    absl::StatusOr<std::unique_ptr<FileSystem>> file_system =
        FileSystem::Create(std::move(tree), options, &clock_, &metrics_,
                           &limited_, nullptr);
    EXPECT_TRUE(file_system.ok()) << file_system.status();
    return *std::move(file_system);
  }

  // In the form of the listing.
  void Collect(FileSystem& file_system, const std::string& folder,
               Json& nodes) {
    absl::StatusOr<std::vector<ListedEntry>> entries =
        ListPath(file_system, folder);
    ASSERT_TRUE(entries.ok()) << entries.status();
    for (const ListedEntry& entry : *entries) {
      const std::string path =
          folder.empty() ? entry.name : absl::StrCat(folder, "/", entry.name);
      ASSERT_TRUE(entry.attributes.has_value()) << path;
      switch (entry.attributes->kind) {
        case NodeKind::kDirectory:
          nodes[path] = {"dir"};
          Collect(file_system, path, nodes);
          break;
        case NodeKind::kSymlink:
          nodes[path] = {"link", entry.link_target};
          break;
        case NodeKind::kFile:
          nodes[path] = {"file", entry.attributes->size,
                         HashOf(file_system, path)};
          break;
      }
    }
  }

  static std::string HashOf(FileSystem& file_system, const std::string& path) {
    std::string content;
    const absl::Status read =
        ReadPath(file_system, path, [&content](ConstBytes block) {
          absl::StrAppend(&content, TextOf(block));
          return absl::OkStatus();
        });
    EXPECT_TRUE(read.ok()) << read;
    const auto hash = Sha256(BytesOf(content));
    return absl::BytesToHexString(TextOf(ConstBytes(hash)));
  }

 private:
  RealClock clock_;
  OsRandom random_;
  Metrics metrics_;
  StderrLogger logger_{Severity::kWarning};
  RateLimitedLogger limited_;
  std::unique_ptr<UnlockedVault> vault_;
};

TEST_P(GoldenVaultTest, HoldsWhatTheOfficialLibraryLists) {
  const std::unique_ptr<FileSystem> file_system = Open(CopyOf(GetParam()));
  Json nodes = Json::object();
  Collect(*file_system, "", nodes);
  const Json expected = Listing(GetParam());
  EXPECT_GE(expected.size(), 17u);
  EXPECT_EQ(nodes, expected) << nodes.dump(1);
}

INSTANTIATE_TEST_SUITE_P(All, GoldenVaultTest,
                         testing::Values("gcm_220", "gcm_36", "ctrmac_220",
                                         "ctrmac_36"));

}  // namespace
}  // namespace casemate
