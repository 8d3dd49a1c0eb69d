// The 4096 words of recovery keys, as the build finds them in
// 4096words_en.txt.
#ifndef THIRD_PARTY_RECOVERY_WORDS_RECOVERY_WORDS_H_
#define THIRD_PARTY_RECOVERY_WORDS_RECOVERY_WORDS_H_

#include "absl/strings/string_view.h"

namespace casemate {

// One word a line, the last one without a newline. A word's line number, from
// 0, is its value.
absl::string_view RecoveryWordList();

}  // namespace casemate

#endif  // THIRD_PARTY_RECOVERY_WORDS_RECOVERY_WORDS_H_
