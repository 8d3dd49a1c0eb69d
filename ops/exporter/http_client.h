// One HTTP request over a real socket, for the tests of the exporter.
#ifndef OPS_EXPORTER_HTTP_CLIENT_H_
#define OPS_EXPORTER_HTTP_CLIENT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace casemate {

// A TCP connection to 127.0.0.1:`port`, closed by the destructor. `fd` is -1
// when nobody listens there.
class LoopbackConnection {
 public:
  explicit LoopbackConnection(int port);
  ~LoopbackConnection();
  LoopbackConnection(const LoopbackConnection&) = delete;
  LoopbackConnection& operator=(const LoopbackConnection&) = delete;

  bool is_connected() const { return fd_ >= 0; }
  void Send(absl::string_view bytes);
  // Everything up to the end of the stream.
  std::string ReceiveAll();
  // Closes with a reset, so that what the server still sends fails.
  void Reset();

 private:
  int fd_;
};

struct HttpResponse {
  int code = 0;  // 0 when there was no answer
  std::string headers;
  std::string body;
};

// `method` `path` with HTTP/1.1.
HttpResponse HttpRequest(int port, absl::string_view method,
                         absl::string_view path);

}  // namespace casemate

#endif  // OPS_EXPORTER_HTTP_CLIENT_H_
