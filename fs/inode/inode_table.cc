#include "fs/inode/inode_table.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace casemate {
namespace {

std::shared_ptr<const DirId> ShareDirId(const absl::optional<DirId>& id) {
  return id ? std::make_shared<const DirId>(*id) : nullptr;
}

}  // namespace

Inode::Inode(Ino ino, NodeKind kind, std::shared_ptr<const DirId> dir_id)
    : ino_(ino),
      kind_(kind),
      dir_id_(std::move(dir_id)),
      children_mu_(kind == NodeKind::kDirectory
                       ? std::make_unique<SharedMutex>()
                       : nullptr) {
  CHECK((kind_ == NodeKind::kDirectory) == (dir_id_ != nullptr),
        "a directory, and only a directory, has an id");
}

InodePin::InodePin(InodePin&& other) noexcept
    : table_(std::exchange(other.table_, nullptr)),
      inode_(std::exchange(other.inode_, nullptr)) {}

InodePin& InodePin::operator=(InodePin&& other) noexcept {
  if (this != &other) {
    Release();
    table_ = std::exchange(other.table_, nullptr);
    inode_ = std::exchange(other.inode_, nullptr);
  }
  return *this;
}

void InodePin::Release() {
  if (inode_ != nullptr) table_->Unpin(std::exchange(inode_, nullptr));
}

InodeTable::InodeTable(const BackingId& root_backing, Metrics* metrics)
    : metrics_(metrics) {
  MutexLock lock(&mu_);
  Slot root;
  root.inode = std::make_unique<Inode>(kRootIno, NodeKind::kDirectory,
                                       std::make_shared<const DirId>(DirId()));
  root.backing = root_backing;
  slots_.emplace(kRootIno, std::move(root));
  by_backing_.emplace(root_backing, kRootIno);
  by_dir_id_.emplace(DirId(), kRootIno);
  UpdateGaugeLocked();
}

InodeTable::~InodeTable() {
  MutexLock lock(&mu_);
  for (const auto& [ino, slot] : slots_) {
    CHECK(slot.pins == 0, "an inode is pinned when its table goes");
  }
  slots_.clear();
  if (metrics_ != nullptr) metrics_->inodes().Set(0);
}

InodePin InodeTable::Root() { return Find(kRootIno); }

InodePin InodeTable::PinLocked(Slot& slot) {
  ++slot.pins;
  return InodePin(this, slot.inode.get());
}

InodePin InodeTable::Find(Ino ino) {
  MutexLock lock(&mu_);
  const auto it = slots_.find(ino);
  if (it == slots_.end()) return InodePin();
  return PinLocked(it->second);
}

InodePin InodeTable::FindByBacking(const BackingId& backing) {
  MutexLock lock(&mu_);
  const auto it = by_backing_.find(backing);
  if (it == by_backing_.end()) return InodePin();
  return PinLocked(slots_.at(it->second));
}

InodePin InodeTable::FindDirectory(const DirId& id) {
  MutexLock lock(&mu_);
  const auto it = by_dir_id_.find(id);
  if (it == by_dir_id_.end()) return InodePin();
  return PinLocked(slots_.at(it->second));
}

InodeTable::Slot& InodeTable::InsertLocked(const FoundInode& found) {
  const Ino ino{next_ino_++};
  Slot slot;
  slot.inode =
      std::make_unique<Inode>(ino, found.kind, ShareDirId(found.dir_id));
  slot.backing = found.backing;
  slot.location = found.location;
  by_backing_[found.backing] = ino;
  if (found.dir_id) by_dir_id_[*found.dir_id] = ino;
  Slot& inserted = slots_.emplace(ino, std::move(slot)).first->second;
  UpdateGaugeLocked();
  return inserted;
}

InodePin InodeTable::Enter(const FoundInode& found) {
  MutexLock lock(&mu_);
  const auto it = by_backing_.find(found.backing);
  if (it != by_backing_.end()) {
    Slot& slot = slots_.at(it->second);
    const bool same_id =
        !found.dir_id || (slot.inode->dir_id() != nullptr &&
                          *slot.inode->dir_id() == *found.dir_id);
    if (slot.inode->kind() == found.kind && same_id) {
      ++slot.lookups;
      slot.location = found.location;
      return PinLocked(slot);
    }
    LeaveIndexLocked(slot);
  }
  Slot& slot = InsertLocked(found);
  slot.lookups = 1;
  return PinLocked(slot);
}

bool InodeTable::Forget(Ino ino, uint64_t count) {
  std::unique_ptr<Inode> freed;
  MutexLock lock(&mu_);
  const auto it = slots_.find(ino);
  // The kernel never asks for the root's count, but may send one (L6).
  if (ino == kRootIno) return false;
  if (it == slots_.end() || it->second.lookups < count) {
    if (metrics_ != nullptr) metrics_->forget_underflows().Increment();
    if (it == slots_.end()) return true;
  }
  it->second.lookups -= std::min(it->second.lookups, count);
  const bool is_forgotten = it->second.lookups == 0;
  freed = EraseIfUnusedLocked(ino);
  return is_forgotten;
}

void InodeTable::Unpin(const Inode* inode) {
  std::unique_ptr<Inode> freed;
  MutexLock lock(&mu_);
  const auto it = slots_.find(inode->ino());
  CHECK(it != slots_.end() && it->second.pins > 0, "a pinned inode is gone");
  --it->second.pins;
  freed = EraseIfUnusedLocked(inode->ino());
}

std::unique_ptr<Inode> InodeTable::EraseIfUnusedLocked(Ino ino) {
  const auto it = slots_.find(ino);
  if (ino == kRootIno || it->second.lookups > 0 || it->second.pins > 0) {
    return nullptr;
  }
  LeaveIndexLocked(it->second);
  std::unique_ptr<Inode> freed = std::move(it->second.inode);
  slots_.erase(it);
  UpdateGaugeLocked();
  return freed;
}

// The index may already hold a successor under the same key.
void InodeTable::LeaveIndexLocked(const Slot& slot) {
  const Ino ino = slot.inode->ino();
  const auto backing = by_backing_.find(slot.backing);
  if (backing != by_backing_.end() && backing->second == ino) {
    by_backing_.erase(backing);
  }
  if (slot.inode->dir_id() == nullptr) return;
  const auto dir = by_dir_id_.find(*slot.inode->dir_id());
  if (dir != by_dir_id_.end() && dir->second == ino) by_dir_id_.erase(dir);
}

void InodeTable::UpdateGaugeLocked() {
  if (metrics_ != nullptr) {
    metrics_->inodes().Set(static_cast<int64_t>(slots_.size()));
  }
}

bool InodeTable::IsKnownToKernel(const Inode& inode) const {
  MutexLock lock(&mu_);
  return slots_.at(inode.ino()).lookups > 0;
}

Location InodeTable::LocationOf(const Inode& inode) const {
  MutexLock lock(&mu_);
  return slots_.at(inode.ino()).location;
}

BackingId InodeTable::BackingOf(const Inode& inode) const {
  MutexLock lock(&mu_);
  return slots_.at(inode.ino()).backing;
}

void InodeTable::Move(const Inode& inode, Location location) {
  MutexLock lock(&mu_);
  slots_.at(inode.ino()).location = std::move(location);
}

void InodeTable::MarkRemoved(const Inode& inode, const FileStat& last) {
  MutexLock lock(&mu_);
  Slot& slot = slots_.at(inode.ino());
  LeaveIndexLocked(slot);
  slot.removed = std::make_unique<FileStat>(last);
  slot.removed->links = 0;
}

absl::optional<FileStat> InodeTable::RemovedStat(const Inode& inode) const {
  MutexLock lock(&mu_);
  const Slot& slot = slots_.at(inode.ino());
  if (slot.removed == nullptr) return absl::nullopt;
  return *slot.removed;
}

absl::optional<Location> InodeTable::LocationOfDirectory(
    const DirId& id) const {
  MutexLock lock(&mu_);
  const auto it = by_dir_id_.find(id);
  if (it == by_dir_id_.end()) return absl::nullopt;
  return slots_.at(it->second).location;
}

size_t InodeTable::size() const {
  MutexLock lock(&mu_);
  return slots_.size();
}

std::vector<InodeRecord> InodeTable::Export() const {
  MutexLock lock(&mu_);
  std::vector<InodeRecord> records;
  records.reserve(slots_.size());
  for (const auto& [ino, slot] : slots_) {
    InodeRecord record;
    record.ino = ino;
    record.kind = slot.inode->kind();
    if (slot.inode->dir_id() != nullptr) {
      record.dir_id = slot.inode->dir_id()->text();
    }
    if (slot.location.parent != nullptr) {
      record.parent_dir_id = slot.location.parent->text();
    }
    record.entry = slot.location.entry;
    record.backing = slot.backing;
    record.lookups = slot.lookups;
    if (slot.removed != nullptr) record.removed = *slot.removed;
    records.push_back(std::move(record));
  }
  return records;
}

void InodeTable::Import(const std::vector<InodeRecord>& records) {
  MutexLock lock(&mu_);
  CHECK(slots_.size() == 1, "inodes are imported into an empty table");
  for (const InodeRecord& record : records) {
    if (record.ino == kRootIno) continue;
    Slot slot;
    absl::optional<DirId> dir_id;
    if (record.kind == NodeKind::kDirectory) {
      dir_id = *DirId::Parse(record.dir_id);
      by_dir_id_[*dir_id] = record.ino;
    }
    slot.inode =
        std::make_unique<Inode>(record.ino, record.kind, ShareDirId(dir_id));
    slot.backing = record.backing;
    slot.location.parent = std::make_shared<const DirId>(
        record.parent_dir_id.empty() ? DirId()
                                     : *DirId::Parse(record.parent_dir_id));
    slot.location.entry = record.entry;
    slot.lookups = record.lookups;
    if (record.removed) {
      slot.removed = std::make_unique<FileStat>(*record.removed);
      if (dir_id) by_dir_id_.erase(*dir_id);
    } else {
      by_backing_[record.backing] = record.ino;
    }
    next_ino_ = std::max(next_ino_, static_cast<uint64_t>(record.ino) + 1);
    slots_.emplace(record.ino, std::move(slot));
  }
  UpdateGaugeLocked();
}

}  // namespace casemate
