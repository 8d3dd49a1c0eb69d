// Bytes as vectors write them.
#ifndef TESTING_VECTORS_HEX_H_
#define TESTING_VECTORS_HEX_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "base/bytes.h"

namespace casemate {

// nullopt for an odd number of characters, or one that is no hex digit.
absl::optional<std::vector<uint8_t>> ParseHex(absl::string_view text);

// For vectors that stand in a test; anything but hex is a mistake in it.
std::vector<uint8_t> FromHex(absl::string_view text);

// Lower case.
std::string ToHex(ConstBytes bytes);

}  // namespace casemate

#endif  // TESTING_VECTORS_HEX_H_
