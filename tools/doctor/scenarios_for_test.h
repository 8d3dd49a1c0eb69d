// Vaults with something wrong, and what the doctor is to find before and after
// it has repaired them.
#ifndef TOOLS_DOCTOR_SCENARIOS_FOR_TEST_H_
#define TOOLS_DOCTOR_SCENARIOS_FOR_TEST_H_

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "fs/vault/tree_for_test.h"

namespace casemate {

// What a test vault holds before it is damaged: two folders, one with a file
// and a link of a short and of a long name each, the other with one file.
struct Furniture {
  DirId dir;       // "/dir"
  DirId long_dir;  // "/" + LongName('d')
};

// Long enough to be shortened.
inline std::string LongName(char c) { return std::string(180, c); }

Furniture Furnish(TestVault& vault);

struct Scenario {
  std::string name;
  // Damages a furnished vault.
  std::function<void(TestVault&, const Furniture&)> damage;
  // Class names of what is found, and of what is left after a repair; without
  // those that a vault of a test always has (weak password, no copies).
  std::multiset<std::string> found;
  std::multiset<std::string> left;
};

const std::vector<Scenario>& Scenarios();

}  // namespace casemate

#endif  // TOOLS_DOCTOR_SCENARIOS_FOR_TEST_H_
