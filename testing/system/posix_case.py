"""Shared by the POSIX tests: the directory under test and system calls that
Python lacks.

With CASEMATE_TEST_PLAIN_DIR set, the tests run in that plain directory instead
of a mount: a check that fails on ext4 is a wrong check.
"""

import contextlib
import ctypes
import os
import tempfile

from casemate_system import SystemTestCase, check_errno, libc

PLAIN = os.environ.get("CASEMATE_TEST_PLAIN_DIR")
NOREPLACE, EXCHANGE = 1, 2
FALLOC_KEEP_SIZE = 1
_AT_FDCWD = -100


def rename2(old, new, flags):
    check_errno(libc.renameat2(_AT_FDCWD, os.fsencode(old), _AT_FDCWD,
                               os.fsencode(new), flags), new)


def fallocate(descriptor, mode, offset, length):
    check_errno(libc.fallocate(descriptor, mode, ctypes.c_int64(offset),
                               ctypes.c_int64(length)), "fallocate")


@contextlib.contextmanager
def opened(path, flags, mode=0o644):
    descriptor = os.open(path, flags, mode)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


class PosixCase(SystemTestCase):
    def setUp(self):
        super().setUp()
        self.vault = self.mounted = None
        if PLAIN:
            plain = tempfile.TemporaryDirectory(dir=PLAIN)
            self.addCleanup(plain.cleanup)
            self.dir = plain.name
            return
        self.vault = self.make_vault()
        self.mounted = self.enterContext(self.mount(self.vault))
        self.dir = self.mounted.path

    def remount(self):
        if self.mounted:
            self.mounted.remount()

    def path(self, name):
        return f"{self.dir}/{name}"
