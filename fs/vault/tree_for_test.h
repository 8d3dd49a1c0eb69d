// A new vault in a folder of its own, and its tree over a storage that can be
// made to fail.
#ifndef FS_VAULT_TREE_FOR_TEST_H_
#define FS_VAULT_TREE_FOR_TEST_H_

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/log.h"
#include "fs/storage/posix_storage.h"
#include "fs/storage/storage.h"
#include "fs/vault/name_codec.h"
#include "fs/vault/name_shortener.h"
#include "fs/vault/temp_folder_for_test.h"
#include "fs/vault/vault_access.h"
#include "fs/vault/vault_tree.h"
#include "ops/metrics/metrics.h"
#include "testing/fakes/fake_clock.h"
#include "testing/fakes/fake_random.h"
#include "testing/faulty_storage/faulty_storage.h"

namespace casemate {

// Keeps what was logged.
class RecordingLogger final : public Logger {
 public:
  void Log(Severity, absl::string_view message) override {
    messages.emplace_back(message);
  }
  std::vector<std::string> messages;
};

class TestVault {
 public:
  struct Options {
    CipherCombo combo = CipherCombo::kSivGcm;
    int threshold = 220;
    PosixStorageOptions storage;
    size_t max_open_dirs = 256;
  };

  TestVault() : TestVault(Options{}) {}
  explicit TestVault(const Options& options)
      : random_(1), limited_(&logger_, &clock_, absl::Hours(1)) {
    std::unique_ptr<Dir> folder = OpenFolder(options);
    NewVaultOptions created;
    created.combo = options.combo;
    created.shortening_threshold = options.threshold;
    created.cost = {2, 1};
    CHECK(CreateVault(*folder, created, BytesOf("pw"), random_).ok(),
          "a test can make its vault");
    absl::StatusOr<UnlockedVault> vault =
        OpenVault(*folder, BytesOf("pw"), OpenVaultOptions());
    CHECK(vault.ok(), "a test can open its vault");
    vault_ = std::make_unique<UnlockedVault>(*std::move(vault));
    VaultTree::Options tree_options;
    tree_options.max_open_dirs = options.max_open_dirs;
    tree_ = std::make_unique<VaultTree>(WrapFaulty(std::move(folder), plan_),
                                        vault_->config, &vault_->masterkey,
                                        &random_, &metrics_, &limited_, &clock_,
                                        tree_options);
  }

  VaultTree& tree() { return *tree_; }
  FaultPlan& plan() { return *plan_; }
  Metrics& metrics() { return metrics_; }
  const std::vector<std::string>& log() const { return logger_.messages; }
  const TempFolder& folder() const { return folder_; }
  const UnlockedVault& vault() const { return *vault_; }
  FakeRandom& random() { return random_; }

  std::shared_ptr<const VaultDir> Open(const DirId& id) {
    absl::StatusOr<std::shared_ptr<const VaultDir>> dir = tree_->OpenDir(id);
    CHECK(dir.ok(), "a test's directory is there");
    return *std::move(dir);
  }
  std::shared_ptr<const VaultDir> root() { return Open(DirId()); }

  // Where things lie on disk, relative to the folder.
  std::string ContentPath(const DirId& id) const {
    return "d/" + NameCodec(vault_->masterkey).ContentPath(id);
  }
  std::string EntryPath(const DirId& parent, const std::string& entry) const {
    return ContentPath(parent) + "/" + entry;
  }
  // The ".c9r" name of `name`, and the entry it is stored under.
  std::string C9r(const DirId& parent, const std::string& name) const {
    return EncryptName(NameCodec(vault_->masterkey).ContextFor(parent), name);
  }
  std::string Entry(const DirId& parent, const std::string& name) const {
    const std::string c9r = C9r(parent, name);
    return IsShortened(vault_->config.shortening_threshold, c9r)
               ? ShortName(c9r)
               : c9r;
  }

  // Every path below d/, sorted: to see that nothing is left over.
  std::vector<std::string> Paths() const {
    std::vector<std::string> paths;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(folder_.PathOf("d"))) {
      // An empty d/XX is no trace: it may be shared and stays.
      const std::string path = entry.path().lexically_relative(folder_.path());
      if (path.size() > 4) paths.push_back(path);
    }
    std::sort(paths.begin(), paths.end());
    return paths;
  }

 private:
  std::unique_ptr<Dir> OpenFolder(const Options& options) {
    absl::StatusOr<std::unique_ptr<Dir>> folder =
        OpenPosixDir(folder_.path(), options.storage);
    CHECK(folder.ok(), "a test can open its folder");
    return *std::move(folder);
  }

  TempFolder folder_;
  FakeClock clock_;
  FakeRandom random_;
  RecordingLogger logger_;
  RateLimitedLogger limited_;
  Metrics metrics_;
  std::shared_ptr<FaultPlan> plan_ = std::make_shared<FaultPlan>();
  std::unique_ptr<UnlockedVault> vault_;
  std::unique_ptr<VaultTree> tree_;
};

}  // namespace casemate

#endif  // FS_VAULT_TREE_FOR_TEST_H_
