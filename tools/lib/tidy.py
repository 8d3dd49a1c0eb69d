#!/usr/bin/env python3
"""Runs clang-tidy-19 on C++ sources, each only when something changed.

  git ls-files -z '*.cc' | tidy.py --cache=DIRECTORY

Reads NUL-separated paths, relative to the repository, which is the current
directory. A source that passed leaves a stamp in the cache, named by a hash
of all that decides the outcome: the source and the headers of ours which it
reaches, .clang-tidy, the flags, this file and the versions of the system's
packages. A stamp that exists means the file needs no second look. Exit status 1
when a source failed.
"""

import argparse
import concurrent.futures
import hashlib
import os
import re
import subprocess
import sys

TIDY = "clang-tidy-19"

# What .bazelrc and third_party/system/BUILD.system give the compiler, for all
# targets at once: clang-tidy needs to parse a file, not to link it.
FLAGS = [
    "-xc++",
    "-std=c++17",
    "-I.",
    "-isystem/usr/include/android",
    "-isystem/usr/include/fuse3",
    "-DFUSE_USE_VERSION=314",
    "-D_FILE_OFFSET_BITS=64",
    "-Wno-everything",
]

# A test of moving looks at what was moved from.
NOT_IN_TESTS = "--checks=-bugprone-use-after-move"

INCLUDE = re.compile(rb'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


class Closure:
    """The files of ours that a source reaches through quoted includes."""

    def __init__(self):
        self._direct = {}  # Path to (hash of content, included paths).

    def of(self, source):
        """Returns sorted (path, hash) pairs, `source` among them."""
        seen, todo = {}, [source]
        while todo:
            path = todo.pop()
            if path not in seen:
                seen[path], included = self._read(path)
                todo += included
        return sorted(seen.items())

    def _read(self, path):
        if path not in self._direct:
            with open(path, "rb") as file:
                content = file.read()
            beside = os.path.dirname(path)
            included = []
            for name in INCLUDE.findall(content):
                for base in ("", beside):
                    found = os.path.normpath(os.path.join(base, name.decode()))
                    if os.path.isfile(found):
                        included.append(found)
                        break
            digest = hashlib.sha256(content).hexdigest()
            self._direct[path] = (digest, included)
        return self._direct[path]


def environment():
    """Everything but our sources that decides what clang-tidy says."""
    packages = subprocess.run(
        ["dpkg-query", "--show", TIDY, "lib*-dev", "nlohmann-json3-dev"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
    ).stdout
    parts = [packages, "\0".join(FLAGS).encode()]
    for path in (".clang-tidy", __file__):
        with open(path, "rb") as file:
            parts.append(file.read())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def stamp_of(source, closure, base):
    """The name of the stamp which says that `source` passed as it is now."""
    key = [base, source] + ["=".join(pair) for pair in closure.of(source)]
    return hashlib.sha256("\0".join(key).encode()).hexdigest()


def tidy(source):
    """Returns (passed, output)."""
    options = [NOT_IN_TESTS] if source.endswith("_test.cc") else []
    run = subprocess.run(
        [TIDY, "--quiet", *options, source, "--", *FLAGS],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        text=True,
    )
    return run.returncode == 0, run.stdout


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cache", required=True)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    args = parser.parse_args()
    os.makedirs(args.cache, exist_ok=True)

    sources = [path for path in sys.stdin.read().split("\0") if path]
    closure, base = Closure(), environment()
    stamps = {
        source: os.path.join(args.cache, stamp_of(source, closure, base))
        for source in sources
    }
    changed = [path for path in sources if not os.path.exists(stamps[path])]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for source, (passed, output) in zip(changed, pool.map(tidy, changed)):
            if passed:
                with open(stamps[source], "wb"):
                    pass
            else:
                failed += 1
                print(f"{source}:\n{output}", file=sys.stderr)
    print(
        f"clang-tidy: {len(sources)} sources, {len(changed)} looked at, "
        f"{failed} failed"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
