// CHECK(condition, "sentence"): for broken invariants of ours, never for bad
// input. Prints the sentence with its place and aborts. Abseil 20220623 has no
// CHECK of its own.
#ifndef BASE_CHECK_H_
#define BASE_CHECK_H_

namespace casemate::internal {

[[noreturn]] void CheckFailed(const char* condition, const char* sentence,
                              const char* file, int line);

}  // namespace casemate::internal

#define CHECK(condition, sentence)                                      \
  do {                                                                  \
    if (!(condition))                                                   \
      ::casemate::internal::CheckFailed(#condition, sentence, __FILE__, \
                                        __LINE__);                      \
  } while (false)

#endif  // BASE_CHECK_H_
