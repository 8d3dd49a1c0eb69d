// The name of a file at a vault's root, as a candidate for a .bkup copy.
// Claims: the copy of any content is recognised, as that of its own file only;
// what is recognised is the file's name, eight digits and the suffix, and lies
// in the folder.
//
// Input: a name.
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "base/bytes.h"
#include "base/check.h"
#include "fs/vault/vault_backup.h"

namespace casemate {
namespace {

constexpr absl::string_view kFile = "masterkey.cryptomator";
constexpr absl::string_view kOther = "vault.cryptomator";

void Feed(absl::string_view input) {
  if (IsBackupName(kFile, input)) {
    CHECK(input.size() == kFile.size() + 14 && absl::StartsWith(input, kFile) &&
              absl::EndsWith(input, ".bkup"),
          "a copy's name has one shape");
    const absl::string_view digits = input.substr(kFile.size() + 1, 8);
    CHECK(
        digits.find_first_not_of("0123456789ABCDEF") == absl::string_view::npos,
        "of eight upper-case digits");
    CHECK(!IsBackupName(kOther, input), "and one file");
  }
  const std::string copy = BackupName(kFile, input);
  CHECK(IsBackupName(kFile, copy), "a copy is recognised");
  CHECK(!IsBackupName(kOther, copy), "as its own file's");
  CHECK(!absl::StrContains(copy, '/'), "in the folder");
  CHECK(BackupName(kFile, input) == copy, "always under one name");
}

}  // namespace
}  // namespace casemate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  casemate::Feed(casemate::TextOf(casemate::ConstBytes(data, size)));
  return 0;
}
