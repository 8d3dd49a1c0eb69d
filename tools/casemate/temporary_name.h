// Names of files that are not whole yet.
#ifndef TOOLS_CASEMATE_TEMPORARY_NAME_H_
#define TOOLS_CASEMATE_TEMPORARY_NAME_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "crypto/random/random_source.h"

namespace casemate {

// ".casemate-<16 hex digits>.tmp"
inline std::string NewTemporaryName(RandomSource& random) {
  std::array<uint8_t, 8> bytes;
  random.Fill(MutableBytes(bytes));
  return absl::StrCat(
      ".casemate-", absl::BytesToHexString(TextOf(ConstBytes(bytes))), ".tmp");
}

}  // namespace casemate

#endif  // TOOLS_CASEMATE_TEMPORARY_NAME_H_
