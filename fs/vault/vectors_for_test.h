// The keys that every vector of vault_format_8.json is made with.
#ifndef FS_VAULT_VECTORS_FOR_TEST_H_
#define FS_VAULT_VECTORS_FOR_TEST_H_

#include "fs/vault/masterkey.h"
#include "testing/vectors/hex.h"

namespace casemate {

inline Masterkey VectorMasterkey() {
  return Masterkey::FromHalves(
      FromHex(
          "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"),
      FromHex(
          "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"));
}

}  // namespace casemate

#endif  // FS_VAULT_VECTORS_FOR_TEST_H_
