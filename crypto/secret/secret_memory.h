// Where keys live: memory that is locked against swapping and left out of core
// dumps, both as far as the system allows (vault-format-8.md, 3). Use
// SecretBytes, SecretKey or SecretObject, which own what they get here.
//
// Locks work on pages, and many secrets share a page. So pages of small
// secrets are locked once and never unlocked or returned: freeing one secret
// cannot unlock its neighbour. The pages belong to the process, as the heap
// does; there is no other state.
#ifndef CRYPTO_SECRET_SECRET_MEMORY_H_
#define CRYPTO_SECRET_SECRET_MEMORY_H_

#include <cstddef>

namespace casemate {

// `size` zero bytes (`size` > 0), aligned for any type up to 64 bytes.
// Thread-safe. Never fails: without memory the process ends, and a refused
// lock (RLIMIT_MEMLOCK) leaves ordinary memory.
void* AllocateSecret(size_t size);

// Overwrites and frees what AllocateSecret(size) returned. Thread-safe.
void FreeSecret(void* secret, size_t size);

}  // namespace casemate

#endif  // CRYPTO_SECRET_SECRET_MEMORY_H_
