#include "crypto/random/os_random.h"

#include <openssl/rand.h>

#include "base/check.h"

namespace casemate {

void OsRandom::Fill(MutableBytes out) {
  CHECK(RAND_bytes(out.data(), out.size()) == 1,
        "the system's random generator answers");
}

}  // namespace casemate
