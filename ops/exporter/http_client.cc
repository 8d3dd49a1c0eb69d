#include "ops/exporter/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace casemate {

LoopbackConnection::LoopbackConnection(int port)
    : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&address),
              sizeof(address)) != 0) {
    close(fd_);
    fd_ = -1;
  }
}

LoopbackConnection::~LoopbackConnection() {
  if (fd_ >= 0) close(fd_);
}

void LoopbackConnection::Send(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

std::string LoopbackConnection::ReceiveAll() {
  std::string received;
  char buffer[4096];
  for (;;) {
    const ssize_t n = recv(fd_, buffer, sizeof(buffer), 0);
    if (n <= 0) return received;
    received.append(buffer, static_cast<size_t>(n));
  }
}

void LoopbackConnection::Reset() {
  const linger abort = {1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
  close(fd_);
  fd_ = -1;
}

HttpResponse HttpRequest(int port, absl::string_view method,
                         absl::string_view path) {
  HttpResponse response;
  LoopbackConnection connection(port);
  if (!connection.is_connected()) return response;
  connection.Send(
      absl::StrCat(method, " ", path, " HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  const std::string bytes = connection.ReceiveAll();
  const size_t end_of_headers = bytes.find("\r\n\r\n");
  if (end_of_headers == std::string::npos) return response;
  response.headers = bytes.substr(0, end_of_headers + 2);
  response.body = bytes.substr(end_of_headers + 4);
  // "HTTP/1.1 200 OK"
  if (!absl::SimpleAtoi(absl::string_view(bytes).substr(9, 3),
                        &response.code)) {
    response.code = 0;
  }
  return response;
}

}  // namespace casemate
