// A JSON object of vault.cryptomator or the masterkey file. Claims: what is
// accepted is what a full parser reads, member for member, and no deeper than
// allowed; and what a full parser read, written out again without its equal
// names, is accepted exactly when it is an object and no deeper.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/bytes.h"
#include "base/check.h"
#include "fs/vault/json.h"
#include "nlohmann/json.hpp"

namespace casemate {
namespace {

using Json = nlohmann::json;

// The longest file that is parsed, the masterkey's.
constexpr size_t kMaxSize = 64 << 10;

// Counts no further than what is too deep anyway.
int DepthOf(const Json& json, int left = JsonObject::kMaxDepth + 1) {
  if (!json.is_structured() || left == 0) return 0;
  int deepest = 0;
  for (const Json& element : json) {
    deepest = std::max(deepest, DepthOf(element, left - 1));
  }
  return deepest + 1;
}

void CheckMember(const JsonObject& object, const std::string& name,
                 const Json& value) {
  CHECK(object.Has(name), "no member is left out");
  const absl::StatusOr<std::string> text = object.String(name);
  CHECK(text.ok() == value.is_string(), "a string is a string");
  if (text.ok()) CHECK(*text == value.get<std::string>(), "the same one");
  const absl::StatusOr<int64_t> number = object.Integer(name);
  const bool fits =
      value.is_number_integer() &&
      (!value.is_number_unsigned() ||
       value.get<uint64_t>() <=
           static_cast<uint64_t>(std::numeric_limits<int64_t>::max()));
  CHECK(number.ok() == fits, "an integer is an integer");
  if (number.ok()) CHECK(*number == value.get<int64_t>(), "the same one");
}

void CheckObject(const JsonObject& object, const Json& json) {
  CHECK(json.is_object() && DepthOf(json) <= JsonObject::kMaxDepth,
        "what is accepted is a shallow object");
  for (const auto& [name, value] : json.items()) {
    CheckMember(object, name, value);
  }
}

void Feed(absl::string_view text) {
  const Json json = Json::parse(text.begin(), text.end(), nullptr, false);
  const absl::StatusOr<JsonObject> object = JsonObject::Parse(text);
  if (object.ok()) {
    CheckObject(*object, json);
  } else {
    CHECK(absl::IsInvalidArgument(object.status()), "a refusal is of the text");
  }
  if (json.is_discarded()) return;
  const absl::StatusOr<JsonObject> again = JsonObject::Parse(json.dump());
  CHECK(again.ok() ==
            (json.is_object() && DepthOf(json) <= JsonObject::kMaxDepth),
        "every shallow object is accepted");
  if (again.ok()) CheckObject(*again, json);
}

}  // namespace
}  // namespace casemate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > casemate::kMaxSize) return 0;
  casemate::Feed(casemate::TextOf(casemate::ConstBytes(data, size)));
  return 0;
}
