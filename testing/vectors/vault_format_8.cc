#include "testing/vectors/vault_format_8.h"

#include <fstream>

#include "base/check.h"

namespace casemate {

nlohmann::json VaultFormat8Vectors(const char* name) {
  // A test's working directory is the root of its runfiles.
  std::ifstream file("testing/vectors/vault_format_8.json");
  CHECK(file.is_open(), "the vectors are in the test's runfiles");
  const nlohmann::json all = nlohmann::json::parse(file);
  const auto section = all.find(name);
  CHECK(section != all.end() && !section->empty(),
        "the vectors have this section");
  return *section;
}

}  // namespace casemate
