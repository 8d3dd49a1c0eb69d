"""Random operations on one file through the kernel, against a bytearray."""

import mmap
import os
import random

from casemate_system import CHUNK, main, random_bytes, read
from posix_case import PosixCase


class ModelTest(PosixCase):
    LIMIT = 6 * CHUNK
    STEPS = 2000

    def test_random_operations_agree_with_a_model(self):
        self.numbers = random.Random(20240)
        self.file = self.path("file")
        self.model = bytearray()
        self.history = []
        self.descriptors = []
        self.open_all(os.O_CREAT)
        operations = ([self.do_write] * 8 + [self.do_read] * 4
                      + [self.do_truncate] * 5 + [self.do_append] * 3
                      + [self.do_map] * 2 + [self.do_sync, self.do_reopen,
                                             self.do_move])
        try:
            for step in range(self.STEPS):
                self.numbers.choice(operations)()
                self.assertEqual(os.fstat(self.any()).st_size,
                                 len(self.model), self.history[-5:])
                if step % 40 == 0:
                    self.compare()
                if step % 500 == 499:
                    self.close_all()
                    self.remount()
                    self.open_all()
                    self.compare()
            self.do_write()
        finally:
            self.close_all()
        self.check_after_unmount()

    def check_after_unmount(self):
        os.truncate(self.file, 4 * CHUNK + 99)
        self.model = (self.model + bytes(4 * CHUNK + 99))[:4 * CHUNK + 99]
        self.remount()
        self.compare()
        if self.vault:  # raises unless one file has exactly that size
            self.vault.ciphertext_of(len(self.model))

    def compare(self):
        actual = read(self.file)
        if actual != self.model:
            place = next((n for n, (a, b) in enumerate(zip(
                actual, self.model)) if a != b), None)
            self.fail(f"sizes {len(actual)}, {len(self.model)}; first "
                      f"difference at {place}; after {self.history[-20:]}")

    def note(self, *what):
        self.history.append(what)

    def open_all(self, flags=0):
        self.descriptors = [os.open(self.file, os.O_RDWR | flags)
                            for _ in range(2)]
        self.appender = os.open(self.file, os.O_WRONLY | os.O_APPEND)

    def close_all(self):
        for descriptor in self.descriptors + [self.appender]:
            os.close(descriptor)

    def any(self):
        return self.numbers.choice(self.descriptors)

    def place(self):
        """An offset, mostly near a chunk's border or the end."""
        near = self.numbers.choice([
            self.numbers.randrange(7) * CHUNK, len(self.model),
            self.numbers.randrange(self.LIMIT)])
        return min(max(near + self.numbers.randint(-3, 3), 0), self.LIMIT)

    def data(self):
        length = self.numbers.choice([1, 3, 100, 4096, CHUNK - 1, CHUNK,
                                      CHUNK + 1, 2 * CHUNK + 5])
        return random_bytes(("model", len(self.history)), length)

    def do_write(self):
        offset, data = self.place(), self.data()
        self.note("write", offset, len(data))
        self.assertEqual(os.pwrite(self.any(), data, offset), len(data))
        if len(self.model) < offset:
            self.model += bytes(offset - len(self.model))
        self.model[offset:offset + len(data)] = data

    def do_read(self):
        offset, length = self.place(), len(self.data())
        self.note("read", offset, length)
        self.assertEqual(os.pread(self.any(), length, offset),
                         self.model[offset:offset + length],
                         self.history[-20:])

    def do_truncate(self):
        size = self.place()
        self.note("truncate", size)
        if self.numbers.random() < 0.5:
            os.truncate(self.file, size)
        else:
            os.ftruncate(self.any(), size)
        self.model = self.model[:size] + bytes(max(0, size - len(self.model)))

    def do_append(self):
        if len(self.model) > self.LIMIT:
            return
        data = self.data()
        self.note("append", len(data))
        self.assertEqual(os.write(self.appender, data), len(data))
        self.model += data

    def do_map(self):
        if not self.model:
            return
        offset = self.numbers.randrange(len(self.model))
        data = self.data()[:len(self.model) - offset]
        self.note("map", offset, len(data))
        with mmap.mmap(self.any(), len(self.model)) as mapped:
            mapped[offset:offset + len(data)] = data
            if self.numbers.random() < 0.5:
                mapped.flush()
        self.model[offset:offset + len(data)] = data

    def do_sync(self):
        self.note("sync")
        self.numbers.choice([os.fsync, os.fdatasync])(self.any())

    def do_reopen(self):
        self.note("reopen")
        self.close_all()
        truncate = self.numbers.random() < 0.2
        self.open_all(os.O_TRUNC if truncate else 0)
        if truncate:
            self.model = bytearray()

    def do_move(self):
        self.note("move")
        new = self.path(f"file{len(self.history) % 3}")
        if new != self.file:
            os.rename(self.file, new)
            self.file = new


if __name__ == "__main__":
    main()
