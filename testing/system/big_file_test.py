"""A file larger than every cache, rewritten at random places.

Content is made of slices of one random block, so that any part of the file
can be recomputed: nothing but the list of rewrites is kept in memory.
"""

import os
import random
import shutil

from casemate_system import (CHUNK, SystemTestCase, main, process_status,
                             random_bytes)

BLOCK = 1 << 20
MEMORY_LIMIT_KIB = 256 << 10
REWRITES = 1000
SOURCE = random_bytes("big file", 3 * BLOCK)


def original_block(number):
    """Block `number` as first written. The slices begin at offsets that
    differ modulo the chunk size, so no two chunks of the file are equal."""
    start = number * 16 % CHUNK + number % 32 * CHUNK
    return SOURCE[start:start + BLOCK]


class Rewrites:
    """The rewrites in the order in which they are made."""

    def __init__(self, seed, file_size):
        numbers = random.Random(seed)
        self.all = []
        for _ in range(REWRITES):
            length = numbers.choice([1, 512, 4096, CHUNK,
                                     numbers.randrange(1, 5 * CHUNK)])
            offset = numbers.randrange(file_size - length)
            if numbers.random() < 0.3:
                offset -= offset % CHUNK
            self.all.append((offset, length, numbers.randrange(BLOCK)))

    @staticmethod
    def data(rewrite):
        _, length, start = rewrite
        return SOURCE[start + BLOCK:start + BLOCK + length]

    def apply_to(self, block, start):
        """Lays the rewrites over `block`, which begins at `start`."""
        block = bytearray(block)
        for rewrite in self.all:
            offset, length, _ = rewrite
            first = max(offset, start)
            last = min(offset + length, start + len(block))
            if first < last:
                block[first - start:last - start] = self.data(
                    rewrite)[first - offset:last - offset]
        return bytes(block)


class BigFile:
    def test_file_rewritten_at_random_places_is_what_was_written(self):
        self.assertGreater(shutil.disk_usage(self.scratch).free,
                           self.blocks * BLOCK + (1 << 30), "disk space")
        size = self.blocks * BLOCK
        rewrites = Rewrites("rewrites", size)
        with self.mount(self.make_vault(combo=self.combo)) as mount:
            path = mount.path + "/big"
            with open(path, "wb", buffering=0) as file:
                for number in range(self.blocks):
                    self.assertEqual(file.write(original_block(number)),
                                     BLOCK)
            with open(path, "r+b", buffering=0) as file:
                for rewrite in rewrites.all:
                    data = rewrites.data(rewrite)
                    self.assertEqual(
                        os.pwrite(file.fileno(), data, rewrite[0]), len(data))
                os.fsync(file.fileno())
            self.assertEqual(os.stat(path).st_size, size)
            self.verify(path, rewrites)
            self.record_memory("writing and reading", mount)
            mount.remount()
            self.verify(path, rewrites)
            self.record_memory("reading after another mount", mount)

    def verify(self, path, rewrites):
        with open(path, "rb", buffering=0) as file:
            for number in range(self.blocks):
                wanted = rewrites.apply_to(original_block(number),
                                           number * BLOCK)
                if file.read(BLOCK) != wanted:
                    self.fail(f"block {number} is not what was written")
            self.assertEqual(file.read(1), b"")

    def record_memory(self, what, mount):
        peak = int(process_status(mount.pid, "VmHWM").split()[0])
        line = (f"{self.combo} {self.blocks} MiB {what}: "
                f"peak memory {peak} KiB\n")
        print(line, end="", flush=True)
        folder = os.environ.get("TEST_UNDECLARED_OUTPUTS_DIR")
        if folder:
            with open(folder + "/peak_memory.txt", "a") as record:
                record.write(line)
        self.assertLessEqual(peak, MEMORY_LIMIT_KIB)


class GcmTest(BigFile, SystemTestCase):
    combo = "SIV_GCM"
    blocks = 2048


class CtrMacTest(BigFile, SystemTestCase):
    combo = "SIV_CTRMAC"
    blocks = 128


if __name__ == "__main__":
    main()
