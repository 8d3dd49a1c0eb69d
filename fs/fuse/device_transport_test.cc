// A socket pair stands for the device: one read is one request there too.
#include "fs/fuse/device_transport.h"

#include <fcntl.h>
#include <linux/fuse.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "gtest/gtest.h"

namespace casemate {
namespace {

std::string Request(uint32_t unique, size_t size) {
  fuse_in_header header = {};
  header.len = static_cast<uint32_t>(size);
  header.unique = unique;
  std::string request(size, 'x');
  memcpy(&request[0], &header, sizeof(header));
  return request;
}

uint64_t UniqueOf(MutableBytes request) {
  fuse_in_header header;
  memcpy(&header, request.data(), sizeof(header));
  return header.unique;
}

// Keeps what it is given, and can hold requests until it is told.
class RecordingSink final : public RequestSink {
 public:
  void Process(MutableBytes request) override {
    MutexLock lock(&mu_);
    sizes_.insert(request.size());
    uniques_.insert(UniqueOf(request));
    changed_.NotifyAll();
    while (holding_) changed_.Wait(&mu_);
  }

  void WaitFor(size_t count) {
    MutexLock lock(&mu_);
    while (uniques_.size() < count) changed_.Wait(&mu_);
  }
  void SetHolding(bool holding) {
    MutexLock lock(&mu_);
    holding_ = holding;
    changed_.NotifyAll();
  }
  std::multiset<uint64_t> uniques() {
    MutexLock lock(&mu_);
    return uniques_;
  }
  std::multiset<size_t> sizes() {
    MutexLock lock(&mu_);
    return sizes_;
  }

 private:
  Mutex mu_;
  CondVar changed_;
  bool holding_ ABSL_GUARDED_BY(mu_) = false;
  std::multiset<uint64_t> uniques_ ABSL_GUARDED_BY(mu_);
  std::multiset<size_t> sizes_ ABSL_GUARDED_BY(mu_);
};

class DeviceTransportTest : public ::testing::Test {
 protected:
  DeviceTransportTest() {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    device_.reset(ends[0]);
    kernel_.reset(ends[1]);
  }

  void Send(const std::string& request) {
    EXPECT_EQ(write(kernel_.get(), request.data(), request.size()),
              static_cast<ssize_t>(request.size()));
  }

  UniqueFd device_;
  UniqueFd kernel_;
  RecordingSink sink_;
};

TEST_F(DeviceTransportTest, EachReadIsOneRequestForTheSink) {
  DeviceTransport transport(std::move(device_), {});
  std::thread server([&] { EXPECT_TRUE(transport.Serve(&sink_).ok()); });
  Send(Request(1, 40));
  Send(Request(2, 4000));
  sink_.WaitFor(2);
  transport.Stop();
  server.join();
  EXPECT_EQ(sink_.uniques(), (std::multiset<uint64_t>{1, 2}));
  EXPECT_EQ(sink_.sizes(), (std::multiset<size_t>{40, 4000}));
}

TEST_F(DeviceTransportTest, TakesTheLargestWrite) {
  const int room = 4 << 20;
  setsockopt(kernel_.get(), SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
  setsockopt(kernel_.get(), SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
  const size_t size =
      sizeof(fuse_in_header) + sizeof(fuse_write_in) + (size_t{1} << 20);
  const std::string request = Request(1, size);
  DeviceTransport transport(std::move(device_), {});
  std::thread server([&] { EXPECT_TRUE(transport.Serve(&sink_).ok()); });
  Send(request);
  sink_.WaitFor(1);
  transport.Stop();
  server.join();
  EXPECT_EQ(sink_.sizes(), (std::multiset<size_t>{size}));
}

TEST_F(DeviceTransportTest, ThreadsProcessRequestsAtOnce) {
  DeviceTransport::Options options;
  options.threads = 3;
  DeviceTransport transport(std::move(device_), options);
  sink_.SetHolding(true);
  std::thread server([&] { EXPECT_TRUE(transport.Serve(&sink_).ok()); });
  for (uint32_t unique = 1; unique <= 3; ++unique) Send(Request(unique, 40));
  sink_.WaitFor(3);  // would wait for ever with fewer than three threads
  sink_.SetHolding(false);
  transport.Stop();
  server.join();
}

TEST_F(DeviceTransportTest, StopReachesThreadsThatWaitForRequests) {
  DeviceTransport transport(std::move(device_), {});
  std::thread server([&] { EXPECT_TRUE(transport.Serve(&sink_).ok()); });
  Send(Request(1, 40));
  sink_.WaitFor(1);
  transport.Stop();
  server.join();
}

TEST_F(DeviceTransportTest, StopBeforeServeIsNotLost) {
  DeviceTransport transport(std::move(device_), {});
  transport.Stop();
  EXPECT_TRUE(transport.Serve(&sink_).ok());
}

TEST_F(DeviceTransportTest, StopLeavesUnreadRequestsForTheSuccessor) {
  DeviceTransport transport(std::move(device_), {});
  transport.Stop();
  EXPECT_TRUE(transport.Serve(&sink_).ok());
  Send(Request(7, 40));
  EXPECT_TRUE(sink_.uniques().empty());
  char left[64];
  EXPECT_EQ(read(transport.device(), left, sizeof(left)), 40);
}

TEST_F(DeviceTransportTest, ServeWaitsForRequestsUnderWay) {
  DeviceTransport transport(std::move(device_), {});
  sink_.SetHolding(true);
  bool returned = false;
  Mutex mu;
  std::thread server([&] {
    EXPECT_TRUE(transport.Serve(&sink_).ok());
    MutexLock lock(&mu);
    returned = true;
  });
  Send(Request(1, 40));
  sink_.WaitFor(1);
  transport.Stop();
  {
    MutexLock lock(&mu);
    EXPECT_FALSE(returned);
  }
  sink_.SetHolding(false);
  server.join();
  EXPECT_TRUE(returned);
}

TEST_F(DeviceTransportTest, AnOrderlyEndOfTheDeviceIsOk) {
  DeviceTransport transport(std::move(device_), {});
  kernel_.reset();
  EXPECT_TRUE(transport.Serve(&sink_).ok());
}

TEST_F(DeviceTransportTest, ANonBlockingDescriptorIsWaitedOnNotPolled) {
  ASSERT_EQ(fcntl(device_.get(), F_SETFL, O_NONBLOCK), 0);
  DeviceTransport transport(std::move(device_), {});
  std::thread server([&] { EXPECT_TRUE(transport.Serve(&sink_).ok()); });
  Send(Request(1, 40));
  sink_.WaitFor(1);
  EXPECT_EQ(fcntl(transport.device(), F_GETFL) & O_NONBLOCK, 0);
  transport.Stop();
  server.join();
}

TEST_F(DeviceTransportTest, AMessageShorterThanItsHeaderIsAnError) {
  DeviceTransport transport(std::move(device_), {});
  Send("short");
  EXPECT_FALSE(transport.Serve(&sink_).ok());
  EXPECT_TRUE(sink_.uniques().empty());
}

TEST(DeviceTransportErrorTest, AReadThatFailsEndsServeWithItsErrno) {
  DeviceTransport transport(UniqueFd(open("/", O_RDONLY | O_CLOEXEC)), {});
  RecordingSink sink;
  EXPECT_EQ(transport.Serve(&sink).message().substr(0, 4), "read");
}

TEST_F(DeviceTransportTest, AReplyIsOneMessage) {
  DeviceTransport transport(std::move(device_), {});
  char head[] = "head";
  char tail[] = "tail";
  const iovec parts[] = {{head, 4}, {tail, 4}};
  EXPECT_EQ(transport.Reply(parts, 2), 0);
  char message[64];
  ASSERT_EQ(read(kernel_.get(), message, sizeof(message)), 8);
  EXPECT_EQ(std::string(message, 8), "headtail");
}

TEST(DeviceTransportErrorTest, AReplyThatIsRefusedSaysWhy) {
  DeviceTransport transport(UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC)),
                            {});
  char head[] = "head";
  const iovec parts[] = {{head, 4}};
  EXPECT_EQ(transport.Reply(parts, 1), -EBADF);
}

}  // namespace
}  // namespace casemate
