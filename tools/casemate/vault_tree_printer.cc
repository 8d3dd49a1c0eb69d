#include "tools/casemate/vault_tree_printer.h"

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "tools/casemate/cli_error.h"
#include "tools/casemate/terminal_text.h"

namespace casemate {
namespace {

struct Drawing {
  absl::string_view branch;
  absl::string_view last_branch;
  absl::string_view trunk;
};

constexpr Drawing kUtf8 = {"\u251c\u2500\u2500 ", "\u2514\u2500\u2500 ",
                           "\u2502   "};
constexpr Drawing kAscii = {"|-- ", "`-- ", "|   "};

std::string Counted(uint64_t count, absl::string_view one,
                    absl::string_view many) {
  return absl::StrCat(count, " ", count == 1 ? one : many);
}

std::string LineOf(const ListedEntry& entry, absl::string_view mark) {
  std::string line = EscapeName(entry.name);
  if (!entry.link_target.empty()) {
    absl::StrAppend(&line, " -> ", EscapeName(entry.link_target));
  }
  return absl::StrCat(line, mark, "\n");
}

}  // namespace

absl::Status VaultTreePrinter::Print(absl::string_view path) {
  ASSIGN_OR_RETURN(const ListedEntry top, DescribePath(*file_system_, path));
  RETURN_IF_ERROR(
      write_(absl::StrCat(EscapeName(path.empty() ? "/" : path), "\n")));
  if (top.IsFolder()) {
    RETURN_IF_ERROR(visit_());
    ASSIGN_OR_RETURN(const std::vector<ListedEntry> entries,
                     ListPath(*file_system_, path));
    RETURN_IF_ERROR(PrintFolder(std::string(path), entries, "", 1));
  } else {
    ++files_;
  }
  RETURN_IF_ERROR(write_(CountsLine()));
  if (damaged_ != 0) {
    return CliError(ExitCode::kContentDamaged,
                    "what is marked [damaged] does not authenticate, or is "
                    "not what the format allows");
  }
  if (unreadable_ != 0) {
    return CliError(ExitCode::kOther, "some folders could not be read");
  }
  return absl::OkStatus();
}

std::string VaultTreePrinter::CountsLine() const {
  std::string line = absl::StrCat("\n", Counted(folders_, "folder", "folders"),
                                  ", ", Counted(files_, "file", "files"));
  if (damaged_ != 0) absl::StrAppend(&line, ", ", damaged_, " damaged");
  if (unreadable_ != 0)
    absl::StrAppend(&line, ", ", unreadable_, " unreadable");
  return absl::StrCat(line, "\n");
}

absl::Status VaultTreePrinter::PrintFolder(
    const std::string& path, const std::vector<ListedEntry>& entries,
    const std::string& indent, int level) {
  for (const ListedEntry& entry : entries) {
    RETURN_IF_ERROR(PrintEntry(absl::StrCat(path, "/", entry.name), entry,
                               indent, &entry == &entries.back(), level));
  }
  return absl::OkStatus();
}

absl::Status VaultTreePrinter::PrintEntry(const std::string& path,
                                          const ListedEntry& entry,
                                          const std::string& indent,
                                          bool is_last, int level) {
  const Drawing& drawing =
      options_.lines == TreeOptions::Lines::kUtf8 ? kUtf8 : kAscii;
  absl::StatusOr<std::vector<ListedEntry>> inner;
  absl::string_view mark;
  if (entry.is_damaged) {
    mark = " [damaged]";
    ++damaged_;
  } else if (entry.IsFolder()) {
    ++folders_;
    if (!options_.depth || level < *options_.depth) {
      RETURN_IF_ERROR(visit_());
      inner = ListPath(*file_system_, path);
      if (!inner.ok()) {
        const bool is_damaged =
            ExitCodeOf(inner.status()) == ExitCode::kContentDamaged;
        mark = is_damaged ? " [damaged]" : " [cannot be read]";
        ++(is_damaged ? damaged_ : unreadable_);
      }
    }
  } else {
    ++files_;
  }
  RETURN_IF_ERROR(write_(
      absl::StrCat(indent, is_last ? drawing.last_branch : drawing.branch,
                   LineOf(entry, mark))));
  if (!inner.ok()) return absl::OkStatus();
  return PrintFolder(path, *inner,
                     absl::StrCat(indent, is_last ? "    " : drawing.trunk),
                     level + 1);
}

}  // namespace casemate
