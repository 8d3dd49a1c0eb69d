// The exit codes of `casemate`. They are a promise: docs/cli.md prints this
// table, scripts branch on it, and a test holds the two together. A number is
// never given another meaning; new failures get new numbers.
//
// Up to 31 the numbers are gocryptfs's wherever it has the same failure, so
// that a script moves over unchanged. Ours start at 40.
#ifndef TOOLS_CASEMATE_EXIT_CODES_H_
#define TOOLS_CASEMATE_EXIT_CODES_H_

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace casemate {

#define CASEMATE_EXIT_CODES(X)                                                \
  X(kOk, 0, "success")                                                        \
  X(kUsage, 1, "the command line is wrong")                                   \
  X(kNotAVault, 6, "the folder is not a vault")                               \
  X(kInitFailed, 7, "the vault could not be created")                         \
  X(kVaultDamaged, 8, "vault.cryptomator or the root folder is damaged")      \
  X(kPasswordUnreadable, 9, "the password could not be read")                 \
  X(kMountpoint, 10, "the mountpoint cannot be used")                         \
  X(kOther, 11, "another error, see the message")                             \
  X(kWrongPassword, 12, "the password is wrong")                              \
  X(kHostileParameters, 13, "the masterkey file asks for too much work")      \
  X(kMasterkeyDamaged, 14, "the masterkey file is missing or damaged")        \
  X(kInterrupted, 15, "interrupted by a signal before the work was done")     \
  X(kFork, 17, "the daemon could not be started or ended unexpectedly")       \
  X(kServe, 19, "mounting, serving or flushing the file system failed")       \
  X(kEmptyPassword, 22, "the password is empty")                              \
  X(kFindings, 26, "the doctor found something that is wrong")                \
  X(kAlreadyMounted, 40, "the vault is mounted already")                      \
  X(kBusy, 41, "the mount is in use")                                         \
  X(kUnsupportedVault, 42, "the vault is of a kind this version cannot open") \
  X(kPathNotFound, 43, "the vault has no such path, or not of that kind")     \
  X(kContentDamaged, 44, "encrypted content does not authenticate")           \
  X(kMetricsAddress, 45, "the metrics address cannot be used")                \
  X(kNotMounted, 46, "no casemate file system is mounted there")              \
  X(kRecoveryKey, 47, "the recovery key is not valid, or not this vault's")   \
  X(kExists, 48, "the target exists already")

#define CASEMATE_EXIT_CODE_ENUMERATOR_(name, number, meaning) name = (number),
enum class ExitCode : int {
  CASEMATE_EXIT_CODES(CASEMATE_EXIT_CODE_ENUMERATOR_)
};
#undef CASEMATE_EXIT_CODE_ENUMERATOR_

struct ExitCodeRow {
  ExitCode code;
  absl::string_view meaning;
};

// Every code, ascending.
absl::Span<const ExitCodeRow> ExitCodeTable();

}  // namespace casemate

#endif  // TOOLS_CASEMATE_EXIT_CODES_H_
