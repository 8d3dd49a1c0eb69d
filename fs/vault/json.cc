#include "fs/vault/json.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace casemate {

// Takes nlohmann's events; a handler that returns false stops the parse.
class JsonReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit JsonReader(JsonObject* object) : object_(object) {}

  const std::string& problem() const { return problem_; }

  bool null() override { return Scalar(JsonObject::Other()); }
  bool boolean(bool) override { return Scalar(JsonObject::Other()); }
  bool number_integer(number_integer_t value) override {
    return Scalar(static_cast<int64_t>(value));
  }
  bool number_unsigned(number_unsigned_t value) override {
    if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      return Scalar(JsonObject::Other());
    }
    return Scalar(static_cast<int64_t>(value));
  }
  bool number_float(number_float_t, const string_t&) override {
    return Scalar(JsonObject::Other());
  }
  bool string(string_t& value) override { return Scalar(std::move(value)); }
  bool binary(binary_t&) override { return Refuse("it holds binary data"); }

  bool start_object(std::size_t) override { return Enter(/*is_object=*/true); }
  bool start_array(std::size_t) override { return Enter(/*is_object=*/false); }
  bool end_object() override { return Leave(); }
  bool end_array() override { return Leave(); }

  bool key(string_t& name) override {
    if (!names_.back().insert(name).second) {
      return Refuse("two members have one name");
    }
    if (names_.size() == 1) name_ = std::move(name);
    return true;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    return Refuse(absl::StrCat("not JSON at byte ", position));
  }

 private:
  bool Scalar(JsonObject::Value value) {
    if (names_.empty()) return Refuse("it is not an object");
    if (names_.size() == 1) object_->members_[name_] = std::move(value);
    return true;
  }

  bool Enter(bool is_object) {
    if (names_.empty() && !is_object) return Refuse("it is not an object");
    if (names_.size() == JsonObject::kMaxDepth) {
      return Refuse("it is nested too deeply");
    }
    if (names_.size() == 1) object_->members_[name_] = JsonObject::Other();
    names_.emplace_back();
    return true;
  }

  bool Leave() {
    names_.pop_back();
    return true;
  }

  bool Refuse(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }

  JsonObject* const object_;
  // The names seen so far, for each level that is open. An array's stay empty.
  std::vector<absl::flat_hash_set<std::string>> names_;
  std::string name_;  // of the outermost object's current member
  std::string problem_;
};

absl::StatusOr<JsonObject> JsonObject::Parse(absl::string_view text) {
  JsonObject object;
  JsonReader reader(&object);
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &reader)) {
    return absl::InvalidArgumentError(
        absl::StrCat("bad JSON object: ", reader.problem()));
  }
  return object;
}

absl::StatusOr<std::string> JsonObject::String(absl::string_view name) const {
  const auto it = members_.find(name);
  if (it == members_.end()) {
    return absl::NotFoundError(absl::StrCat("\"", name, "\" is missing"));
  }
  if (const auto* text = absl::get_if<std::string>(&it->second)) return *text;
  return absl::InvalidArgumentError(
      absl::StrCat("\"", name, "\" is not a string"));
}

absl::StatusOr<int64_t> JsonObject::Integer(absl::string_view name) const {
  const auto it = members_.find(name);
  if (it == members_.end()) {
    return absl::NotFoundError(absl::StrCat("\"", name, "\" is missing"));
  }
  if (const auto* value = absl::get_if<int64_t>(&it->second)) return *value;
  return absl::InvalidArgumentError(
      absl::StrCat("\"", name, "\" is not an integer"));
}

}  // namespace casemate
