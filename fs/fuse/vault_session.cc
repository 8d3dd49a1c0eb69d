#include "fs/fuse/vault_session.h"

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/check.h"
#include "fs/storage/posix_storage.h"
#include "fs/vault/masterkey_file.h"
#include "fs/vault/vault_access.h"
#include "fs/vault/vault_tree.h"

namespace casemate {
namespace {

namespace stdfs = std::filesystem;

constexpr char kPassword[] = "correct horse battery staple";

// In memory where there is such a place: what the disk makes of fsync is not
// what these tests ask.
stdfs::path TemporaryFolder() {
  std::error_code error;
  const stdfs::path memory = "/dev/shm";
  if (stdfs::is_directory(memory, error) && access(memory.c_str(), W_OK) == 0) {
    return memory;
  }
  return stdfs::temp_directory_path();
}

template <typename T>
T Checked(absl::StatusOr<T> value) {
  CHECK(value.ok(), "the temporary vault works");
  return std::move(value).value();
}

}  // namespace

void KeepingLogger::Log(Severity, absl::string_view message) {
  MutexLock lock(&mu_);
  last_ = std::string(message);
}

std::string KeepingLogger::last() const {
  MutexLock lock(&mu_);
  return last_;
}

TemporaryVault::TemporaryVault()
    : path_((TemporaryFolder() / "casemate_XXXXXX").string()) {
  CHECK(mkdtemp(&path_[0]) != nullptr, "there is room for a temporary vault");
  NewVaultOptions options;
  options.cost.n = 2;
  options.cost.r = 1;
  const std::unique_ptr<Dir> folder = OpenFolder();
  const ConstBytes password = BytesOf(kPassword);
  CHECK(CreateVault(*folder, options, password, random_).ok(),
        "the temporary vault is made");
  unlocked_ = std::make_unique<UnlockedVault>(
      Checked(OpenVault(*folder, password, OpenVaultOptions())));
  // A new vault has one content directory, d/XX/….
  const stdfs::path shard =
      stdfs::directory_iterator(stdfs::path(path_) / "d")->path();
  root_content_ = stdfs::directory_iterator(shard)->path().string();
}

TemporaryVault::~TemporaryVault() {
  std::error_code ignored;
  stdfs::remove_all(path_, ignored);
}

std::unique_ptr<Dir> TemporaryVault::OpenFolder() const {
  return Checked(OpenPosixDir(path_));
}

void TemporaryVault::Clear() {
  for (const auto& entry : stdfs::directory_iterator(root_content_)) {
    if (entry.path().filename() != "dirid.c9r") stdfs::remove_all(entry.path());
  }
  for (const auto& shard :
       stdfs::directory_iterator(stdfs::path(path_) / "d")) {
    for (const auto& content : stdfs::directory_iterator(shard.path())) {
      if (content.path() != root_content_) stdfs::remove_all(content.path());
    }
  }
}

VaultSession::VaultSession(TemporaryVault* vault,
                           const SessionOptions& options) {
  auto tree = std::make_unique<VaultTree>(
      vault->OpenFolder(), vault->config(), &vault->masterkey(),
      &vault->random(), &metrics_, &logger_, &clock_, VaultTree::Options());
  file_system_ =
      Checked(FileSystem::Create(std::move(tree), FileSystemOptions(), &clock_,
                                 &metrics_, &logger_, &notifier_));
  auto transport = std::make_unique<FakeTransport>();
  transport_ = transport.get();
  session_ = Checked(Session::Create(file_system_.get(), std::move(transport),
                                     &notifier_, options, &metrics_, &clock_,
                                     &logger_));
  kernel_ = std::make_unique<RawKernel>(session_.get(), transport_);
}

VaultSession::~VaultSession() = default;

}  // namespace casemate
