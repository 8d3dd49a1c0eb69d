#include "ops/exporter/process_usage.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <future>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace casemate {
namespace {

// A command may hold anything; this one tries to look like the end of itself.
constexpr char kLine[] =
    "4711 (a) S 9 (b) R 1 2 3 4 5 4194304 6 7 8 9 250 50 10 11 20 0 12 0 "
    "123456 987654321 2048 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 "
    "0 0 0 0 0 0 0 0 0 0 0 0 0\n";

TEST(ParseProcStatTest, TakesTheFieldsOfProc5EvenAfterAnOddCommand) {
  const auto stat = ParseProcStat(kLine);
  ASSERT_TRUE(stat.ok()) << stat.status();
  EXPECT_EQ(stat->cpu_ticks, 300u);
  EXPECT_EQ(stat->threads, 12u);
  EXPECT_EQ(stat->start_ticks, 123456u);
  EXPECT_EQ(stat->virtual_bytes, 987654321u);
  EXPECT_EQ(stat->resident_pages, 2048u);
}

TEST(ParseProcStatTest, RefusesWhatIsNotAStatLine) {
  for (const char* line : {"", "1 (a", "1 (a)", "1 (a) S 1 2 3", ")"}) {
    EXPECT_EQ(ParseProcStat(line).status().code(),
              absl::StatusCode::kInvalidArgument)
        << line;
  }
}

// Asks the kernel about each number instead of listing a directory.
uint64_t CountDescriptors() {
  uint64_t count = 0;
  for (int fd = 0; fd < 4096; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) ++count;
  }
  return count;
}

TEST(ReadProcessUsageTest, CountsTheDescriptorsThatAreOpen) {
  const auto before = ReadProcessUsage();
  ASSERT_TRUE(before.ok()) << before.status();
  EXPECT_EQ(before->open_fds, CountDescriptors());
  const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(ReadProcessUsage()->open_fds, before->open_fds + 1);
  close(fd);
  EXPECT_EQ(ReadProcessUsage()->open_fds, before->open_fds);
}

// Compared with one thread already there: TSan adds one of its own when a
// process starts its first.
TEST(ReadProcessUsageTest, SeesAThread) {
  std::promise<void> done;
  const std::shared_future<void> is_done = done.get_future().share();
  std::thread first([is_done] { is_done.wait(); });
  const auto before = ReadProcessUsage();
  std::thread second([is_done] { is_done.wait(); });
  const auto after = ReadProcessUsage();
  done.set_value();
  first.join();
  second.join();
  ASSERT_TRUE(before.ok()) << before.status();
  ASSERT_TRUE(after.ok()) << after.status();
  // A sanitizer may start one of its own meanwhile.
  EXPECT_GE(after->threads, before->threads + 1);
}

TEST(ReadProcessUsageTest, ValuesAreInTheUnitsTheyClaim) {
  const auto usage = ReadProcessUsage();
  ASSERT_TRUE(usage.ok()) << usage.status();
  EXPECT_GT(usage->resident_bytes, 1u << 20);
  EXPECT_GT(usage->virtual_bytes, usage->resident_bytes);
  rlimit limit = {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(usage->max_fds, limit.rlim_cur);
  timespec cpu = {};
  ASSERT_EQ(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu), 0);
  EXPECT_LE(usage->cpu, absl::DurationFromTimespec(cpu) + absl::Seconds(1));
  // Started before now, by less than a test may take.
  timespec now = {};
  ASSERT_EQ(clock_gettime(CLOCK_REALTIME, &now), 0);
  const absl::Duration age = absl::TimeFromTimespec(now) - usage->start_time;
  EXPECT_GT(age, -absl::Seconds(2));
  EXPECT_LT(age, absl::Minutes(10));
}

}  // namespace
}  // namespace casemate
