"""Somebody else can write to the vault: whatever they put in it, the mount
answers EIO for that name alone, at once, and never leaves the vault."""

import errno
import os
import shutil
import stat
import time

from casemate_system import (
    SystemTestCase, check_errno, detach, libc, main, read, tree_state, write)

MS_BIND = 4096
LONG = "l" * 200


def link(at, aside):
    os.symlink(aside, at)


def fifo(at, aside):
    os.mkfifo(at, 0o666)


def socket(at, aside):
    os.mknod(at, stat.S_IFSOCK | 0o666)


def device(at, aside):
    os.mknod(at, stat.S_IFCHR | 0o666, os.makedev(1, 3))


def mount_point(at, aside):
    if os.path.isdir(aside):
        os.mkdir(at)
    else:
        write(at, b"")
    check_errno(libc.mount(os.fsencode(aside), os.fsencode(at), None, MS_BIND,
                           None), "bind mount")


PLANTS = (link, fifo, socket, device, mount_point)


class HostileVaultCase(SystemTestCase):
    def setUp(self):
        super().setUp()
        self.vault = self.make_vault()

    def ciphertext(self):
        return {
            os.path.join(folder, name)
            for folder, folders, files in os.walk(self.vault.path + "/d")
            for name in folders + files
        }

    def made_by(self, call, *arguments):
        """The paths that `call` adds to the store."""
        before = self.ciphertext()
        call(*arguments)
        return self.ciphertext() - before

    def one(self, paths, name):
        """The one of `paths` that is called so."""
        found = [path for path in paths if os.path.basename(path) == name]
        self.assertEqual(len(found), 1, paths)
        return found[0]

    def make_folder(self, path):
        """A folder's dir.c9r and its content directory in the store."""
        made = self.made_by(os.mkdir, path)
        return (self.one(made, "dir.c9r"),
                os.path.dirname(self.one(made, "dirid.c9r")))


class PlantedObjectTest(HostileVaultCase):
    def setUp(self):
        super().setUp()
        self.outside = self.new_path("outside")
        os.mkdir(self.outside)

    def places(self, clear, suffix):
        """Makes a node for each place; yields its name and the path in the
        store that something is to be planted at."""
        name = f"file {suffix}"
        made = self.made_by(write, f"{clear}/{name}", b"content")
        self.assertEqual(len(made), 1)
        yield name, made.pop()
        for place in ("folder", "dir.c9r", "content"):
            name = f"{place} {suffix}"
            id_file, content = self.make_folder(f"{clear}/{name}")
            yield name, {"folder": os.path.dirname(id_file),
                         "dir.c9r": id_file, "content": content}[place]
        name = f"link {suffix}"
        made = self.made_by(os.symlink, "target", f"{clear}/{name}")
        yield name, self.one(made, "symlink.c9r")
        name = f"{LONG} {suffix}"
        made = self.made_by(write, f"{clear}/{name}", b"content")
        yield name, self.one(made, "contents.c9r")

    def plant(self, plant, path):
        aside = f"{self.outside}/{len(os.listdir(self.outside))}"
        shutil.move(path, aside)
        plant(path, aside)
        if plant is mount_point:
            self.addCleanup(detach, path)

    def test_what_is_planted_is_eio_and_its_siblings_work(self):
        with self.mount(self.vault) as mount:
            write(mount.path + "/sibling", b"fine")
            planted = [
                (plant, name, path) for plant in PLANTS
                for name, path in self.places(mount.path, plant.__name__)
            ]
        for plant, _, path in planted:
            self.plant(plant, path)
        outside = tree_state(self.outside)
        with self.mount(self.vault, metrics=True) as mount:
            begin = time.monotonic()
            for _, name, _ in planted:
                with self.subTest(name=name):
                    self.check_broken(mount.path + "/" + name)
            self.assertLess(time.monotonic() - begin, 20)
            self.assertEqual(sorted(os.listdir(mount.path)),
                             sorted(["sibling"] + [n for _, n, _ in planted]))
            self.assertEqual(read(mount.path + "/sibling"), b"fine")
            write(mount.path + "/new", b"new")
            self.assertGreater(mount.metric("casemate_broken_nodes_total"), 0)
        self.assert_same_tree(outside, tree_state(self.outside),
                              "what lies outside the vault")

    def check_broken(self, path):
        self.assert_errno(errno.EIO, os.lstat, path)
        self.assert_errno(errno.EIO, read, path)
        self.assert_errno(errno.EIO, write, path, b"x")
        self.assert_errno(errno.EIO, os.listdir, path)
        self.assert_errno(errno.EIO, os.unlink, path)
        self.assert_errno(errno.EIO, os.rename, path, path + " moved")


class ForgedDirectoryTest(HostileVaultCase):
    def test_folder_inside_itself_ends_at_its_first_repetition(self):
        with self.mount(self.vault) as mount:
            top, _ = self.make_folder(mount.path + "/top")
            os.mkdir(mount.path + "/top/middle")
            write(mount.path + "/top/middle/file", b"content")
            loops = [
                self.make_folder(mount.path + place)[0]
                for place in ("/top/loop", "/top/middle/loop")
            ]
        for loop in loops:
            write(loop, read(top))
        with self.mount(self.vault, metrics=True) as mount:
            answer = self.run_tool("ls", "-lR", mount.path, expect=1)
            self.assertEqual(answer.stderr.count("Input/output error"), 2)
            self.assertEqual(answer.stdout.count("/middle:\n"), 1)
            for place in ("/top/loop", "/top/middle/loop"):
                loop = mount.path + place
                self.assert_errno(errno.EIO, os.rmdir, loop)
                self.assert_errno(errno.EIO, os.rename, loop,
                                  mount.path + "/x")
                self.assert_errno(errno.EIO, os.rename, mount.path + "/top",
                                  loop)
            self.assertEqual(read(mount.path + "/top/middle/file"),
                             b"content")
            self.assertGreaterEqual(
                mount.metric("casemate_directory_aliases_total"), 2)

    def test_second_name_of_a_folder_is_refused_while_the_first_is_used(self):
        with self.mount(self.vault) as mount:
            first, _ = self.make_folder(mount.path + "/first")
            second, _ = self.make_folder(mount.path + "/second")
            write(mount.path + "/first/file", b"content")
        write(second, read(first))
        for used, other in (("first", "second"), ("second", "first")):
            with self.mount(self.vault) as mount:
                with open(f"{mount.path}/{used}/file", "rb") as file:
                    self.assert_errno(errno.EIO, os.listdir,
                                      f"{mount.path}/{other}")
                    self.assert_errno(errno.EIO, os.rmdir,
                                      f"{mount.path}/{other}")
                    self.assert_errno(errno.EIO, os.rename,
                                      f"{mount.path}/{other}",
                                      f"{mount.path}/{used}")
                    self.assertEqual(file.read(), b"content")

    def test_ids_that_name_no_folder_are_eio(self):
        with self.mount(self.vault) as mount:
            write(mount.path + "/sibling", b"fine")
            forged = {
                name: self.make_folder(mount.path + "/" + name)[0]
                for name in ("empty", "absent", "path", "long", "newline")
            }
        write(forged["empty"], b"")  # the root's
        write(forged["absent"], b"e9250eb8-078d-4fc0-8835-be92a313360c")
        write(forged["path"], b"../../../../../../etc")
        write(forged["long"], b"x" * 1001)
        write(forged["newline"], read(forged["newline"]) + b"\n")
        with self.mount(self.vault) as mount:
            for name in forged:
                path = mount.path + "/" + name
                self.assert_errno(errno.EIO, os.lstat, path)
                self.assert_errno(errno.EIO, os.listdir, path)
                self.assert_errno(errno.EIO, os.mkdir, path)
            self.assertEqual(sorted(os.listdir(mount.path)),
                             sorted(["sibling", *forged]))
            self.assertEqual(read(mount.path + "/sibling"), b"fine")


if __name__ == "__main__":
    main()
