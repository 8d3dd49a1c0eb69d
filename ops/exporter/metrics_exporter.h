// Serves one mount's metrics and health over HTTP.
//
//   /metrics   Prometheus text format 0.0.4
//   /healthz   200 "ok" while the mount serves requests, else 503
//   /          names the two
//
//   MetricsExporter::Options options;
//   options.listen = "127.0.0.1:9567";
//   options.metrics = &metrics;
//   options.mount = {"1.0.0", "SIV_GCM", "8"};
//   options.healthy = [&session] { return session.is_serving(); };
//   ASSIGN_OR_RETURN(auto exporter, MetricsExporter::Start(options));
//
// There is neither encryption nor a password: whoever reaches the address
// reads the numbers. They hold no name, path, key or content.
//
// The server is civetweb: an accepting thread and two that answer, so that
// one client which stalls (bounded by a time-out) does not starve a liveness
// probe. They inherit the signal mask of the thread that calls Start: block
// SIGTERM and SIGINT first. civetweb makes the process ignore SIGPIPE, as
// libfuse's signal handlers do, and touches no other signal.
#ifndef OPS_EXPORTER_METRICS_EXPORTER_H_
#define OPS_EXPORTER_METRICS_EXPORTER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ops/exporter/families.h"
#include "ops/exporter/listen_address.h"
#include "ops/metrics/metrics.h"

struct mg_connection;
struct mg_context;

namespace casemate {

class MetricsExporter {
 public:
  struct Options {
    std::string listen;                // ParseListenAddress has the forms
    const Metrics* metrics = nullptr;  // outlives the exporter
    MountInfo mount;
    // Called by the server's threads, at once by several. Must not block: a
    // probe that hangs reports the wrong thing.
    std::function<bool()> healthy;
  };

  // Listens and starts to answer. InvalidArgument for an address that cannot
  // be parsed; otherwise the error names the address and what to change.
  static absl::StatusOr<std::unique_ptr<MetricsExporter>> Start(
      Options options);

  // Stops listening and waits for the answers under way, for a client that
  // stalls at most about two seconds.
  ~MetricsExporter();
  MetricsExporter(const MetricsExporter&) = delete;
  MetricsExporter& operator=(const MetricsExporter&) = delete;

  // The port in use, also when 0 was asked for.
  int port() const { return address_.port; }

 private:
  struct Response;

  MetricsExporter(Options options, ListenAddress address);

  absl::Status Listen();
  Response Answer(absl::string_view method, absl::string_view path) const;
  static int OnRequest(mg_connection* connection);

  const Options options_;
  ListenAddress address_;          // with the port in use
  mg_context* context_ = nullptr;  // null until Listen has succeeded
};

}  // namespace casemate

#endif  // OPS_EXPORTER_METRICS_EXPORTER_H_
