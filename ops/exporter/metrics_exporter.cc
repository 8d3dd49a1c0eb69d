#include "ops/exporter/metrics_exporter.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <future>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/status.h"
#include "civetweb.h"
#include "prometheus/text_serializer.h"

namespace casemate {
namespace {

constexpr char kPlainText[] = "text/plain; charset=utf-8";
constexpr char kPrometheusText[] = "text/plain; version=0.0.4; charset=utf-8";

sockaddr_in ToSockaddr(const ListenAddress& address) {
  sockaddr_in result = {};
  result.sin_family = AF_INET;
  result.sin_port = htons(address.port);
  CHECK(inet_pton(AF_INET, address.host.c_str(), &result.sin_addr) == 1,
        "a parsed address is numeric");
  return result;
}

// Why binding to `address` fails, found out by trying: civetweb only says that
// it did not work. 0 when it works now.
int BindErrno(const ListenAddress& address) {
  const sockaddr_in target = ToSockaddr(address);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const bool is_bound =
      bind(fd, reinterpret_cast<const sockaddr*>(&target), sizeof(target)) == 0;
  const int error = is_bound ? 0 : errno;
  close(fd);
  return error;
}

// Connects and hangs up, which makes an accepting thread look around.
void Poke(const ListenAddress& address) {
  const sockaddr_in target = ToSockaddr(address);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return;
  (void)connect(fd, reinterpret_cast<const sockaddr*>(&target), sizeof(target));
  close(fd);
}

// mg_stop returns when the accepting thread has noticed, which looks for the
// stop flag only every two seconds or after a connection. An unmount should
// not take that long, so connections are made until it has.
void StopQuickly(mg_context* context, const ListenAddress& address) {
  std::promise<void> stopped;
  std::thread poker([&address, is_stopped = stopped.get_future()] {
    do {
      Poke(address);
    } while (is_stopped.wait_for(std::chrono::milliseconds(5)) ==
             std::future_status::timeout);
  });
  mg_stop(context);
  stopped.set_value();
  poker.join();
}

absl::Status CannotListen(const ListenAddress& address,
                          absl::string_view civetweb_says) {
  const int error = BindErrno(address);
  const std::string what =
      absl::StrCat("cannot serve metrics on ", address.ToString(), ": ");
  switch (error) {
    case EADDRINUSE:
      return absl::AlreadyExistsError(absl::StrCat(
          what, "the port is in use; choose another, or 0 for any free one"));
    case EACCES:
      return absl::PermissionDeniedError(
          absl::StrCat(what,
                       "not permitted; choose a port above 1023, or grant "
                       "CAP_NET_BIND_SERVICE"));
    case EADDRNOTAVAIL:
      return absl::NotFoundError(absl::StrCat(
          what,
          "this machine has no such address; 127.0.0.1 always works and "
          "0.0.0.0 is all of them"));
    case 0:
      return absl::UnavailableError(absl::StrCat(what, civetweb_says));
    default:
      return ErrnoError(error, absl::StrCat(what, "bind"));
  }
}

}  // namespace

struct MetricsExporter::Response {
  int code;
  absl::string_view reason;
  absl::string_view content_type;
  std::string body;
  absl::string_view more_headers = "";
};

absl::StatusOr<std::unique_ptr<MetricsExporter>> MetricsExporter::Start(
    Options options) {
  CHECK(options.metrics != nullptr, "an exporter needs metrics to export");
  CHECK(options.healthy != nullptr, "an exporter needs a health callback");
  ASSIGN_OR_RETURN(const ListenAddress address,
                   ParseListenAddress(options.listen));
  std::unique_ptr<MetricsExporter> exporter(
      new MetricsExporter(std::move(options), address));
  RETURN_IF_ERROR(exporter->Listen());
  return exporter;
}

MetricsExporter::MetricsExporter(Options options, ListenAddress address)
    : options_(std::move(options)), address_(std::move(address)) {
  // Counted by civetweb, so several exporters may do it. Asking for no feature
  // keeps it from loading OpenSSL, whose symbols are BoringSSL's.
  mg_init_library(MG_FEATURES_DEFAULT);
}

MetricsExporter::~MetricsExporter() {
  if (context_ != nullptr) StopQuickly(context_, address_);
  mg_exit_library();
}

absl::Status MetricsExporter::Listen() {
  const std::string listen = address_.ToString();
  // A connection that says nothing holds a thread until it times out: enough
  // threads and little patience, so that a few of them do not keep a probe out.
  const char* configuration[] = {
      "listening_ports",
      listen.c_str(),
      "num_threads",
      "8",
      "enable_keep_alive",
      "no",
      "request_timeout_ms",
      "1000",
      nullptr,
  };
  mg_callbacks callbacks = {};
  callbacks.begin_request = &MetricsExporter::OnRequest;
  mg_init_data init = {&callbacks, this, configuration};
  unsigned code = 0;
  char text[256] = "";
  mg_error_data error = {&code, text, sizeof(text)};
  context_ = mg_start2(&init, &error);
  if (context_ == nullptr) return CannotListen(address_, text);

  mg_server_port port = {};
  CHECK(mg_get_server_ports(context_, 1, &port) == 1,
        "civetweb listens on the one port it was given");
  address_.port = static_cast<uint16_t>(port.port);
  return absl::OkStatus();
}

MetricsExporter::Response MetricsExporter::Answer(
    absl::string_view method, absl::string_view path) const {
  if (method != "GET" && method != "HEAD") {
    return {405, "Method Not Allowed", kPlainText, "only GET and HEAD\n",
            "Allow: GET, HEAD\r\n"};
  }
  if (path == "/metrics") {
    return {200, "OK", kPrometheusText,
            prometheus::TextSerializer().Serialize(
                CollectFamilies(*options_.metrics, options_.mount))};
  }
  if (path == "/healthz") {
    if (options_.healthy()) return {200, "OK", kPlainText, "ok\n"};
    return {503, "Service Unavailable", kPlainText,
            "the mount does not serve requests\n"};
  }
  if (path == "/") {
    return {200, "OK", kPlainText,
            absl::StrCat("casemate ", options_.mount.version,
                         "\n\n/metrics  for Prometheus\n/healthz  200 while "
                         "the mount serves requests, else 503\n")};
  }
  return {404, "Not Found", kPlainText, "try /metrics or /healthz\n"};
}

// Sees every request before civetweb's own handling of it, so nothing but the
// answers above can be served. Returns the status for civetweb's bookkeeping.
int MetricsExporter::OnRequest(mg_connection* connection) {
  const mg_request_info* request = mg_get_request_info(connection);
  const auto* exporter =
      static_cast<const MetricsExporter*>(request->user_data);
  const absl::string_view method = request->request_method;
  const Response response = exporter->Answer(method, request->local_uri);

  std::string bytes =
      absl::StrCat("HTTP/1.1 ", response.code, " ", response.reason,
                   "\r\nContent-Type: ", response.content_type,
                   "\r\nContent-Length: ", response.body.size(),
                   "\r\nCache-Control: no-store\r\n", response.more_headers,
                   "Connection: close\r\n\r\n");
  if (method != "HEAD") bytes += response.body;
  // A client that has gone is its own problem.
  (void)mg_write(connection, bytes.data(), bytes.size());
  return response.code;
}

}  // namespace casemate
