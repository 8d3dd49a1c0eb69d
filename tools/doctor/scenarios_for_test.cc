#include "tools/doctor/scenarios_for_test.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "base/bytes.h"
#include "base/check.h"
#include "fs/vault/node_files.h"
#include "fs/vault/sealed_file.h"

namespace casemate {
namespace {

namespace stdfs = std::filesystem;

std::string PathIn(TestVault& vault, const std::string& relative) {
  return vault.folder().PathOf(relative);
}

void WriteText(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string ReadText(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// The entry of `name` in `parent`, as a path on disk.
std::string EntryOnDisk(TestVault& vault, const DirId& parent,
                        const std::string& name) {
  return PathIn(vault, vault.EntryPath(parent, vault.Entry(parent, name)));
}

std::string ContentOnDisk(TestVault& vault, const DirId& id) {
  return PathIn(vault, vault.ContentPath(id));
}

void MakeFile(TestVault& vault, const VaultDir& dir, const std::string& name) {
  absl::StatusOr<CreatedFile> file =
      vault.tree().CreateFile(dir, name, 0644, NewOwner());
  CHECK(file.ok(), "a test can make a file");
}

DirId MakeDirectory(TestVault& vault, const VaultDir& dir,
                    const std::string& name) {
  absl::StatusOr<Node> node =
      vault.tree().MakeDirectory(dir, name, 0755, NewOwner());
  CHECK(node.ok(), "a test can make a directory");
  return *node->dir_id;
}

void MakeSymlink(TestVault& vault, const VaultDir& dir,
                 const std::string& name) {
  CHECK(vault.tree().CreateSymlink(dir, name, "to " + name, NewOwner()).ok(),
        "a test can make a symbolic link");
}

void FillDirectory(TestVault& vault, const DirId& id) {
  const std::shared_ptr<const VaultDir> dir = vault.Open(id);
  for (const std::string& name : {std::string("file"), LongName('f')}) {
    MakeFile(vault, *dir, name);
  }
  for (const std::string& name : {std::string("link"), LongName('l')}) {
    MakeSymlink(vault, *dir, name);
  }
}

std::string SealedId(TestVault& vault, const std::string& text) {
  const SealedFileCodec codec(vault.vault().config.combo,
                              &vault.vault().masterkey);
  return std::string(TextOf(codec.Seal(text, vault.random())));
}

using Damage = std::function<void(TestVault&, const Furniture&)>;

// Writes `text` to the dir.c9r of /dir.
Damage DirFileHolds(const std::string& text) {
  return [text](TestVault& vault, const Furniture&) {
    WriteText(EntryOnDisk(vault, DirId(), "dir") + "/dir.c9r", text);
  };
}

// Writes `text` to the name.c9s of the long name made of `c` in /dir.
Damage LongNameHolds(char c, const std::string& text) {
  return [c, text](TestVault& vault, const Furniture& furniture) {
    WriteText(EntryOnDisk(vault, furniture.dir, LongName(c)) + "/name.c9s",
              text);
  };
}

// Renames the entry of /dir called `name` on disk.
Damage EntryBecomes(const std::string& name, const std::string& entry) {
  return [name, entry](TestVault& vault, const Furniture& furniture) {
    stdfs::rename(EntryOnDisk(vault, furniture.dir, name),
                  ContentOnDisk(vault, furniture.dir) + "/" + entry);
  };
}

// The entry of /dir called `name` gets `suffix` before its ".c9r".
Damage BecomesCopy(const std::string& name, const std::string& suffix) {
  return [name, suffix](TestVault& vault, const Furniture& furniture) {
    std::string entry = vault.Entry(furniture.dir, name);
    entry.insert(entry.size() - 4, suffix);
    stdfs::rename(EntryOnDisk(vault, furniture.dir, name),
                  ContentOnDisk(vault, furniture.dir) + "/" + entry);
  };
}

// A copy of that entry, the original stays.
Damage GetsCopy(const std::string& name, const std::string& suffix) {
  return [name, suffix](TestVault& vault, const Furniture& furniture) {
    std::string entry = vault.Entry(furniture.dir, name);
    entry.insert(entry.size() - 4, suffix);
    stdfs::copy(EntryOnDisk(vault, furniture.dir, name),
                ContentOnDisk(vault, furniture.dir) + "/" + entry,
                stdfs::copy_options::recursive);
  };
}

// The file of /dir called "file" is renamed to the encryption of `raw`.
Damage NameIs(const std::string& raw) {
  return [raw](TestVault& vault, const Furniture& furniture) {
    stdfs::rename(EntryOnDisk(vault, furniture.dir, "file"),
                  ContentOnDisk(vault, furniture.dir) + "/" +
                      vault.C9r(furniture.dir, raw));
  };
}

std::vector<Scenario> ShapeScenarios() {
  return {
      {"healthy", [](TestVault&, const Furniture&) {}, {}, {}},
      {"root missing",
       [](TestVault& vault, const Furniture&) {
         stdfs::remove_all(ContentOnDisk(vault, DirId()));
       },
       {"RootMissing", "OrphanContentDir", "OrphanContentDir"},
       {}},
      {"content missing",
       [](TestVault& vault, const Furniture& furniture) {
         stdfs::remove_all(ContentOnDisk(vault, furniture.dir));
       },
       {"MissingContentDir"},
       {}},
  };
}

std::vector<Scenario> OrphanScenarios() {
  return {
      {"orphan with dirid",
       [](TestVault& vault, const Furniture&) {
         stdfs::remove_all(EntryOnDisk(vault, DirId(), "dir"));
       },
       {"OrphanContentDir"},
       {}},
      {"orphan without dirid",
       [](TestVault& vault, const Furniture& furniture) {
         stdfs::remove_all(EntryOnDisk(vault, DirId(), "dir"));
         stdfs::remove(ContentOnDisk(vault, furniture.dir) + "/dirid.c9r");
       },
       {"OrphanContentDir"},
       {}},
      {"orphan with a copy of its dirid",
       [](TestVault& vault, const Furniture& furniture) {
         const std::string content = ContentOnDisk(vault, furniture.dir);
         stdfs::copy(content + "/dirid.c9r", content + "/dirid (1).c9r");
         stdfs::resize_file(content + "/dirid.c9r", 60);
         stdfs::remove_all(EntryOnDisk(vault, DirId(), "dir"));
       },
       {"OrphanContentDir", "UndecryptableName", "WrongDirIdBackup"},
       {"UndecryptableName"}},
  };
}

std::vector<Scenario> UnnamedOrphanScenarios() {
  return {
      {"orphan without dirid, with something broken",
       [](TestVault& vault, const Furniture& furniture) {
         const std::string content = ContentOnDisk(vault, furniture.dir);
         stdfs::remove(content + "/dirid.c9r");
         stdfs::create_symlink("/etc/passwd", content + "/0000.c9r");
         stdfs::remove_all(EntryOnDisk(vault, DirId(), "dir"));
       },
       {"ForeignType", "OrphanContentDir"},
       {"ForeignType", "OrphanContentDir"}},
      {"orphan without dirid, with a folder entered twice",
       [](TestVault& vault, const Furniture& furniture) {
         const DirId id =
             MakeDirectory(vault, *vault.Open(furniture.dir), "inner");
         MakeFile(vault, *vault.Open(id), "file");
         const std::string node = EntryOnDisk(vault, furniture.dir, "inner");
         stdfs::copy(node, node.substr(0, node.size() - 4) + " (1).c9r",
                     stdfs::copy_options::recursive);
         stdfs::remove(ContentOnDisk(vault, furniture.dir) + "/dirid.c9r");
         stdfs::remove_all(EntryOnDisk(vault, DirId(), "dir"));
       },
       {"OrphanContentDir"},
       {}},
      {"orphan with nothing in it",
       [](TestVault& vault, const Furniture&) {
         MakeDirectory(vault, *vault.root(), "empty");
         stdfs::remove_all(EntryOnDisk(vault, DirId(), "empty"));
       },
       {"OrphanContentDir"},
       {}},
      {"orphan with rubbish in it",
       [](TestVault& vault, const Furniture&) {
         const DirId id = MakeDirectory(vault, *vault.root(), "empty");
         WriteText(ContentOnDisk(vault, id) + "/.DS_Store", "rubbish");
         stdfs::create_directory(ContentOnDisk(vault, id) + "/folder");
         stdfs::remove_all(EntryOnDisk(vault, DirId(), "empty"));
       },
       {"ForeignFile", "ForeignFile", "OrphanContentDir"},
       {}},
  };
}

std::vector<Scenario> IdScenarios() {
  return {
      {"collision",
       [](TestVault& vault, const Furniture& furniture) {
         WriteText(EntryOnDisk(vault, DirId(), LongName('d')) + "/dir.c9r",
                   furniture.dir.text());
       },
       {"DirIdCollision", "DirIdCollision", "OrphanContentDir"},
       {"DirIdCollision", "DirIdCollision"}},
      {"a folder in itself",
       [](TestVault& vault, const Furniture& furniture) {
         const DirId id =
             MakeDirectory(vault, *vault.Open(furniture.dir), "me");
         stdfs::remove_all(ContentOnDisk(vault, id));
         WriteText(EntryOnDisk(vault, furniture.dir, "me") + "/dir.c9r",
                   furniture.dir.text());
       },
       {"DirIdCollision", "DirIdCollision"},
       {"DirIdCollision", "DirIdCollision"}},
      {"a cycle",
       [](TestVault& vault, const Furniture& furniture) {
         MakeDirectory(vault, *vault.Open(furniture.dir), "me");
         const DirId id = MakeDirectory(vault, *vault.Open(furniture.dir), "x");
         stdfs::remove_all(ContentOnDisk(vault, id));
         WriteText(EntryOnDisk(vault, furniture.dir, "x") + "/dir.c9r",
                   furniture.dir.text());
         stdfs::remove_all(EntryOnDisk(vault, DirId(), "dir"));
       },
       {"DetachedCycle", "DetachedCycle"},
       {"DetachedCycle", "DetachedCycle"}},
  };
}

std::vector<Scenario> DirIdBackupScenarios() {
  return {
      {"dirid missing",
       [](TestVault& vault, const Furniture& furniture) {
         stdfs::remove(ContentOnDisk(vault, furniture.dir) + "/dirid.c9r");
       },
       {"MissingDirIdBackup"},
       {}},
      {"dirid wrong",
       [](TestVault& vault, const Furniture& furniture) {
         WriteText(ContentOnDisk(vault, furniture.dir) + "/dirid.c9r",
                   SealedId(vault, furniture.long_dir.text()));
       },
       {"WrongDirIdBackup"},
       {}},
      {"dirid garbage",
       [](TestVault& vault, const Furniture& furniture) {
         WriteText(ContentOnDisk(vault, furniture.dir) + "/dirid.c9r",
                   std::string(100000, 'x'));
       },
       {"WrongDirIdBackup"},
       {}},
  };
}

std::vector<Scenario> DirFileScenarios() {
  return {
      {"loose dir file",
       [](TestVault& vault, const Furniture& furniture) {
         WriteText(ContentOnDisk(vault, furniture.dir) + "/dir.c9r", "loose");
       },
       {"LooseDirFile"},
       {}},
      {"empty dir file",
       DirFileHolds(""),
       {"EmptyDirFile", "OrphanContentDir"},
       {}},
      {"binary dir file",
       DirFileHolds("\x01\x02"),
       {"InvalidDirFile", "OrphanContentDir"},
       {}},
      {"far too long dir file",
       DirFileHolds(std::string(1001, 'x')),
       {"InvalidDirFile", "OrphanContentDir"},
       {}},
      {"long dir file",
       DirFileHolds(std::string(37, 'x')),
       {"MissingContentDir", "ObeseDirFile", "OrphanContentDir"},
       {"ObeseDirFile"}},
  };
}

std::vector<Scenario> NameScenarios() {
  return {
      {"name missing, file",
       [](TestVault& vault, const Furniture& furniture) {
         stdfs::remove(EntryOnDisk(vault, furniture.dir, LongName('f')) +
                       "/name.c9s");
       },
       {"MissingLongName"},
       {}},
      {"name missing, directory",
       [](TestVault& vault, const Furniture&) {
         stdfs::remove(EntryOnDisk(vault, DirId(), LongName('d')) +
                       "/name.c9s");
       },
       {"MissingLongName"},
       {}},
      {"name garbage",
       LongNameHolds('l', "garbage"),
       {"NotDecodableLongName"},
       {}},
      {"name obese",
       LongNameHolds('l', std::string(10241, 'x')),
       {"ObeseNameFile"},
       {}},
      {"name with a tail",
       [](TestVault& vault, const Furniture& furniture) {
         const std::string file =
             EntryOnDisk(vault, furniture.dir, LongName('f')) + "/name.c9s";
         WriteText(file, ReadText(file) + "\n");
       },
       {"TrailingBytesInNameFile"},
       {}},
      {"hash of another name",
       EntryBecomes(LongName('f'), "AAAAAAAAAAAAAAAAAAAAAAAAAAA=.c9s"),
       {"LongShortNamesMismatch"},
       {}},
  };
}

std::vector<Scenario> NameFormScenarios() {
  return {
      {"shortened without need",
       [](TestVault& vault, const Furniture& furniture) {
         const std::string c9r = vault.C9r(furniture.dir, "file");
         const std::string node =
             ContentOnDisk(vault, furniture.dir) + "/" + ShortName(c9r);
         stdfs::create_directory(node);
         stdfs::rename(EntryOnDisk(vault, furniture.dir, "file"),
                       node + "/contents.c9r");
         WriteText(node + "/name.c9s", c9r);
       },
       {"WrongNameForm"},
       {}},
      {"not shortened",
       [](TestVault& vault, const Furniture& furniture) {
         const std::string c9r =
             vault.C9r(furniture.dir, std::string(150, 'n'));
         stdfs::rename(EntryOnDisk(vault, furniture.dir, "file"),
                       ContentOnDisk(vault, furniture.dir) + "/" + c9r);
       },
       {"WrongNameForm"},
       {}},
  };
}

std::vector<Scenario> CopyScenarios() {
  return {
      {"copy, original gone",
       BecomesCopy("file", " (Created by Alice)"),
       {"ConflictCopy"},
       {}},
      {"copy of a file", GetsCopy("file", "_conflict"), {"ConflictCopy"}, {}},
      {"copy of a link", GetsCopy("link", "_conflict"), {"ConflictCopy"}, {}},
      {"copy within a node",
       [](TestVault& vault, const Furniture& furniture) {
         const std::string node =
             EntryOnDisk(vault, furniture.dir, LongName('f'));
         stdfs::copy(node + "/contents.c9r", node + "/contents (Alice's).c9r");
       },
       {"ConflictCopy"},
       {}},
      {"copy within a node without a name",
       [](TestVault& vault, const Furniture& furniture) {
         const std::string node =
             EntryOnDisk(vault, furniture.dir, LongName('f'));
         stdfs::copy(node + "/contents.c9r", node + "/contents (Alice's).c9r");
         stdfs::remove(node + "/name.c9s");
       },
       {"ConflictCopy", "MissingLongName"},
       {}},
  };
}

std::vector<Scenario> ShortNameScenarios() {
  return {
      {"not encrypted",
       EntryBecomes("file", "AAAAAAAAAAAAAAAAAAAAAAAAAAAA.c9r"),
       {"UndecryptableName"},
       {"UndecryptableName"}},
      {"a name with a slash", NameIs("a/b"), {"InvalidName"}, {}},
      {"the name dot dot", NameIs(".."), {"InvalidName"}, {}},
      {"a name that is no UTF-8", NameIs("\xff"), {"InvalidName"}, {}},
      {"a name in NFD", NameIs("e\xcc\x81"), {"NotNormalizedName"}, {}},
      {"a name in NFD beside its NFC",
       [](TestVault& vault, const Furniture& furniture) {
         MakeFile(vault, *vault.Open(furniture.dir), "\xc3\xa9");
         NameIs("e\xcc\x81")(vault, furniture);
       },
       {"NotNormalizedName"},
       {"NotNormalizedName"}},
  };
}

std::vector<Scenario> NodeScenarios() {
  return {
      {"no type",
       [](TestVault& vault, const Furniture& furniture) {
         stdfs::create_directory(ContentOnDisk(vault, furniture.dir) + "/" +
                                 vault.C9r(furniture.dir, "nothing"));
       },
       {"UnknownType"},
       {}},
      {"no type, but a stranger",
       [](TestVault& vault, const Furniture& furniture) {
         const std::string node = ContentOnDisk(vault, furniture.dir) + "/" +
                                  vault.C9r(furniture.dir, "nothing");
         stdfs::create_directory(node);
         WriteText(node + "/stranger", "text");
       },
       {"UnknownType"},
       {}},
  };
}

std::vector<Scenario> AmbiguityScenarios() {
  return {
      {"folder and link",
       [](TestVault& vault, const Furniture& furniture) {
         stdfs::copy(EntryOnDisk(vault, furniture.dir, "link") + "/symlink.c9r",
                     EntryOnDisk(vault, DirId(), "dir") + "/symlink.c9r");
       },
       {"AmbiguousType"},
       {}},
      {"link and file",
       [](TestVault& vault, const Furniture& furniture) {
         stdfs::copy(EntryOnDisk(vault, furniture.dir, "file"),
                     EntryOnDisk(vault, furniture.dir, LongName('l')) +
                         "/contents.c9r");
       },
       {"AmbiguousType"},
       {}},
      {"all three at once",
       [](TestVault& vault, const Furniture& furniture) {
         const std::string node = EntryOnDisk(vault, DirId(), LongName('d'));
         stdfs::copy(EntryOnDisk(vault, furniture.dir, "file"),
                     node + "/contents.c9r");
         stdfs::copy(EntryOnDisk(vault, furniture.dir, "link") + "/symlink.c9r",
                     node + "/symlink.c9r");
       },
       {"AmbiguousType"},
       {}},
  };
}

std::vector<Scenario> StrangerScenarios() {
  return {
      {"a link on disk",
       [](TestVault& vault, const Furniture& furniture) {
         const std::string file = EntryOnDisk(vault, furniture.dir, "file");
         stdfs::remove(file);
         stdfs::create_symlink("/etc/passwd", file);
       },
       {"ForeignType"},
       {"ForeignType"}},
      {"a fifo as dir.c9r",
       [](TestVault& vault, const Furniture&) {
         const std::string file =
             EntryOnDisk(vault, DirId(), "dir") + "/dir.c9r";
         stdfs::remove(file);
         CHECK(mkfifo(file.c_str(), 0600) == 0, "a test can make a fifo");
       },
       // It might name the orphan.
       {"ForeignType", "OrphanContentDir"},
       {"ForeignType", "OrphanContentDir"}},
      {"a file as node directory",
       [](TestVault& vault, const Furniture& furniture) {
         const std::string node =
             EntryOnDisk(vault, furniture.dir, LongName('f'));
         stdfs::remove_all(node);
         WriteText(node, "text");
       },
       {"ForeignType"},
       {"ForeignType"}},
      {"strangers everywhere",
       [](TestVault& vault, const Furniture& furniture) {
         WriteText(PathIn(vault, "d/stranger"), "text");
         WriteText(ContentOnDisk(vault, furniture.dir) + "/stranger", "text");
         WriteText(EntryOnDisk(vault, DirId(), "dir") + "/stranger", "text");
       },
       {"ForeignFile", "ForeignFile", "ForeignFile"},
       {"ForeignFile", "ForeignFile", "ForeignFile"}},
      {"in-use marks of newer versions",
       [](TestVault& vault, const Furniture& furniture) {
         const std::string entry = vault.C9r(furniture.dir, "file");
         WriteText(ContentOnDisk(vault, furniture.dir) + "/" +
                       entry.substr(0, entry.size() - 1) + "u",
                   "{}");
       },
       {},
       {}},
      {"temporary files",
       [](TestVault& vault, const Furniture& furniture) {
         const std::string name = TemporaryName(vault.random());
         WriteText(PathIn(vault, name), "text");
         stdfs::create_directory(ContentOnDisk(vault, furniture.dir) + "/" +
                                 name);
       },
       {"LeftoverTemporary", "LeftoverTemporary"},
       {}},
  };
}

std::vector<Scenario> ContentScenarios() {
  return {
      {"cut in the header",
       [](TestVault& vault, const Furniture& furniture) {
         stdfs::resize_file(EntryOnDisk(vault, furniture.dir, "file"), 67);
       },
       {"InvalidSize"},
       {"InvalidSize"}},
      {"cut in the first chunk",
       [](TestVault& vault, const Furniture& furniture) {
         stdfs::resize_file(EntryOnDisk(vault, furniture.dir, "file"), 95);
       },
       {"InvalidSize"},
       {"InvalidSize"}},
      {"a flipped bit in a header",
       [](TestVault& vault, const Furniture& furniture) {
         const std::string file = EntryOnDisk(vault, furniture.dir, "file");
         std::string bytes = ReadText(file);
         bytes[20] ^= 1;
         WriteText(file, bytes);
       },
       {"UnauthenticHeader"},
       {"UnauthenticHeader"}},
      {"a chunk of zeros",
       [](TestVault& vault, const Furniture& furniture) {
         stdfs::resize_file(EntryOnDisk(vault, furniture.dir, "file"), 200);
       },
       {"UnauthenticChunk"},
       {"UnauthenticChunk"}},
      {"a bad copy of which the original is gone",
       [](TestVault& vault, const Furniture& furniture) {
         stdfs::resize_file(EntryOnDisk(vault, furniture.dir, "file"), 200);
         BecomesCopy("file", " 2")(vault, furniture);
       },
       {"ConflictCopy", "UnauthenticChunk"},
       {"UnauthenticChunk"}},
  };
}

std::vector<Scenario> TargetScenarios() {
  return {
      {"a link without target",
       [](TestVault& vault, const Furniture& furniture) {
         WriteText(EntryOnDisk(vault, furniture.dir, "link") + "/symlink.c9r",
                   SealedId(vault, ""));
       },
       {"BrokenSymlink"},
       {"BrokenSymlink"}},
      {"a link with a NUL",
       [](TestVault& vault, const Furniture& furniture) {
         WriteText(EntryOnDisk(vault, furniture.dir, "link") + "/symlink.c9r",
                   SealedId(vault, std::string(1, '\0')));
       },
       {"BrokenSymlink"},
       {"BrokenSymlink"}},
  };
}

}  // namespace

Furniture Furnish(TestVault& vault) {
  Furniture furniture;
  furniture.dir = MakeDirectory(vault, *vault.root(), "dir");
  furniture.long_dir = MakeDirectory(vault, *vault.root(), LongName('d'));
  FillDirectory(vault, furniture.dir);
  MakeFile(vault, *vault.Open(furniture.long_dir), "file");
  return furniture;
}

const std::vector<Scenario>& Scenarios() {
  static const auto* const all = [] {
    auto* const scenarios = new std::vector<Scenario>();
    for (const auto make :
         {ShapeScenarios, OrphanScenarios, UnnamedOrphanScenarios, IdScenarios,
          DirIdBackupScenarios, DirFileScenarios, NameScenarios,
          NameFormScenarios, CopyScenarios, ShortNameScenarios, NodeScenarios,
          AmbiguityScenarios, StrangerScenarios, ContentScenarios,
          TargetScenarios}) {
      const std::vector<Scenario> family = make();
      scenarios->insert(scenarios->end(), family.begin(), family.end());
    }
    return scenarios;
  }();
  return *all;
}

}  // namespace casemate
