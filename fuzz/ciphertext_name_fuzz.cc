// The name of an entry in a content directory. Claims: what decrypts is a
// valid name and encrypts to the same entry, so no two entries have one name;
// what does not is never taken for a normal entry; and any text, encrypted,
// decrypts exactly when it is a name that may be shown.
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/bytes.h"
#include "base/check.h"
#include "fs/vault/conflict_name.h"
#include "fs/vault/dir_id.h"
#include "fs/vault/masterkey.h"
#include "fs/vault/name_codec.h"
#include "testing/fakes/fake_random.h"

namespace casemate {
namespace {

void FeedEntry(const NameContext& names, const std::string& entry) {
  const absl::StatusOr<std::string> name = DecryptName(names, entry);
  const ClassifiedEntry found = ClassifyEntry(names, entry);
  CHECK((found.entry_class == EntryClass::kNormal) == name.ok(),
        "an entry is normal exactly when it decrypts");
  if (name.ok()) {
    CHECK(IsValidName(*name), "only valid names come out");
    CHECK(EncryptName(names, *name) == entry, "a name has one spelling");
    CHECK(found.name == *name && found.canonical == entry, "and one reading");
  } else if (found.entry_class == EntryClass::kConflictCopy) {
    CHECK(*DecryptName(names, found.canonical) == found.name,
          "a copy is a copy of something");
  }
}

void Feed(absl::string_view input) {
  FakeRandom random(1);
  const NameContext names =
      NameCodec(Masterkey::Create(random)).ContextFor(DirId());
  FeedEntry(names, absl::StrCat(input, ".c9r"));

  const std::string encrypted = EncryptName(names, input);
  CHECK(DecryptName(names, encrypted).ok() == IsValidName(input),
        "a name that may not be shown does not decrypt");
  FeedEntry(names, encrypted);
  // A synchronisation tool's copy of it.
  const std::string base = encrypted.substr(0, encrypted.size() - 4);
  FeedEntry(names, absl::StrCat(base, " (", input.substr(0, 20), ").c9r"));
}

}  // namespace
}  // namespace casemate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  casemate::Feed(casemate::TextOf(casemate::ConstBytes(data, size)));
  return 0;
}
