#include "fs/vault/unsynced_nodes.h"

#include <cerrno>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "base/status.h"
#include "fs/storage/storage.h"
#include "fs/vault/node_files.h"

namespace casemate {
namespace {

// About a megabyte of names.
constexpr size_t kMaxEntries = 16384;

// A file's own data is synced by fsync of the file; these belong to its name.
absl::Status SyncNode(const Dir& content, absl::string_view entry) {
  const absl::StatusOr<std::unique_ptr<Dir>> node = content.OpenDir(entry);
  // Removed or replaced since: there is nothing left to keep.
  if (IsErrno(node.status(), ENOENT) || IsErrno(node.status(), ENOTDIR)) {
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(node.status());
  for (const absl::string_view name :
       {kLongNameFile, kDirIdFile, kSymlinkFile}) {
    const absl::StatusOr<std::unique_ptr<File>> file =
        (*node)->OpenFile(name, Access::kRead);
    if (IsErrno(file.status(), ENOENT)) continue;
    RETURN_IF_ERROR(file.status());
    RETURN_IF_ERROR((*file)->Sync());
  }
  return (*node)->Sync();
}

}  // namespace

void UnsyncedNodes::Add(const VaultDir& parent, absl::string_view entry) {
  if (IsFull() && SyncNode(parent.content(), entry).ok()) return;
  Remember(parent.id(), entry);
}

void UnsyncedNodes::Remember(const DirId& id, absl::string_view entry) {
  MutexLock lock(&mu_);
  if (entries_[id].insert(std::string(entry)).second) ++count_;
}

bool UnsyncedNodes::IsFull() const {
  MutexLock lock(&mu_);
  return count_ >= kMaxEntries;
}

absl::Status UnsyncedNodes::Sync(const VaultDir& parent) {
  Entries entries;
  {
    MutexLock lock(&mu_);
    const auto it = entries_.find(parent.id());
    if (it == entries_.end()) return absl::OkStatus();
    entries = std::move(it->second);
    entries_.erase(it);
    count_ -= entries.size();
  }
  absl::Status first;
  for (const std::string& entry : entries) {
    const absl::Status status = SyncNode(parent.content(), entry);
    if (status.ok()) continue;
    Remember(parent.id(), entry);
    if (first.ok()) first = status;
  }
  return first;
}

void UnsyncedNodes::Forget(const DirId& id) {
  MutexLock lock(&mu_);
  const auto it = entries_.find(id);
  if (it == entries_.end()) return;
  count_ -= it->second.size();
  entries_.erase(it);
}

}  // namespace casemate
