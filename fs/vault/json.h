// Small JSON objects from untrusted files, read strictly.
//
//   ASSIGN_OR_RETURN(JsonObject object, JsonObject::Parse(text));
//   ASSIGN_OR_RETURN(int64_t format, object.Integer("format"));
//
// Refused: anything but one object, two members of one name at any level, more
// than kMaxDepth levels, invalid UTF-8. Members nobody asks for are ignored.
// Messages name the member, never a value.
#ifndef FS_VAULT_JSON_H_
#define FS_VAULT_JSON_H_

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/variant.h"

namespace casemate {

class JsonObject {
 public:
  static constexpr int kMaxDepth = 4;

  // InvalidArgument as above. The caller has bounded the size of `text`.
  static absl::StatusOr<JsonObject> Parse(absl::string_view text);

  bool Has(absl::string_view name) const { return members_.contains(name); }
  // NotFound when there is no such member, InvalidArgument when it is not of
  // that type. 8.0 and 8e0 are no integers.
  absl::StatusOr<std::string> String(absl::string_view name) const;
  absl::StatusOr<int64_t> Integer(absl::string_view name) const;

 private:
  friend class JsonReader;
  struct Other {};  // a value of a type that no format here uses
  using Value = absl::variant<Other, std::string, int64_t>;

  absl::flat_hash_map<std::string, Value> members_;
};

}  // namespace casemate

#endif  // FS_VAULT_JSON_H_
