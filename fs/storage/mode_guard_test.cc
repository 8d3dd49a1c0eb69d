#include "fs/storage/mode_guard.h"

#include <atomic>
#include <thread>

#include "gtest/gtest.h"

namespace casemate {
namespace {

TEST(ModeGuardTest, QuietReadAsksOnce) {
  ModeGuard guard;
  int asked = 0;
  EXPECT_EQ(guard.Read([&asked] { return ++asked; }), 1);
  EXPECT_EQ(asked, 1);
}

TEST(ModeGuardTest, ReadThatAWideningOvertookAsksAgain) {
  ModeGuard guard;
  int asked = 0;
  const int answer = guard.Read([&] {
    if (++asked == 1) {
      std::thread([&guard] {
        guard.BeginWidening();
        guard.EndWidening();
      }).join();
    }
    return asked;
  });
  EXPECT_EQ(answer, 2);
}

TEST(ModeGuardTest, ReadDuringAWideningAnswersWithTheModeAfterIt) {
  ModeGuard guard;
  std::atomic<int> mode{0400};
  std::thread reader;
  guard.BeginWidening();
  mode = 0600;
  reader = std::thread(
      [&] { EXPECT_EQ(guard.Read([&mode] { return mode.load(); }), 0400); });
  mode = 0400;
  guard.EndWidening();
  reader.join();
}

TEST(ModeGuardTest, ChangesAndWideningsExcludeEachOther) {
  ModeGuard guard;
  int unguarded = 0;
  constexpr int kRounds = 5000;
  std::thread changer([&] {
    for (int i = 0; i < kRounds; ++i) {
      guard.Write([&unguarded] { return ++unguarded; });
    }
  });
  for (int i = 0; i < kRounds; ++i) {
    guard.BeginWidening();
    ++unguarded;
    guard.EndWidening();
  }
  changer.join();
  EXPECT_EQ(unguarded, 2 * kRounds);
}

}  // namespace
}  // namespace casemate
