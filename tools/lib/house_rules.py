#!/usr/bin/env python3
"""Checks the rules of this repository which no compiler knows.

  git ls-files -z | house_rules.py [--repo DIRECTORY]

Reads NUL-separated paths, relative to the repository (the current directory
unless told). Prints one line for each finding and exits with 1 if there is
one. Each rule is a function from the files to findings, listed in RULES.
"""

import argparse
import ast
import os
import re
import sys

# Written so that no pattern matches its own line.
MACHINE_PATH = re.compile(r"(?<![\w.-])/(?:work|root|farm)/")
REGISTRY_HOST = re.compile(
    r"\b(?:deb|security|snapshot|archive)[.](?:debian|ubuntu)[.](?:org|com)"
    r"|\b(?:pypi|pythonhosted)[.]org"
    r"|\bregistry[.](?:npmjs|yarnpkg)[.](?:org|com)"
    r"|\brepo1?[.]maven[.](?:apache[.])?org"
    r"|\b(?:static[.]|index[.])?crates[.]io/api"
    r"|\bproxy[.]golang[.]org"
)
LEFT_FOR_LATER = re.compile(r"\b(?:TO[D]O|FIX[M]E)\b")

# What only one place may name, and that place.
ONE_PLACE = [
    (re.compile(r"\babsl::Mutex\b"), None, "base/mutex.h has the locks"),
    (re.compile(r"\babsl::Now\("), r"base/clock\.cc", "take a Clock"),
    (
        re.compile(r"\bRAND_bytes\b"),
        r"crypto/random/\w+\.cc",
        "take a RandomSource",
    ),
]

# A function that reads what somebody else wrote, by its name.
DECLARES_PARSER = re.compile(r"\b(?:Parse|Decode|Unescape|Classify)\w*\(")
NOT_OURS_TO_FUZZ = ("fuzz/", "testing/", "tools/vectors/")
FUZZ_TABLE = "fuzz/README.md"

# Every other top-level folder is a room itself.
FOLDERS_OF_ROOMS = ("fs", "ops")
NOT_ROOMS = ("docs", "third_party")

# Tests are targets too, but nobody depends on them.
MAKES_TARGET = re.compile(r"^(?:\w+_(?:library|binary|import)|alias)$")
VISIBILITY = {"default_visibility", "visibility"}


class Files:
    """The repository's files; text is read once."""

    def __init__(self, repo, paths):
        self.repo = repo
        self.paths = sorted(paths)
        self._text = {}

    def text(self, path):
        """The content, or nothing for what is not UTF-8 text."""
        if path not in self._text:
            try:
                full = os.path.join(self.repo, path)
                with open(full, encoding="utf-8") as file:
                    self._text[path] = file.read()
            except UnicodeDecodeError:
                self._text[path] = ""
        return self._text[path]

    def lines(self, path):
        return enumerate(self.text(path).split("\n"), start=1)


def is_cpp(path):
    return path.endswith((".cc", ".h"))


def is_code(path):
    code = (".cc", ".h", ".sh", ".py", ".bazel", ".bzl")
    return path.endswith(code) or path in ("tools/dev", ".ci/run", "WORKSPACE")


def no_names_of_machines(files):
    for path in files.paths:
        for number, line in files.lines(path):
            if MACHINE_PATH.search(line):
                yield f"{path}:{number}: names a path of one machine"
            if REGISTRY_HOST.search(line):
                yield f"{path}:{number}: names a package registry's host"


def nothing_left_for_later(files):
    for path in filter(is_code, files.paths):
        for number, line in files.lines(path):
            if LEFT_FOR_LATER.search(line):
                yield f"{path}:{number}: do it now or open an issue"


def one_place_only(files):
    for pattern, home, advice in ONE_PLACE:
        users = {}
        for path in filter(is_cpp, files.paths):
            for number, line in files.lines(path):
                # What a comment says is no use of it.
                if pattern.search(line.split("//")[0]):
                    users.setdefault(path, number)
        at_home = [p for p in users if home and re.fullmatch(home, p)]
        for path, number in users.items():
            if path not in at_home[:1]:
                name = pattern.pattern.replace("\\b", "").replace("\\", "")
                yield f"{path}:{number}: uses {name}; {advice}"


def packages_say_who_may_look(files):
    for path in files.paths:
        if os.path.basename(path) != "BUILD.bazel":
            continue
        try:
            tree = ast.parse(files.text(path))
        except SyntaxError as error:
            yield f"{path}:{error.lineno}: not readable as a BUILD file"
            continue
        calls = [
            (node.func.id, {keyword.arg for keyword in node.keywords})
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        ]
        makes_targets = any(MAKES_TARGET.match(name) for name, _ in calls)
        says_who = any(keywords & VISIBILITY for _, keywords in calls)
        if makes_targets and not says_who:
            yield f"{path}: says nowhere to whom its targets are visible"


def rooms_have_a_page(files):
    rooms = set()
    for path in files.paths:
        folders = path.split("/")[:-1]
        if not folders or folders[0].startswith(".") or folders[0] in NOT_ROOMS:
            continue
        depth = 2 if folders[0] in FOLDERS_OF_ROOMS else 1
        if len(folders) >= depth:
            rooms.add("/".join(folders[:depth]))
    for room in sorted(rooms):
        if f"{room}/README.md" not in files.paths:
            yield f"{room}/: no README.md"


def parsers_have_fuzz_targets(files):
    if FUZZ_TABLE not in files.paths:
        return
    listed = set(re.findall(r"`([\w./]+)`", files.text(FUZZ_TABLE)))
    for path in files.paths:
        target = re.fullmatch(r"fuzz/(\w+)_fuzz\.cc", path)
        if target and target.group(1) not in listed:
            yield f"{path}: not in the table of {FUZZ_TABLE}"
        if not path.endswith(".h") or path.startswith(NOT_OURS_TO_FUZZ):
            continue
        code = [line.split("//")[0] for _, line in files.lines(path)]
        parses = any(DECLARES_PARSER.search(line) for line in code)
        if parses and path not in listed:
            yield f"{path}: declares a parser that {FUZZ_TABLE} does not have"
    for path in sorted(listed):
        if path.endswith(".h") and path not in files.paths:
            yield f"{FUZZ_TABLE}: {path} is gone"


RULES = [
    no_names_of_machines,
    nothing_left_for_later,
    one_place_only,
    packages_say_who_may_look,
    parsers_have_fuzz_targets,
    rooms_have_a_page,
]


def findings(files):
    return [finding for rule in RULES for finding in rule(files)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--repo", default=".")
    args = parser.parse_args()
    paths = [path for path in sys.stdin.read().split("\0") if path]
    found = findings(Files(args.repo, paths))
    for finding in found:
        print(finding, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
