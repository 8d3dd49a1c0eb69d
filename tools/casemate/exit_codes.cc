#include "tools/casemate/exit_codes.h"

namespace casemate {

absl::Span<const ExitCodeRow> ExitCodeTable() {
#define CASEMATE_EXIT_CODE_ROW_(name, number, meaning) \
  {ExitCode::name, meaning},
  static constexpr ExitCodeRow kRows[] = {
      CASEMATE_EXIT_CODES(CASEMATE_EXIT_CODE_ROW_)};
#undef CASEMATE_EXIT_CODE_ROW_
  return kRows;
}

}  // namespace casemate
