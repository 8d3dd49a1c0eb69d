#include "tools/casemate/busy_processes.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace casemate {
namespace {

// A child that did `prepare` and then waits until it is let go.
class Child {
 public:
  explicit Child(const std::function<bool()>& prepare) {
    int ready[2];
    int hold[2];
    EXPECT_EQ(pipe2(ready, O_CLOEXEC), 0);
    EXPECT_EQ(pipe2(hold, O_CLOEXEC), 0);
    pid_ = fork();
    if (pid_ == 0) {
      close(hold[1]);
      char answer = prepare() ? 'y' : 'n';
      if (write(ready[1], &answer, 1) != 1) _exit(1);
      char end;
      _exit(read(hold[0], &end, 1) == 0 ? 0 : 1);
    }
    close(ready[1]);
    close(hold[0]);
    hold_ = hold[1];
    char answer = 0;
    EXPECT_EQ(read(ready[0], &answer, 1), 1);
    EXPECT_EQ(answer, 'y');
    close(ready[0]);
  }
  ~Child() {
    close(hold_);
    int status = 0;
    EXPECT_EQ(waitpid(pid_, &status, 0), pid_);
  }

  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
  int hold_ = -1;
};

bool Finds(dev_t device, pid_t pid) {
  const auto busy = FindBusyProcesses(device, 10000);
  return std::any_of(busy.begin(), busy.end(),
                     [&](const BusyProcess& b) { return b.pid == pid; });
}

// /dev/shm is a file system of its own, unlike the test's folder.
class FindBusyProcessesTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = "/dev/shm/busyXXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
    file_ = folder_ + "/file";
    const int fd = open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    ASSERT_GE(fd, 0);
    ASSERT_EQ(ftruncate(fd, 4096), 0);
    struct stat status;
    ASSERT_EQ(fstat(fd, &status), 0);
    device_ = status.st_dev;
    close(fd);
    struct stat elsewhere;
    ASSERT_EQ(stat("/proc", &elsewhere), 0);
    ASSERT_NE(device_, elsewhere.st_dev);
  }
  void TearDown() override {
    unlink(file_.c_str());
    rmdir(folder_.c_str());
  }

  std::string folder_;
  std::string file_;
  dev_t device_ = 0;
};

TEST_F(FindBusyProcessesTest, AProcessElsewhereIsNotBusy) {
  const Child child([] { return chdir("/proc") == 0; });
  EXPECT_FALSE(Finds(device_, child.pid()));
}

TEST_F(FindBusyProcessesTest, AWorkingFolderKeepsItBusy) {
  const Child child([&] { return chdir(folder_.c_str()) == 0; });
  EXPECT_TRUE(Finds(device_, child.pid()));
}

TEST_F(FindBusyProcessesTest, AnOpenFileKeepsItBusy) {
  const Child child([&] { return open(file_.c_str(), O_RDONLY) >= 0; });
  EXPECT_TRUE(Finds(device_, child.pid()));
}

TEST_F(FindBusyProcessesTest, AMappingKeepsItBusyAfterItsFileWasClosed) {
  const Child child([&] {
    const int fd = open(file_.c_str(), O_RDWR);
    const void* map =
        mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return map != MAP_FAILED && close(fd) == 0;
  });
  EXPECT_TRUE(Finds(device_, child.pid()));
}

TEST_F(FindBusyProcessesTest, ThisProcessIsNotNamed) {
  const int fd = open(file_.c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  EXPECT_FALSE(Finds(device_, getpid()));
  close(fd);
}

TEST_F(FindBusyProcessesTest, TheListIsBounded) {
  const Child one([&] { return chdir(folder_.c_str()) == 0; });
  const Child two([&] { return chdir(folder_.c_str()) == 0; });
  EXPECT_EQ(FindBusyProcesses(device_, 1).size(), 1u);
}

TEST(FormatProcessesTest, NamesPidAndCommand) {
  const BusyProcess busy[] = {{7, "bash"}, {9, "vim"}};
  EXPECT_EQ(FormatProcesses(busy), "7 (bash), 9 (vim)");
}

}  // namespace
}  // namespace casemate
