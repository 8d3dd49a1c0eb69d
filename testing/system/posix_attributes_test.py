"""Times, modes, numbers through the kernel."""

import os

from casemate_system import CHUNK, main, random_bytes, read, write
from posix_case import PosixCase, opened


class AttributesTest(PosixCase):
    def test_times_keep_nanoseconds_and_centuries(self):
        write(self.path("file"), b"x")
        os.mkdir(self.path("folder"))
        os.symlink("x", self.path("link"))
        for name in ("file", "folder", "link"):
            for nanoseconds in (0, 1, 123456789, 10**18 + 987654321,
                                -1, -(10**17) + 5, 4 * 10**18):
                os.utime(self.path(name), ns=(nanoseconds + 7, nanoseconds),
                         follow_symlinks=False)
                info = os.lstat(self.path(name))
                self.assertEqual((info.st_atime_ns, info.st_mtime_ns),
                                 (nanoseconds + 7, nanoseconds), name)
                self.remount()
                info = os.lstat(self.path(name))
                self.assertEqual(info.st_mtime_ns, nanoseconds, name)

    def test_changes_move_the_modification_time(self):
        file = self.path("file")
        write(file, b"x" * 100)

        def moves(call):
            os.utime(file, ns=(5, 5))
            call()
            self.assertGreater(os.stat(file).st_mtime_ns, 10**18)

        with opened(file, os.O_RDWR) as held:
            moves(lambda: os.pwrite(held, b"y", 0))
            moves(lambda: os.ftruncate(held, 50))
            moves(lambda: os.ftruncate(held, 50))
            moves(lambda: os.truncate(file, 60))
        moves(lambda: os.close(os.open(file, os.O_WRONLY | os.O_TRUNC)))
        os.utime(file, ns=(5, 5))
        self.assertEqual(read(file), b"")
        with opened(file, os.O_RDWR) as held:
            os.pread(held, 10, 0)
        self.assertEqual(os.stat(file).st_mtime_ns, 5)

    def test_time_set_after_writing_survives_close(self):
        file = self.path("file")
        with opened(file, os.O_CREAT | os.O_WRONLY) as held:
            os.write(held, random_bytes("late", 2 * CHUNK + 1))
            os.utime(held, ns=(1, 1234567890123456789))
        self.assertEqual(os.stat(file).st_mtime_ns, 1234567890123456789)
        self.remount()
        self.assertEqual(os.stat(file).st_mtime_ns, 1234567890123456789)

    def test_names_coming_and_going_move_the_directory_time(self):
        folder = self.path("folder")
        os.mkdir(folder)

        def moves(call):
            os.utime(folder, ns=(5, 5))
            call()
            self.assertGreater(os.stat(folder).st_mtime_ns, 10**18)

        moves(lambda: write(folder + "/file", b""))
        moves(lambda: os.mkdir(folder + "/inner"))
        moves(lambda: os.symlink("x", folder + "/link"))
        moves(lambda: os.rename(folder + "/file", folder + "/file2"))
        moves(lambda: os.rename(folder + "/file2", self.path("out")))
        moves(lambda: os.rename(self.path("out"), folder + "/in"))
        moves(lambda: os.unlink(folder + "/in"))
        moves(lambda: os.unlink(folder + "/link"))
        moves(lambda: os.rmdir(folder + "/inner"))
        os.utime(folder, ns=(5, 5))
        os.listdir(folder)
        self.assertEqual(os.stat(folder).st_mtime_ns, 5)

    def test_modes_are_kept_with_their_special_bits(self):
        old = os.umask(0)
        self.addCleanup(os.umask, old)
        file, folder = self.path("file"), self.path("folder")
        write(file, b"x")
        os.mkdir(folder)
        modes = [0o4755, 0o2755, 0o6711, 0o644, 0o600, 0o400, 0o000, 0o7777]
        for mode in modes + [0o1777]:
            os.chmod(file, mode)
            os.chmod(folder, mode)
            for path in (file, folder):
                self.assertEqual(os.stat(path).st_mode & 0o7777, mode)
        self.remount()
        for path in (file, folder):
            self.assertEqual(os.stat(path).st_mode & 0o7777, 0o1777)

    def test_creation_applies_mode_and_umask(self):
        old = os.umask(0o027)
        self.addCleanup(os.umask, old)
        with opened(self.path("file"), os.O_CREAT | os.O_WRONLY, 0o777):
            pass
        os.mkdir(self.path("folder"), 0o1777)
        with opened(self.path("sealed"),
                    os.O_CREAT | os.O_WRONLY, 0o400) as held:
            os.write(held, b"written all the same")
        for name, mode in (("file", 0o750), ("folder", 0o1750),
                           ("sealed", 0o400)):
            self.assertEqual(os.stat(self.path(name)).st_mode & 0o7777, mode)
        self.remount()
        self.assertEqual(read(self.path("sealed")), b"written all the same")

    def test_group_is_inherited_from_a_directory_with_setgid(self):
        folder = self.path("folder")
        os.mkdir(folder)
        os.chown(folder, -1, 4321)
        os.chmod(folder, 0o2775)
        write(folder + "/file", b"x")
        os.mkdir(folder + "/inner")
        os.symlink("x", folder + "/link")
        for name in ("file", "inner", "link"):
            self.assertEqual(os.lstat(f"{folder}/{name}").st_gid, 4321, name)
        self.assertEqual(os.stat(folder + "/inner").st_mode & 0o7000, 0o2000)

    def test_file_system_numbers_are_plausible(self):
        numbers = os.statvfs(self.dir)
        self.assertEqual(numbers.f_namemax, 255)
        self.assertGreater(numbers.f_frsize, 0)
        self.assertGreater(numbers.f_blocks, numbers.f_bfree)
        self.assertGreaterEqual(numbers.f_bfree, numbers.f_bavail)
        self.assertGreater(numbers.f_bavail, 0)

    def test_inode_numbers_survive_rename_and_remount(self):
        write(self.path("file"), b"x")
        os.makedirs(self.path("folder/inner"))
        os.symlink("x", self.path("link"))
        names = ("file", "folder", "folder/inner", "link")
        inos = [os.lstat(self.path(name)).st_ino for name in names]
        self.assertEqual(len(set(inos)), len(names))
        os.rename(self.path("file"), self.path("folder/file"))
        self.remount()
        self.assertEqual(inos, [
            os.lstat(self.path(name)).st_ino
            for name in ("folder/file",) + names[1:]])


if __name__ == "__main__":
    main()
