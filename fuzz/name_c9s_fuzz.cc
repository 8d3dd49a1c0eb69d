// The content of name.c9s in a shortened node of a real vault. Claims: a
// listing shows the node only when its directory is named by the content's
// hash and the content decrypts; what it shows is found under that name, at
// that entry; and no content ends the listing of its siblings.
//
// Input: the first byte decides whether the content is a name to encrypt; the
// second whether the directory has the right name.
#include <stdlib.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/log.h"
#include "fs/storage/posix_storage.h"
#include "fs/vault/dir_id.h"
#include "fs/vault/name_codec.h"
#include "fs/vault/name_shortener.h"
#include "fs/vault/vault_access.h"
#include "fs/vault/vault_tree.h"
#include "ops/metrics/metrics.h"
#include "testing/fakes/fake_clock.h"
#include "testing/fakes/fake_random.h"

namespace casemate {
namespace {

namespace fs = std::filesystem;

struct SilentLogger final : Logger {
  void Log(Severity, absl::string_view) override {}
};

// One vault for all inputs, with one healthy file in it.
class Vault {
 public:
  Vault() : random_(1), limited_(&logger_, &clock_, absl::Hours(1)) {
    std::string pattern = fs::temp_directory_path() / "name_c9s_fuzz.XXXXXX";
    CHECK(mkdtemp(&pattern[0]) != nullptr, "there is a temporary folder");
    path_ = pattern;
    std::unique_ptr<Dir> folder = *OpenPosixDir(path_);
    NewVaultOptions options;
    options.cost = {2, 1};
    options.shortening_threshold = 36;
    CHECK(CreateVault(*folder, options, BytesOf("pw"), random_).ok(), "made");
    vault_ = std::make_unique<UnlockedVault>(
        *OpenVault(*folder, BytesOf("pw"), OpenVaultOptions()));
    tree_ = std::make_unique<VaultTree>(
        std::move(folder), vault_->config, &vault_->masterkey, &random_,
        &metrics_, &limited_, &clock_, VaultTree::Options());
    root_ = *tree_->OpenDir(DirId());
    content_ =
        path_ + "/d/" + NameCodec(vault_->masterkey).ContentPath(DirId()) + "/";
    CHECK(tree_->CreateFile(*root_, "sibling", 0600, NewOwner()).ok(), "made");
  }
  ~Vault() { fs::remove_all(path_); }

  void Feed(const std::string& name_c9s, bool right_directory) {
    const std::string entry =
        ShortName(right_directory ? name_c9s : name_c9s + "x");
    fs::create_directory(content_ + entry);
    std::ofstream(content_ + entry + "/name.c9s", std::ios::binary) << name_c9s;
    const std::ofstream contents(content_ + entry + "/contents.c9r");

    const absl::StatusOr<std::vector<ListedNode>> listed = tree_->List(*root_);
    CHECK(listed.ok(), "the listing goes on");
    bool sibling = false;
    for (const ListedNode& node : *listed) {
      sibling |= node.name == "sibling";
      const absl::StatusOr<Node> found = tree_->Find(*root_, node.name);
      CHECK(found.ok() && found->entry == node.entry,
            "what is listed is found where it was listed");
      if (node.entry != entry) continue;
      CHECK(right_directory, "a name that is not the hashed one is hidden");
      CHECK(EncryptName(root_->names(), node.name) == name_c9s,
            "a listed name is the stored one");
    }
    CHECK(sibling, "the sibling is listed");
    fs::remove_all(content_ + entry);
  }

  std::string Encrypt(absl::string_view name) const {
    return EncryptName(root_->names(), name);
  }

 private:
  FakeRandom random_;
  FakeClock clock_;
  SilentLogger logger_;
  RateLimitedLogger limited_;
  Metrics metrics_;
  std::string path_;
  std::string content_;
  std::unique_ptr<UnlockedVault> vault_;
  std::unique_ptr<VaultTree> tree_;
  std::shared_ptr<const VaultDir> root_;
};

}  // namespace
}  // namespace casemate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  static casemate::Vault vault;
  const std::string content(data + 2, data + size);
  vault.Feed(data[0] % 2 == 0 ? vault.Encrypt(content) : content,
             data[1] % 4 != 0);
  return 0;
}
