// The command line as a value. Pure: nothing is opened or read.
#ifndef TOOLS_CASEMATE_COMMAND_LINE_H_
#define TOOLS_CASEMATE_COMMAND_LINE_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "crypto/content/cipher_combo.h"
#include "fs/vault/masterkey_file.h"
#include "tools/casemate/mount_settings.h"
#include "tools/casemate/password_options.h"
#include "tools/casemate/progress.h"

namespace casemate {

struct InitCommand {
  std::string vault;
  CipherCombo combo = CipherCombo::kSivGcm;
  int shortening_threshold = 220;
  PasswordOptions password;
};

struct MountCommand {
  std::string vault;
  std::string mountpoint;
  MountSettings settings;
};

enum class Detach : uint8_t { kWhenIdle, kLazy };

struct UnmountCommand {
  std::string mountpoint;
  Detach detach = Detach::kWhenIdle;
};

enum class InfoFormat : uint8_t { kText, kJson };

struct InfoCommand {
  std::string vault;
  InfoFormat format = InfoFormat::kText;
};

enum class ListFormat : uint8_t { kNames, kLong };

struct ListCommand {
  std::string vault;
  std::string path;
  ListFormat format = ListFormat::kNames;
  PasswordOptions password;
};

struct CatCommand {
  std::string vault;
  std::string path;
  ProgressDisplay progress = ProgressDisplay::kOnTerminal;
  PasswordOptions password;
};

enum class NameDirection : uint8_t { kEncrypt, kDecrypt };
enum class LineEnd : uint8_t { kNewline, kNul };

struct NameCommand {
  NameDirection direction = NameDirection::kEncrypt;
  std::string vault;
  std::vector<std::string> paths;
  LineEnd line_end = LineEnd::kNewline;
  ProgressDisplay progress = ProgressDisplay::kOnTerminal;
  PasswordOptions password;
};

struct TreeCommand {
  std::string vault;
  std::string path;
  absl::optional<int> depth;  // at least 1
  ProgressDisplay progress = ProgressDisplay::kOnTerminal;
  PasswordOptions password;
};

enum class CopyDirection : uint8_t { kIn, kOut };

struct CopyCommand {
  CopyDirection direction = CopyDirection::kOut;
  std::string vault;
  // On the vault's side without "vault:".
  std::vector<std::string> sources;
  std::string target;
  bool is_recursive = false;
  bool preserves = false;   // mode and times
  bool overwrites = false;  // what is there
  ProgressDisplay progress = ProgressDisplay::kOnTerminal;
  PasswordOptions password;
};

struct PasswdCommand {
  std::string vault;
  PasswordOptions password;
  PasswordOptions new_password;
  VersionMac version_mac = VersionMac::kRequired;
};

struct ShowRecoveryKeyCommand {
  std::string vault;
  PasswordOptions password;
};

struct ResetPasswordCommand {
  std::string vault;
  PasswordOptions recovery_key;
  PasswordOptions new_password;
};

// How many findings of a class are shown.
enum class FindingListing : uint8_t { kSome, kAll };

struct DoctorCommand {
  std::string vault;
  InfoFormat format = InfoFormat::kText;
  FindingListing listing = FindingListing::kSome;
  bool reads_content = false;
  bool repairs = false;
  ProgressDisplay progress = ProgressDisplay::kOnTerminal;
  PasswordOptions password;
};

struct VersionCommand {};

struct HelpCommand {
  std::string text;
};

using Command =
    std::variant<InitCommand, MountCommand, UnmountCommand, InfoCommand,
                 ListCommand, CatCommand, PasswdCommand, ShowRecoveryKeyCommand,
                 ResetPasswordCommand, DoctorCommand, VersionCommand,
                 HelpCommand, NameCommand, TreeCommand, CopyCommand>;

// The arguments with other tools' spellings replaced by ours: `unlock`,
// `umount`, `fsck`, --passfile, and --password:stdin, :env, :file. Nothing
// after "--" is changed.
std::vector<std::string> ReplaceAliases(
    absl::Span<const std::string> arguments);

// `arguments` are those after the program's name. Usage errors are CliErrors.
absl::StatusOr<Command> ParseCommandLine(
    absl::Span<const std::string> arguments);

}  // namespace casemate

#endif  // TOOLS_CASEMATE_COMMAND_LINE_H_
