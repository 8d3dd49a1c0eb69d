// The shortened form of long names (vault-format-8.md section 5.1): a node
// directory "<hash>.c9s" that holds the whole ".c9r" name in `name.c9s`.
// Pure functions. Lengths are bytes; ciphertext names are ASCII.
#ifndef FS_VAULT_NAME_SHORTENER_H_
#define FS_VAULT_NAME_SHORTENER_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace casemate {

inline constexpr absl::string_view kNameSuffix = ".c9r";
inline constexpr absl::string_view kShortSuffix = ".c9s";

// What a reader accepts as the content of `name.c9s`.
inline constexpr size_t kMaxLongNameSize = 10240;

// True when `c9r` (with its suffix) is longer than `threshold`; equal length
// stays unshortened.
bool IsShortened(int threshold, absl::string_view c9r);

// "<base64url(SHA-1(c9r))>.c9s", 32 characters.
std::string ShortName(absl::string_view c9r);

// True for a name that ShortName can have made.
bool IsShortName(absl::string_view entry);

// The longest cleartext name, in bytes, that stays unshortened.
int MaxUnshortenedSize(int threshold);

}  // namespace casemate

#endif  // FS_VAULT_NAME_SHORTENER_H_
