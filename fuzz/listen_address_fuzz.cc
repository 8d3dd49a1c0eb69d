// The address of --metrics-listen. Claims: what is accepted is a numeric IPv4
// address and a port, and written out it reads as the same; the port alone is
// that of the loopback address; and a refusal is the user's error.
#include <arpa/inet.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "base/bytes.h"
#include "base/check.h"
#include "ops/exporter/listen_address.h"

namespace casemate {
namespace {

void Feed(absl::string_view text) {
  const absl::StatusOr<ListenAddress> address = ParseListenAddress(text);
  if (!address.ok()) {
    CHECK(absl::IsInvalidArgument(address.status()),
          "a refusal is a usage error");
    return;
  }
  in_addr parsed = {};
  CHECK(inet_pton(AF_INET, address->host.c_str(), &parsed) == 1,
        "a host is a numeric address");
  if (!absl::StrContains(text, ':')) {
    CHECK(address->host == "127.0.0.1", "a port alone is the loopback's");
  }
  const std::string written = address->ToString();
  const absl::StatusOr<ListenAddress> again = ParseListenAddress(written);
  CHECK(again.ok() && again->host == address->host &&
            again->port == address->port && again->ToString() == written,
        "an address has one text");
}

}  // namespace
}  // namespace casemate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  casemate::Feed(casemate::TextOf(casemate::ConstBytes(data, size)));
  return 0;
}
