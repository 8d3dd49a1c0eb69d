// Where the exporter listens, as given on the command line.
#ifndef OPS_EXPORTER_LISTEN_ADDRESS_H_
#define OPS_EXPORTER_LISTEN_ADDRESS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace casemate {

struct ListenAddress {
  std::string host;  // a numeric IPv4 address
  uint16_t port = 0;

  // "127.0.0.1:9567".
  std::string ToString() const;
};

// Parses "ADDR:PORT", "localhost:PORT" or "PORT"; the last two mean 127.0.0.1,
// because metrics are nobody's business beyond the machine unless somebody
// says so. Port 0 is any free port. Other host names are refused: what they
// resolve to decides who can read, so it is written out. So is IPv6, which
// Debian's civetweb is built without.
// InvalidArgument names `text` and says what to write instead.
absl::StatusOr<ListenAddress> ParseListenAddress(absl::string_view text);

}  // namespace casemate

#endif  // OPS_EXPORTER_LISTEN_ADDRESS_H_
