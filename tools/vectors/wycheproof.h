// Runs Wycheproof's vectors (C2SP/wycheproof, testvectors_v1) through crypto/.
// They are not part of this repository; whoever runs them says where they are.
#ifndef TOOLS_VECTORS_WYCHEPROOF_H_
#define TOOLS_VECTORS_WYCHEPROOF_H_

#include <ostream>
#include <string>

namespace casemate {

// Runs every *.json of `directory` that one of our primitives can answer, and
// prints per file how many vectors ran, how many do not apply and why.
//
// A vector is judged by its result: "valid" is accepted and gives the right
// output, in both directions; "invalid" is refused; "acceptable" may be either,
// but what is accepted gives the right output. It does not apply only when our
// primitive has no such size of key, IV or tag; a vector that is invalid for
// its size has to be refused and counts as run.
//
// False, with the reasons printed, for a wrong verdict, an unreadable or
// incomplete file, a file of ours of which nothing ran, and when nothing ran
// at all. A file of another algorithm is listed as such.
bool RunWycheproof(const std::string& directory, std::ostream& out);

}  // namespace casemate

#endif  // TOOLS_VECTORS_WYCHEPROOF_H_
