#include "fs/vault/conflict_name.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/types/optional.h"
#include "fs/vault/name_shortener.h"

namespace casemate {
namespace {

constexpr absl::string_view kDelimiters = "-_";
constexpr size_t kQuad = 4;
constexpr size_t kMinUnpadded = kMinEncodedNameSize - kQuad;
// Real copies need one or two attempts.
constexpr int kMaxAttempts = 64;

bool IsBase64Url(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' ||
         c == '_';
}

// The end of the longest run from `start` that has the form of an encoded
// name: 20 characters, any number of quads, a quad with or without padding.
absl::optional<size_t> RunEnd(absl::string_view text, size_t start) {
  size_t plain = start;
  while (plain < text.size() && IsBase64Url(text[plain])) ++plain;
  if (plain - start < kMinUnpadded) return absl::nullopt;
  const size_t quads = (plain - start - kMinUnpadded) / kQuad;
  const size_t last = start + kMinUnpadded + quads * kQuad;
  const absl::string_view final_quad = text.substr(last, kQuad);
  if (final_quad.size() == kQuad &&
      std::all_of(final_quad.begin(), final_quad.end(),
                  [](char c) { return IsBase64Url(c) || c == '='; })) {
    return last + kQuad;
  }
  if (quads == 0) return absl::nullopt;
  return last;
}

// Looks for the ciphertext in [start, end) of an entry's base name.
class Search {
 public:
  Search(const NameContext& names, absl::string_view base)
      : names_(names), base_(base) {}

  // Leaves what it found in canonical() and name().
  bool Find(size_t start, size_t end) {
    if (!tried_.emplace(start, end).second) return false;
    const absl::string_view region = base_.substr(0, end);
    for (; start < end; ++start) {
      const absl::optional<size_t> run_end = RunEnd(region, start);
      if (run_end) return FindInRun(start, *run_end, end);
    }
    return false;
  }

  std::string& canonical() { return canonical_; }
  std::string& name() { return name_; }

 private:
  bool FindInRun(size_t start, size_t run_end, size_t end) {
    if (++attempts_ > kMaxAttempts) return false;
    const absl::string_view run = base_.substr(start, run_end - start);
    std::string candidate = absl::StrCat(run, kNameSuffix);
    absl::StatusOr<std::string> name = DecryptName(names_, candidate);
    if (name.ok()) {
      canonical_ = std::move(candidate);
      name_ = *std::move(name);
      return true;
    }
    // The tool's own text may have been taken for a part of the name.
    const size_t first = run.find_first_of(kDelimiters);
    if (first == absl::string_view::npos) return false;
    if (Find(start + first + 1, end)) return true;
    const size_t last = run.find_last_of(kDelimiters);
    return Find(start, start + last);
  }

  const NameContext& names_;
  const absl::string_view base_;
  std::set<std::pair<size_t, size_t>> tried_;
  int attempts_ = 0;
  std::string canonical_;
  std::string name_;
};

}  // namespace

ClassifiedEntry ClassifyEntry(const NameContext& names,
                              absl::string_view entry) {
  absl::string_view base = entry;
  if (!absl::ConsumeSuffix(&base, kNameSuffix)) return {};
  Search search(names, base);
  if (!search.Find(0, base.size())) return {};
  ClassifiedEntry result;
  if (search.canonical() == entry) {
    result.entry_class = EntryClass::kNormal;
  } else if (absl::StartsWith(entry, ".")) {
    return {};
  } else {
    result.entry_class = EntryClass::kConflictCopy;
  }
  result.canonical = std::move(search.canonical());
  result.name = std::move(search.name());
  return result;
}

}  // namespace casemate
