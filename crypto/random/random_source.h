// Unpredictable bytes: keys, nonces, salts, directory ids. Comes in through
// constructors, so that tests can repeat it (testing/fakes/fake_random.h).
#ifndef CRYPTO_RANDOM_RANDOM_SOURCE_H_
#define CRYPTO_RANDOM_RANDOM_SOURCE_H_

#include "base/bytes.h"

namespace casemate {

// Thread-safe.
class RandomSource {
 public:
  virtual ~RandomSource() = default;
  // Fills all of `out`; cannot fail.
  virtual void Fill(MutableBytes out) = 0;
};

}  // namespace casemate

#endif  // CRYPTO_RANDOM_RANDOM_SOURCE_H_
