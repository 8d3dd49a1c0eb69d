#include "fs/vault/recovery_key.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/types/optional.h"
#include "base/check.h"
#include "base/status.h"
#include "fs/vault/vault_error.h"
#include "third_party/recovery_words/recovery_words.h"

namespace casemate {
namespace {

constexpr size_t kKeySize = 2 * Masterkey::kKeySize;
constexpr size_t kChecksumSize = 2;
constexpr size_t kPaddedSize = kKeySize + kChecksumSize;
constexpr size_t kListSize = 4096;
constexpr size_t kLongestWord = 9;
static_assert(kPaddedSize * 8 == kRecoveryKeyWords * 12,
              "a word stands for 12 bits");

using WordList = std::vector<absl::string_view>;

// By value. Made once: the text is part of the program.
const WordList& ListedWords() {
  static const WordList* const words = [] {
    auto* list = new WordList(absl::StrSplit(RecoveryWordList(), '\n'));
    CHECK(list->size() == kListSize, "the list has a word for every 12 bits");
    return list;
  }();
  return *words;
}

struct ListedWord {
  absl::string_view word;
  uint32_t value;
};

// In the order of the alphabet, which is not that of the values.
const std::vector<ListedWord>& SortedWords() {
  static const std::vector<ListedWord>* const sorted = [] {
    auto* list = new std::vector<ListedWord>;
    for (const absl::string_view word : ListedWords()) {
      list->push_back({word, static_cast<uint32_t>(list->size())});
    }
    std::sort(list->begin(), list->end(),
              [](const ListedWord& a, const ListedWord& b) {
                return a.word < b.word;
              });
    return list;
  }();
  return *sorted;
}

absl::Status Invalid(absl::string_view what) {
  return WithVaultError(
      absl::InvalidArgumentError(absl::StrCat("the recovery key ", what)),
      VaultErrorKind::kRecoveryKey);
}

// CRC-32 as zlib and Guava have it, bit by bit: 64 bytes need no table.
uint32_t Crc32(ConstBytes bytes) {
  uint32_t crc = 0xffffffff;
  for (const uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
    }
  }
  return ~crc;
}

std::array<uint8_t, kChecksumSize> Checksum(ConstBytes key) {
  const uint32_t crc = Crc32(key);
  return {static_cast<uint8_t>(crc), static_cast<uint8_t>(crc >> 8)};
}

// Levenshtein's distance, in any case. Words of the list are `known`.
size_t EditDistance(absl::string_view entered, absl::string_view known) {
  std::array<size_t, kLongestWord + 1> row;
  for (size_t j = 0; j <= known.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= entered.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= known.size(); ++j) {
      const bool is_same = absl::ascii_tolower(entered[i - 1]) == known[j - 1];
      const size_t replaced = diagonal + (is_same ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[known.size()];
}

// The word that was probably meant: within two mistakes, or else the first one
// that starts with `entered`. Empty when there is none.
absl::string_view NearestWord(const WordList& words,
                              absl::string_view entered) {
  constexpr size_t kMistakes = 2;
  if (entered.size() > kLongestWord + kMistakes) return "";
  absl::string_view nearest;
  size_t least = std::min(kMistakes + 1, entered.size());
  for (const absl::string_view word : words) {
    const size_t distance = EditDistance(entered, word);
    if (distance < least) {
      nearest = word;
      least = distance;
    }
  }
  if (!nearest.empty()) return nearest;
  for (const absl::string_view word : words) {
    if (absl::StartsWithIgnoreCase(word, entered)) return word;
  }
  return "";
}

absl::Status UnknownWord(size_t position, absl::string_view entered) {
  const absl::string_view nearest = NearestWord(ListedWords(), entered);
  return Invalid(absl::StrCat(
      "has an unknown word at position ", position,
      nearest.empty() ? ""
                      : absl::StrCat("; did you mean \"", nearest, "\"?")));
}

// True when `listed` comes before `entered` in any case.
bool IsBefore(const ListedWord& listed, absl::string_view entered) {
  return std::lexicographical_compare(
      listed.word.begin(), listed.word.end(), entered.begin(), entered.end(),
      [](char a, char b) {
        return absl::ascii_tolower(a) < absl::ascii_tolower(b);
      });
}

absl::optional<uint32_t> ValueOf(absl::string_view entered) {
  const std::vector<ListedWord>& words = SortedWords();
  const auto at =
      std::lower_bound(words.begin(), words.end(), entered, IsBefore);
  if (at == words.end() || !absl::EqualsIgnoreCase(at->word, entered)) {
    return absl::nullopt;
  }
  return at->value;
}

}  // namespace

SecretBytes EncodeRecoveryKey(const Masterkey& masterkey) {
  SecretBytes padded(kPaddedSize);
  const MutableBytes bytes = padded.mutable_bytes();
  const ConstBytes key = masterkey.raw();
  const auto checksum = Checksum(key);
  std::copy(key.begin(), key.end(), bytes.begin());
  std::copy(checksum.begin(), checksum.end(), bytes.begin() + kKeySize);

  const WordList& words = ListedWords();
  SecretBytes text(kRecoveryKeyWords * (kLongestWord + 1));
  auto end = text.mutable_bytes().begin();
  const auto append = [&](uint32_t value) {
    const ConstBytes word = BytesOf(words[value]);
    end = std::copy(word.begin(), word.end(), end);
    *end++ = ' ';
  };
  for (size_t i = 0; i < kPaddedSize; i += 3) {
    append(uint32_t{bytes[i]} << 4 | bytes[i + 1] >> 4);
    append((uint32_t{bytes[i + 1]} & 0xf) << 8 | bytes[i + 2]);
  }
  text.Truncate(end - text.mutable_bytes().begin() - 1);
  return text;
}

absl::StatusOr<Masterkey> DecodeRecoveryKey(ConstBytes text) {
  if (text.size() > kMaxRecoveryKeySize) return Invalid("is far too long");
  // Views: the words themselves stay where they are.
  const std::vector<absl::string_view> entered = absl::StrSplit(
      TextOf(text), absl::ByAnyChar(" \t\n\v\f\r"), absl::SkipEmpty());
  if (entered.size() != kRecoveryKeyWords) {
    return Invalid(absl::StrCat("has ", entered.size(), " words, not ",
                                kRecoveryKeyWords));
  }
  SecretBytes padded(kPaddedSize);
  const MutableBytes bytes = padded.mutable_bytes();
  for (size_t i = 0; i < entered.size(); ++i) {
    const absl::optional<uint32_t> value = ValueOf(entered[i]);
    if (!value) return UnknownWord(i + 1, entered[i]);
    const size_t at = i / 2 * 3;
    if (i % 2 == 0) {
      bytes[at] = static_cast<uint8_t>(*value >> 4);
      bytes[at + 1] = static_cast<uint8_t>(*value << 4);
    } else {
      bytes[at + 1] |= static_cast<uint8_t>(*value >> 8);
      bytes[at + 2] = static_cast<uint8_t>(*value);
    }
  }
  const ConstBytes key = padded.bytes().first(kKeySize);
  const auto checksum = Checksum(key);
  if (!ConstantTimeEquals(padded.bytes().last(kChecksumSize), checksum)) {
    return Invalid(
        "has a wrong checksum: a word is another one of the list, or two are "
        "exchanged");
  }
  return Masterkey::FromHalves(key.first(Masterkey::kKeySize),
                               key.last(Masterkey::kKeySize));
}

}  // namespace casemate
