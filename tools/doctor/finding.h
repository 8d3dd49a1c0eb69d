// What `casemate doctor` can find wrong with a vault. One class for each
// problem; the names are a promise to scripts, docs/doctor.md prints this table
// and a test holds the two together. Where the official application's health
// check knows the same problem, its name for it is used (cryptofs health/).
#ifndef TOOLS_DOCTOR_FINDING_H_
#define TOOLS_DOCTOR_FINDING_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"

namespace casemate {

class Repairer;

enum class FindingSeverity : uint8_t {
  kInfo,      // worth knowing; nothing is wrong
  kWarning,   // not as it should be, but nothing is out of reach for good
  kCritical,  // something cannot be reached or read
};

// X(class, severity, explanation, repair). `repair` is what --repair does about
// the class, empty when nothing is safe; one finding may still have none.
#define CASEMATE_FINDINGS(X)                                                   \
  X(RootMissing, kCritical, "the vault has no root directory",                 \
    "makes an empty one")                                                      \
  X(InvalidDirFile, kCritical,                                                 \
    "a dir.c9r that is no directory id: the folder cannot be opened",          \
    "gives the folder a new id, and keeps the old dir.c9r in quarantine")      \
  X(EmptyDirFile, kCritical, "an empty dir.c9r: the folder cannot be opened",  \
    "gives the folder a new id; it is empty then")                             \
  X(MissingContentDir, kCritical,                                              \
    "the content of this folder is missing: it cannot be opened",              \
    "makes an empty content directory")                                        \
  X(DirIdCollision, kCritical,                                                 \
    "several folders have one id: all but one of them cannot be opened", "")   \
  X(ObeseDirFile, kWarning, "a directory id longer than any client makes", "") \
  X(LooseDirFile, kWarning,                                                    \
    "a dir.c9r that lies among the entries of a folder and is part of none",   \
    "moves it to quarantine")                                                  \
  X(MissingLongName, kCritical,                                                \
    "a node with a long name, and the name is missing: it is not shown",       \
    "shows it under another name in LOST+FOUND")                               \
  X(NotDecodableLongName, kCritical,                                           \
    "a node with a long name, and the name is none of this folder: it is not " \
    "shown",                                                                   \
    "shows it under another name in LOST+FOUND")                               \
  X(ObeseNameFile, kCritical,                                                  \
    "a node with a name longer than any client reads: it is not shown",        \
    "shows it under another name in LOST+FOUND")                               \
  X(TrailingBytesInNameFile, kWarning,                                         \
    "a name.c9s with something behind the name: the node is not shown",        \
    "cuts the file behind the name")                                           \
  X(LongShortNamesMismatch, kWarning,                                          \
    "a node with a long name under the hash of another one: it is not shown",  \
    "renames it to its own hash, or into LOST+FOUND when that is taken")       \
  X(WrongNameForm, kWarning,                                                   \
    "a name that is shortened and need not be, or the reverse: the node is "   \
    "not shown",                                                               \
    "stores the name in its right form, or the node in LOST+FOUND when that "  \
    "is taken")                                                                \
  X(ConflictCopy, kWarning,                                                    \
    "a copy that a synchronisation program renamed: it is not shown",          \
    "gives it the original's name if that is free, else one of its own "       \
    "beside "                                                                  \
    "it; removes an exact second entry of a folder or link")                   \
  X(InvalidName, kWarning,                                                     \
    "a name that no file can have here: the node is not shown",                \
    "shows it under another name in LOST+FOUND")                               \
  X(UndecryptableName, kWarning,                                               \
    "a name that was not encrypted for this folder: the node is not shown",    \
    "")                                                                        \
  X(NotNormalizedName, kWarning,                                               \
    "a name that is not in Unicode's NFC: the official application shows it "  \
    "and cannot open it",                                                      \
    "renames it to NFC, if that is free")                                      \
  X(AmbiguousType, kWarning,                                                   \
    "a node that is several things at once: all but one of them are hidden",   \
    "shows the hidden ones in LOST+FOUND")                                     \
  X(UnknownType, kWarning,                                                     \
    "a node that is neither file nor folder nor link, as an interrupted "      \
    "program leaves it",                                                       \
    "moves it to quarantine")                                                  \
  X(ForeignType, kCritical,                                                    \
    "a link, device or other thing where only a file or only a folder can "    \
    "be; it is never followed or opened",                                      \
    "")                                                                        \
  X(InvalidSize, kCritical,                                                    \
    "a size that no encrypted file has: the file was cut", "")                 \
  X(UnauthenticHeader, kCritical,                                              \
    "a file whose header does not authenticate: it cannot be read", "")        \
  X(UnauthenticChunk, kCritical,                                               \
    "a file of which parts do not authenticate: they cannot be read", "")      \
  X(BrokenSymlink, kCritical, "a symbolic link whose target cannot be read",   \
    "")                                                                        \
  X(Unreadable, kCritical, "the store does not give this out", "")             \
  X(WrongDirIdBackup, kWarning,                                                \
    "a dirid.c9r that is not that of its directory",                           \
    "writes it anew, and keeps the old one in quarantine")                     \
  X(LeftoverTemporary, kInfo,                                                  \
    "a temporary file of a program that was interrupted",                      \
    "moves it to quarantine")                                                  \
  X(OrphanContentDir, kWarning,                                                \
    "the content of a folder that has no name: it is not shown",               \
    "shows it in LOST+FOUND; removes it when it is empty")                     \
  X(DetachedCycle, kCritical,                                                  \
    "folders that lie in each other and nowhere else: they are not shown", "") \
  X(MissingDirIdBackup, kInfo,                                                 \
    "a directory without dirid.c9r, which helps to find its names again "      \
    "should it lose its own",                                                  \
    "writes it")                                                               \
  X(ForeignFile, kInfo, "something that is no part of a vault", "")            \
  X(MissingBackup, kInfo,                                                      \
    "vault.cryptomator or the masterkey file has no .bkup copy",               \
    "writes the copies")                                                       \
  X(WeakKdf, kInfo, "the password is cheap to guess", "")                      \
  X(UnusualThreshold, kInfo,                                                   \
    "the shortening threshold is missing or not one that casemate writes "     \
    "with: the vault is mounted read-only and not repaired",                   \
    "")

// Ascending in the order in which repairs are made: what others build on first.
enum class FindingClass : uint8_t {
#define CASEMATE_FINDING_ENUMERATOR_(name, severity, explanation, repair) \
  k##name,
  CASEMATE_FINDINGS(CASEMATE_FINDING_ENUMERATOR_)
#undef CASEMATE_FINDING_ENUMERATOR_
};

struct FindingRow {
  FindingClass finding_class;
  absl::string_view name;
  FindingSeverity severity;
  absl::string_view explanation;
  absl::string_view repair;
};

// Every class, ascending.
absl::Span<const FindingRow> FindingTable();
const FindingRow& RowOf(FindingClass finding_class);
absl::string_view SeverityName(FindingSeverity severity);

struct Finding {
  FindingClass finding_class = FindingClass::kForeignFile;
  // Where, from the vault's folder on: ciphertext, as the store has it.
  std::string entry;
  // The cleartext path of the node or, where its own name cannot be had, of the
  // folder it lies in; absent when that is not known either.
  absl::optional<std::string> path;
  // What is special about this one. May be empty. No cleartext.
  std::string detail;
  // Empty when there is no safe repair.
  std::function<absl::Status(Repairer&)> repair;
  bool is_repaired = false;

  FindingSeverity severity() const { return RowOf(finding_class).severity; }
};

}  // namespace casemate

#endif  // TOOLS_DOCTOR_FINDING_H_
