#include "crypto/primitive/aes_ctr.h"

#include <openssl/aes.h>

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "base/bytes.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"

namespace casemate {
namespace {

using Bytes = std::vector<uint8_t>;

// By the definition: E(counter), E(counter + 1), ... in 128 bits.
Bytes KeyStream(const Bytes& key, Bytes counter, size_t size) {
  AES_KEY schedule;
  AES_set_encrypt_key(key.data(), 8 * key.size(), &schedule);
  Bytes stream;
  while (stream.size() < size) {
    uint8_t block[16];
    AES_encrypt(counter.data(), block, &schedule);
    stream.insert(stream.end(), block, block + 16);
    for (int i = 15; i >= 0 && ++counter[i] == 0; --i) {
    }
  }
  stream.resize(size);
  return stream;
}

RC_GTEST_PROP(AesCtrProperty, EncryptsByItsDefinition, ()) {
  const size_t key_size = *rc::gen::element<size_t>(16, 24, 32);
  const Bytes key =
      *rc::gen::container<Bytes>(key_size, rc::gen::arbitrary<uint8_t>());
  // Counters that overflow 32, 64, 96 or all 128 bits.
  Bytes counter = *rc::gen::container<Bytes>(16, rc::gen::arbitrary<uint8_t>());
  const int full = *rc::gen::inRange(0, 17);
  for (int i = 0; i < full; ++i) counter[15 - i] = 0xff;
  const Bytes zeros(*rc::gen::inRange<size_t>(0, 200));
  Bytes out(zeros.size());
  const AesCtr ctr = AesCtr::Create(key).value();
  ctr.Crypt(counter, zeros, absl::MakeSpan(out));
  RC_ASSERT(out == KeyStream(key, counter, zeros.size()));
  // In place, and back.
  ctr.Crypt(counter, out, absl::MakeSpan(out));
  RC_ASSERT(out == zeros);
}

TEST(AesCtrTest, RefusesOtherKeySizes) {
  for (const size_t size : {0, 8, 15, 20, 33, 64}) {
    EXPECT_FALSE(AesCtr::Create(Bytes(size)).ok()) << size;
  }
}

}  // namespace
}  // namespace casemate
