"""Names and directories through the kernel."""

import contextlib
import ctypes
import errno
import os
import stat
import threading

from casemate_system import libc, main, read, write
from posix_case import PosixCase, opened

# 146 bytes are the longest name that the format stores unshortened.
LONG_NAMES = ["n" * 146, "n" * 147, "y" * 255, "ü" * 127 + "x"]
ODD_NAMES = [
    "plain", "with space", " leading", "trailing ", "new\nline", "tab\t",
    "back\\slash", "*?[a]", "'\"`$(x)", "-rf", "~", "#", "...", ".hidden",
    "dir.c9r", "name.c9s", "symlink.c9r", "contents.c9r", "dirid.c9r",
    "x.c9r", "UPPER", "upper", "ünïcödé", "日本語", "\U0001f510 vault",
    "\U0001f469\u200d\U0001f680", "a\u200bb", "\x01\x7f", "\u202eltr",
]


class NamesTest(PosixCase):
    def test_every_name_is_listed_and_opens_after_another_mount(self):
        names = ODD_NAMES + LONG_NAMES
        for number, name in enumerate(names):
            kind = number % 3
            if kind == 0:
                write(self.path(name), name.encode())
            elif kind == 1:
                os.mkdir(self.path(name))
                write(self.path(name) + "/" + name, name.encode())
            else:
                os.symlink("to " + name, self.path(name))
        self.check_names(names)
        self.remount()
        self.check_names(names)
        for number, name in enumerate(names):
            if number % 3 == 1:
                os.unlink(self.path(name) + "/" + name)
                os.rmdir(self.path(name))
            else:
                os.unlink(self.path(name))
        self.assertEqual(os.listdir(self.dir), [])

    def check_names(self, names):
        self.assertEqual(sorted(os.listdir(self.dir)), sorted(names))
        for number, name in enumerate(names):
            kind = number % 3
            if kind == 0:
                self.assertEqual(read(self.path(name)), name.encode())
            elif kind == 1:
                self.assertEqual(os.listdir(self.path(name)), [name])
                self.assertEqual(read(self.path(name) + "/" + name),
                                 name.encode())
            else:
                self.assertEqual(os.readlink(self.path(name)), "to " + name)

    def test_names_longer_than_255_bytes_are_refused(self):
        name = self.path("y" * 256)
        write(self.path("file"), b"")
        for call in (lambda: write(name, b""), lambda: os.mkdir(name),
                     lambda: os.symlink("x", name), lambda: os.stat(name),
                     lambda: os.rename(self.path("file"), name)):
            self.assert_errno(errno.ENAMETOOLONG, call)
        self.assertEqual(os.listdir(self.dir), ["file"])

    def test_names_differing_in_case_are_different(self):
        write(self.path("Name"), b"one")
        write(self.path("name"), b"two")
        self.assertEqual(read(self.path("Name")), b"one")
        os.unlink(self.path("name"))
        self.assertEqual(os.listdir(self.dir), ["Name"])

    def test_wrong_kinds_and_existing_names_are_refused(self):
        folder, file = self.path("folder"), self.path("file")
        os.mkdir(folder)
        write(file, b"x")
        write(folder + "/inner", b"x")
        for code, call in (
                (errno.EEXIST, lambda: os.mkdir(folder)),
                (errno.EEXIST, lambda: os.mkdir(file)),
                (errno.EEXIST, lambda: os.symlink("x", file)),
                (errno.EEXIST, lambda: os.open(
                    file, os.O_CREAT | os.O_EXCL | os.O_WRONLY)),
                (errno.EISDIR, lambda: os.unlink(folder)),
                (errno.EISDIR, lambda: os.open(folder, os.O_WRONLY)),
                (errno.ENOTDIR, lambda: os.rmdir(file)),
                (errno.ENOTDIR, lambda: os.stat(file + "/x")),
                (errno.ENOTDIR, lambda: os.listdir(file)),
                (errno.ENOTEMPTY, lambda: os.rmdir(folder)),
                (errno.ENOENT, lambda: os.unlink(self.path("absent"))),
                (errno.ENOENT, lambda: os.rmdir(self.path("absent"))),
                (errno.ENOENT, lambda: write(self.path("absent/x"), b"")),
                (errno.EINVAL, lambda: os.readlink(file))):
            self.assert_errno(code, call)
        self.assertEqual(read(file), b"x")
        self.assertEqual(read(folder + "/inner"), b"x")

    def test_symlinks_keep_their_target_as_it_was_given(self):
        os.mkdir(self.path("folder"))
        write(self.path("folder/file"), b"through the link")
        targets = ["folder", "folder/", "./folder/../folder", "/absolute",
                   "dangling", "x" * 4095, "e\u0301 decomposed", "a\nb",
                   "../" * 1000, "日本語", "self"]
        for number, target in enumerate(targets):
            os.symlink(target, self.path(f"link{number}"))
        for _ in range(2):
            for number, target in enumerate(targets):
                link = self.path(f"link{number}")
                self.assertEqual(os.readlink(link), target)
                info = os.lstat(link)
                self.assertTrue(stat.S_ISLNK(info.st_mode))
                self.assertEqual(info.st_size, len(target.encode()))
            for number in range(3):
                self.assertEqual(read(self.path(f"link{number}/file")),
                                 b"through the link")
            self.assert_errno(errno.ENOENT, os.stat, self.path("link4"))
            self.remount()
        self.assert_errno(errno.ENAMETOOLONG, os.symlink, "x" * 4096,
                          self.path("toolong"))
        os.unlink(self.path("link0"))
        self.assertEqual(read(self.path("folder/file")), b"through the link")


class _Dirent(ctypes.Structure):
    _fields_ = [("ino", ctypes.c_uint64), ("off", ctypes.c_int64),
                ("length", ctypes.c_ushort), ("kind", ctypes.c_ubyte),
                ("name", ctypes.c_char * 256)]


class Stream:
    """A directory stream of libc, for the positions Python does not have."""

    def __init__(self, path):
        libc.opendir.restype = ctypes.c_void_p
        libc.readdir.restype = ctypes.POINTER(_Dirent)
        libc.telldir.restype = ctypes.c_long
        self._dir = ctypes.c_void_p(libc.opendir(os.fsencode(path)))

    def next(self):
        """The next name but the dots; None at the end."""
        while True:
            entry = libc.readdir(self._dir)
            if not entry:
                return None
            name = entry.contents.name.decode()
            if name not in (".", ".."):
                return name

    def rest(self):
        return list(iter(self.next, None))

    def tell(self):
        return libc.telldir(self._dir)

    def seek(self, place):
        libc.seekdir(self._dir, ctypes.c_long(place))

    def rewind(self):
        libc.rewinddir(self._dir)

    def close(self):
        libc.closedir(self._dir)


class DirectoriesTest(PosixCase):
    COUNT = 2000

    def fill(self, count=COUNT):
        os.mkdir(self.path("folder"))
        names = [f"entry {number} " + "x" * (number % 160)
                 for number in range(count)]
        for number, name in enumerate(names):
            path = self.path("folder/" + name)
            if number % 50 == 1:
                os.mkdir(path)
            elif number % 50 == 2:
                os.symlink("x", path)
            else:
                os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
        return self.path("folder"), names

    def test_large_directory_is_listed_completely(self):
        folder, names = self.fill()
        for _ in range(2):
            self.assertEqual(sorted(os.listdir(folder)), sorted(names))
            with os.scandir(folder) as entries:
                for entry in entries:
                    info = os.lstat(entry.path)
                    self.assertEqual(entry.inode(), info.st_ino)
                    self.assertEqual(entry.is_symlink(),
                                     stat.S_ISLNK(info.st_mode))
                    self.assertEqual(entry.is_dir(follow_symlinks=False),
                                     stat.S_ISDIR(info.st_mode))
            self.remount()
        self.run_tool("rm", "-r", folder)
        self.assertEqual(os.listdir(self.dir), [])

    def test_listing_is_stable_while_others_come_and_go(self):
        folder, names = self.fill()
        done = threading.Event()
        changes = [0]

        def disturb():
            number = 0
            while not done.is_set():
                path = f"{folder}/passing {number % 37}"
                os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
                os.rename(path, path + " renamed")
                os.unlink(path + " renamed")
                number += 1
                changes[0] += 1

        disturber = threading.Thread(target=disturb)
        disturber.start()
        try:
            for _ in range(20):
                seen = os.listdir(folder)
                self.assertEqual(len(seen), len(set(seen)), "twice")
                self.assertEqual(
                    sorted(name for name in seen
                           if not name.startswith("passing")), sorted(names))
        finally:
            done.set()
            disturber.join()
        self.assertGreater(changes[0], 20)
        self.assertEqual(sorted(os.listdir(folder)), sorted(names))

    def test_listing_has_the_two_dots_once(self):
        folder, names = self.fill(100)
        listing = self.run_tool("ls", "-a1U", folder).stdout.splitlines()
        self.assertEqual(sorted(listing), sorted(names + [".", ".."]))

    def test_everything_can_be_removed_while_it_is_listed(self):
        folder, names = self.fill(500)
        stream = Stream(folder)
        removed = []
        for name in iter(stream.next, None):
            path = f"{folder}/{name}"
            if os.path.isdir(path) and not os.path.islink(path):
                os.rmdir(path)
            else:
                os.unlink(path)
            removed.append(name)
        stream.close()
        self.assertEqual(sorted(removed), sorted(names))
        self.assertEqual(os.listdir(folder), [])
        os.rmdir(folder)

    def test_stream_goes_back_to_where_it_was(self):
        folder, names = self.fill(1000)
        stream = Stream(folder)
        places = []
        for number in range(900):
            if number % 100 == 0:
                places.append((number, stream.tell()))
            stream.next()
        stream.rewind()
        order = stream.rest()
        self.assertEqual(sorted(order), sorted(names))
        for number, place in reversed(places):
            stream.seek(place)
            self.assertEqual(stream.rest(), order[number:])
        write(folder + "/new", b"")
        stream.rewind()
        self.assertIn("new", stream.rest())
        stream.close()

    def test_removed_directory_is_empty_and_takes_nothing(self):
        os.mkdir(self.path("folder"))
        with opened(self.path("folder"), os.O_RDONLY) as held:
            os.rmdir(self.path("folder"))
            self.assertEqual(os.listdir(held), [])
            self.assert_errno(errno.ENOENT, os.mkdir, "x", dir_fd=held)
            self.assert_errno(errno.ENOENT, os.open, "x",
                              os.O_CREAT | os.O_WRONLY, dir_fd=held)
            os.mkdir(self.path("folder"))  # another one
            self.assert_errno(errno.ENOENT, os.mkdir, "x", dir_fd=held)
        self.assertEqual(os.listdir(self.path("folder")), [])

    def test_deep_trees_work(self):
        names = [("d" * 200 if level % 3 else "short") + str(level)
                 for level in range(40)]
        folder = os.open(self.dir, os.O_RDONLY)
        for name in names:
            os.mkdir(name, dir_fd=folder)
            inner = os.open(name, os.O_RDONLY, dir_fd=folder)
            os.close(folder)
            folder = inner
        with open(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=folder),
                  "wb") as file:
            file.write(b"deep")
        os.close(folder)
        self.remount()
        listing = self.run_tool("find", ".", "-name", "file", "-printf",
                                "%s %d", cwd=self.dir)
        self.assertEqual(listing.stdout, "4 41")
        self.run_tool("rm", "-r", self.path(names[0]))
        self.assertEqual(os.listdir(self.dir), [])

    def test_names_made_by_threads_at_once_are_all_there(self):
        """Same names: exactly one wins; own names: all succeed."""
        winners, failures = [], []

        def work(worker):
            try:
                for number in range(100):
                    os.mkdir(self.path(f"{worker} own {number}"))
                    with contextlib.suppress(FileExistsError):
                        os.close(os.open(
                            self.path(f"common {number}"),
                            os.O_CREAT | os.O_EXCL | os.O_WRONLY))
                        winners.append(number)
            except OSError as error:
                failures.append(error)

        workers = [threading.Thread(target=work, args=(number,))
                   for number in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        self.assertEqual(failures, [])
        self.assertEqual(sorted(winners), list(range(100)))
        self.assertEqual(len(os.listdir(self.dir)), 500)


if __name__ == "__main__":
    main()
