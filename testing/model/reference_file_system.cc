#include "testing/model/reference_file_system.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace casemate {
namespace {

constexpr size_t kNameMax = 255;
constexpr size_t kTargetMax = 4095;

// Names that VFS resolves or refuses before any file system sees them.
bool IsDotName(const std::string& name) {
  return name.empty() || name == "." || name == "..";
}

bool IsImpossible(const std::string& name) {
  return IsDotName(name) || name.find('/') != std::string::npos ||
         name.find('\0') != std::string::npos;
}

bool IsUtf8(const std::string& text) {
  return text.find('\xff') == std::string::npos;
}

}  // namespace

std::string ModelNfc(std::string name) {
  for (size_t at; (at = name.find("e\xcc\x81")) != std::string::npos;) {
    name.replace(at, 3, "\xc3\xa9");
  }
  return name;
}

ReferenceFileSystem::ReferenceFileSystem(size_t longest_plain_name)
    : longest_plain_name_(longest_plain_name) {
  Node root;
  root.kind = NodeKind::kDirectory;
  root.permissions = 0700;
  nodes_[kModelRoot] = root;
}

bool ReferenceFileSystem::IsKnown(ModelNode node) const {
  const auto it = nodes_.find(node);
  if (it == nodes_.end()) return false;
  return node == kModelRoot || it->second.lookups > 0 || it->second.handles > 0;
}

size_t ReferenceFileSystem::known_count() const {
  return std::count_if(nodes_.begin(), nodes_.end(), [this](const auto& node) {
    return IsKnown(node.first);
  });
}

bool ReferenceFileSystem::IsOpen(const Node& node) {
  return node.handles > 0 || node.is_kept;
}

size_t ReferenceFileSystem::open_file_count() const {
  return std::count_if(nodes_.begin(), nodes_.end(), [](const auto& node) {
    return node.second.kind == NodeKind::kFile && IsOpen(node.second);
  });
}

uint64_t ReferenceFileSystem::lookups(ModelNode node) const {
  const auto it = nodes_.find(node);
  return it == nodes_.end() ? 0 : it->second.lookups;
}

bool ReferenceFileSystem::HasKnownDirectoryIn(ModelNode node) const {
  const auto& children = nodes_.at(node).children;
  return std::any_of(children.begin(), children.end(), [this](const auto& c) {
    return IsKnown(c.second) &&
           nodes_.at(c.second).kind == NodeKind::kDirectory;
  });
}

bool ReferenceFileSystem::IsShortened(const std::string& name) const {
  return name.size() > longest_plain_name_;
}

const std::map<std::string, ModelNode>& ReferenceFileSystem::Children(
    ModelNode node) const {
  return nodes_.at(node).children;
}

const std::string& ReferenceFileSystem::ContentOf(ModelNode node) const {
  return nodes_.at(node).content;
}

ModelAttributes ReferenceFileSystem::Peek(ModelNode id) const {
  const Node& node = nodes_.at(id);
  ModelAttributes attributes;
  attributes.kind = node.kind;
  attributes.permissions = node.permissions;
  attributes.size = node.content.size();
  attributes.links = node.is_removed ? 0 : 1;
  attributes.mtime = node.mtime;
  attributes.is_forgettable = node.is_removed && !IsOpen(node);
  return attributes;
}

void ReferenceFileSystem::Unmount() {
  handles_.clear();
  for (auto it = nodes_.begin(); it != nodes_.end();) {
    it->second.handles = 0;
    it->second.lookups = 0;
    it->second.is_kept = false;
    it = it->second.is_removed ? nodes_.erase(it) : std::next(it);
  }
}

int ReferenceFileSystem::CheckDirectory(ModelNode node) const {
  if (!IsKnown(node)) return ESTALE;
  return nodes_.at(node).kind == NodeKind::kDirectory ? 0 : ENOTDIR;
}

int ReferenceFileSystem::CheckLiveDirectory(ModelNode node) const {
  if (const int error = CheckDirectory(node)) return error;
  return nodes_.at(node).is_removed ? ENOENT : 0;
}

Outcome<ModelNode> ReferenceFileSystem::FindIn(const Node& dir,
                                               const std::string& name) const {
  if (!IsImpossible(name) && IsUtf8(name)) {
    for (const std::string& spelling : {name, ModelNfc(name)}) {
      const auto it = dir.children.find(spelling);
      if (it != dir.children.end()) return {0, it->second};
    }
    if (ModelNfc(name).size() <= kNameMax) return {ENOENT};
  }
  return {name.size() > kNameMax ? ENAMETOOLONG : ENOENT};
}

int ReferenceFileSystem::CheckNewName(const std::string& name) {
  if (IsImpossible(name)) return EINVAL;
  if (!IsUtf8(name)) return EILSEQ;
  return ModelNfc(name).size() > kNameMax ? ENAMETOOLONG : 0;
}

Outcome<ModelNode> ReferenceFileSystem::Insert(ModelNode parent,
                                               const std::string& name,
                                               Node node) {
  if (const int error = CheckNewName(name)) return {error};
  Node& dir = nodes_.at(parent);
  if (FindIn(dir, name).error == 0) return {EEXIST};
  const ModelNode id = next_node_++;
  node.parent = parent;
  node.lookups = 1;
  dir.children[ModelNfc(name)] = id;
  nodes_[id] = std::move(node);
  return {0, id};
}

Outcome<ModelNode> ReferenceFileSystem::Lookup(ModelNode parent,
                                               const std::string& name) {
  if (const int error = CheckLiveDirectory(parent)) return {error};
  const Outcome<ModelNode> found = FindIn(nodes_.at(parent), name);
  if (found.error == 0) ++nodes_.at(found.value).lookups;
  return found;
}

Outcome<ModelNode> ReferenceFileSystem::MakeDirectory(ModelNode parent,
                                                      const std::string& name,
                                                      mode_t permissions) {
  if (const int error = CheckLiveDirectory(parent)) return {error};
  Node node;
  node.kind = NodeKind::kDirectory;
  node.permissions = permissions;
  return Insert(parent, name, node);
}

Outcome<ModelNode> ReferenceFileSystem::MakeFile(ModelNode parent,
                                                 const std::string& name,
                                                 mode_t permissions) {
  if (const int error = CheckLiveDirectory(parent)) return {error};
  Node node;
  node.permissions = permissions;
  return Insert(parent, name, node);
}

Outcome<ModelNode> ReferenceFileSystem::MakeSymlink(ModelNode parent,
                                                    const std::string& name,
                                                    const std::string& target) {
  if (const int error = CheckLiveDirectory(parent)) return {error};
  if (target.empty()) return {ENOENT};
  if (target.size() > kTargetMax) return {ENAMETOOLONG};
  if (!IsUtf8(target)) return {EILSEQ};
  Node node;
  node.kind = NodeKind::kSymlink;
  node.permissions = 0777;
  node.content = target;
  return Insert(parent, name, node);
}

Outcome<ModelCreated> ReferenceFileSystem::Create(ModelNode parent,
                                                  const std::string& name,
                                                  mode_t permissions,
                                                  const OpenRequest& request) {
  if (const int error = CheckLiveDirectory(parent)) return {error};
  Outcome<ModelNode> node = FindIn(nodes_.at(parent), name);
  if (node.error == ENOENT) {
    node = MakeFile(parent, name, permissions);
    if (node.error != 0) return {node.error};
  } else {
    if (node.error != 0) return {node.error};
    if (request.exclusive) return {EEXIST};
    ++nodes_.at(node.value).lookups;
  }
  const Outcome<ModelHandle> handle = Open(node.value, request);
  if (handle.error != 0) {
    Forget(node.value, 1);
    return {handle.error};
  }
  return {0, {node.value, handle.value}};
}

void ReferenceFileSystem::Forget(ModelNode node, uint64_t count) {
  if (node == kModelRoot || nodes_.count(node) == 0) return;
  uint64_t& lookups = nodes_.at(node).lookups;
  lookups -= std::min(lookups, count);
  if (lookups == 0) nodes_.at(node).is_kept = false;
  EraseIfUnused(node);
}

void ReferenceFileSystem::MarkRemoved(ModelNode node) {
  nodes_.at(node).is_removed = true;
  EraseIfUnused(node);
}

void ReferenceFileSystem::EraseIfUnused(ModelNode node) {
  if (nodes_.at(node).is_removed && !IsKnown(node)) nodes_.erase(node);
}

int ReferenceFileSystem::Unlink(ModelNode parent, const std::string& name) {
  if (const int error = CheckLiveDirectory(parent)) return error;
  if (IsDotName(name)) return EISDIR;
  const Outcome<ModelNode> found = FindIn(nodes_.at(parent), name);
  if (found.error != 0) return found.error;
  if (nodes_.at(found.value).kind == NodeKind::kDirectory) return EISDIR;
  nodes_.at(parent).children.erase(ModelNfc(name));
  MarkRemoved(found.value);
  return 0;
}

int ReferenceFileSystem::RemoveDirectory(ModelNode parent,
                                         const std::string& name) {
  if (name == ".") return EINVAL;
  if (IsDotName(name)) return ENOTEMPTY;
  if (const int error = CheckLiveDirectory(parent)) return error;
  const Outcome<ModelNode> found = FindIn(nodes_.at(parent), name);
  if (found.error != 0) return found.error;
  if (nodes_.at(found.value).kind != NodeKind::kDirectory) return ENOTDIR;
  if (!nodes_.at(found.value).children.empty()) return ENOTEMPTY;
  nodes_.at(parent).children.erase(ModelNfc(name));
  MarkRemoved(found.value);
  return 0;
}

bool ReferenceFileSystem::IsSelfOrAbove(ModelNode above, ModelNode node) const {
  for (; node != above; node = nodes_.at(node).parent) {
    if (node == kModelRoot) return false;
  }
  return true;
}

int ReferenceFileSystem::CheckRename(ModelNode source, ModelNode new_parent,
                                     absl::optional<ModelNode> target,
                                     ModelNode old_parent,
                                     RenameFlag flag) const {
  const bool is_exchange = flag == RenameFlag::kExchange;
  if (IsSelfOrAbove(source, new_parent)) return EINVAL;
  if (!target) return 0;
  if (IsSelfOrAbove(*target, old_parent)) {
    return is_exchange ? EINVAL : ENOTEMPTY;
  }
  if (is_exchange) return 0;
  const bool source_is_dir = nodes_.at(source).kind == NodeKind::kDirectory;
  const bool target_is_dir = nodes_.at(*target).kind == NodeKind::kDirectory;
  if (source_is_dir && !target_is_dir) return ENOTDIR;
  if (!source_is_dir && target_is_dir) return EISDIR;
  return nodes_.at(*target).children.empty() ? 0 : ENOTEMPTY;
}

int ReferenceFileSystem::Rename(ModelNode old_parent,
                                const std::string& old_name,
                                ModelNode new_parent,
                                const std::string& new_name, RenameFlag flag) {
  if (IsDotName(old_name) || IsDotName(new_name)) return EINVAL;
  if (const int error = CheckDirectory(old_parent)) return error;
  if (const int error = CheckDirectory(new_parent)) return error;
  if (const int error = CheckLiveDirectory(old_parent)) return error;
  if (const int error = CheckLiveDirectory(new_parent)) return error;
  const Outcome<ModelNode> source = FindIn(nodes_.at(old_parent), old_name);
  if (source.error != 0) return source.error;
  const Outcome<ModelNode> found = FindIn(nodes_.at(new_parent), new_name);
  if (found.error != 0 && found.error != ENOENT) return found.error;
  absl::optional<ModelNode> target;
  if (found.error == 0) target = found.value;

  if (target && flag == RenameFlag::kNoReplace) return EEXIST;
  if (!target && flag == RenameFlag::kExchange) return ENOENT;
  if (target == source.value) return 0;
  if (const int error =
          CheckRename(source.value, new_parent, target, old_parent, flag)) {
    return error;
  }
  const std::string from = ModelNfc(old_name);
  const std::string to = ModelNfc(new_name);
  if (flag == RenameFlag::kExchange) {
    if ((IsShortened(from) || IsShortened(to)) &&
        nodes_.at(source.value).kind != nodes_.at(*target).kind) {
      return EINVAL;
    }
    nodes_.at(old_parent).children[from] = *target;
    nodes_.at(*target).parent = old_parent;
  } else {
    if (!target) {
      if (const int error = CheckNewName(new_name)) return error;
    }
    nodes_.at(old_parent).children.erase(from);
    if (target) {
      Node& replaced = nodes_.at(*target);
      replaced.is_kept =
          replaced.kind == NodeKind::kFile && replaced.lookups > 0;
      MarkRemoved(*target);
    }
  }
  nodes_.at(new_parent).children[to] = source.value;
  nodes_.at(source.value).parent = new_parent;
  return 0;
}

ModelHandle ReferenceFileSystem::AddHandle(const Handle& handle) {
  ++nodes_.at(handle.node).handles;
  handles_[next_handle_] = handle;
  return next_handle_++;
}

const ReferenceFileSystem::Handle* ReferenceFileSystem::FindHandle(
    ModelNode node, ModelHandle handle, bool is_directory) const {
  const auto it = handles_.find(handle);
  if (it == handles_.end() || it->second.node != node ||
      it->second.is_directory != is_directory) {
    return nullptr;
  }
  return &it->second;
}

Outcome<ModelHandle> ReferenceFileSystem::Open(ModelNode id,
                                               const OpenRequest& request) {
  if (!IsKnown(id)) return {ESTALE};
  Node& node = nodes_.at(id);
  if (node.kind == NodeKind::kDirectory) return {EISDIR};
  if (node.kind == NodeKind::kSymlink) return {EINVAL};
  if (node.is_removed && !IsOpen(node)) return {ESTALE};
  if (request.truncate) {
    node.content.clear();
    node.mtime.reset();
  }
  return {0, AddHandle({id, false, request.read, request.write})};
}

Outcome<std::string> ReferenceFileSystem::Read(ModelNode node,
                                               ModelHandle handle,
                                               uint64_t offset, size_t size) {
  const Handle* open = FindHandle(node, handle, /*is_directory=*/false);
  if (open == nullptr || !open->can_read) return {EBADF};
  const std::string& content = nodes_.at(node).content;
  if (offset >= content.size()) return {0, ""};
  return {0, content.substr(offset, size)};
}

int ReferenceFileSystem::Write(ModelNode node, ModelHandle handle,
                               uint64_t offset, const std::string& data) {
  const Handle* open = FindHandle(node, handle, /*is_directory=*/false);
  if (open == nullptr || !open->can_write) return EBADF;
  if (data.empty()) return 0;
  std::string& content = nodes_.at(node).content;
  if (content.size() < offset + data.size()) {
    content.resize(offset + data.size());
  }
  content.replace(offset, data.size(), data);
  nodes_.at(node).mtime.reset();
  return 0;
}

int ReferenceFileSystem::CheckFileHandle(ModelNode node,
                                         ModelHandle handle) const {
  return FindHandle(node, handle, /*is_directory=*/false) == nullptr ? EBADF
                                                                     : 0;
}

int ReferenceFileSystem::Release(ModelNode node, ModelHandle handle) {
  if (const int error = CheckFileHandle(node, handle)) return error;
  handles_.erase(handle);
  --nodes_.at(node).handles;
  EraseIfUnused(node);
  return 0;
}

Outcome<ModelAttributes> ReferenceFileSystem::GetAttributes(
    ModelNode node, absl::optional<ModelHandle> handle) const {
  if (!IsKnown(node)) return {ESTALE};
  const bool is_directory = nodes_.at(node).kind == NodeKind::kDirectory;
  if (handle && FindHandle(node, *handle, is_directory) == nullptr) {
    return {EBADF};
  }
  return {0, Peek(node)};
}

Outcome<ModelAttributes> ReferenceFileSystem::SetAttributes(
    ModelNode id, const SetAttributesRequest& request,
    absl::optional<ModelHandle> handle) {
  const Outcome<ModelAttributes> before = GetAttributes(id, handle);
  if (before.error != 0) return before;
  Node& node = nodes_.at(id);
  const bool is_symlink = node.kind == NodeKind::kSymlink;
  if (request.permissions && is_symlink) return {EOPNOTSUPP};
  if (request.size) {
    if (node.kind == NodeKind::kDirectory) return {EISDIR};
    if (is_symlink) return {EINVAL};
    if (handle && !handles_.at(*handle).can_write) return {EINVAL};
  }
  if (node.is_removed && !IsOpen(node) && node.kind != NodeKind::kDirectory) {
    return {ESTALE};
  }
  if (node.is_removed && node.kind == NodeKind::kDirectory) return {ENOENT};
  if (request.size) {
    node.content.resize(*request.size);
    node.mtime.reset();
  }
  if (request.permissions) node.permissions = *request.permissions;
  // Directories' times move with their entries, in ways that are the store's.
  if (request.mtime && node.kind != NodeKind::kDirectory) {
    node.mtime = request.mtime->value;
  }
  return {0, Peek(id)};
}

Outcome<std::string> ReferenceFileSystem::ReadLink(ModelNode id) const {
  if (!IsKnown(id)) return {ESTALE};
  const Node& node = nodes_.at(id);
  if (node.kind != NodeKind::kSymlink) return {EINVAL};
  if (node.is_removed) return {ESTALE};
  return {0, node.content};
}

Outcome<ModelHandle> ReferenceFileSystem::OpenDirectory(ModelNode node) {
  if (const int error = CheckLiveDirectory(node)) return {error};
  return {0, AddHandle({node, true, true, false})};
}

Outcome<std::set<std::string>> ReferenceFileSystem::ReadDirectory(
    ModelNode node, ModelHandle handle) const {
  if (FindHandle(node, handle, /*is_directory=*/true) == nullptr) {
    return {EBADF};
  }
  std::set<std::string> names;
  for (const auto& child : nodes_.at(node).children) names.insert(child.first);
  return {0, names};
}

int ReferenceFileSystem::ReleaseDirectory(ModelNode node, ModelHandle handle) {
  if (FindHandle(node, handle, /*is_directory=*/true) == nullptr) return EBADF;
  handles_.erase(handle);
  --nodes_.at(node).handles;
  EraseIfUnused(node);
  return 0;
}

}  // namespace casemate
