#include "tools/casemate/read_commands.h"

#include <unistd.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/status.h"
#include "fs/core/file_system.h"
#include "fs/storage/storage.h"
#include "fs/vault/vault_access.h"
#include "tools/casemate/cli_error.h"
#include "tools/casemate/interrupts.h"
#include "tools/casemate/standard_output.h"
#include "tools/casemate/terminal_text.h"
#include "tools/casemate/vault_opening.h"
#include "tools/casemate/vault_reader.h"

namespace casemate {
namespace {

// Opens the vault read-only, without a mark that it is in use, for `read`.
absl::Status WithVault(const std::string& path, const PasswordOptions& password,
                       Logger& logger,
                       const std::function<absl::Status(FileSystem&)>& read) {
  ASSIGN_OR_RETURN(std::unique_ptr<Dir> folder, OpenVaultFolder(path));
  absl::StatusOr<UnlockedVault> vault = [&] {
    Interrupts interrupts;
    return UnlockVault(*folder, password, interrupts, logger);
  }();
  RETURN_IF_ERROR(vault.status());
  Services services(&logger);
  FileSystemOptions options;
  options.read_only = true;
  ASSIGN_OR_RETURN(
      const std::unique_ptr<FileSystem> file_system,
      MakeFileSystem(std::move(folder), *vault, options, services, nullptr));
  return read(*file_system);
}

std::string FormatEntry(const ListedEntry& entry, ListFormat format) {
  if (format == ListFormat::kNames) return entry.name;
  std::string name = entry.name;
  if (!entry.link_target.empty()) {
    absl::StrAppend(&name, " -> ", entry.link_target);
  }
  return FormatLongEntry(entry, name);
}

void EscapeForTerminal(ListedEntry& entry) {
  entry.name = EscapeName(entry.name);
  entry.link_target = EscapeName(entry.link_target);
}

}  // namespace

absl::Status RunList(const ListCommand& command, Logger& logger) {
  const bool is_terminal = isatty(STDOUT_FILENO) == 1;
  return WithVault(command.vault, command.password, logger,
                   [&](FileSystem& file_system) -> absl::Status {
                     ASSIGN_OR_RETURN(std::vector<ListedEntry> entries,
                                      ListPath(file_system, command.path));
                     std::string out;
                     for (ListedEntry& entry : entries) {
                       if (is_terminal) EscapeForTerminal(entry);
                       absl::StrAppend(&out, FormatEntry(entry, command.format),
                                       "\n");
                     }
                     return WriteOut(BytesOf(out));
                   });
}

absl::Status RunCat(const CatCommand& command, Logger& logger) {
  return WithVault(command.vault, command.password, logger,
                   [&](FileSystem& file_system) {
                     return ReadPath(file_system, command.path, WriteOut);
                   });
}

}  // namespace casemate
