#include "tools/casemate/vault_side.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "crypto/secret/secret_bytes.h"
#include "fs/core/types.h"
#include "tools/casemate/cli_error.h"
#include "tools/casemate/temporary_name.h"

namespace casemate {
namespace {

absl::Status FromVault(const absl::Status& status) {
  if (status.ok()) return status;
  if (absl::IsDataLoss(status)) {
    return CliError(
        ExitCode::kContentDamaged,
        absl::StrCat("the vault is damaged here: ", status.message()),
        "Look for a backup of the encrypted file.");
  }
  switch (const int error = ErrnoOf(status)) {
    case ENOENT:
    case ENOTDIR:
      return WithErrno(CliError(ExitCode::kPathNotFound,
                                "there is no such path in the vault"),
                       error);
    case EEXIST:
      return CliError(ExitCode::kExists, "it exists already",
                      "Use --force to replace it.");
    case EISDIR:
    case ENOTEMPTY:
      return CliError(ExitCode::kExists, "it exists already",
                      "A folder is never replaced by something else.");
    case EILSEQ:
      return CliError(ExitCode::kOther,
                      "its name is not UTF-8, as names in a vault are");
    default:
      return WithErrno(CliError(ExitCode::kOther, status.message()), error);
  }
}

template <typename T>
absl::StatusOr<T> FromVault(absl::StatusOr<T> result) {
  if (!result.ok()) return FromVault(result.status());
  return result;
}

CopyNode Describe(const Attributes& attributes) {
  CopyNode node;
  node.kind = attributes.kind;
  node.permissions = attributes.permissions;
  if (node.kind == NodeKind::kFile) node.size = attributes.size;
  node.atime = attributes.atime;
  node.mtime = attributes.mtime;
  return node;
}

SetAttributesRequest RequestOf(const CopyAttributes& attributes) {
  SetAttributesRequest request;
  request.permissions = attributes.permissions;
  if (attributes.atime) {
    request.atime = TimeChange{TimeSource::kGiven, *attributes.atime};
  }
  if (attributes.mtime) {
    request.mtime = TimeChange{TimeSource::kGiven, *attributes.mtime};
  }
  return request;
}

// One lookup of a node, taken back at the end.
class Held {
 public:
  Held(FileSystem* file_system, const Entry& entry)
      : file_system_(file_system), entry_(entry) {}
  Held(Held&& other) noexcept
      : file_system_(other.file_system_),
        entry_(std::exchange(other.entry_, Entry())) {}
  Held& operator=(Held&&) = delete;
  ~Held() {
    if (entry_.ino != kNoIno && entry_.ino != kRootIno) {
      file_system_->Forget(entry_.ino, 1);
    }
  }

  static absl::StatusOr<Held> Find(FileSystem* file_system, Ino parent,
                                   absl::string_view name) {
    const absl::StatusOr<Entry> entry =
        FromVault(file_system->Lookup(Context(), parent, name));
    RETURN_IF_ERROR(entry.status());
    return Held(file_system, *entry);
  }
  static absl::StatusOr<Held> Root(FileSystem* file_system) {
    Entry root;
    root.ino = kRootIno;
    ASSIGN_OR_RETURN(root.attributes, FromVault(file_system->GetAttributes(
                                          Context(), kRootIno, {})));
    return Held(file_system, root);
  }
  static absl::StatusOr<Held> Walk(FileSystem* file_system,
                                   absl::string_view path) {
    ASSIGN_OR_RETURN(Held root, Root(file_system));
    auto found = std::make_unique<Held>(std::move(root));
    for (const absl::string_view name :
         absl::StrSplit(path, '/', absl::SkipEmpty())) {
      if (name == ".") continue;
      ASSIGN_OR_RETURN(Held next, Find(file_system, found->ino(), name));
      found = std::make_unique<Held>(std::move(next));
    }
    return std::move(*found);
  }

  FileSystem& file_system() const { return *file_system_; }
  Ino ino() const { return entry_.ino; }
  const Attributes& attributes() const { return entry_.attributes; }
  absl::Status CheckFolder() const {
    return attributes().kind == NodeKind::kDirectory
               ? absl::OkStatus()
               : FromVault(ErrnoError(ENOTDIR, "open"));
  }

 private:
  FileSystem* const file_system_;
  Entry entry_;
};

class NameCollector final : public PlainDirSink {
 public:
  bool Add(const PlainDirEntry& entry) override {
    next_cookie = entry.next_cookie;
    ++taken;
    if (entry.name != "." && entry.name != "..") names.emplace_back(entry.name);
    return true;
  }

  std::vector<std::string> names;
  uint64_t next_cookie = 0;
  size_t taken = 0;
};

absl::Status ReadNames(FileSystem& file_system, Ino ino, HandleId handle,
                       NameCollector& collector) {
  while (true) {
    const size_t taken_before = collector.taken;
    RETURN_IF_ERROR(file_system.ReadDirectory(
        Context(), ino, handle, collector.next_cookie, collector));
    if (collector.taken == taken_before) return absl::OkStatus();
  }
}

// A file opened for the time of this.
class OpenedFile {
 public:
  OpenedFile(FileSystem& file_system, Ino ino, HandleId handle)
      : file_system_(file_system), ino_(ino), handle_(handle) {}
  ~OpenedFile() { Close().IgnoreError(); }
  OpenedFile(const OpenedFile&) = delete;
  OpenedFile& operator=(const OpenedFile&) = delete;

  Ino ino() const { return ino_; }
  HandleId handle() const { return handle_; }
  absl::Status Close() {
    if (!is_open_) return absl::OkStatus();
    is_open_ = false;
    return file_system_.Release(ino_, handle_);
  }

 private:
  FileSystem& file_system_;
  const Ino ino_;
  const HandleId handle_;
  bool is_open_ = true;
};

class VaultSource final : public SourceFolder {
 public:
  explicit VaultSource(Held folder) : folder_(std::move(folder)) {}

  absl::StatusOr<std::vector<std::string>> List() override {
    ASSIGN_OR_RETURN(const HandleId handle,
                     FromVault(fs().OpenDirectory(Context(), folder_.ino())));
    NameCollector collector;
    const absl::Status status =
        ReadNames(fs(), folder_.ino(), handle, collector);
    fs().ReleaseDirectory(folder_.ino(), handle).IgnoreError();
    RETURN_IF_ERROR(FromVault(status));
    std::sort(collector.names.begin(), collector.names.end());
    return std::move(collector.names);
  }

  absl::StatusOr<CopyNode> Describe(absl::string_view name) override {
    ASSIGN_OR_RETURN(const Held node, Find(name));
    return casemate::Describe(node.attributes());
  }

  absl::StatusOr<CopyNode> DescribeSelf() override {
    return casemate::Describe(folder_.attributes());
  }

  absl::StatusOr<std::unique_ptr<SourceFolder>> Open(
      absl::string_view name) override {
    ASSIGN_OR_RETURN(Held node, Find(name));
    RETURN_IF_ERROR(node.CheckFolder());
    return std::make_unique<VaultSource>(std::move(node));
  }

  absl::StatusOr<std::string> ReadLink(absl::string_view name) override {
    ASSIGN_OR_RETURN(const Held node, Find(name));
    return FromVault(fs().ReadLink(Context(), node.ino()));
  }

  absl::Status Read(
      absl::string_view name,
      const std::function<absl::Status(ConstBytes)>& sink) override {
    ASSIGN_OR_RETURN(const Held node, Find(name));
    OpenRequest request;
    request.read = true;
    ASSIGN_OR_RETURN(const HandleId handle,
                     FromVault(fs().Open(Context(), node.ino(), request)));
    OpenedFile file(fs(), node.ino(), handle);
    RETURN_IF_ERROR(ReadBlocks(file, sink));
    return FromVault(file.Close());
  }

 private:
  FileSystem& fs() const { return folder_.file_system(); }
  absl::StatusOr<Held> Find(absl::string_view name) const {
    return Held::Find(&fs(), folder_.ino(), name);
  }

  absl::Status ReadBlocks(const OpenedFile& file,
                          const std::function<absl::Status(ConstBytes)>& sink) {
    SecretBytes block(kCopyBlockSize);  // wiped afterwards
    uint64_t offset = 0;
    while (true) {
      ASSIGN_OR_RETURN(const size_t size,
                       FromVault(fs().Read(Context(), file.ino(), file.handle(),
                                           offset, block.mutable_bytes())));
      if (size != 0) RETURN_IF_ERROR(sink(block.bytes().first(size)));
      if (size < kCopyBlockSize) return absl::OkStatus();
      offset += size;
    }
  }

  const Held folder_;
};

// A node under a temporary name: gone with this, unless it got its own.
class Temporary {
 public:
  Temporary(FileSystem& file_system, Ino folder, std::string name)
      : file_system_(file_system), folder_(folder), name_(std::move(name)) {}
  ~Temporary() {
    if (name_.empty()) return;
    file_system_.Unlink(Context(), folder_, name_).IgnoreError();
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  absl::Status Publish(absl::string_view name, Overwrite overwrite) {
    RETURN_IF_ERROR(FromVault(file_system_.Rename(
        Context(), folder_, name_, folder_, name,
        overwrite == Overwrite::kYes ? RenameFlag::kNone
                                     : RenameFlag::kNoReplace)));
    name_.clear();
    return absl::OkStatus();
  }

 private:
  FileSystem& file_system_;
  const Ino folder_;
  std::string name_;
};

class VaultNewFile final : public NewFile {
 public:
  VaultNewFile(FileSystem& file_system, Ino folder, std::string name,
               const Created& created)
      : file_system_(file_system),
        temporary_(file_system, folder, std::move(name)),
        node_(&file_system, created.entry),
        file_(file_system, created.entry.ino, created.handle) {}

  absl::Status Append(ConstBytes data) override {
    RETURN_IF_ERROR(FromVault(file_system_.Write(Context(), file_.ino(),
                                                 file_.handle(), size_, data)));
    size_ += data.size();
    return absl::OkStatus();
  }

  absl::Status Commit(absl::string_view name, const CopyAttributes& attributes,
                      Overwrite overwrite) override {
    // Written back first: that sets times.
    RETURN_IF_ERROR(
        FromVault(file_system_.Flush(Context(), file_.ino(), file_.handle())));
    RETURN_IF_ERROR(
        FromVault(file_system_
                      .SetAttributes(Context(), file_.ino(),
                                     RequestOf(attributes), file_.handle())
                      .status()));
    RETURN_IF_ERROR(FromVault(file_system_.Sync(
        Context(), file_.ino(), file_.handle(), SyncScope::kAll)));
    RETURN_IF_ERROR(FromVault(file_.Close()));
    return temporary_.Publish(name, overwrite);
  }

 private:
  FileSystem& file_system_;
  // Removed last, when it is closed.
  Temporary temporary_;
  const Held node_;
  OpenedFile file_;
  uint64_t size_ = 0;
};

class VaultTarget final : public TargetFolder {
 public:
  VaultTarget(Held folder, RandomSource* random)
      : folder_(std::move(folder)), random_(random) {}

  absl::StatusOr<absl::optional<CopyNode>> Find(
      absl::string_view name) override {
    const absl::StatusOr<Held> node = Held::Find(&fs(), folder_.ino(), name);
    if (node.ok()) return absl::make_optional(Describe(node->attributes()));
    if (ErrnoOf(node.status()) == ENOENT) return absl::optional<CopyNode>();
    return node.status();
  }

  absl::Status MakeFolder(absl::string_view name) override {
    const absl::StatusOr<Entry> made =
        FromVault(fs().MakeDirectory(Context(), folder_.ino(), name, 0700));
    RETURN_IF_ERROR(made.status());
    fs().Forget(made->ino, 1);
    return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<TargetFolder>> Open(
      absl::string_view name) override {
    ASSIGN_OR_RETURN(Held node, Held::Find(&fs(), folder_.ino(), name));
    RETURN_IF_ERROR(node.CheckFolder());
    return std::make_unique<VaultTarget>(std::move(node), random_);
  }

  absl::StatusOr<std::unique_ptr<NewFile>> MakeFile() override {
    std::string name = NewTemporaryName(*random_);
    OpenRequest request;
    request.write = true;
    request.exclusive = true;
    ASSIGN_OR_RETURN(
        const Created created,
        FromVault(fs().Create(Context(), folder_.ino(), name, 0600, request)));
    return std::make_unique<VaultNewFile>(fs(), folder_.ino(), std::move(name),
                                          created);
  }

  absl::Status MakeLink(absl::string_view name, const std::string& link_target,
                        const CopyAttributes& attributes,
                        Overwrite overwrite) override {
    std::string temporary_name = NewTemporaryName(*random_);
    ASSIGN_OR_RETURN(const Entry made,
                     FromVault(fs().MakeSymlink(Context(), folder_.ino(),
                                                temporary_name, link_target)));
    const Held node(&fs(), made);
    Temporary temporary(fs(), folder_.ino(), std::move(temporary_name));
    SetAttributesRequest request = RequestOf(attributes);
    request.permissions.reset();
    RETURN_IF_ERROR(FromVault(
        fs().SetAttributes(Context(), made.ino, request, {}).status()));
    return temporary.Publish(name, overwrite);
  }

  absl::Status SetAttributes(const CopyAttributes& attributes) override {
    return FromVault(
        fs().SetAttributes(Context(), folder_.ino(), RequestOf(attributes), {})
            .status());
  }

  absl::Status Sync() override {
    ASSIGN_OR_RETURN(const HandleId handle,
                     FromVault(fs().OpenDirectory(Context(), folder_.ino())));
    const absl::Status status =
        fs().SyncDirectory(Context(), folder_.ino(), handle);
    fs().ReleaseDirectory(folder_.ino(), handle).IgnoreError();
    return FromVault(status);
  }

 private:
  FileSystem& fs() const { return folder_.file_system(); }

  const Held folder_;
  RandomSource* const random_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<SourceFolder>> OpenVaultSource(
    FileSystem* file_system, absl::string_view path) {
  ASSIGN_OR_RETURN(Held folder, Held::Walk(file_system, path));
  RETURN_IF_ERROR(folder.CheckFolder());
  return std::make_unique<VaultSource>(std::move(folder));
}

absl::StatusOr<std::unique_ptr<TargetFolder>> OpenVaultTarget(
    FileSystem* file_system, absl::string_view path, RandomSource* random) {
  ASSIGN_OR_RETURN(Held folder, Held::Walk(file_system, path));
  RETURN_IF_ERROR(folder.CheckFolder());
  return std::make_unique<VaultTarget>(std::move(folder), random);
}

}  // namespace casemate
