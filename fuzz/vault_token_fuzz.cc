// vault.cryptomator. Claims: bytes nobody signed never verify; behind a valid
// signature, a token verifies exactly when it parses; and what verifies can be
// written and read again, naming a masterkey file in the vault's own folder.
//
// Input: a token, or a header and claims with a newline between them, which
// are signed first.
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "base/bytes.h"
#include "base/check.h"
#include "crypto/jwt/jws.h"
#include "fs/vault/masterkey.h"
#include "fs/vault/vault_config.h"
#include "testing/fakes/fake_random.h"

namespace casemate {
namespace {

void CheckEqual(const VaultConfig& a, const VaultConfig& b) {
  CHECK(a.jti == b.jti && a.combo == b.combo &&
            a.shortening_threshold == b.shortening_threshold &&
            a.masterkey_file == b.masterkey_file && a.algorithm == b.algorithm,
        "a token says one thing");
}

void FeedToken(absl::string_view token, const Masterkey& masterkey) {
  CHECK(!VaultConfig::Verify(token, masterkey).ok(),
        "what was not signed does not verify");
  VaultConfig::ParseUnverified(token).status().IgnoreError();
}

void FeedParts(absl::string_view header, absl::string_view claims,
               const Masterkey& masterkey) {
  for (const JwsAlgorithm algorithm :
       {JwsAlgorithm::kHs256, JwsAlgorithm::kHs384, JwsAlgorithm::kHs512}) {
    const std::string token =
        SignJws(header, claims, algorithm, masterkey.raw());
    const auto alleged = VaultConfig::ParseUnverified(token);
    const auto verified = VaultConfig::Verify(token, masterkey);
    CHECK(verified.ok() == (alleged.ok() && alleged->algorithm == algorithm),
          "a signed token verifies exactly when it parses");
    if (!verified.ok()) continue;
    CheckEqual(*alleged, *verified);
    const std::string& file = verified->masterkey_file;
    CHECK(!file.empty() && file != "." && file != ".." &&
              !absl::StrContains(file, '/'),
          "the masterkey file lies in the vault's folder");
    const auto again =
        VaultConfig::Verify(verified->Serialize(masterkey), masterkey);
    CHECK(again.ok(), "what was read can be written");
    CheckEqual(*again, *verified);
  }
}

}  // namespace
}  // namespace casemate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using casemate::TextOf;
  casemate::FakeRandom random(1);
  const auto masterkey = casemate::Masterkey::Create(random);
  const absl::string_view text = TextOf(casemate::ConstBytes(data, size));
  casemate::FeedToken(text, masterkey);
  const size_t newline = text.find('\n');
  if (newline == absl::string_view::npos) return 0;
  casemate::FeedParts(text.substr(0, newline), text.substr(newline + 1),
                      masterkey);
  return 0;
}
