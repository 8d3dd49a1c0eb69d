#!/usr/bin/env python3
"""Times the same work on a Casemate mount and on other folders.

All targets are interleaved in every repetition (A, B, A, B, ...), the figures
are medians of work time alone, and what was written is read back and compared.
A time by itself says nothing about another machine: look at the ratios to
"plain", an ordinary folder on the same disk.

    ./tools/dev bench [--reps N] [--scale S] [--target NAME=DIR]... [--json F]

gocryptfs takes part when it is installed.
"""

import argparse
import json
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

MIB = 1 << 20


class Work:
    """One target's folder and the workloads on it, each verified."""

    def __init__(self, folder, scale):
        self.folder = folder
        self.stream_mib = max(8, int(256 * scale))
        self.small_files = max(50, int(1000 * scale))
        self.random_writes = max(50, int(1000 * scale))
        self.block = random.Random(1).randbytes(MIB)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def block_at(self, index):
        """A block that differs from its neighbours."""
        shift = (index * 4099) % MIB
        return self.block[shift:] + self.block[:shift]

    def seq_write(self):
        with open(self.path("stream"), "wb", buffering=0) as f:
            for i in range(self.stream_mib):
                f.write(self.block_at(i))
            os.fsync(f.fileno())

    def seq_read(self):
        with open(self.path("stream"), "rb", buffering=0) as f:
            for i in range(self.stream_mib):
                if f.read(MIB) != self.block_at(i):
                    raise RuntimeError("seq_read: wrong data in MiB %d" % i)

    def rand_write_4k(self):
        rng = random.Random(2)
        with open(self.path("stream"), "r+b", buffering=0) as f:
            for _ in range(self.random_writes):
                f.seek(rng.randrange(self.stream_mib * 256) * 4096)
                f.write(self.block[:4096])
            os.fsync(f.fileno())

    def rand_read_4k(self):
        rng = random.Random(2)
        with open(self.path("stream"), "rb", buffering=0) as f:
            for _ in range(self.random_writes):
                f.seek(rng.randrange(self.stream_mib * 256) * 4096)
                if f.read(4096) != self.block[:4096]:
                    raise RuntimeError("rand_read_4k: wrong data")

    def append_100(self):
        with open(self.path("log"), "ab", buffering=0) as f:
            for i in range(self.random_writes * 4):
                f.write(b"%099d\n" % i)
        with open(self.path("log"), "rb") as f:
            if sum(1 for _ in f) != self.random_writes * 4:
                raise RuntimeError("append_100: lines are missing")

    def small(self, index):
        return self.path("small", "d%02d" % (index % 20), "file %d" % index)

    def create_small(self):
        for d in range(20):
            os.makedirs(self.path("small", "d%02d" % d))
        for i in range(self.small_files):
            with open(self.small(i), "wb", buffering=0) as f:
                f.write(self.block[i : i + 4000])

    def stat_small(self):
        for i in range(self.small_files):
            if os.stat(self.small(i)).st_size != 4000:
                raise RuntimeError("stat_small: wrong size")

    def read_small(self):
        for i in range(self.small_files):
            with open(self.small(i), "rb", buffering=0) as f:
                if f.read() != self.block[i : i + 4000]:
                    raise RuntimeError("read_small: wrong data")

    def list_small(self):
        found = sum(len(names) for _, _, names in os.walk(self.path("small")))
        if found != self.small_files:
            raise RuntimeError("list_small: %d names" % found)

    def rename_small(self):
        for i in range(self.small_files):
            os.rename(self.small(i), self.small(i) + ".new")
        for i in range(self.small_files):
            os.rename(self.small(i) + ".new", self.small(i))

    def delete_all(self):
        shutil.rmtree(self.path("small"))
        os.unlink(self.path("stream"))
        os.unlink(self.path("log"))
        if os.listdir(self.folder):
            raise RuntimeError("delete_all: something is left")


ROWS = [
    "seq_write",
    "seq_read",
    "rand_write_4k",
    "rand_read_4k",
    "append_100",
    "create_small",
    "stat_small",
    "read_small",
    "list_small",
    "rename_small",
    "delete_all",
]


class Targets:
    """The folders to work in; what was mounted here is unmounted at the end."""

    def __init__(self, casemate, extra):
        self.root = tempfile.mkdtemp(prefix="casemate-bench-")
        self.folders = {}
        self.unmounts = []
        self.casemate = casemate
        self.add("plain", self.new_folder("plain"))
        self.mount_casemate()
        if shutil.which("gocryptfs"):
            self.mount_gocryptfs()
        for target in extra:
            name, _, folder = target.partition("=")
            self.add(name, tempfile.mkdtemp(dir=folder))

    def new_folder(self, name):
        folder = os.path.join(self.root, name)
        os.mkdir(folder)
        return folder

    def add(self, name, folder):
        self.folders[name] = folder

    def password_file(self):
        path = os.path.join(self.root, "password")
        with open(path, "w", opener=lambda p, f: os.open(p, f, 0o600)) as f:
            f.write("bench\n")
        return path

    def mount_casemate(self):
        vault = os.path.join(self.root, "vault")
        clear = self.new_folder("casemate")
        password = "--password-file=" + self.password_file()
        run([self.casemate, "init", vault, password])
        run([self.casemate, "mount", vault, clear, password])
        self.unmounts.append([self.casemate, "unmount", clear])
        self.add("casemate", clear)

    def mount_gocryptfs(self):
        cipher = self.new_folder("gocryptfs-cipher")
        clear = self.new_folder("gocryptfs")
        password = ["-passfile", self.password_file(), "-q"]
        run(["gocryptfs", "-init", *password, cipher])
        run(["gocryptfs", *password, cipher, clear])
        self.unmounts.append(["fusermount3", "-u", clear])
        self.add("gocryptfs", clear)

    def close(self):
        for command in self.unmounts:
            run(command)
        shutil.rmtree(self.root)


def run(command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def measure(targets, reps, scale):
    """{row: {target: [seconds, ...]}}"""
    times = {row: {name: [] for name in targets} for row in ROWS}
    works = {name: Work(folder, scale) for name, folder in targets.items()}
    for _ in range(reps):
        for row in ROWS:
            for name, work in works.items():
                start = time.perf_counter()
                getattr(work, row)()
                times[row][name].append(time.perf_counter() - start)
    return times


def show(times, names):
    others = [name for name in names if name != "plain"]
    print("%-14s %10s" % ("", "plain"), end="")
    print("".join("  %20s" % name for name in others))
    for row, by_target in times.items():
        plain = statistics.median(by_target["plain"])
        print("%-14s %9.4fs" % (row, plain), end="")
        for name in others:
            median = statistics.median(by_target[name])
            print("  %10.4fs %8.2fx" % (median, median / plain), end="")
        print()


def record(path, times, args):
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True
    ).stdout.strip()
    line = {
        "commit": commit,
        "kernel": platform.release(),
        "cpus": os.cpu_count(),
        "reps": args.reps,
        "scale": args.scale,
        "seconds": times,
    }
    with open(path, "a") as f:
        f.write(json.dumps(line) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--casemate", required=True, help="the binary")
    parser.add_argument("--reps", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--target", action="append", default=[])
    parser.add_argument("--json", help="file to append the record to")
    args = parser.parse_args()
    targets = Targets(args.casemate, args.target)
    try:
        times = measure(targets.folders, args.reps, args.scale)
    finally:
        targets.close()
    show(times, list(targets.folders))
    if args.json:
        record(args.json, times, args)


if __name__ == "__main__":
    sys.exit(main())
