"""Rename through the kernel: every pair of kinds, flags, open handles."""

import errno
import itertools
import os
import threading

from casemate_system import main, read, write
from posix_case import (EXCHANGE, NOREPLACE, PLAIN, PosixCase, opened,
                        rename2)


class RenameTest(PosixCase):
    SHAPES = ("file", "link", "empty", "full")
    NAMES = {False: "name", True: "n" * 200}

    def make(self, shape, path, tag):
        if shape == "file":
            write(path, tag)
        elif shape == "link":
            os.symlink(tag, path)
        elif shape != "absent":
            os.mkdir(path)
            if shape == "full":
                write(path + "/inner", tag)

    def check(self, shape, path, tag, what):
        """`path` is what make(shape, path, tag) made."""
        if shape == "file":
            self.assertEqual(read(path), tag, what)
        elif shape == "link":
            self.assertEqual(os.readlink(os.fsencode(path)), tag, what)
        elif shape == "absent":
            self.assertFalse(os.path.lexists(path), what)
        else:
            self.assertEqual(os.listdir(path),
                             ["inner"] if shape == "full" else [], what)
            if shape == "full":
                self.assertEqual(read(path + "/inner"), tag, what)

    def matrix(self, targets, action):
        """Runs `action` for every pair of shapes, short and long names, and
        checks the outcome it returns (the shapes and tags then found), also
        after another mount."""
        outcomes = []
        for number, (source, target, long_source, long_target) in enumerate(
                itertools.product(self.SHAPES, targets, (0, 1), (0, 1))):
            what = (source, target, long_source, long_target)
            folder = self.path(str(number))
            os.makedirs(folder + "/to")
            old = f"{folder}/{self.NAMES[bool(long_source)]}"
            new = f"{folder}/to/{self.NAMES[bool(long_target)]}"
            self.make(source, old, b"source")
            self.make(target, new, b"target")
            outcomes.append((what, old, new, action(what, old, new)))
            self.check_outcome(*outcomes[-1])
        self.remount()
        for outcome in outcomes:
            self.check_outcome(*outcome)

    def check_outcome(self, what, old, new, found):
        self.check(*found[0:1], old, found[1], what)
        self.check(*found[2:3], new, found[3], what)
        folder = os.path.dirname(old)
        expected = ["to"]
        if found[0] != "absent":
            expected.append(os.path.basename(old))
        self.assertEqual(sorted(os.listdir(folder)), sorted(expected), what)

    def attempt(self, what, call, *arguments):
        try:
            call(*arguments)
            return 0
        except OSError as error:
            return error.errno

    def test_rename_matrix(self):
        def expected_error(source, target):
            source_is_dir = source in ("empty", "full")
            if target == "absent":
                return {0}
            if source_is_dir and target == "full":
                return {errno.ENOTEMPTY, errno.EEXIST}
            if source_is_dir and target != "empty":
                return {errno.ENOTDIR}
            if not source_is_dir and target in ("empty", "full"):
                return {errno.EISDIR}
            return {0}

        def action(what, old, new):
            error = self.attempt(what, os.rename, old, new)
            self.assertIn(error, expected_error(*what[:2]), what)
            if error:
                return (what[0], b"source", what[1], b"target")
            return ("absent", b"", what[0], b"source")

        self.matrix(self.SHAPES + ("absent",), action)

    def test_noreplace_never_replaces(self):
        def action(what, old, new):
            error = self.attempt(what, rename2, old, new, NOREPLACE)
            if what[1] == "absent":
                self.assertEqual(error, 0, what)
                return ("absent", b"", what[0], b"source")
            self.assertEqual(error, errno.EEXIST, what)
            return (what[0], b"source", what[1], b"target")

        self.matrix(self.SHAPES + ("absent",), action)

    def test_exchange_swaps_or_changes_nothing(self):
        def is_dir(shape):
            return shape in ("empty", "full")

        def action(what, old, new):
            source, target, long_source, long_target = what
            error = self.attempt(what, rename2, old, new, EXCHANGE)
            same_kind = (source == target
                         or is_dir(source) and is_dir(target))
            if PLAIN or same_kind or not (long_source or long_target):
                self.assertEqual(error, 0, what)
            if error:
                # The format cannot swap shortened nodes of two kinds in one
                # step; then it has to say so and leave both alone.
                self.assertEqual(error, errno.EINVAL, what)
                return (source, b"source", target, b"target")
            return (target, b"target", source, b"source")

        self.matrix(self.SHAPES, action)
        self.assert_errno(errno.ENOENT, rename2, self.path("0"),
                          self.path("absent"), EXCHANGE)

    def test_handles_follow_an_exchange(self):
        write(self.path("a"), b"aaa")
        write(self.path("b"), b"bbb")
        with opened(self.path("a"), os.O_RDWR) as a, \
                opened(self.path("b"), os.O_RDWR) as b:
            inos = os.fstat(a).st_ino, os.fstat(b).st_ino
            rename2(self.path("a"), self.path("b"), EXCHANGE)
            os.pwrite(a, b"A", 0)
            os.pwrite(b, b"B", 0)
            self.assertEqual(inos, (os.stat(self.path("b")).st_ino,
                                    os.stat(self.path("a")).st_ino))
        self.remount()
        self.assertEqual(read(self.path("a")), b"Bbb")
        self.assertEqual(read(self.path("b")), b"Aaa")

    def test_directory_cannot_move_below_itself(self):
        os.makedirs(self.path("a/b/c"))
        for call, code in (
                (lambda: os.rename(self.path("a"), self.path("a/x")),
                 errno.EINVAL),
                (lambda: os.rename(self.path("a"), self.path("a/b/c/x")),
                 errno.EINVAL),
                (lambda: os.rename(self.path("a/b"), self.path("a")),
                 errno.ENOTEMPTY),
                (lambda: rename2(self.path("a"), self.path("a/b"), EXCHANGE),
                 errno.EINVAL)):
            self.assert_errno(code, call)
        self.assertEqual(os.listdir(self.path("a/b")), ["c"])

    def test_rename_to_itself_changes_nothing(self):
        write(self.path("file"), b"content")
        before = os.stat(self.path("file"))
        os.rename(self.path("file"), self.path("file"))
        self.assertEqual(os.stat(self.path("file")).st_ino, before.st_ino)
        self.assertEqual(read(self.path("file")), b"content")

    def test_moved_tree_is_complete_and_its_handles_work(self):
        os.makedirs(self.path("top/one/two/three"))
        os.mkdir(self.path("elsewhere"))
        deep = "one/two/three/file"
        with opened(self.path("top/" + deep),
                    os.O_CREAT | os.O_RDWR) as held, \
                opened(self.path("top/one"), os.O_RDONLY) as folder:
            os.rename(self.path("top"), self.path("elsewhere/moved"))
            os.pwrite(held, b"written after", 0)
            self.assertEqual(os.listdir(folder), ["two"])
            os.mkdir("new", dir_fd=folder)
        self.assertEqual(sorted(os.listdir(self.path("elsewhere/moved/one"))),
                         ["new", "two"])
        self.assert_errno(errno.ENOENT, os.stat, self.path("top"))
        self.remount()
        self.assertEqual(read(self.path("elsewhere/moved/" + deep)),
                         b"written after")

    def test_observer_never_misses_a_replaced_file(self):
        """R2: rename over an existing name is atomic for who looks."""
        file, fresh = self.path("file"), self.path("fresh")
        write(file, b"0")
        done = threading.Event()
        failures, seen = [], set()

        def observe():
            while not done.is_set():
                try:
                    seen.add(read(file))
                except OSError as error:
                    failures.append(error)

        observer = threading.Thread(target=observe)
        observer.start()
        for number in range(3000):
            write(fresh, str(number).encode())
            os.rename(fresh, file)
        done.set()
        observer.join()
        self.assertEqual(failures, [])
        self.assertLessEqual(seen, {str(n).encode() for n in range(3000)})


if __name__ == "__main__":
    main()
