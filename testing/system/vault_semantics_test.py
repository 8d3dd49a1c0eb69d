"""What the vault format, or a decision, makes different from ext4."""

import errno
import itertools
import os
import shutil
import stat

from casemate_system import (CHUNK, Vault, main, random_bytes, read, wait_for,
                             write)
from posix_case import FALLOC_KEEP_SIZE, PosixCase, fallocate, opened, rename2


def fallocate_file(path, mode, offset, length):
    with opened(path, os.O_RDWR) as descriptor:
        fallocate(descriptor, mode, offset, length)


class VaultSemanticsTest(PosixCase):
    def test_composed_and_decomposed_names_are_one(self):
        composed, decomposed = "caf\u00e9", "cafe\u0301"
        for first, second in ((composed, decomposed), (decomposed, composed)):
            self.assert_errno(errno.ENOENT, os.stat, self.path(second))
            write(self.path(first), first.encode())
            self.assertEqual(os.listdir(self.dir), [composed])
            self.remount()
            self.assertEqual(read(self.path(second)), first.encode())
            self.assertEqual(read(self.path(first)), first.encode())
            self.assert_errno(errno.EEXIST, os.mkdir, self.path(second))
            self.assertEqual(os.stat(self.path(first)).st_ino,
                             os.stat(self.path(second)).st_ino)
            os.unlink(self.path(second))
            self.assert_errno(errno.ENOENT, read, self.path(first))
            self.assertEqual(os.listdir(self.dir), [])

    def test_name_that_is_not_utf8_cannot_be_made(self):
        for name in (b"\xff", b"a\xc3", b"\xed\xa0\x80"):
            path = os.fsencode(self.dir) + b"/" + name
            self.assert_errno(errno.EILSEQ, write, path, b"")
            self.assert_errno(errno.EILSEQ, os.mkdir, path)
            self.assert_errno(errno.EILSEQ, os.symlink, b"x", path)
            self.assert_errno(errno.ENOENT, os.stat, path)
        self.assertEqual(os.listdir(self.dir), [])

    def test_what_the_format_cannot_hold_is_refused(self):
        file = self.path("file")
        write(file, b"x")
        other = self.path("other")
        for code, call in (
                (errno.EPERM, lambda: os.link(file, other)),
                (errno.EPERM, lambda: os.mkfifo(other)),
                (errno.EPERM, lambda: os.mknod(other, stat.S_IFSOCK | 0o600)),
                (errno.EOPNOTSUPP, lambda: os.open(
                    self.dir, os.O_TMPFILE | os.O_RDWR)),
                (errno.EOPNOTSUPP, lambda: os.setxattr(
                    file, "user.x", b"x")),
                (errno.EOPNOTSUPP, lambda: os.getxattr(file, "user.x")),
                (errno.EOPNOTSUPP, lambda: fallocate_file(
                    file, FALLOC_KEEP_SIZE, 0, 100)),
                (errno.EINVAL, lambda: rename2(file, other, 4))):
            self.assert_errno(code, call)
        self.assertEqual(os.listdir(self.dir), ["file"])
        os.mknod(other, stat.S_IFREG | 0o600)
        self.assertEqual(read(other), b"")

    def test_size_beyond_the_format_is_refused(self):
        write(self.path("file"), b"x")
        for size in (2**63 - 1, 2**63 - 4096):
            self.assert_errno(errno.EFBIG, os.truncate, self.path("file"),
                              size)
        self.assertEqual(read(self.path("file")), b"x")

    def test_stored_sizes_are_those_of_the_format(self):
        sizes = [1000, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 9]
        for size in sizes:
            write(self.path(str(size)), b"x" * size)
            info = os.stat(self.path(str(size)))
            self.assertEqual(info.st_size, size)
            self.assertEqual(info.st_blocks, -(-size // 512))
            self.assertEqual(info.st_nlink, 1)
        self.remount()
        for size in sizes:
            self.vault.ciphertext_of(size)

    def test_reading_changes_nothing_in_the_vault(self):
        os.makedirs(self.path("folder/inner"))
        write(self.path("folder/file"), random_bytes("read", 3 * CHUNK))
        os.symlink("x", self.path("folder/link"))
        self.remount()
        before = self.vault.state()
        for folder, _, names in os.walk(self.dir):
            for name in names:
                path = f"{folder}/{name}"
                if not os.path.islink(path):
                    read(path)
                    with opened(path, os.O_RDWR) as descriptor:
                        os.read(descriptor, 10)
                        os.fsync(descriptor)
        os.statvfs(self.dir)
        self.remount()
        self.assert_same_tree(before, self.vault.state(), "the vault changed")

    def test_changes_synced_into_the_vault_are_seen(self):
        """A synchronisation tool brings what another machine wrote."""
        content = random_bytes("synced", 3 * CHUNK)
        for name in ("changed", "moved in", "removed"):
            write(self.path(name), content)
        self.remount()
        other = Vault(self, self.vault.path + ".other", self.vault.combo)
        other.password_file = self.vault.password_file
        shutil.copytree(self.vault.path, other.path, symlinks=True)
        for name in os.listdir(self.dir):  # cached everywhere it can be
            self.assertEqual(read(self.path(name)), content)
        new = content[:CHUNK] + b"from elsewhere" + content[CHUNK + 14:]
        with self.mount(other) as mount:
            for name in ("changed", "moved in"):
                with opened(mount.path + "/" + name, os.O_RDWR) as file:
                    os.pwrite(file, b"from elsewhere", CHUNK)
                os.utime(mount.path + "/" + name)
            os.unlink(mount.path + "/removed")
            write(mount.path + "/added", new)
        self.sync(other.path, self.vault.path)
        wait_for(lambda: sorted(os.listdir(self.dir))
                 == ["added", "changed", "moved in"], "names are in sync", 5)
        for name in os.listdir(self.dir):
            wait_for(lambda: read(self.path(name)) == new,
                     f"{name} is in sync", 5)

    def sync(self, source, target):
        """Makes `target` equal: every second change in place, the others by
        rename."""
        in_place = itertools.cycle([True, False])
        for folder, _, names in os.walk(source):
            here = target + folder[len(source):]
            for name in set(os.listdir(here)) - set(os.listdir(folder)):
                os.unlink(f"{here}/{name}")
            for name in names:
                path = f"{here}/{name}"
                if os.path.exists(path) and read(path) == read(
                        f"{folder}/{name}"):
                    continue
                copy = path if next(in_place) else path + ".tmp"
                shutil.copy2(f"{folder}/{name}", copy)
                os.rename(copy, path)

    def test_nothing_cleartext_reaches_the_vault(self):
        os.mkdir(self.path("Siegfried"))
        write(self.path("Siegfried/Wotan"), b"Nibelungenhort" * 10)
        os.symlink("Rheingold", self.path("Fafner"))
        self.remount()
        for folder, folders, names in os.walk(self.vault.path):
            for name in folders + names:
                self.assertNotRegex(name, "Siegfried|Wotan|Fafner")
            for name in names:
                self.assertNotRegex(read(f"{folder}/{name}"),
                                    b"Siegfried|Wotan|Nibelungen|Rheingold")

    def test_no_temporary_files_stay_in_the_vault(self):
        write(self.path("file"), b"x")
        os.mkdir(self.path("folder"))
        os.rename(self.path("folder"), self.path("n" * 200))
        os.rename(self.path("n" * 200), self.path("folder"))
        os.rmdir(self.path("folder"))
        os.unlink(self.path("file"))
        self.remount()
        left = [name for _, _, names in os.walk(self.vault.path + "/d")
                for name in names]
        self.assertEqual(left, ["dirid.c9r"])
        contents = [name for _, folders, _ in os.walk(self.vault.path + "/d")
                    for name in folders if len(name) == 30]
        self.assertEqual(len(contents), 1)


if __name__ == "__main__":
    main()
