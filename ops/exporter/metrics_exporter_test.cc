#include "ops/exporter/metrics_exporter.h"

#include <dirent.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "civetweb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ops/exporter/http_client.h"

namespace casemate {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class MetricsExporterTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<MetricsExporter>> StartOn(
      absl::string_view listen) {
    MetricsExporter::Options options;
    options.listen = std::string(listen);
    options.metrics = &metrics_;
    options.mount = {"1.2.3", "SIV_GCM", "8"};
    options.healthy = [this] { return is_healthy_.load(); };
    return MetricsExporter::Start(std::move(options));
  }

  std::unique_ptr<MetricsExporter> MustStart() {
    auto exporter = StartOn("127.0.0.1:0");
    EXPECT_TRUE(exporter.ok()) << exporter.status();
    return exporter.ok() ? *std::move(exporter) : nullptr;
  }

  Metrics metrics_;
  std::atomic<bool> is_healthy_{true};
};

std::string ReadAll(const std::string& path) {
  std::ifstream in(path);
  return std::string((std::istreambuf_iterator<char>(in)),
                     std::istreambuf_iterator<char>());
}

std::vector<std::string> TaskIds() {
  std::vector<std::string> ids;
  DIR* const dir = opendir("/proc/self/task");
  while (const dirent* entry = readdir(dir)) {
    if (entry->d_name[0] != '.') ids.emplace_back(entry->d_name);
  }
  closedir(dir);
  return ids;
}

bool IsBlockedIn(const std::string& task_id, int signal) {
  const std::string status =
      ReadAll(absl::StrCat("/proc/self/task/", task_id, "/status"));
  constexpr char kField[] = "SigBlk:\t";
  const size_t at = status.find(kField);
  if (at == std::string::npos) return false;
  const uint64_t mask =
      std::stoull(status.substr(at + sizeof(kField) - 1, 16), nullptr, 16);
  return (mask >> (signal - 1) & 1) != 0;
}

TEST_F(MetricsExporterTest, MetricsAreTheCurrentCountsInTheTextFormat) {
  const auto exporter = MustStart();
  ASSERT_NE(exporter, nullptr);
  metrics_.RecordFuseOp(FuseOp::kRead, 0, absl::Milliseconds(1));
  const HttpResponse first = HttpRequest(exporter->port(), "GET", "/metrics");
  EXPECT_EQ(first.code, 200);
  EXPECT_THAT(first.headers,
              HasSubstr("Content-Type: text/plain; version=0.0.4; "
                        "charset=utf-8\r\n"));
  EXPECT_THAT(
      first.headers,
      HasSubstr(absl::StrCat("Content-Length: ", first.body.size(), "\r\n")));
  EXPECT_THAT(first.body, HasSubstr("\ncasemate_fuse_ops_total{op=\"read\","
                                    "result=\"ok\"} 1\n"));
  metrics_.RecordFuseOp(FuseOp::kRead, 0, absl::Milliseconds(1));
  EXPECT_THAT(HttpRequest(exporter->port(), "GET", "/metrics?a=b").body,
              HasSubstr("\ncasemate_fuse_ops_total{op=\"read\","
                        "result=\"ok\"} 2\n"));
}

TEST_F(MetricsExporterTest, HealthFollowsTheCallback) {
  const auto exporter = MustStart();
  ASSERT_NE(exporter, nullptr);
  const HttpResponse healthy = HttpRequest(exporter->port(), "GET", "/healthz");
  EXPECT_EQ(healthy.code, 200);
  EXPECT_EQ(healthy.body, "ok\n");
  is_healthy_ = false;
  const HttpResponse sick = HttpRequest(exporter->port(), "GET", "/healthz");
  EXPECT_EQ(sick.code, 503);
  EXPECT_EQ(sick.body.find('\n'), sick.body.size() - 1);
  is_healthy_ = true;
  EXPECT_EQ(HttpRequest(exporter->port(), "GET", "/healthz").code, 200);
}

TEST_F(MetricsExporterTest, RootNamesBothPages) {
  const auto exporter = MustStart();
  ASSERT_NE(exporter, nullptr);
  const HttpResponse root = HttpRequest(exporter->port(), "GET", "/");
  EXPECT_EQ(root.code, 200);
  EXPECT_THAT(root.body, HasSubstr("/metrics"));
  EXPECT_THAT(root.body, HasSubstr("/healthz"));
}

TEST_F(MetricsExporterTest, EverythingElseIsNotFound) {
  const auto exporter = MustStart();
  ASSERT_NE(exporter, nullptr);
  for (const absl::string_view path :
       {"/metrics/", "/metricsx", "/healthz/x", "/favicon.ico", "/etc/passwd",
        "/../../etc/passwd", "//etc/passwd", "/%2e%2e/etc/passwd"}) {
    EXPECT_EQ(HttpRequest(exporter->port(), "GET", path).code, 404) << path;
  }
}

TEST_F(MetricsExporterTest, HeadIsGetWithoutTheBody) {
  const auto exporter = MustStart();
  ASSERT_NE(exporter, nullptr);
  const HttpResponse head = HttpRequest(exporter->port(), "HEAD", "/healthz");
  EXPECT_EQ(head.code, 200);
  EXPECT_EQ(head.body, "");
  EXPECT_THAT(head.headers, HasSubstr("Content-Length: 3\r\n"));
  EXPECT_EQ(HttpRequest(exporter->port(), "HEAD", "/nothing").code, 404);
}

TEST_F(MetricsExporterTest, OtherMethodsAreNotAllowed) {
  const auto exporter = MustStart();
  ASSERT_NE(exporter, nullptr);
  for (const absl::string_view method :
       {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT"}) {
    const HttpResponse response =
        HttpRequest(exporter->port(), method, "/metrics");
    EXPECT_EQ(response.code, 405) << method;
    EXPECT_THAT(response.headers, HasSubstr("Allow: GET, HEAD\r\n"));
  }
  EXPECT_EQ(HttpRequest(exporter->port(), "NONSENSE", "/metrics").code, 400);
}

TEST_F(MetricsExporterTest,
       PortInUseIsSaidOnlyInTheErrorWithTheAddressAndWhatToDo) {
  const auto first = MustStart();
  ASSERT_NE(first, nullptr);
  const std::string taken = absl::StrCat("127.0.0.1:", first->port());
  ::testing::internal::CaptureStderr();
  const absl::Status status = StartOn(taken).status();
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(status.message()), HasSubstr(taken));
  EXPECT_THAT(std::string(status.message()), HasSubstr("choose another"));
}

TEST_F(MetricsExporterTest, AddressOfAnotherMachineIsSaidByName) {
  // 192.0.2.0/24 is reserved for documentation.
  const absl::Status status = StartOn("192.0.2.1:0").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("192.0.2.1:0"));
}

TEST_F(MetricsExporterTest, MalformedAddressIsRefused) {
  EXPECT_EQ(StartOn("nonsense").status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(MetricsExporterTest, DestructionStopsListeningAndFreesThePort) {
  auto exporter = MustStart();
  ASSERT_NE(exporter, nullptr);
  const int port = exporter->port();
  exporter.reset();
  EXPECT_EQ(HttpRequest(port, "GET", "/healthz").code, 0);
  const auto again = StartOn(absl::StrCat("localhost:", port));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ((*again)->port(), port);
  EXPECT_EQ(HttpRequest(port, "GET", "/healthz").code, 200);
}

// civetweb alone takes two seconds, and an unmount would wait for it. The
// best of three, because the machine may be busy.
TEST_F(MetricsExporterTest, SilentConnectionsDoNotKeepAProbeOut) {
  const auto exporter = MustStart();
  ASSERT_NE(exporter, nullptr);
  std::vector<std::unique_ptr<LoopbackConnection>> silent;
  for (int i = 0; i < 4; ++i) {
    silent.push_back(std::make_unique<LoopbackConnection>(exporter->port()));
    ASSERT_TRUE(silent.back()->is_connected());
  }
  EXPECT_EQ(HttpRequest(exporter->port(), "GET", "/healthz").code, 200);
  // And not because they had been given up before.
  silent.back()->Send("GET /healthz HTTP/1.0\r\n\r\n");
  EXPECT_THAT(silent.back()->ReceiveAll(), HasSubstr("200"));
}

// Left to itself civetweb takes seconds to notice that it should stop.
TEST_F(MetricsExporterTest, StopsMuchSoonerThanTheServerByItself) {
  const auto time_of = [](const auto& stop) {
    const auto start = std::chrono::steady_clock::now();
    stop();
    return std::chrono::steady_clock::now() - start;
  };
  const char* configuration[] = {"listening_ports", "127.0.0.1:0",
                                 "num_threads", "2", nullptr};
  mg_context* const server = mg_start(nullptr, nullptr, configuration);
  ASSERT_NE(server, nullptr);
  mg_server_port port = {};
  ASSERT_EQ(mg_get_server_ports(server, 1, &port), 1);
  HttpRequest(port.port, "GET", "/");  // it serves, and waits for the next
  const auto by_itself = time_of([server] { mg_stop(server); });

  auto ours = time_of([] {});
  for (int i = 0; i < 3; ++i) {
    auto exporter = MustStart();
    ASSERT_NE(exporter, nullptr);
    HttpRequest(exporter->port(), "GET", "/healthz");
    const auto time = time_of([&exporter] { exporter.reset(); });
    ours = i == 0 ? time : std::min(ours, time);
  }
  EXPECT_LT(ours, by_itself / 2);
}

TEST_F(MetricsExporterTest, TwoMountsInOneProcessKeepTheirNumbersApart) {
  const auto exporter = MustStart();
  Metrics other_metrics;
  other_metrics.inodes().Set(77);
  MetricsExporter::Options options;
  options.listen = "0";
  options.metrics = &other_metrics;
  options.healthy = [] { return false; };
  const auto other = MetricsExporter::Start(std::move(options));
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_THAT(HttpRequest(exporter->port(), "GET", "/metrics").body,
              HasSubstr("\ncasemate_inodes 0\n"));
  EXPECT_THAT(HttpRequest((*other)->port(), "GET", "/metrics").body,
              HasSubstr("\ncasemate_inodes 77\n"));
  EXPECT_EQ(HttpRequest(exporter->port(), "GET", "/healthz").code, 200);
  EXPECT_EQ(HttpRequest((*other)->port(), "GET", "/healthz").code, 503);
}

TEST_F(MetricsExporterTest, ProbeIsAnsweredWhileAClientStalls) {
  const auto exporter = MustStart();
  ASSERT_NE(exporter, nullptr);
  LoopbackConnection stalled(exporter->port());
  ASSERT_TRUE(stalled.is_connected());
  stalled.Send("GET /metrics HT");
  EXPECT_EQ(HttpRequest(exporter->port(), "GET", "/healthz").code, 200);
}

TEST_F(MetricsExporterTest, ClientsThatHangUpEarlyDoNoHarm) {
  const auto exporter = MustStart();
  ASSERT_NE(exporter, nullptr);
  for (int i = 0; i < 50; ++i) {
    LoopbackConnection connection(exporter->port());
    connection.Send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    connection.Reset();
  }
  EXPECT_EQ(HttpRequest(exporter->port(), "GET", "/healthz").code, 200);
}

// No claim about each answer but one: nothing but a page is ever sent, and the
// next probe is answered.
TEST_F(MetricsExporterTest, WhatIsNoRequestGetsNoPageAndDoesNoHarm) {
  const auto exporter = MustStart();
  ASSERT_NE(exporter, nullptr);
  const std::string long_text(200'000, 'a');
  for (const std::string& request :
       {std::string("\r\n\r\n"), std::string(1000, '\0') + "\r\n\r\n",
        std::string("GET\r\n\r\n"), std::string("GET /metrics\r\n\r\n"),
        std::string("GET /metrics HTTP/9.9\r\n\r\n"),
        std::string("G\xff /metrics HTTP/1.1\r\n\r\n"),
        std::string("GET metrics HTTP/1.1\r\n\r\n"),
        "GET /" + long_text + " HTTP/1.1\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nX: " + long_text + "\r\n\r\n",
        std::string("GET /../metrics/%00 HTTP/1.1\r\n\r\n"),
        std::string("GET /metrics/../../etc/passwd HTTP/1.1\r\n\r\n"),
        std::string("GET /x HTTP/1.1\r\nContent-Length: -1\r\n\r\n"),
        std::string("POST /metrics HTTP/1.1\r\n"
                    "Content-Length: 99999999999999999999\r\n\r\n"),
        std::string("POST /metrics HTTP/1.1\r\n"
                    "Transfer-Encoding: chunked\r\n\r\nfffffffffff\r\n")}) {
    SCOPED_TRACE(request.substr(0, 60));
    LoopbackConnection connection(exporter->port());
    connection.Send(request);
    const std::string answer = connection.ReceiveAll();
    EXPECT_THAT(answer, Not(HasSubstr("casemate_")));
    EXPECT_THAT(answer, Not(HasSubstr("root:")));
    EXPECT_FALSE(absl::StartsWith(answer, "HTTP/1.1 200"));
    EXPECT_EQ(HttpRequest(exporter->port(), "GET", "/healthz").code, 200);
  }
}

TEST_F(MetricsExporterTest, ScrapesAndRecordingDoNotDisturbEachOther) {
  const auto exporter = MustStart();
  ASSERT_NE(exporter, nullptr);
  std::thread recorder([this] {
    for (int i = 0; i < 20000; ++i) {
      metrics_.RecordFuseOp(FuseOp::kWrite, 0, absl::Microseconds(i));
    }
  });
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(HttpRequest(exporter->port(), "GET", "/metrics").code, 200);
  }
  recorder.join();
  EXPECT_THAT(HttpRequest(exporter->port(), "GET", "/metrics").body,
              HasSubstr("{op=\"write\",result=\"ok\"} 20000\n"));
}

TEST_F(MetricsExporterTest, ServerIsThreeThreadsUnderTheCallersSignalMask) {
  sigset_t blocked;
  sigset_t previous;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  sigaddset(&blocked, SIGINT);
  ASSERT_EQ(pthread_sigmask(SIG_BLOCK, &blocked, &previous), 0);
  const std::vector<std::string> before = TaskIds();
  auto exporter = MustStart();
  ASSERT_NE(exporter, nullptr);
  EXPECT_EQ(HttpRequest(exporter->port(), "GET", "/healthz").code, 200);

  int server_threads = 0;
  for (const std::string& id : TaskIds()) {
    if (std::find(before.begin(), before.end(), id) != before.end()) continue;
    ++server_threads;
    // A thread that has not run yet still blocks everything.
    EXPECT_TRUE(IsBlockedIn(id, SIGTERM)) << id;
    EXPECT_TRUE(IsBlockedIn(id, SIGINT)) << id;
  }
  EXPECT_EQ(server_threads, 9);  // one accepts
  exporter.reset();
  pthread_sigmask(SIG_SETMASK, &previous, nullptr);
}

TEST_F(MetricsExporterTest, SignalHandlersOtherThanSigpipeStay) {
  const int kSignals[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGUSR1, SIGALRM};
  std::vector<void (*)(int)> before;
  for (const int signal : kSignals) {
    struct sigaction action = {};
    sigaction(signal, nullptr, &action);
    before.push_back(action.sa_handler);
  }
  const auto exporter = MustStart();
  ASSERT_NE(exporter, nullptr);
  EXPECT_EQ(HttpRequest(exporter->port(), "GET", "/healthz").code, 200);
  for (size_t i = 0; i < before.size(); ++i) {
    struct sigaction action = {};
    sigaction(kSignals[i], nullptr, &action);
    EXPECT_EQ(action.sa_handler, before[i]) << kSignals[i];
  }
}

// BoringSSL and OpenSSL have the same symbols; one process takes one of them.
TEST_F(MetricsExporterTest, OpenSslIsNotLoaded) {
  const auto exporter = MustStart();
  ASSERT_NE(exporter, nullptr);
  EXPECT_EQ(HttpRequest(exporter->port(), "GET", "/metrics").code, 200);
  const std::string maps = ReadAll("/proc/self/maps");
  EXPECT_THAT(maps, HasSubstr("libcivetweb"));
  EXPECT_THAT(maps, Not(HasSubstr("libssl")));
  EXPECT_THAT(maps, Not(HasSubstr("libcrypto")));
}

}  // namespace
}  // namespace casemate
