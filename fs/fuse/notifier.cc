#include "fs/fuse/notifier.h"

#include <fuse_lowlevel.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"

namespace casemate {
namespace {

uint64_t Number(Ino ino) { return static_cast<uint64_t>(ino); }

}  // namespace

// The smallest range that covers both, in the kernel's terms: a length of 0 is
// to the end, a negative offset is attributes only, which every range implies.
Notifier::Range Notifier::Join(const Range& a, const Range& b) {
  if (a.offset < 0) return b;
  if (b.offset < 0) return a;
  Range joined;
  joined.offset = std::min(a.offset, b.offset);
  if (a.length == 0 || b.length == 0) return joined;
  const auto end = [](const Range& range) {
    return static_cast<uint64_t>(range.offset) +
           static_cast<uint64_t>(range.length);
  };
  const uint64_t last = std::max(end(a), end(b));
  const uint64_t limit = std::numeric_limits<int64_t>::max();
  if (last <= limit) joined.length = static_cast<int64_t>(last) - joined.offset;
  return joined;
}

Notifier::Notifier(RateLimitedLogger* logger, size_t capacity)
    : logger_(logger), capacity_(capacity), thread_([this] { Run(); }) {}

Notifier::~Notifier() {
  {
    MutexLock lock(&mu_);
    quitting_ = true;
    changed_.NotifyAll();
  }
  thread_.join();
}

void Notifier::InvalidateEntry(Ino parent, absl::string_view name) {
  Enqueue(Key{Kind::kEntry, parent, kNoIno, std::string(name)}, Range());
}

void Notifier::InvalidateInode(Ino ino, int64_t offset, int64_t length) {
  Enqueue(Key{Kind::kInode, ino, kNoIno, std::string()},
          Range{offset, std::max<int64_t>(length, 0)});
}

void Notifier::Delete(Ino parent, Ino child, absl::string_view name) {
  Enqueue(Key{Kind::kDelete, parent, child, std::string(name)}, Range());
}

void Notifier::Enqueue(Key key, Range range) {
  bool is_full = false;
  {
    MutexLock lock(&mu_);
    const auto queued = ranges_.find(key);
    if (queued != ranges_.end()) {
      queued->second = Join(queued->second, range);
    } else if (queue_.size() < capacity_) {
      ranges_.emplace(key, range);
      queue_.push_back(std::move(key));
      changed_.NotifyAll();
    } else {
      ++dropped_;
      is_full = true;
    }
  }
  if (is_full) {
    logger_->LogLimited("notifier_full", Severity::kWarning,
                        "too many changes to tell the kernel about: cached "
                        "names and attributes stay until they time out");
  }
}

void Notifier::Attach(fuse_session* session) {
  MutexLock lock(&mu_);
  session_ = session;
  changed_.NotifyAll();
}

void Notifier::Detach() {
  MutexLock lock(&mu_);
  session_ = nullptr;
  while (sending_) changed_.Wait(&mu_);
}

uint64_t Notifier::dropped() const {
  MutexLock lock(&mu_);
  return dropped_;
}

void Notifier::Run() {
  mu_.Lock();
  while (!quitting_) {
    if (session_ == nullptr || queue_.empty()) {
      changed_.Wait(&mu_);
      continue;
    }
    const Key key = std::move(queue_.front());
    queue_.pop_front();
    const auto queued = ranges_.find(key);
    const Range range = queued->second;
    ranges_.erase(queued);
    fuse_session* const session = session_;
    sending_ = true;
    mu_.Unlock();
    Send(session, key, range);
    mu_.Lock();
    sending_ = false;
    changed_.NotifyAll();
  }
  mu_.Unlock();
}

// The answers do not matter (C7): what the kernel does not know needs no
// invalidation, and what it cannot drop now will time out.
void Notifier::Send(fuse_session* session, const Key& key, const Range& range) {
  switch (key.kind) {
    case Kind::kEntry:
      fuse_lowlevel_notify_inval_entry(session, Number(key.ino),
                                       key.name.c_str(), key.name.size());
      break;
    case Kind::kDelete:
      fuse_lowlevel_notify_delete(session, Number(key.ino), Number(key.child),
                                  key.name.c_str(), key.name.size());
      break;
    case Kind::kInode:
      fuse_lowlevel_notify_inval_inode(session, Number(key.ino), range.offset,
                                       range.length);
      break;
  }
}

}  // namespace casemate
