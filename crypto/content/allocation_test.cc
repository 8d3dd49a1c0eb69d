// The chunk path and the name path must not allocate. Counted are operator new
// of this binary and, through the hooks it looks for, BoringSSL's own
// allocations.
#include <openssl/aead.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "base/bytes.h"
#include "crypto/content/chunk_codec.h"
#include "crypto/content/chunk_layout.h"
#include "crypto/content/cipher_combo.h"
#include "crypto/content/file_header.h"
#include "crypto/encoding/base64.h"
#include "crypto/primitive/aes_siv.h"
#include "crypto/random/os_random.h"
#include "gtest/gtest.h"

namespace {

std::atomic<int> news{0};
std::atomic<int> boringssl_allocations{0};

}  // namespace

void* operator new(size_t size) {
  ++news;
  void* const memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

// BoringSSL calls these instead of malloc when the program has them. The size
// is kept in front of the memory.
extern "C" {
__attribute__((visibility("default"))) void* OPENSSL_memory_alloc(size_t size) {
  ++boringssl_allocations;
  char* const memory = static_cast<char*>(std::malloc(size + 16));
  if (memory == nullptr) return nullptr;
  *reinterpret_cast<size_t*>(memory) = size;
  return memory + 16;
}
__attribute__((visibility("default"))) void OPENSSL_memory_free(void* memory) {
  std::free(static_cast<char*>(memory) - 16);
}
__attribute__((visibility("default"))) size_t
OPENSSL_memory_get_size(void* memory) {
  return *reinterpret_cast<size_t*>(static_cast<char*>(memory) - 16);
}
}

namespace casemate {
namespace {

using Bytes = std::vector<uint8_t>;

struct Counts {
  int news;
  int boringssl;
};

template <typename Body>
Counts AllocationsIn(const Body& body) {
  const int news_before = news;
  const int boringssl_before = boringssl_allocations;
  body();
  return {news - news_before, boringssl_allocations - boringssl_before};
}

TEST(AllocationTest, BothCountersCount) {
  const Counts counts = AllocationsIn([] {
    delete[] new volatile char[100];
    EVP_AEAD_CTX_free(
        EVP_AEAD_CTX_new(EVP_aead_aes_256_gcm(), Bytes(32).data(), 32, 16));
  });
  EXPECT_GT(counts.news, 0);
  EXPECT_GT(counts.boringssl, 0);
}

TEST(AllocationTest, ChunksAreSealedAndOpenedWithoutAny) {
  for (const CipherCombo combo :
       {CipherCombo::kSivGcm, CipherCombo::kSivCtrMac}) {
    OsRandom random;
    const FileHeader header = FileHeader::Create(combo, random);
    const ChunkCodec codec(header, Bytes(32, 9));
    Bytes cleartext(kChunkSize, 1);
    Bytes sealed(ChunkLayout(combo).sealed_chunk_size());
    const Counts counts = AllocationsIn([&] {
      for (uint64_t i = 0; i < 10; ++i) {
        codec.Seal(i, random, cleartext, absl::MakeSpan(sealed));
        EXPECT_TRUE(codec.Open(i, sealed, absl::MakeSpan(cleartext)).ok());
      }
    });
    EXPECT_EQ(counts.news, 0);
    EXPECT_EQ(counts.boringssl, 0);
  }
}

TEST(AllocationTest, NamesAreSealedAndOpenedWithoutAny) {
  const AesSiv siv = AesSiv::Create(Bytes(32, 1), Bytes(32, 2)).value();
  const AesSivContext names = siv.WithAd(BytesOf("id"));
  Bytes name(20, 'n');
  Bytes sealed(name.size() + kSivSize);
  Bytes decoded(Base64DecodedBound(48));
  std::string text;
  text.reserve(64);
  const Counts counts = AllocationsIn([&] {
    names.Seal(name, absl::MakeSpan(sealed));
    Base64UrlEncode(sealed, Base64Padding::kPadded, &text);
    EXPECT_TRUE(
        Base64UrlDecode(text, Base64Padding::kPadded, absl::MakeSpan(decoded))
            .has_value());
    EXPECT_TRUE(names.Open(sealed, absl::MakeSpan(name)).ok());
    const AesSivContext other = siv.WithAd(BytesOf("other id"));
    other.Seal(name, absl::MakeSpan(sealed));
  });
  EXPECT_EQ(counts.news, 0);
  EXPECT_EQ(counts.boringssl, 0);
}

}  // namespace
}  // namespace casemate
