#include "fs/handle/open_file_table.h"

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/status.h"

namespace casemate {

using internal::OpenFileSlot;

OpenFileLease::~OpenFileLease() {
  if (table_ == nullptr) return;
  file_.reset();
  table_->Release(ino_, *slot_);
}

OpenFileTable::~OpenFileTable() {
  MutexLock lock(&mu_);
  CHECK(slots_.empty(), "a file is open when its table goes");
}

absl::StatusOr<OpenFileLease> OpenFileTable::Acquire(Ino ino,
                                                     const Opener& opener) {
  SlotPtr slot;
  {
    MutexLock lock(&mu_);
    SlotPtr& entry = slots_[ino];
    if (entry == nullptr) entry = std::make_shared<OpenFileSlot>();
    slot = entry;
    ++slot->users;
  }
  MutexLock lock(&slot->mu);
  if (slot->file == nullptr) {
    absl::StatusOr<std::shared_ptr<OpenFile>> opened = opener();
    if (!opened.ok()) {
      DropUser(ino, *slot);
      return opened.status();
    }
    slot->file = *std::move(opened);
  }
  return OpenFileLease(this, ino, slot, slot->file);
}

OpenFileLease OpenFileTable::FindOpen(Ino ino) {
  SlotPtr slot;
  {
    MutexLock lock(&mu_);
    const auto it = slots_.find(ino);
    if (it == slots_.end()) return OpenFileLease();
    slot = it->second;
    ++slot->users;
  }
  MutexLock lock(&slot->mu);
  if (slot->file == nullptr) {  // its opener failed meanwhile
    DropUser(ino, *slot);
    return OpenFileLease();
  }
  return OpenFileLease(this, ino, slot, slot->file);
}

std::vector<OpenFileLease> OpenFileTable::All() {
  std::vector<Ino> inos;
  {
    MutexLock lock(&mu_);
    inos.reserve(slots_.size());
    for (const auto& [ino, slot] : slots_) inos.push_back(ino);
  }
  std::vector<OpenFileLease> leases;
  leases.reserve(inos.size());
  for (const Ino ino : inos) {
    if (OpenFileLease lease = FindOpen(ino)) leases.push_back(std::move(lease));
  }
  return leases;
}

size_t OpenFileTable::size() const {
  MutexLock lock(&mu_);
  return slots_.size();
}

bool OpenFileTable::IsLastUser(const OpenFileSlot& slot) const {
  MutexLock lock(&mu_);
  return slot.users == 1;
}

bool OpenFileTable::DropUser(Ino ino, OpenFileSlot& slot) {
  MutexLock lock(&mu_);
  CHECK(slot.users > 0, "a share in an open file is given back twice");
  if (--slot.users > 0) return false;
  slots_.erase(ino);
  return true;
}

void OpenFileTable::Release(Ino ino, OpenFileSlot& slot) {
  // Outlives the slot's lock, so that closing the descriptor does not happen
  // under it.
  std::shared_ptr<OpenFile> closed;
  MutexLock lock(&slot.mu);
  absl::Status status;
  // Whoever comes now waits for the slot's lock and finds the file open still.
  if (IsLastUser(slot)) status = slot.file->WriteBack();
  const bool is_gone = DropUser(ino, slot);
  if (is_gone) closed = std::move(slot.file);
  if (status.ok()) return;
  if (!is_gone) {
    slot.file->DeferError(status);
    return;
  }
  closed->DeferError(status);
  logger_->Error(absl::StrCat(
      "inode ", static_cast<uint64_t>(ino), ": ", closed->Abandon(),
      " bytes could not be written before the last close and are lost"));
}

}  // namespace casemate
