#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace casemate::internal {

void CheckFailed(const char* condition, const char* sentence, const char* file,
                 int line) {
  std::fprintf(stderr, "casemate: %s:%d: broken invariant: %s (%s)\n", file,
               line, sentence, condition);
  std::abort();
}

}  // namespace casemate::internal
