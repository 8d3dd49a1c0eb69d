#include "fs/vault/name_shortener.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "crypto/encoding/base64.h"
#include "crypto/primitive/sha.h"

namespace casemate {
namespace {

constexpr size_t kEncodedSha1Size = 28;

}  // namespace

bool IsShortened(int threshold, absl::string_view c9r) {
  return c9r.size() > static_cast<size_t>(threshold);
}

std::string ShortName(absl::string_view c9r) {
  std::string name;
  name.reserve(kEncodedSha1Size + kShortSuffix.size());
  Base64UrlEncode(Sha1(BytesOf(c9r)), Base64Padding::kPadded, &name);
  absl::StrAppend(&name, kShortSuffix);
  return name;
}

bool IsShortName(absl::string_view entry) {
  if (!absl::EndsWith(entry, kShortSuffix)) return false;
  entry.remove_suffix(kShortSuffix.size());
  return entry.size() == kEncodedSha1Size &&
         Base64UrlDecode(entry, Base64Padding::kPadded).has_value();
}

int MaxUnshortenedSize(int threshold) {
  constexpr int kSuffixSize = 4;
  constexpr int kSivTagSize = 16;
  return (threshold - kSuffixSize) / 4 * 3 - kSivTagSize;
}

}  // namespace casemate
