#include "tools/doctor/practice_for_test.h"

#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/log.h"
#include "base/status.h"
#include "fs/storage/posix_storage.h"
#include "fs/vault/node_files.h"
#include "fs/vault/normalization.h"
#include "gtest/gtest.h"
#include "tools/doctor/finding.h"

namespace casemate {
namespace {

namespace stdfs = std::filesystem;

absl::StatusOr<std::unique_ptr<Dir>> Open(
    const TestVault& vault, const std::shared_ptr<FaultPlan>& plan) {
  ASSIGN_OR_RETURN(std::unique_ptr<Dir> folder,
                   OpenPosixDir(vault.folder().path(), PosixStorageOptions()));
  return WrapFaulty(std::move(folder), plan);
}

// Every vault of a test has these.
bool IsOfEveryVault(const Finding& finding) {
  return finding.finding_class == FindingClass::kWeakKdf ||
         finding.finding_class == FindingClass::kMissingBackup;
}

std::string ReadAll(const stdfs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

}  // namespace

Practice::Practice(TestVault& vault, const UnlockedVault* unlocked)
    : limited_(&logger_, &clock_, absl::Hours(1)),
      doctor_([&vault, plan = plan_] { return Open(vault, plan); }, unlocked,
              {&vault.random(), &metrics_, &limited_, &clock_}) {}

std::multiset<std::string> Classes(const DoctorReport& report) {
  std::multiset<std::string> classes;
  for (const Finding& finding : report.findings) {
    if (finding.is_repaired || IsOfEveryVault(finding)) continue;
    classes.emplace(RowOf(finding.finding_class).name);
  }
  return classes;
}

std::map<std::string, std::string> Shown(TestVault& vault) {
  TestVault::Options options;
  std::map<std::string, std::string> shown;
  FakeClock clock;
  RecordingLogger logger;
  RateLimitedLogger limited(&logger, &clock, absl::Hours(1));
  Metrics metrics;
  VaultTree tree(*OpenPosixDir(vault.folder().path(), options.storage),
                 vault.vault().config, &vault.vault().masterkey,
                 &vault.random(), &metrics, &limited, &clock, {});
  std::set<DirId> seen;  // two names for one directory are looked at once
  const std::function<void(const DirId&, const std::string&)> walk =
      [&](const DirId& id, const std::string& path) {
        if (!seen.insert(id).second) return;
        const auto dir = tree.OpenDir(id);
        if (!dir.ok()) return;
        const auto nodes = tree.List(**dir);
        if (!nodes.ok()) return;
        for (const ListedNode& listed : *nodes) {
          const absl::StatusOr<Node> node = tree.Stat(**dir, listed.entry);
          if (!node.ok()) continue;
          // A repair may bring a name to NFC, which users take for the same.
          std::string at = absl::StrCat(path, "/", *ToNfc(listed.name));
          if (shown.count(at) > 0) at = absl::StrCat(path, "/", listed.name);
          if (node->kind == NodeKind::kDirectory) {
            shown[at] = "directory";
            walk(*node->dir_id, at);
          } else {
            shown[at] =
                ReadSmallFile((*dir)->content(),
                              TypeFilePath(node->entry, node->kind), 1 << 20)
                    .value_or("?");
          }
        }
      };
  walk(DirId(), "");
  return shown;
}

std::set<std::string> Contents(TestVault& vault) {
  std::set<std::string> contents;
  for (const auto& entry :
       stdfs::recursive_directory_iterator(vault.folder().path())) {
    const std::string name = entry.path().filename();
    const bool is_own = name == "dir.c9r" || name == "dirid.c9r" ||
                        name == "name.c9s" || !absl::EndsWith(name, ".c9r");
    if (!entry.is_symlink() && entry.is_regular_file() && !is_own) {
      contents.insert(ReadAll(entry.path()));
    }
  }
  return contents;
}

void ExpectNothingLost(TestVault& vault,
                       const std::map<std::string, std::string>& shown,
                       const std::set<std::string>& contents) {
  const std::map<std::string, std::string> shown_after = Shown(vault);
  for (const auto& [path, bytes] : shown) {
    const auto after = shown_after.find(path);
    if (after == shown_after.end()) {
      ADD_FAILURE() << path << " is not shown any more";
    } else {
      EXPECT_EQ(after->second, bytes) << path;
    }
  }
  const std::set<std::string> contents_after = Contents(vault);
  for (const std::string& bytes : contents) {
    EXPECT_TRUE(contents_after.count(bytes)) << "a file is gone";
  }
}

}  // namespace casemate
