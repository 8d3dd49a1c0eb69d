// main() for properties that build a vault per case: fewer cases than
// RapidCheck's hundred, the same ones every time, and no shrinking, which would
// take longer than the test may. RC_PARAMS says otherwise: "seed=7 max_success=
// 5000" for a long run, the "reproduce=..." of a failure to shrink it.
// RapidCheck prints the parameters it runs with.
#include <cstdlib>

#include "gtest/gtest.h"

int main(int argc, char** argv) {
  setenv("RC_PARAMS", "seed=20240229 max_success=100 noshrink=1",
         /*overwrite=*/0);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
