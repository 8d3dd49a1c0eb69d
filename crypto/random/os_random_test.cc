#include "crypto/random/os_random.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <vector>

#include "absl/types/span.h"
#include "gtest/gtest.h"

namespace casemate {
namespace {

TEST(OsRandomTest, FillsAllAndDoesNotRepeat) {
  OsRandom random;
  std::set<std::vector<uint8_t>> seen;
  for (int i = 0; i < 1000; ++i) {
    std::vector<uint8_t> bytes(12);
    random.Fill(absl::MakeSpan(bytes));
    EXPECT_TRUE(seen.insert(bytes).second);
  }
  // 4096 bytes left as they were would show as a run of zeros.
  std::vector<uint8_t> page(4096);
  random.Fill(absl::MakeSpan(page));
  EXPECT_LT(std::count(page.begin(), page.end(), 0), 100);
}

}  // namespace
}  // namespace casemate
