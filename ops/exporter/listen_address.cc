#include "ops/exporter/listen_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace casemate {
namespace {

absl::Status Malformed(absl::string_view text, absl::string_view reason) {
  return absl::InvalidArgumentError(
      absl::StrCat("metrics address \"", text, "\": ", reason,
                   "; write ADDR:PORT, for example 127.0.0.1:9567"));
}

absl::StatusOr<uint16_t> ParsePort(absl::string_view text,
                                   absl::string_view port) {
  // SimpleAtoi alone would take "+1" and " 1".
  const bool is_number =
      !port.empty() && std::all_of(port.begin(), port.end(), [](char c) {
        return absl::ascii_isdigit(static_cast<unsigned char>(c));
      });
  uint32_t value = 0;
  if (!is_number || !absl::SimpleAtoi(port, &value) || value > 65535) {
    return Malformed(text, "the port is not a number from 0 to 65535");
  }
  return static_cast<uint16_t>(value);
}

bool IsIpv4(const std::string& host) {
  in_addr address;
  return inet_pton(AF_INET, host.c_str(), &address) == 1;
}

}  // namespace

std::string ListenAddress::ToString() const {
  return absl::StrCat(host, ":", port);
}

absl::StatusOr<ListenAddress> ParseListenAddress(absl::string_view text) {
  ListenAddress result;
  const size_t colon = text.rfind(':');
  const absl::string_view host =
      colon == absl::string_view::npos ? "localhost" : text.substr(0, colon);
  const absl::string_view port =
      colon == absl::string_view::npos ? text : text.substr(colon + 1);
  if (absl::StartsWith(host, "[")) {
    return Malformed(text, "the HTTP server has no IPv6");
  }
  ASSIGN_OR_RETURN(result.port, ParsePort(text, port));
  result.host = std::string(host == "localhost" ? "127.0.0.1" : host);
  if (!IsIpv4(result.host)) {
    return Malformed(text, "the host is not a numeric IPv4 address");
  }
  return result;
}

}  // namespace casemate
