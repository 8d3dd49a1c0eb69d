// Drives a FileSystem and the reference side by side: each step is one verb
// with arguments drawn by RapidCheck, given to both, and both must answer
// alike. Plays the kernel's part: counts lookups, keeps handles, and knows
// that an Ino stands for one node as long as it is looked up or open (L7-L11).
#ifndef TESTING_MODEL_MODEL_DRIVER_H_
#define TESTING_MODEL_MODEL_DRIVER_H_

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "testing/model/core_fixture.h"
#include "testing/model/reference_file_system.h"

namespace casemate {

// Uniform in [0, end), whatever the size of the test case.
size_t Pick(size_t end);

// The longest cleartext name that a threshold leaves alone (section 5.1).
size_t LongestPlainName(int shortening_threshold);

class ModelDriver {
 public:
  explicit ModelDriver(const MountedVault::Options& options);

  // One verb, any verb.
  void Step();
  // Everything reachable from the root, names, kinds, contents and attributes.
  void CompareTrees();
  // Gives all handles and lookups back; nothing may be left in the tables.
  void ForgetEverything();
  // With handles open and lookups counted, as at an unmount.
  void Remount();

 private:
  struct OpenHandle {
    ModelNode node = 0;
    ModelHandle model = 0;
    Ino ino = kNoIno;
    HandleId real{};
  };

  // Drawing arguments.
  ModelNode DrawNode();
  ModelNode DrawDirectory();
  std::string DrawName(ModelNode parent);
  OpenHandle DrawHandle(const std::vector<OpenHandle>& handles);
  uint64_t DrawOffset();
  std::string DrawData();
  Ino InoOf(ModelNode node) const;

  // The verbs.
  void Lookup();
  void Create();
  void MakeNode();
  void MakeDirectory();
  void MakeSymlink();
  void Unlink();
  void RemoveDirectory();
  void Rename();
  void Open();
  void Read();
  void Write();
  void FlushOrSync();
  void Release();
  void GetAttributes();
  void SetAttributes();
  void ReadLink();
  void OpenDirectory();
  void ReadDirectory();
  void ReadDirectoryPlus();
  void ReleaseDirectory();
  void Forget();
  void Upkeep();

  // Comparing answers.
  void SameError(int real, int model);
  // A node that both have answered with.
  void Enter(ModelNode node, const Entry& entry);
  void SameAttributes(const Attributes& real, const ModelAttributes& model);
  void CheckTables();
  void CompareDirectory(ModelNode node, Ino ino);
  void CompareNode(ModelNode node, Ino ino);

  FileSystem& fs() { return vault_.fs(); }
  const Context& caller() const { return vault_.caller(); }

  MountedVault vault_;
  ReferenceFileSystem model_;
  // The number each node has or last had; and all numbers ever seen.
  std::map<ModelNode, Ino> inos_;
  std::set<Ino> seen_;
  // The nodes that are known now: their numbers must not change.
  std::set<ModelNode> known_;
  std::vector<OpenHandle> files_;
  std::vector<OpenHandle> directories_;
  uint32_t step_ = 0;
};

}  // namespace casemate

#endif  // TESTING_MODEL_MODEL_DRIVER_H_
