#include "fs/vault/dir_id.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace casemate {

absl::StatusOr<DirId> DirId::Parse(absl::string_view text) {
  if (text.empty() || text.size() > kMaxSize) {
    return WithErrno(
        absl::DataLossError(absl::StrCat("dir.c9r holds ", text.size(),
                                         " bytes, an id has 1 to ", kMaxSize)),
        EIO);
  }
  const bool printable = std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isprint(static_cast<unsigned char>(c));
  });
  if (!printable) {
    return WithErrno(
        absl::DataLossError("dir.c9r holds bytes that no directory id has"),
        EIO);
  }
  return DirId(std::string(text));
}

DirId DirId::Random(RandomSource& random) { return DirId(RandomUuid(random)); }

std::string RandomUuid(RandomSource& random) {
  std::array<uint8_t, 16> bytes;
  random.Fill(MutableBytes(bytes));
  bytes[6] = static_cast<uint8_t>((bytes[6] & 0x0f) | 0x40);  // version 4
  bytes[8] = static_cast<uint8_t>((bytes[8] & 0x3f) | 0x80);  // RFC 4122
  const std::string hex = absl::BytesToHexString(TextOf(ConstBytes(bytes)));
  const absl::string_view digits(hex);
  return absl::StrCat(digits.substr(0, 8), "-", digits.substr(8, 4), "-",
                      digits.substr(12, 4), "-", digits.substr(16, 4), "-",
                      digits.substr(20));
}

}  // namespace casemate
