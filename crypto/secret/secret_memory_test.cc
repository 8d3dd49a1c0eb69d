#include "crypto/secret/secret_memory.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace casemate {
namespace {

bool AllZero(const void* memory, size_t size) {
  const uint8_t* const bytes = static_cast<const uint8_t*>(memory);
  for (size_t i = 0; i < size; ++i) {
    if (bytes[i] != 0) return false;
  }
  return true;
}

// The VmFlags that the kernel shows for the mapping which holds `address`.
std::string FlagsOf(const void* address) {
  std::ifstream maps("/proc/self/smaps");
  const uintptr_t wanted = reinterpret_cast<uintptr_t>(address);
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    unsigned long begin = 0, end = 0;
    char permissions[5];
    if (std::sscanf(line.c_str(), "%lx-%lx %4s", &begin, &end, permissions) ==
        3) {
      inside = begin <= wanted && wanted < end;
    }
    if (inside && line.rfind("VmFlags:", 0) == 0) return line + " ";
  }
  return "";
}

bool IsLocked(const void* address) {
  return FlagsOf(address).find(" lo ") != std::string::npos;
}

TEST(SecretMemoryTest, IsZeroWhenGivenAgain) {
  for (const size_t size : {1, 32, 64, 65, 300, 1024, 4096, 4097, 100000}) {
    // Freed memory comes back first, so this is the same slot each time.
    for (int round = 0; round < 3; ++round) {
      void* const secret = AllocateSecret(size);
      EXPECT_TRUE(AllZero(secret, size)) << size;
      std::memset(secret, 0xaa, size);
      FreeSecret(secret, size);
    }
  }
}

TEST(SecretMemoryTest, IsAlignedForEveryType) {
  for (const size_t size : {1, 65, 257, 1025, 5000}) {
    void* const secret = AllocateSecret(size);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(secret) % 64, 0u) << size;
    FreeSecret(secret, size);
  }
}

TEST(SecretMemoryTest, StaysOutOfCoreDumps) {
  for (const size_t size : {32, 5000}) {
    void* const secret = AllocateSecret(size);
    EXPECT_NE(FlagsOf(secret).find(" dd "), std::string::npos) << size;
    FreeSecret(secret, size);
  }
}

// Measured on a page of the test's own: the system may refuse, and the
// sanitizers turn mlock into nothing.
TEST(SecretMemoryTest, IsLockedWhereTheSystemLocks) {
  void* const page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(page, MAP_FAILED);
  (void)mlock(page, 4096);
  const bool locks = IsLocked(page);
  ASSERT_EQ(munmap(page, 4096), 0);
  for (const size_t size : {32, 5000}) {
    void* const secret = AllocateSecret(size);
    EXPECT_EQ(IsLocked(secret), locks) << size;
    FreeSecret(secret, size);
  }
}

TEST(SecretMemoryTest, FreeingASecretDoesNotUnlockItsNeighbour) {
  void* const kept = AllocateSecret(32);
  const std::string before = FlagsOf(kept);
  FreeSecret(AllocateSecret(32), 32);
  EXPECT_EQ(FlagsOf(kept), before);
  FreeSecret(kept, 32);
}

TEST(SecretMemoryTest, LiveSecretsDoNotOverlap) {
  std::vector<void*> secrets;
  for (int i = 0; i < 1000; ++i) {
    secrets.push_back(AllocateSecret(64));
    std::memset(secrets.back(), i % 251, 64);
  }
  EXPECT_EQ(std::set<void*>(secrets.begin(), secrets.end()).size(), 1000u);
  for (int i = 0; i < 1000; ++i) {
    uint8_t expected[64];
    std::memset(expected, i % 251, sizeof(expected));
    EXPECT_EQ(std::memcmp(secrets[i], expected, 64), 0);
    FreeSecret(secrets[i], 64);
  }
}

TEST(SecretMemoryTest, ThreadsTakeAndReturnAtOnce) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 2000; ++i) {
        uint8_t* const secret = static_cast<uint8_t*>(AllocateSecret(100));
        ASSERT_TRUE(AllZero(secret, 100));
        std::memset(secret, t + 1, 100);
        for (int at = 0; at < 100; ++at) ASSERT_EQ(secret[at], t + 1);
        FreeSecret(secret, 100);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace casemate
