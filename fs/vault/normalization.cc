#include "fs/vault/normalization.h"

#include <utf8proc.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "base/bytes.h"
#include "base/status.h"

namespace casemate {
namespace {

// utf8proc's own utf8proc_map() allocates, and frees without wiping; these two
// halves of it work in a buffer of ours.
constexpr auto kToNfc =
    static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE);

absl::Status NotNormalised() {
  return WithErrno(
      absl::ResourceExhaustedError("the text could not be normalised"), ENOMEM);
}

// How many 32-bit numbers NormaliseIn needs for `text`.
absl::StatusOr<size_t> BufferSize(absl::string_view text) {
  if (!IsValidUtf8(text)) {
    return WithErrno(absl::InvalidArgumentError("the text is not valid UTF-8"),
                     EILSEQ);
  }
  const utf8proc_ssize_t size = utf8proc_decompose(
      reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
      static_cast<utf8proc_ssize_t>(text.size()), nullptr, 0, kToNfc);
  if (size < 0) return NotNormalised();
  return static_cast<size_t>(size) + 1;  // reencode ends its output with NUL
}

// Leaves the NFC of `text` in the front of `buffer` and returns its size in
// bytes.
absl::StatusOr<size_t> NormaliseIn(absl::string_view text,
                                   absl::Span<utf8proc_int32_t> buffer) {
  const utf8proc_ssize_t size = utf8proc_decompose(
      reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
      static_cast<utf8proc_ssize_t>(text.size()), buffer.data(),
      static_cast<utf8proc_ssize_t>(buffer.size() - 1), kToNfc);
  if (size < 0) return NotNormalised();
  const utf8proc_ssize_t bytes = utf8proc_reencode(buffer.data(), size, kToNfc);
  if (bytes < 0) return NotNormalised();
  return static_cast<size_t>(bytes);
}

bool IsAscii(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x80;
  });
}

}  // namespace

bool IsValidUtf8(absl::string_view text) {
  const auto* at = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  auto left = static_cast<utf8proc_ssize_t>(text.size());
  while (left > 0) {
    utf8proc_int32_t code_point = -1;
    const utf8proc_ssize_t used = utf8proc_iterate(at, left, &code_point);
    if (used <= 0 || code_point < 0) return false;
    at += used;
    left -= used;
  }
  return true;
}

absl::StatusOr<std::string> ToNfc(absl::string_view text) {
  if (IsAscii(text)) return std::string(text);  // already normal
  ASSIGN_OR_RETURN(const size_t room, BufferSize(text));
  std::vector<utf8proc_int32_t> buffer(room);
  ASSIGN_OR_RETURN(const size_t size,
                   NormaliseIn(text, absl::MakeSpan(buffer)));
  return std::string(reinterpret_cast<const char*>(buffer.data()), size);
}

absl::StatusOr<SecretBytes> SecretToNfc(ConstBytes text) {
  ASSIGN_OR_RETURN(const size_t room, BufferSize(TextOf(text)));
  SecretBytes buffer(room * sizeof(utf8proc_int32_t));
  const absl::Span<utf8proc_int32_t> numbers(
      reinterpret_cast<utf8proc_int32_t*>(buffer.mutable_bytes().data()), room);
  ASSIGN_OR_RETURN(const size_t size, NormaliseIn(TextOf(text), numbers));
  buffer.Truncate(size);
  return buffer;
}

}  // namespace casemate
