// Text from outside made harmless for a terminal. A file name may hold escape
// sequences, or directions that make "exe.txt" of "txt.exe".
#ifndef TOOLS_CASEMATE_TERMINAL_TEXT_H_
#define TOOLS_CASEMATE_TERMINAL_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace casemate {

// `text` with every byte of a control character (C0, DEL, C1), line or
// paragraph separator, character that changes the direction of writing, and
// of anything that is not UTF-8, written as \xNN.
std::string EscapeControls(absl::string_view text);

// The same with a backslash doubled, so that two names never look alike.
std::string EscapeName(absl::string_view name);

// The inverse of EscapeName; a backslash it cannot have written stays.
std::string UnescapeName(absl::string_view escaped);

}  // namespace casemate

#endif  // TOOLS_CASEMATE_TERMINAL_TEXT_H_
