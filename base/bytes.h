// The two views of bytes every interface speaks: inputs are read through
// ConstBytes, outputs are filled through MutableBytes, and neither owns.
#ifndef BASE_BYTES_H_
#define BASE_BYTES_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace casemate {

using ConstBytes = absl::Span<const uint8_t>;
using MutableBytes = absl::Span<uint8_t>;

inline ConstBytes BytesOf(absl::string_view text) {
  return ConstBytes(reinterpret_cast<const uint8_t*>(text.data()), text.size());
}

inline absl::string_view TextOf(ConstBytes bytes) {
  return absl::string_view(reinterpret_cast<const char*>(bytes.data()),
                           bytes.size());
}

}  // namespace casemate

#endif  // BASE_BYTES_H_
