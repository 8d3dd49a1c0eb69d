#include "testing/model/core_fixture.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/check.h"
#include "fs/storage/posix_storage.h"
#include "fs/vault/dir_id.h"
#include "fs/vault/name_codec.h"
#include "fs/vault/vault_tree.h"

namespace casemate {

std::string PatternText(size_t size, uint32_t seed) {
  std::string text(size, '\0');
  uint32_t state = 2654435761u * (seed + 1);
  for (char& c : text) {
    state = state * 1664525 + 1013904223;
    c = static_cast<char>(state >> 24);
  }
  return text;
}

bool CollectingSink::Add(const PlainDirEntry& entry) {
  if (taken.size() == room_) return false;
  taken.push_back({std::string(entry.name), entry.inode_number, entry.kind,
                   entry.next_cookie});
  return true;
}

bool CollectingPlusSink::Add(const PlusDirEntry& entry) {
  if (taken.size() == room_) return false;
  taken.push_back({std::string(entry.name), entry.entry, entry.next_cookie});
  return true;
}

void LogKeeper::Log(Severity, absl::string_view message) {
  MutexLock lock(&mu_);
  absl::StrAppend(&text_, message, "\n");
}

std::string LogKeeper::text() const {
  MutexLock lock(&mu_);
  return text_;
}

MountedVault::MountedVault(const Options& options)
    : options_(options),
      folder_(testing::TempDir() + "/vault.XXXXXX"),
      limited_log_(&log_, &clock_, absl::Seconds(1)) {
  umask(0);  // as main() does: see fs/storage/posix_storage.h
  caller_.uid = getuid();
  caller_.gid = getgid();
  CHECK(mkdtemp(&folder_[0]) != nullptr, "a test has a temporary directory");
  NewVaultOptions created;
  created.combo = options.combo;
  created.shortening_threshold = options.shortening_threshold;
  created.cost = {2, 1};
  CHECK(CreateVault(*OpenFolder(), created, BytesOf(kPassword), random_).ok(),
        "a test can make its vault");
  Remount();
}

MountedVault::~MountedVault() {
  fs_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::unique_ptr<Dir> MountedVault::OpenFolder() const {
  absl::StatusOr<std::unique_ptr<Dir>> folder = OpenPosixDir(folder_);
  CHECK(folder.ok(), "a test can open its folder");
  return *std::move(folder);
}

void MountedVault::Remount(const FileSystemOptions& options) {
  if (fs_ != nullptr) fs_->WriteBackAll().IgnoreError();
  fs_.reset();
  std::unique_ptr<Dir> folder = OpenFolder();
  absl::StatusOr<UnlockedVault> vault =
      OpenVault(*folder, BytesOf(kPassword), OpenVaultOptions());
  CHECK(vault.ok(), "a test can unlock its vault");
  vault_ = std::make_unique<UnlockedVault>(*std::move(vault));
  auto tree = std::make_unique<VaultTree>(
      WrapFaulty(std::move(folder), faults_), vault_->config,
      &vault_->masterkey, &random_, &metrics_, &limited_log_, &clock_,
      VaultTree::Options());
  absl::StatusOr<std::unique_ptr<FileSystem>> fs =
      FileSystem::Create(std::move(tree), options, &clock_, &metrics_,
                         &limited_log_, &kernel_cache_);
  CHECK(fs.ok(), "a test can mount its vault");
  fs_ = *std::move(fs);
}

std::string MountedVault::RootPathOf(absl::string_view name) const {
  const NameCodec codec(vault_->masterkey);
  return absl::StrCat(folder_, "/d/", codec.ContentPath(DirId()), "/",
                      EncryptName(codec.ContextFor(DirId()), name));
}

std::set<std::string> MountedVault::StoredPaths() const {
  std::set<std::string> paths;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(folder_ + "/d")) {
    paths.insert(entry.path().string().substr(folder_.size() + 1));
  }
  return paths;
}

Ino MountedVault::MakeDir(Ino parent, absl::string_view name) {
  const auto made = fs().MakeDirectory(caller_, parent, name, 0755);
  CHECK(made.ok(), "a test can make a directory");
  return made->ino;
}

Ino MountedVault::MakeFile(Ino parent, absl::string_view name,
                           absl::string_view content) {
  const auto made = fs().Create(caller_, parent, name, 0644, kForWriting);
  CHECK(made.ok(), "a test can make a file");
  CHECK(Write(made->entry.ino, made->handle, 0, content).ok() &&
            fs().Flush(caller_, made->entry.ino, made->handle).ok() &&
            fs().Release(made->entry.ino, made->handle).ok(),
        "a test can fill its file");
  return made->entry.ino;
}

Ino MountedVault::MakeLink(Ino parent, absl::string_view name,
                           absl::string_view target) {
  const auto made = fs().MakeSymlink(caller_, parent, name, target);
  CHECK(made.ok(), "a test can make a symbolic link");
  return made->ino;
}

Ino MountedVault::Find(Ino parent, absl::string_view name) {
  const auto found = fs().Lookup(caller_, parent, name);
  CHECK(found.ok(), "a test finds what it has made");
  return found->ino;
}

HandleId MountedVault::Open(Ino ino, const OpenRequest& request) {
  const auto handle = fs().Open(caller_, ino, request);
  CHECK(handle.ok(), "a test can open its file");
  return *handle;
}

absl::Status MountedVault::Write(Ino ino, HandleId handle, uint64_t offset,
                                 absl::string_view data) {
  return fs().Write(caller_, ino, handle, offset, BytesOf(data));
}

absl::StatusOr<std::string> MountedVault::Read(Ino ino, HandleId handle,
                                               uint64_t offset, size_t size) {
  std::string out(size, 'x');
  ASSIGN_OR_RETURN(
      const size_t got,
      fs().Read(caller_, ino, handle, offset,
                MutableBytes(reinterpret_cast<uint8_t*>(&out[0]), out.size())));
  out.resize(got);
  return out;
}

std::string MountedVault::Content(Ino ino) {
  const auto handle = fs().Open(caller_, ino, kForReading);
  if (!handle.ok()) return std::string(handle.status().message());
  std::string content = Content(ino, *handle);
  CHECK(fs().Release(ino, *handle).ok(), "what was opened can be closed");
  return content;
}

std::string MountedVault::Content(Ino ino, HandleId handle) {
  const auto attributes = fs().GetAttributes(caller_, ino, handle);
  if (!attributes.ok()) return std::string(attributes.status().message());
  // More than there is, for there must not be more.
  const auto content = Read(ino, handle, 0, attributes->size + 10);
  return content.ok() ? *content : std::string(content.status().message());
}

std::vector<std::string> MountedVault::List(Ino ino) {
  const auto handle = fs().OpenDirectory(caller_, ino);
  if (!handle.ok()) return {std::string(handle.status().message())};
  CollectingSink sink;
  const absl::Status status =
      fs().ReadDirectory(caller_, ino, *handle, 0, sink);
  CHECK(fs().ReleaseDirectory(ino, *handle).ok(),
        "what was opened can be closed");
  if (!status.ok()) return {std::string(status.message())};
  std::vector<std::string> names;
  for (const CollectingSink::Taken& entry : sink.taken) {
    if (entry.name != "." && entry.name != "..") names.push_back(entry.name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

Attributes MountedVault::Stat(Ino ino) {
  const auto attributes = fs().GetAttributes(caller_, ino, absl::nullopt);
  CHECK(attributes.ok(), "a test can look at its node");
  return *attributes;
}

int CoreTest::LookupErrno(Ino parent, absl::string_view name) {
  const auto found = fs().Lookup(caller(), parent, name);
  if (found.ok()) fs().Forget(found->ino, 1);
  return Errno(found);
}

}  // namespace casemate
