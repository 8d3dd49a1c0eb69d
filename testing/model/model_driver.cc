#include "testing/model/model_driver.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/types/optional.h"
#include "crypto/content/chunk_layout.h"
#include "rapidcheck.h"

namespace casemate {
namespace {

constexpr ModelNode kNoSuchNode = 1u << 30;
constexpr Ino kNoSuchIno{uint64_t{1} << 40};

const char* const kNfc = "caf\xc3\xa9";
const char* const kNfd = "cafe\xcc\x81";

// Few, so that they meet; of every kind that the format treats differently.
const std::vector<std::string>& Names() {
  static const auto* const names = new std::vector<std::string>{
      "a",
      "b",
      "c",
      "file.txt",
      "123456789",  // shortened at threshold 36, not at 220
      kNfc,
      kNfd,
      std::string(146, 'm'),  // the longest plain one at 220
      std::string(147, 'n'),
      std::string(255, 'x'),
      std::string(147, 'z') + kNfd,
  };
  return *names;
}

const std::vector<std::string>& BadNames() {
  static const auto* const names = new std::vector<std::string>{
      "",
      ".",
      "..",
      std::string(256, 'y'),
      "\xff\xfe",
      "a/b",
      "a" + std::string(1, '\0'),
  };
  return *names;
}

// What is compared is too long to print when it is a file's content.
bool Same(absl::string_view a, absl::string_view b) { return a == b; }

}  // namespace

size_t Pick(size_t end) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<size_t>(0, end));
}

size_t LongestPlainName(int shortening_threshold) {
  return (shortening_threshold - 4) / 4 * 3 - 16;
}

ModelDriver::ModelDriver(const MountedVault::Options& options)
    : vault_(options), model_(LongestPlainName(options.shortening_threshold)) {
  inos_[kModelRoot] = kRootIno;
  known_.insert(kModelRoot);
}

void ModelDriver::Step() {
  struct Verb {
    void (ModelDriver::*run)();
    const char* name;
    size_t weight;
  };
  static constexpr Verb kVerbs[] = {
      {&ModelDriver::Lookup, "lookup", 4},
      {&ModelDriver::Create, "create", 6},
      {&ModelDriver::MakeNode, "mknod", 1},
      {&ModelDriver::MakeDirectory, "mkdir", 5},
      {&ModelDriver::MakeSymlink, "symlink", 3},
      {&ModelDriver::Unlink, "unlink", 4},
      {&ModelDriver::RemoveDirectory, "rmdir", 3},
      {&ModelDriver::Rename, "rename", 14},
      {&ModelDriver::Open, "open", 4},
      {&ModelDriver::Read, "read", 4},
      {&ModelDriver::Write, "write", 8},
      {&ModelDriver::FlushOrSync, "flush", 2},
      {&ModelDriver::Release, "release", 3},
      {&ModelDriver::GetAttributes, "getattr", 3},
      {&ModelDriver::SetAttributes, "setattr", 5},
      {&ModelDriver::ReadLink, "readlink", 2},
      {&ModelDriver::OpenDirectory, "opendir", 2},
      {&ModelDriver::ReadDirectory, "readdir", 2},
      {&ModelDriver::ReadDirectoryPlus, "readdirplus", 2},
      {&ModelDriver::ReleaseDirectory, "releasedir", 1},
      {&ModelDriver::Forget, "forget", 4},
      {&ModelDriver::Upkeep, "upkeep", 1},
  };
  static const size_t total = [] {
    size_t sum = 0;
    for (const Verb& verb : kVerbs) sum += verb.weight;
    return sum;
  }();
  ++step_;
  size_t at = Pick(total);
  const Verb* verb = kVerbs;
  for (; at >= verb->weight; ++verb) at -= verb->weight;
  RC_LOG() << step_ << " " << verb->name;
  (this->*verb->run)();
  RC_LOG() << "\n";
  CheckTables();
}

// Arguments.

Ino ModelDriver::InoOf(ModelNode node) const {
  const auto it = inos_.find(node);
  return it == inos_.end() ? kNoSuchIno : it->second;
}

// Any node ever seen, forgotten ones and one that never was included.
ModelNode ModelDriver::DrawNode() {
  if (Pick(40) == 39) return kNoSuchNode;
  const ModelNode node = std::next(inos_.begin(), Pick(inos_.size()))->first;
  RC_LOG() << " #" << node;
  return node;
}

ModelNode ModelDriver::DrawDirectory() {
  if (Pick(12) == 11) return DrawNode();
  std::vector<ModelNode> directories;
  for (const ModelNode node : known_) {
    if (model_.Peek(node).kind == NodeKind::kDirectory) {
      directories.push_back(node);
    }
  }
  const ModelNode node = directories[Pick(directories.size())];
  RC_LOG() << " #" << node;
  return node;
}

std::string ModelDriver::DrawName(ModelNode parent) {
  std::string name = Names()[Pick(Names().size())];
  if (Pick(25) == 24) {
    name = BadNames()[Pick(BadNames().size())];
  } else if (Pick(2) == 0 && model_.IsKnown(parent)) {
    const auto& children = model_.Children(parent);
    if (!children.empty()) {
      name = std::next(children.begin(), Pick(children.size()))->first;
    }
  }
  RC_LOG() << " '" << absl::CHexEscape(name.substr(0, 12)) << "'("
           << name.size() << ")";
  return name;
}

ModelDriver::OpenHandle ModelDriver::DrawHandle(
    const std::vector<OpenHandle>& handles) {
  OpenHandle handle;  // all zero: nobody's
  if (!handles.empty()) handle = handles[Pick(handles.size())];
  if (Pick(30) == 29) {  // of another node
    handle.node = DrawNode();
    handle.ino = InoOf(handle.node);
  }
  RC_LOG() << " #" << handle.node << " by " << handle.model;
  return handle;
}

uint64_t ModelDriver::DrawOffset() {
  const uint64_t edge = Pick(4) * kChunkSize;
  const uint64_t offset = edge + Pick(40);
  return offset < 20 ? offset : offset - 20;
}

std::string ModelDriver::DrawData() {
  constexpr size_t kSizes[] = {
      0, 1, 19, 4096, kChunkSize - 1, kChunkSize, 2 * kChunkSize + 3};
  return PatternText(kSizes[Pick(std::size(kSizes))], step_);
}

// Answers.

void ModelDriver::SameError(int real, int model) {
  RC_LOG() << " -> " << model;
  RC_ASSERT(real == model);
}

void ModelDriver::Enter(ModelNode node, const Entry& entry) {
  RC_LOG() << " is #" << node;
  if (known_.count(node) > 0) {
    RC_ASSERT(entry.ino == inos_.at(node));
  } else {
    RC_ASSERT(entry.ino != kNoIno);
    RC_ASSERT(entry.ino != kRootIno);
    RC_ASSERT(seen_.insert(entry.ino).second);  // L9
    inos_[node] = entry.ino;
  }
  if (model_.IsKnown(node)) known_.insert(node);
  SameAttributes(entry.attributes, model_.Peek(node));
}

void ModelDriver::SameAttributes(const Attributes& real,
                                 const ModelAttributes& model) {
  RC_ASSERT(real.kind == model.kind);
  RC_ASSERT(real.links == model.links);
  if (model.is_forgettable) return;
  RC_ASSERT(real.permissions == model.permissions);
  if (model.kind != NodeKind::kDirectory) RC_ASSERT(real.size == model.size);
  if (model.mtime) {
    RC_ASSERT(real.mtime.tv_sec == model.mtime->tv_sec);
    RC_ASSERT(real.mtime.tv_nsec == model.mtime->tv_nsec);
  }
}

void ModelDriver::CheckTables() {
  for (auto it = known_.begin(); it != known_.end();) {
    it = model_.IsKnown(*it) ? std::next(it) : known_.erase(it);
  }
  RC_ASSERT(fs().inode_count() == model_.known_count());  // L11
  RC_ASSERT(fs().open_file_count() == model_.open_file_count());
}

// Verbs on names.

void ModelDriver::Lookup() {
  const ModelNode parent = DrawDirectory();
  const std::string name = DrawName(parent);
  const auto model = model_.Lookup(parent, name);
  const auto real = fs().Lookup(caller(), InoOf(parent), name);
  SameError(Errno(real), model.error);
  if (model.error != 0) return;
  Enter(model.value, *real);
  RC_ASSERT(real->is_other_spelling == (ModelNfc(name) != name));
}

void ModelDriver::Create() {
  const ModelNode parent = DrawDirectory();
  const std::string name = DrawName(parent);
  const OpenRequest request = {Pick(4) > 0, Pick(4) > 0, Pick(4) == 0,
                               Pick(3) == 0};
  const mode_t permissions = Pick(2) == 0 ? 0644 : 0600;
  const auto model = model_.Create(parent, name, permissions, request);
  const auto real =
      fs().Create(caller(), InoOf(parent), name, permissions, request);
  SameError(Errno(real), model.error);
  if (model.error != 0) return;
  Enter(model.value.node, real->entry);
  files_.push_back(
      {model.value.node, model.value.handle, real->entry.ino, real->handle});
}

void ModelDriver::MakeNode() {
  const ModelNode parent = DrawDirectory();
  const std::string name = DrawName(parent);
  const auto model = model_.MakeFile(parent, name, 0640);
  const auto real = fs().MakeNode(caller(), InoOf(parent), name, 0100640);
  SameError(Errno(real), model.error);
  if (model.error == 0) Enter(model.value, *real);
}

void ModelDriver::MakeDirectory() {
  const ModelNode parent = DrawDirectory();
  const std::string name = DrawName(parent);
  const mode_t permissions = Pick(2) == 0 ? 0755 : 0710;
  const auto model = model_.MakeDirectory(parent, name, permissions);
  const auto real =
      fs().MakeDirectory(caller(), InoOf(parent), name, permissions);
  SameError(Errno(real), model.error);
  if (model.error == 0) Enter(model.value, *real);
}

void ModelDriver::MakeSymlink() {
  const ModelNode parent = DrawDirectory();
  const std::string name = DrawName(parent);
  const std::string targets[] = {
      "a", "../b/\xc3\xa9", std::string(4095, 't'), std::string(4096, 't'),
      "",  "\xff"};
  const std::string target = targets[Pick(Pick(5) == 0 ? 6 : 3)];
  const auto model = model_.MakeSymlink(parent, name, target);
  const auto real = fs().MakeSymlink(caller(), InoOf(parent), name, target);
  SameError(Errno(real), model.error);
  if (model.error == 0) Enter(model.value, *real);
}

void ModelDriver::Unlink() {
  const ModelNode parent = DrawDirectory();
  const std::string name = DrawName(parent);
  const int model = model_.Unlink(parent, name);
  SameError(Errno(fs().Unlink(caller(), InoOf(parent), name)), model);
}

void ModelDriver::RemoveDirectory() {
  const ModelNode parent = DrawDirectory();
  const std::string name = DrawName(parent);
  const int model = model_.RemoveDirectory(parent, name);
  SameError(Errno(fs().RemoveDirectory(caller(), InoOf(parent), name)), model);
}

void ModelDriver::Rename() {
  const ModelNode old_parent = DrawDirectory();
  const std::string old_name = DrawName(old_parent);
  const ModelNode new_parent = Pick(3) == 0 ? old_parent : DrawDirectory();
  const std::string new_name = DrawName(new_parent);
  constexpr RenameFlag kFlags[] = {RenameFlag::kNone, RenameFlag::kNone,
                                   RenameFlag::kNone, RenameFlag::kNoReplace,
                                   RenameFlag::kExchange};
  const RenameFlag flag = kFlags[Pick(std::size(kFlags))];
  RC_LOG() << " flag " << static_cast<int>(flag);
  const int model =
      model_.Rename(old_parent, old_name, new_parent, new_name, flag);
  const absl::Status real = fs().Rename(caller(), InoOf(old_parent), old_name,
                                        InoOf(new_parent), new_name, flag);
  SameError(Errno(real), model);
}

// Verbs on files.

void ModelDriver::Open() {
  const ModelNode node = DrawNode();
  const OpenRequest request = {Pick(4) > 0, Pick(2) > 0, Pick(5) == 0, false};
  const auto model = model_.Open(node, request);
  const auto real = fs().Open(caller(), InoOf(node), request);
  SameError(Errno(real), model.error);
  if (model.error != 0) return;
  files_.push_back({node, model.value, InoOf(node), *real});
}

void ModelDriver::Read() {
  const OpenHandle handle = DrawHandle(files_);
  const uint64_t offset = DrawOffset();
  constexpr size_t kSizes[] = {1, 100, kChunkSize, 5 * kChunkSize};
  const size_t size = kSizes[Pick(std::size(kSizes))];
  const auto model = model_.Read(handle.node, handle.model, offset, size);
  const auto real = vault_.Read(handle.ino, handle.real, offset, size);
  SameError(Errno(real), model.error);
  if (model.error == 0) RC_ASSERT(Same(*real, model.value));
}

void ModelDriver::Write() {
  const OpenHandle handle = DrawHandle(files_);
  const uint64_t offset = DrawOffset();
  const std::string data = DrawData();
  RC_LOG() << " " << data.size() << " at " << offset;
  const int model = model_.Write(handle.node, handle.model, offset, data);
  SameError(Errno(vault_.Write(handle.ino, handle.real, offset, data)), model);
}

void ModelDriver::FlushOrSync() {
  const OpenHandle handle = DrawHandle(files_);
  const int model = model_.CheckFileHandle(handle.node, handle.model);
  const absl::Status real =
      Pick(4) == 0
          ? fs().Sync(caller(), handle.ino, handle.real,
                      Pick(2) == 0 ? SyncScope::kData : SyncScope::kAll)
          : fs().Flush(caller(), handle.ino, handle.real);
  SameError(Errno(real), model);
}

void ModelDriver::Release() {
  const OpenHandle handle = DrawHandle(files_);
  const int model = model_.Release(handle.node, handle.model);
  SameError(Errno(fs().Release(handle.ino, handle.real)), model);
  if (model != 0) return;
  files_.erase(std::find_if(
      files_.begin(), files_.end(),
      [&](const OpenHandle& open) { return open.model == handle.model; }));
}

// Attributes.

void ModelDriver::GetAttributes() {
  ModelNode node = 0;
  Ino ino = kNoIno;
  absl::optional<ModelHandle> model_handle;
  absl::optional<HandleId> real_handle;
  if (Pick(2) == 0) {
    node = DrawNode();
    ino = InoOf(node);
  } else {
    const OpenHandle open = DrawHandle(Pick(3) == 0 ? directories_ : files_);
    node = open.node;
    ino = open.ino;
    model_handle = open.model;
    real_handle = open.real;
  }
  const auto model = model_.GetAttributes(node, model_handle);
  const auto real = fs().GetAttributes(caller(), ino, real_handle);
  SameError(Errno(real), model.error);
  if (model.error == 0) SameAttributes(*real, model.value);
}

void ModelDriver::SetAttributes() {
  SetAttributesRequest request;
  const size_t what = Pick(8);
  if (what < 4) request.size = DrawOffset();
  if (what == 4 || what == 5) {
    constexpr mode_t kModes[] = {0644, 0400, 0755, 0000};
    request.permissions = kModes[Pick(std::size(kModes))];
  }
  if (what == 0 || what > 5) {
    request.mtime =
        TimeChange{TimeSource::kGiven, {1000000000 + step_, 1000 * step_}};
  }
  ModelNode node = 0;
  Ino ino = kNoIno;
  absl::optional<ModelHandle> model_handle;
  absl::optional<HandleId> real_handle;
  if (Pick(2) == 0) {
    node = DrawNode();
    ino = InoOf(node);
  } else {
    const OpenHandle open = DrawHandle(files_);
    node = open.node;
    ino = open.ino;
    model_handle = open.model;
    real_handle = open.real;
  }
  RC_LOG() << " what " << what;
  if (request.size) RC_LOG() << " size " << *request.size;
  const auto model = model_.SetAttributes(node, request, model_handle);
  const auto real = fs().SetAttributes(caller(), ino, request, real_handle);
  SameError(Errno(real), model.error);
  if (model.error == 0) SameAttributes(*real, model.value);
}

void ModelDriver::ReadLink() {
  const ModelNode node = DrawNode();
  const auto model = model_.ReadLink(node);
  const auto real = fs().ReadLink(caller(), InoOf(node));
  SameError(Errno(real), model.error);
  if (model.error == 0) RC_ASSERT(Same(*real, model.value));
}

// Directories.

void ModelDriver::OpenDirectory() {
  const ModelNode node = DrawDirectory();
  const auto model = model_.OpenDirectory(node);
  const auto real = fs().OpenDirectory(caller(), InoOf(node));
  SameError(Errno(real), model.error);
  if (model.error != 0) return;
  directories_.push_back({node, model.value, InoOf(node), *real});
}

void ModelDriver::ReadDirectory() {
  const OpenHandle handle = DrawHandle(directories_);
  const auto model = model_.ReadDirectory(handle.node, handle.model);
  CollectingSink sink;
  const absl::Status real =
      fs().ReadDirectory(caller(), handle.ino, handle.real, 0, sink);
  SameError(Errno(real), model.error);
  if (model.error != 0) return;
  std::set<std::string> names = {".", ".."};
  names.insert(model.value.begin(), model.value.end());
  std::set<std::string> listed;
  for (const auto& entry : sink.taken) {
    RC_ASSERT(listed.insert(entry.name).second);
  }
  RC_ASSERT(listed == names);
}

void ModelDriver::ReadDirectoryPlus() {
  const OpenHandle handle = DrawHandle(directories_);
  const auto model = model_.ReadDirectory(handle.node, handle.model);
  CollectingPlusSink sink;
  const absl::Status real =
      fs().ReadDirectoryPlus(caller(), handle.ino, handle.real, 0, sink);
  SameError(Errno(real), model.error);
  if (model.error != 0) return;
  RC_ASSERT(sink.taken.size() == model.value.size() + 2);
  for (const auto& taken : sink.taken) {
    if (taken.name == "." || taken.name == "..") {
      RC_ASSERT(taken.entry.ino == kNoIno);
      continue;
    }
    const auto child = model_.Lookup(handle.node, taken.name);
    RC_ASSERT(child.error == 0);
    Enter(child.value, taken.entry);
  }
}

void ModelDriver::ReleaseDirectory() {
  const OpenHandle handle = DrawHandle(directories_);
  const int model = model_.ReleaseDirectory(handle.node, handle.model);
  SameError(Errno(fs().ReleaseDirectory(handle.ino, handle.real)), model);
  if (model != 0) return;
  directories_.erase(std::find_if(
      directories_.begin(), directories_.end(),
      [&](const OpenHandle& open) { return open.model == handle.model; }));
}

// As the kernel does: a directory only when it is closed and after those in it.
void ModelDriver::Forget() {
  const ModelNode node = DrawNode();
  if (!model_.IsKnown(node) || model_.HasKnownDirectoryIn(node)) return;
  for (const OpenHandle& handle : directories_) {
    if (handle.node == node) return;
  }
  const uint64_t lookups = model_.lookups(node);
  if (lookups == 0) return;  // open only
  const uint64_t count = 1 + Pick(lookups);
  model_.Forget(node, count);
  fs().Forget(InoOf(node), count);
}

void ModelDriver::Upkeep() {
  vault_.clock().Advance(absl::Milliseconds(500));
  fs().WriteBackOlderThan(absl::Seconds(1));
}

// The whole.

void ModelDriver::CompareTrees() {
  CompareDirectory(kModelRoot, kRootIno);
  CheckTables();
}

void ModelDriver::CompareDirectory(ModelNode node, Ino ino) {
  std::vector<std::string> names;
  for (const auto& child : model_.Children(node)) names.push_back(child.first);
  RC_ASSERT(vault_.List(ino) == names);
  for (const auto& [name, child] : model_.Children(node)) {
    const auto found = fs().Lookup(caller(), ino, name);
    RC_ASSERT(Errno(found) == 0);
    if (known_.count(child) > 0) RC_ASSERT(found->ino == inos_.at(child));
    seen_.insert(found->ino);
    SameAttributes(found->attributes, model_.Peek(child));
    CompareNode(child, found->ino);
    fs().Forget(found->ino, 1);
  }
}

void ModelDriver::CompareNode(ModelNode node, Ino ino) {
  const auto attributes = fs().GetAttributes(caller(), ino, absl::nullopt);
  RC_ASSERT(Errno(attributes) == 0);
  SameAttributes(*attributes, model_.Peek(node));
  switch (model_.Peek(node).kind) {
    case NodeKind::kDirectory:
      CompareDirectory(node, ino);
      break;
    case NodeKind::kFile:
      RC_ASSERT(Same(vault_.Content(ino), model_.ContentOf(node)));
      break;
    case NodeKind::kSymlink:
      RC_ASSERT(Same(*fs().ReadLink(caller(), ino), model_.ContentOf(node)));
      break;
  }
}

void ModelDriver::ForgetEverything() {
  for (const OpenHandle& handle : files_) {
    RC_ASSERT(Errno(fs().Release(handle.ino, handle.real)) == 0);
  }
  for (const OpenHandle& handle : directories_) {
    RC_ASSERT(Errno(fs().ReleaseDirectory(handle.ino, handle.real)) == 0);
  }
  for (const ModelNode node : known_) {
    const uint64_t lookups = model_.lookups(node);
    if (lookups > 0) fs().Forget(InoOf(node), lookups);
  }
  RC_ASSERT(fs().inode_count() == 1u);
  RC_ASSERT(fs().open_file_count() == 0u);
  RC_ASSERT(vault_.metrics().dirty_bytes().value() == 0);
  RC_ASSERT(vault_.metrics().forget_underflows().value() == 0u);
  RC_ASSERT(vault_.metrics().open_handles(HandleKind::kFile).value() == 0);
  RC_ASSERT(vault_.metrics().open_handles(HandleKind::kDirectory).value() == 0);
  files_.clear();
  directories_.clear();
  model_.Unmount();
  known_ = {kModelRoot};
}

void ModelDriver::Remount() {
  RC_LOG() << "remount\n";
  files_.clear();
  directories_.clear();
  model_.Unmount();
  vault_.Remount();
  known_ = {kModelRoot};
  inos_ = {{kModelRoot, kRootIno}};
  seen_.clear();
}

}  // namespace casemate
