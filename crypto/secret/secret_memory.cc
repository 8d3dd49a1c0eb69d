#include "crypto/secret/secret_memory.h"

#include <openssl/mem.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "absl/base/thread_annotations.h"
#include "base/check.h"
#include "base/mutex.h"

// The header comes with the sanitizers' runtime, which a plain build does
// without.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#endif
#endif
#ifndef ASAN_POISON_MEMORY_REGION
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) \
  ((void)(address), (void)(size))
#endif

namespace casemate {
namespace {

// A key, a key schedule or a MAC state, a GCM context, a password.
constexpr size_t kSlotSizes[] = {64, 256, 1024, 4096};
constexpr size_t kSlabSize = 16384;

void* MapPages(size_t size) {
  void* const pages = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(pages != MAP_FAILED, "no memory for a secret");
  // Both are best effort: a refusal must not keep a vault from opening.
  (void)mlock(pages, size);
  (void)madvise(pages, size, MADV_DONTDUMP);
  return pages;
}

struct FreeSlot {
  FreeSlot* next;
};

// Equal slots cut from locked slabs.
class SlotPool {
 public:
  void* Take(size_t slot_size) ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    if (free_ == nullptr) AddSlab(slot_size);
    FreeSlot* const slot = free_;
    ASAN_UNPOISON_MEMORY_REGION(slot, slot_size);
    free_ = slot->next;
    slot->next = nullptr;
    return slot;
  }

  // `slot` is all zeros.
  void Return(void* slot, size_t slot_size) ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    Push(slot, slot_size);
  }

 private:
  void AddSlab(size_t slot_size) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    char* const slab = static_cast<char*>(MapPages(kSlabSize));
    for (size_t at = 0; at < kSlabSize; at += slot_size) {
      Push(slab + at, slot_size);
    }
  }

  void Push(void* memory, size_t slot_size) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    FreeSlot* const slot = static_cast<FreeSlot*>(memory);
    slot->next = free_;
    free_ = slot;
    ASAN_POISON_MEMORY_REGION(slot, slot_size);
  }

  Mutex mu_;
  FreeSlot* free_ ABSL_GUARDED_BY(mu_) = nullptr;
};

struct Slots {
  SlotPool* pool;  // null: the secret has pages of its own
  size_t slot_size;
};

Slots SlotsFor(size_t size) {
  // Leaked, so that secrets with static lifetime can still be freed at exit.
  static SlotPool* const pools = new SlotPool[std::size(kSlotSizes)];
  for (size_t i = 0; i < std::size(kSlotSizes); ++i) {
    if (size <= kSlotSizes[i]) return {&pools[i], kSlotSizes[i]};
  }
  return {nullptr, 0};
}

}  // namespace

void* AllocateSecret(size_t size) {
  CHECK(size > 0, "a secret has at least one byte");
  const Slots slots = SlotsFor(size);
  if (slots.pool == nullptr) return MapPages(size);
  return slots.pool->Take(slots.slot_size);
}

void FreeSecret(void* secret, size_t size) {
  OPENSSL_cleanse(secret, size);
  const Slots slots = SlotsFor(size);
  if (slots.pool == nullptr) {
    CHECK(munmap(secret, size) == 0, "a secret's pages are freed once");
    return;
  }
  slots.pool->Return(secret, slots.slot_size);
}

}  // namespace casemate
