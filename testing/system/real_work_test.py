"""Everyday programs on a mount, and everything still there after the next."""

import os

import work
from casemate_system import SystemTestCase, main, tree_state


class RealWork:
    """The work; the classes below choose the cipher and the amounts."""

    def test_copied_tree_equals_the_original_after_another_mount(self):
        original = tree_state(self.source)
        with self.mount(self.make_vault(combo=self.combo)) as mount:
            copy = mount.path + "/copy"
            work.copy_tree(self, self.source, copy)
            self.assert_same_tree(original, tree_state(copy), "copied in")
            unpacked = work.tar_out(self, copy, self.new_path("tar"))
            self.assert_same_tree(original, unpacked, "tarred out")
            mount.remount()
            self.assert_same_tree(original, tree_state(copy), "remounted")
            self.run_tool("rm", "-r", copy)
            self.assertEqual(os.listdir(mount.path), [])

    def test_git_repository_survives_another_mount(self):
        with self.mount(self.make_vault(combo=self.combo)) as mount:
            repository = mount.path + "/repository"
            work.git_repository(self, repository, self.git_files)
            mount.remount()
            work.verify_git_repository(self, repository, self.git_files)

    def test_sqlite_databases_survive_another_mount(self):
        with self.mount(self.make_vault(combo=self.combo)) as mount:
            for journal in ("delete", "truncate", "wal"):
                work.sqlite_database(
                    self, f"{mount.path}/{journal}.db", journal)
            mount.remount()
            for journal in ("delete", "truncate", "wal"):
                work.verify_sqlite_database(
                    self, f"{mount.path}/{journal}.db")


class GcmTest(RealWork, SystemTestCase):
    combo = "SIV_GCM"
    source = "/usr/include"
    git_files = 1000


class CtrMacTest(RealWork, SystemTestCase):
    combo = "SIV_CTRMAC"
    source = "/usr/include/linux"
    git_files = 200


if __name__ == "__main__":
    main()
