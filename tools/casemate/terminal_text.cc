#include "tools/casemate/terminal_text.h"

#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "utf8proc.h"

namespace casemate {
namespace {

bool IsHarmful(utf8proc_int32_t code_point) {
  if (code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0)) {
    return true;
  }
  switch (code_point) {
    case 0x061c:  // Arabic letter mark
    case 0x200e:
    case 0x200f:  // left-to-right and right-to-left mark
    case 0x2028:
    case 0x2029:  // line and paragraph separator
    case 0x202a:
    case 0x202b:
    case 0x202c:
    case 0x202d:
    case 0x202e:
    case 0x2066:
    case 0x2067:
    case 0x2068:
    case 0x2069:
      return true;
    default:
      return false;
  }
}

std::string Escape(absl::string_view text, absl::string_view backslash) {
  std::string escaped;
  escaped.reserve(text.size());
  while (!text.empty()) {
    utf8proc_int32_t code_point = 0;
    utf8proc_ssize_t size = utf8proc_iterate(
        reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
        static_cast<utf8proc_ssize_t>(text.size()), &code_point);
    const bool is_valid = size > 0;
    if (!is_valid) size = 1;
    const absl::string_view character = text.substr(0, size);
    if (!is_valid || IsHarmful(code_point)) {
      for (const char c : character) {
        absl::StrAppendFormat(&escaped, "\\x%02x", static_cast<uint8_t>(c));
      }
    } else if (code_point == '\\') {
      absl::StrAppend(&escaped, backslash);
    } else {
      absl::StrAppend(&escaped, character);
    }
    text.remove_prefix(size);
  }
  return escaped;
}

}  // namespace

std::string EscapeControls(absl::string_view text) {
  return Escape(text, "\\");
}

std::string EscapeName(absl::string_view name) { return Escape(name, "\\\\"); }

std::string UnescapeName(absl::string_view escaped) {
  std::string name;
  for (size_t i = 0; i < escaped.size(); ++i) {
    const absl::string_view rest = escaped.substr(i);
    if (absl::StartsWith(rest, "\\\\")) {
      name.push_back('\\');
      i += 1;
    } else if (rest.size() >= 4 && absl::StartsWith(rest, "\\x") &&
               absl::ascii_isxdigit(rest[2]) && absl::ascii_isxdigit(rest[3])) {
      name += absl::HexStringToBytes(rest.substr(2, 2));
      i += 3;
    } else {
      name.push_back(escaped[i]);
    }
  }
  return name;
}

}  // namespace casemate
