"""Files through the kernel: handles, content, mappings."""

import errno
import itertools
import mmap
import os
import threading

from casemate_system import CHUNK, main, random_bytes, read, write
from posix_case import PosixCase, opened


class FilesTest(PosixCase):
    def test_append_goes_to_the_end_whoever_moved_it(self):
        file = self.path("log")
        with opened(file, os.O_CREAT | os.O_WRONLY | os.O_APPEND) as one, \
                opened(file, os.O_WRONLY | os.O_APPEND) as two:
            expected = b""
            for number in range(200):
                line = f"{number} ".encode() * (number * 7 % 50 + 1)
                os.write((one, two)[number % 2], line)
                expected += line
                if number == 100:
                    os.ftruncate(one, 10)
                    expected = expected[:10]
            self.assertEqual(read(file), expected)
        self.remount()
        self.assertEqual(read(file), expected)

    def test_truncating_open_empties_the_file_for_all_handles(self):
        file = self.path("file")
        write(file, random_bytes("truncated", 3 * CHUNK))
        with opened(file, os.O_RDONLY) as reader:
            with opened(file, os.O_WRONLY | os.O_TRUNC) as writer:
                self.assertEqual(os.fstat(reader).st_size, 0)
                self.assertEqual(os.pread(reader, 10, 0), b"")
                os.write(writer, b"new")
                self.assertEqual(os.pread(reader, 10, 0), b"new")
        self.remount()
        self.assertEqual(read(file), b"new")

    def test_handles_see_each_other_at_once(self):
        file = self.path("file")
        with opened(file, os.O_CREAT | os.O_RDWR) as one, \
                opened(file, os.O_RDWR) as two:
            for number in range(100):
                data = random_bytes(("handles", number), 5000)
                offset = number * 3001
                os.pwrite((one, two)[number % 2], data, offset)
                other = (two, one)[number % 2]
                self.assertEqual(os.pread(other, len(data), offset), data)
                self.assertEqual(os.fstat(other).st_size,
                                 offset + len(data))
                self.assertEqual(os.stat(file).st_size, offset + len(data))

    def test_handle_may_do_what_it_was_opened_for(self):
        file = self.path("file")
        write(file, b"content")
        with opened(file, os.O_RDONLY) as reader:
            self.assert_errno(errno.EBADF, os.write, reader, b"x")
            self.assert_errno(errno.EINVAL, os.ftruncate, reader, 0)
        with opened(file, os.O_WRONLY) as writer:
            self.assert_errno(errno.EBADF, os.read, writer, 1)
            os.pwrite(writer, b"C", 0)  # needs the rest of the chunk
        self.assertEqual(read(file), b"Content")

    def test_unlinked_file_lives_until_it_is_closed(self):
        file = self.path("file")
        data = random_bytes("unlinked", 3 * CHUNK + 5)
        write(file, data)
        with opened(file, os.O_RDWR) as held:
            os.unlink(file)
            self.assert_errno(errno.ENOENT, os.stat, file)
            self.assertEqual(os.pread(held, len(data), 0), data)
            os.pwrite(held, b"more", len(data))
            os.ftruncate(held, CHUNK + 7)
            os.fsync(held)
            info = os.fstat(held)
            self.assertEqual((info.st_nlink, info.st_size), (0, CHUNK + 7))
            write(file, b"a new one")
            self.assertEqual(os.pread(held, 2 * CHUNK, 0), data[:CHUNK + 7])
        self.assertEqual(read(file), b"a new one")
        self.remount()
        self.assertEqual(os.listdir(self.dir), ["file"])

    def test_writes_follow_a_renamed_open_file(self):
        for target in ("other", "folder/other", "folder/" + "n" * 200):
            os.makedirs(self.path("folder"), exist_ok=True)
            write(self.path("file"), b"before ")
            with opened(self.path("file"), os.O_RDWR) as held:
                os.rename(self.path("file"), self.path(target))
                os.pwrite(held, b"after", 7)
                os.ftruncate(held, 11)
                self.assertEqual(os.pread(held, 20, 0), b"before afte")
                self.assertEqual(read(self.path(target)), b"before afte")
            self.assert_errno(errno.ENOENT, os.stat, self.path("file"))
            self.remount()
            self.assertEqual(read(self.path(target)), b"before afte")
            os.unlink(self.path(target))

    def test_replaced_open_file_keeps_its_own_content(self):
        write(self.path("old"), b"old content")
        write(self.path("new"), b"new")
        with opened(self.path("old"), os.O_RDWR) as held:
            os.rename(self.path("new"), self.path("old"))
            os.pwrite(held, b"OLD", 0)
            os.fsync(held)
            self.assertEqual(os.pread(held, 20, 0), b"OLD content")
            self.assertEqual(os.fstat(held).st_nlink, 0)
            self.assertEqual(read(self.path("old")), b"new")
        self.remount()
        self.assertEqual(os.listdir(self.dir), ["old"])
        self.assertEqual(read(self.path("old")), b"new")

    def test_gap_behind_the_end_is_zeros(self):
        borders = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK]
        for start, gap in itertools.product(borders, borders):
            name = self.path(f"{start}-{gap}")
            write(name, b"\xff" * start)
            with opened(name, os.O_WRONLY) as file:
                os.pwrite(file, b"end", start + gap)
            os.truncate(name, start + gap + 2 * CHUNK)
        for _ in range(2):
            for start, gap in itertools.product(borders, borders):
                self.assertEqual(
                    read(self.path(f"{start}-{gap}")),
                    b"\xff" * start + bytes(gap) + b"end"
                    + bytes(2 * CHUNK - 3), (start, gap))
            self.remount()

    def test_shared_mapping_writes_the_file(self):
        file = self.path("mapped")
        data = bytearray(random_bytes("mapped", 4 * CHUNK + 100))
        write(file, data)
        with opened(file, os.O_RDWR) as descriptor:
            mapped = mmap.mmap(descriptor, 0)
        for offset in (0, CHUNK - 3, 2 * CHUNK + 17, len(data) - 6):
            mapped[offset:offset + 6] = b"mapped"
            data[offset:offset + 6] = b"mapped"
        mapped.flush()
        self.assertEqual(read(file), data)
        mapped[5 * 4096:5 * 4096 + 4] = b"late"  # and never flushed
        data[5 * 4096:5 * 4096 + 4] = b"late"
        mapped.close()
        self.remount()
        self.assertEqual(read(file), data)

    def test_mapping_and_write_see_each_other(self):
        file = self.path("mapped")
        write(file, bytes(2 * CHUNK))
        with opened(file, os.O_RDWR) as descriptor, \
                mmap.mmap(descriptor, 0) as mapped:
            os.pwrite(descriptor, b"written", CHUNK - 3)
            self.assertEqual(mapped[CHUNK - 3:CHUNK + 4], b"written")
            mapped[100:106] = b"mapped"
            mapped.flush()
            self.assertEqual(os.pread(descriptor, 6, 100), b"mapped")

    def test_space_can_be_reserved(self):
        """By the file system or by libc's emulation: readers see zeros."""
        file = self.path("file")
        data = random_bytes("reserved", 3 * CHUNK + 10)
        write(file, data)
        with opened(file, os.O_RDWR) as descriptor:
            os.posix_fallocate(descriptor, 0, CHUNK)
            self.assertEqual(os.fstat(descriptor).st_size, len(data))
            os.posix_fallocate(descriptor, CHUNK, 4 * CHUNK)
        self.remount()
        self.assertEqual(read(file), data + bytes(5 * CHUNK - len(data)))

    def test_copy_file_range_copies_ranges(self):
        data = random_bytes("range", 5 * CHUNK)
        write(self.path("from"), data)
        write(self.path("to"), b"\xee" * 4 * CHUNK)
        with opened(self.path("from"), os.O_RDONLY) as source, \
                opened(self.path("to"), os.O_RDWR) as target:
            done, wanted = 0, 3 * CHUNK + 11
            while done < wanted:
                step = os.copy_file_range(source, target, wanted - done,
                                          100 + done, CHUNK - 5 + done)
                self.assertGreater(step, 0)
                done += step
            self.assertEqual(0, os.copy_file_range(source, target, 10,
                                                   len(data), 0))
        expected = bytearray(b"\xee" * 4 * CHUNK)
        expected[CHUNK - 5:CHUNK - 5 + wanted] = data[100:100 + wanted]
        self.remount()
        self.assertEqual(read(self.path("to")), expected)

    def test_locks_exclude_another_process(self):
        write(self.path("file"), b"")
        with opened(self.path("file"), os.O_RDWR) as held:
            os.lockf(held, os.F_LOCK, 0)
            script = ("import os, sys; f = os.open(sys.argv[1], os.O_RDWR);"
                      "os.lockf(f, os.F_TLOCK, 0)")
            refused = self.run_tool("python3", "-c", script,
                                    self.path("file"), expect=1)
            self.assertRegex(refused.stderr, "BlockingIOError")
            os.lockf(held, os.F_ULOCK, 0)
            self.run_tool("python3", "-c", script, self.path("file"))
        self.run_tool("flock", "--nonblock", self.path("file"), "true")

    def test_opening_a_file_takes_nothing_from_those_who_use_it(self):
        """While others open the file again and again and read its end, who
        appends to it reads what it has written."""
        file, piece, count = self.path("file"), 1000, 5000
        content = random_bytes("opened", piece * count)
        write(file, b"")
        done = threading.Event()

        def open_again():
            while not done.is_set():
                os.close(os.open(file, os.O_RDONLY))

        def read_end():
            with opened(file, os.O_RDONLY) as reader:
                while not done.is_set():
                    size = os.fstat(reader).st_size
                    os.pread(reader, 9 * piece, max(0, size - 5 * piece))

        others = [threading.Thread(target=open_again),
                  threading.Thread(target=read_end)]
        for other in others:
            other.start()
        wrong = []
        try:
            with opened(file, os.O_RDWR) as writer:
                for start in range(0, len(content), piece):
                    data = content[start:start + piece]
                    os.pwrite(writer, data, start)
                    if os.pread(writer, piece, start) != data:
                        wrong.append(start)
        finally:
            done.set()
            for other in others:
                other.join()
        self.assertEqual(wrong, [])
        self.assertEqual(read(file), content)

    def test_threads_writing_one_file_lose_nothing(self):
        """Each writes every fourth piece; pieces share chunks and pages."""
        piece, count, threads = 1000, 800, 4
        file = self.path("shared")
        expected = random_bytes("threads", piece * count)
        failures = []

        def work(first):
            try:
                with opened(file, os.O_RDWR) as descriptor:
                    for number in range(first, count, threads):
                        start = number * piece
                        data = expected[start:start + piece]
                        os.pwrite(descriptor, data, start)
                        if os.pread(descriptor, piece, start) != data:
                            failures.append(number)
            except OSError as error:
                failures.append(error)

        write(file, b"")
        workers = [threading.Thread(target=work, args=(number,))
                   for number in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        self.assertEqual(failures, [])
        self.assertEqual(read(file), expected)
        self.remount()
        self.assertEqual(read(file), expected)


if __name__ == "__main__":
    main()
