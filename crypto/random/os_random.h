// BoringSSL's generator, seeded by the kernel. Only main() makes one, and only
// after the last fork: a forked child must not share its state.
#ifndef CRYPTO_RANDOM_OS_RANDOM_H_
#define CRYPTO_RANDOM_OS_RANDOM_H_

#include "crypto/random/random_source.h"

namespace casemate {

class OsRandom final : public RandomSource {
 public:
  void Fill(MutableBytes out) override;
};

}  // namespace casemate

#endif  // CRYPTO_RANDOM_OS_RANDOM_H_
