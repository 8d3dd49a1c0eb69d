#include "testing/fakes/fake_random.h"

#include <cstdint>
#include <set>
#include <vector>

#include "absl/types/span.h"
#include "gtest/gtest.h"

namespace casemate {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes Take(RandomSource& random, size_t size) {
  Bytes bytes(size);
  random.Fill(absl::MakeSpan(bytes));
  return bytes;
}

TEST(FakeRandomTest, RepeatsFromRunToRunButNeverWithinOne) {
  FakeRandom random(1);
  FakeRandom same(1);
  std::set<Bytes> seen;
  for (int i = 0; i < 10000; ++i) {
    const Bytes nonce = Take(random, 12);
    EXPECT_TRUE(seen.insert(nonce).second);
    EXPECT_EQ(nonce, Take(same, 12));
  }
  FakeRandom other(2);
  EXPECT_EQ(seen.count(Take(other, 12)), 0u);
}

TEST(ScriptedRandomTest, SaysItsScriptAndNoMore) {
  ScriptedRandom random({1, 2, 3});
  EXPECT_EQ(Take(random, 1), Bytes({1}));
  EXPECT_EQ(Take(random, 2), Bytes({2, 3}));
  EXPECT_DEATH(Take(random, 1), "script is long enough");
}

}  // namespace
}  // namespace casemate
