// A recovery key as it was typed. Claims: what decodes encodes to the same
// words in their one canonical form; a refusal is a short message that does not
// repeat what was typed; and of a key made from the input, one exchanged word
// is found by the checksum or makes another key, never the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/bytes.h"
#include "base/check.h"
#include "crypto/secret/secret_bytes.h"
#include "fs/vault/masterkey.h"
#include "fs/vault/recovery_key.h"
#include "third_party/recovery_words/recovery_words.h"

namespace casemate {
namespace {

constexpr size_t kLongestMessage = 200;
// Words shorter than this may be in a message by chance.
constexpr size_t kTellingSize = 12;

std::vector<std::string> WordsOf(ConstBytes text) {
  return absl::StrSplit(absl::AsciiStrToLower(TextOf(text)),
                        absl::ByAnyChar(" \t\n\v\f\r"), absl::SkipEmpty());
}

void CheckTyped(ConstBytes input) {
  const absl::StatusOr<Masterkey> key = DecodeRecoveryKey(input);
  if (key.ok()) {
    CHECK(TextOf(EncodeRecoveryKey(*key).bytes()) ==
              absl::StrJoin(WordsOf(input), " "),
          "what decodes has one canonical form");
    return;
  }
  CHECK(absl::IsInvalidArgument(key.status()) &&
            key.status().message().size() < kLongestMessage,
        "a refusal is short");
  for (const std::string& word : WordsOf(input)) {
    CHECK(word.size() < kTellingSize ||
              !absl::StrContains(key.status().message(), word),
          "a refusal does not repeat what was typed");
  }
}

void CheckExchangedWord(ConstBytes input) {
  std::vector<uint8_t> bytes(2 * Masterkey::kKeySize + 3);
  std::copy_n(input.begin(), std::min(input.size(), bytes.size()),
              bytes.begin());
  const ConstBytes made = bytes;
  const Masterkey key = Masterkey::FromHalves(made.first(Masterkey::kKeySize),
                                              made.subspan(32, 32));
  std::vector<std::string> words = WordsOf(EncodeRecoveryKey(key).bytes());
  static const auto* const list = new std::vector<absl::string_view>(
      absl::StrSplit(RecoveryWordList(), '\n'));
  std::string& word = words[made[64] % words.size()];
  const absl::string_view other =
      (*list)[(made[65] << 8 | made[66]) % list->size()];
  if (word == other) return;
  word = std::string(other);
  const absl::StatusOr<Masterkey> decoded =
      DecodeRecoveryKey(BytesOf(absl::StrJoin(words, " ")));
  CHECK(!decoded.ok() || decoded->raw() != key.raw(),
        "another word is another key, or none");
}

}  // namespace
}  // namespace casemate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  casemate::CheckTyped(casemate::ConstBytes(data, size));
  casemate::CheckExchangedWord(casemate::ConstBytes(data, size));
  return 0;
}
