// What our primitives say to one Wycheproof vector, by algorithm.
#ifndef TOOLS_VECTORS_WYCHEPROOF_JUDGE_H_
#define TOOLS_VECTORS_WYCHEPROOF_JUDGE_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"

namespace casemate {

enum class Answer : uint8_t {
  kAccepted,  // and the output is the vector's, in both directions
  kRefused,
  kWrongOutput,  // accepted in one direction, with another output than asked
  kNoSuchKeySize,
  kNoSuchIvSize,
  kNoSuchTagSize,
};

// Answers `test`, a vector of `group`. Throws nlohmann::json::exception for a
// field that is missing or of another type, std::invalid_argument for one that
// is not hex.
using Judge = Answer (*)(const nlohmann::json& group,
                         const nlohmann::json& test);

// Null for an algorithm (the file's "algorithm") we have no primitive for.
Judge JudgeFor(absl::string_view algorithm);

}  // namespace casemate

#endif  // TOOLS_VECTORS_WYCHEPROOF_JUDGE_H_
