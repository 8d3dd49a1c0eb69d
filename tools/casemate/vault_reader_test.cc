#include "tools/casemate/vault_reader.h"

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "fs/storage/posix_storage.h"
#include "fs/vault/vault_access.h"
#include "gtest/gtest.h"
#include "tools/casemate/cli_error.h"
#include "tools/casemate/vault_opening.h"

namespace casemate {
namespace {

constexpr absl::string_view kPassword = "casemate-test";

class VaultReaderTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/readerXXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
    auto dir = OpenPosixDir(folder_);
    ASSERT_TRUE(dir.ok()) << dir.status();
    NewVaultOptions options;
    options.cost.n = 2;
    ASSERT_TRUE(
        CreateVault(**dir, options, BytesOf(kPassword), services_.random).ok());
    auto vault = OpenVault(**dir, BytesOf(kPassword), {});
    ASSERT_TRUE(vault.ok()) << vault.status();
    vault_ = std::make_unique<UnlockedVault>(*std::move(vault));
    Reopen();
  }

  // Nothing of what was read or written stays in a cache.
  void Reopen() {
    file_system_.reset();
    auto dir = OpenPosixDir(folder_);
    ASSERT_TRUE(dir.ok());
    auto made =
        MakeFileSystem(*std::move(dir), *vault_, {}, services_, nullptr);
    ASSERT_TRUE(made.ok()) << made.status();
    file_system_ = *std::move(made);
  }

  void MakeFile(Ino parent, absl::string_view name, ConstBytes content) {
    OpenRequest request;
    request.write = true;
    const auto created =
        file_system_->Create(Context(), parent, name, 0640, request);
    ASSERT_TRUE(created.ok()) << created.status();
    const Ino ino = created->entry.ino;
    ASSERT_TRUE(
        file_system_->Write(Context(), ino, created->handle, 0, content).ok());
    ASSERT_TRUE(file_system_->Release(ino, created->handle).ok());
  }

  Ino MakeFolder(absl::string_view name) {
    const auto made =
        file_system_->MakeDirectory(Context(), kRootIno, name, 0755);
    EXPECT_TRUE(made.ok()) << made.status();
    return made.ok() ? made->ino : kNoIno;
  }

  // The content, or "error <code>" after what came before it.
  std::string Cat(absl::string_view path) {
    std::string content;
    const absl::Status status =
        ReadPath(*file_system_, path, [&](ConstBytes bytes) {
          content += std::string(TextOf(bytes));
          return absl::OkStatus();
        });
    if (!status.ok()) {
      absl::StrAppend(&content, "error ", static_cast<int>(ExitCodeOf(status)));
    }
    return content;
  }

  std::vector<std::string> Names(absl::string_view path) {
    const auto entries = ListPath(*file_system_, path);
    if (!entries.ok()) {
      return {absl::StrCat("error ",
                           static_cast<int>(ExitCodeOf(entries.status())))};
    }
    std::vector<std::string> names;
    for (const ListedEntry& entry : *entries) names.push_back(entry.name);
    return names;
  }

  StderrLogger stderr_{Severity::kError};
  Services services_{&stderr_};
  std::string folder_;
  std::unique_ptr<UnlockedVault> vault_;
  std::unique_ptr<FileSystem> file_system_;
};

using Strings = std::vector<std::string>;

TEST_F(VaultReaderTest, CatPrintsEveryByteOfAFileOfManyBlocks) {
  std::string content((size_t{2} << 20) + 12345, 'x');
  for (size_t i = 0; i < content.size(); i += 4093) content[i] = char(i % 251);
  MakeFile(kRootIno, "big", BytesOf(content));
  const std::string exact = content.substr(0, size_t{1} << 20);
  MakeFile(kRootIno, "exact", BytesOf(exact));
  MakeFile(kRootIno, "empty", {});
  Reopen();
  EXPECT_TRUE(Cat("big") == content);
  EXPECT_TRUE(Cat("exact") == exact);
  EXPECT_EQ(Cat("empty"), "");
}

TEST_F(VaultReaderTest, PathsAreWalkedAsTheShellWritesThem) {
  const Ino folder = MakeFolder("a");
  MakeFile(folder, "b", BytesOf("content"));
  for (const char* path : {"a/b", "/a/b", "./a//./b", "a/b/"}) {
    EXPECT_EQ(Cat(path), "content") << path;
  }
  for (const char* path : {"a/c", "c", "a/b/c", "a/../a/b", "a/b\xff"}) {
    EXPECT_EQ(Cat(path), "error 43") << path;
  }
}

TEST_F(VaultReaderTest, CatRefusesFoldersAndLinks) {
  MakeFolder("a");
  ASSERT_TRUE(file_system_->MakeSymlink(Context(), kRootIno, "link", "a").ok());
  EXPECT_EQ(Cat("a"), "error 43");
  EXPECT_EQ(Cat(""), "error 43");
  EXPECT_EQ(Cat("link"), "error 43");
}

TEST_F(VaultReaderTest, AnErrorOfTheSinkIsNotTheVaults) {
  MakeFile(kRootIno, "f", BytesOf("content"));
  const absl::Status status = ReadPath(*file_system_, "f", [](ConstBytes) {
    return CliError(ExitCode::kOther, "the disk is full");
  });
  EXPECT_EQ(status.message(), "the disk is full");
}

TEST_F(VaultReaderTest, DamagedContentIsToldApart) {
  MakeFile(kRootIno, "f", BytesOf(std::string(100, 'x')));
  file_system_.reset();
  std::string encrypted;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(folder_ + "/d")) {
    if (entry.is_regular_file() && entry.file_size() == 68 + 28 + 100) {
      encrypted = entry.path();
    }
  }
  ASSERT_FALSE(encrypted.empty());
  FILE* const file = std::fopen(encrypted.c_str(), "r+");
  ASSERT_NE(file, nullptr);
  std::fseek(file, 100, SEEK_SET);
  std::fwrite("damage", 6, 1, file);
  std::fclose(file);
  Reopen();
  EXPECT_EQ(Cat("f"), "error 44");
}

TEST_F(VaultReaderTest, ListsAFolderSortedAndAFileAsItself) {
  EXPECT_EQ(Names(""), Strings{});
  MakeFile(kRootIno, "b", {});
  MakeFile(kRootIno, "a", {});
  const Ino folder = MakeFolder("c");
  MakeFile(folder, "inner", {});
  EXPECT_EQ(Names("/"), (Strings{"a", "b", "c"}));
  EXPECT_EQ(Names("c"), Strings{"inner"});
  EXPECT_EQ(Names("c/inner"), Strings{"inner"});
  EXPECT_EQ(Names("nothing"), Strings{"error 43"});
}

TEST_F(VaultReaderTest, ListsAFolderLargerThanOneAnswer) {
  for (int i = 0; i < 300; ++i) {
    MakeFile(kRootIno, absl::StrCat("file number ", i), {});
  }
  Reopen();
  EXPECT_EQ(Names("").size(), 300u);
  EXPECT_EQ(file_system_->inode_count(), 1u);  // the root: none is kept
}

TEST_F(VaultReaderTest, LinksShowWhereTheyLead) {
  ASSERT_TRUE(
      file_system_->MakeSymlink(Context(), kRootIno, "link", "../x").ok());
  const auto entries = ListPath(*file_system_, "");
  ASSERT_TRUE(entries.ok());
  ASSERT_EQ(entries->size(), 1u);
  EXPECT_EQ((*entries)[0].link_target, "../x");
}

TEST(FormatLongEntryTest, LooksLikeLs) {
  ListedEntry entry;
  EXPECT_EQ(FormatLongEntry(entry, "broken"), "?????????? ? ? ? ? ? broken");
  Attributes attributes;
  attributes.kind = NodeKind::kFile;
  attributes.permissions = 04750;
  attributes.uid = 1000;
  attributes.gid = 100;
  attributes.size = 5;
  attributes.mtime.tv_sec = 1709213820;
  entry.attributes = attributes;
  EXPECT_EQ(FormatLongEntry(entry, "f"),
            "-rwsr-x--- 1 1000 100            5 2024-02-29 13:37 f");
  entry.attributes->kind = NodeKind::kDirectory;
  entry.attributes->permissions = 03775;
  EXPECT_EQ(FormatLongEntry(entry, "d").substr(0, 10), "drwxrwsr-t");
}

}  // namespace
}  // namespace casemate
