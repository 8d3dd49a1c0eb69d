"""A healthy vault to copy, what it is damaged with, and how a mount shows it."""

import errno
import hashlib
import os
import re
import shutil
import stat
import subprocess
import unicodedata

from casemate_system import PASSWORD, random_bytes, write

LONG_FILE, LONG_LINK, LONG_DIR = "f" * 200, "l" * 200, "d" * 200
BLOCK = 32768
HEADER, OVERHEAD = 68, 28  # of SIV_GCM


def furnish(root):
    """What the healthy vault holds."""
    write(root + "/a.txt", b"alpha")
    os.mkdir(root + "/docs")
    write(root + "/docs/b.txt", b"beta")
    write(root + "/docs/big", random_bytes("big", 4 * BLOCK))
    write(f"{root}/docs/{LONG_FILE}", b"long file")
    os.symlink("b.txt", root + "/docs/link")
    os.symlink("target", f"{root}/docs/{LONG_LINK}")
    os.mkdir(root + "/docs/sub")
    write(root + "/docs/sub/deep.txt", b"deep")
    os.mkdir(f"{root}/docs/{LONG_DIR}")
    write(f"{root}/docs/{LONG_DIR}/x.txt", b"x")
    os.mkdir(root + "/other")
    write(root + "/other/c.txt", b"gamma")


class Forge:
    """forge.cc, for one set of keys: all copies of one vault."""

    def __init__(self, case, vault):
        program = os.path.abspath("testing/corruptions/forge")
        self.process = case.popen([vault.path, PASSWORD], program=program,
                                  stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
        case.addCleanup(self.end)

    def end(self):
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()

    def ask(self, *words):
        self.process.stdin.write(" ".join(words).encode() + b"\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().decode().strip()
        if not answer:
            raise AssertionError(f"forge ended at {words}")
        return answer

    def name(self, directory_id, raw):
        """The encrypted name, with .c9r, of any bytes."""
        return self.ask("name", directory_id.hex() or "-", raw.hex() or "-")

    def short(self, c9r):
        return self.ask("short", c9r)

    def content(self, directory_id):
        return self.ask("content", directory_id.hex() or "-")

    def seal(self, cleartext):
        return bytes.fromhex(self.ask("seal", cleartext.hex() or "-"))

    def empty_chunk(self):
        return bytes.fromhex(self.ask("empty_chunk"))


class DamagedVault:
    """A copy of the healthy vault, for a row of the table to damage.

    Cleartext paths have no slash at either end; "" is the root. Everything
    else is a path of the disk. What cannot be done raises."""

    def __init__(self, forge, path):
        self.forge = forge
        self.path = path

    # Where things lie.

    def id_of(self, folder):
        return read_bytes(self.node(folder) + "/dir.c9r") if folder else b""

    def content(self, folder):
        return self.content_of(self.id_of(folder))

    def content_of(self, directory_id):
        return f"{self.path}/d/{self.forge.content(directory_id)}"

    def c9r(self, folder, raw):
        if isinstance(raw, str):
            raw = raw.encode()
        return self.forge.name(self.id_of(folder), raw)

    def entry(self, folder, raw):
        c9r = self.c9r(folder, raw)
        return c9r if len(c9r) <= 220 else self.forge.short(c9r)

    def node(self, path):
        folder, _, name = path.rpartition("/")
        return f"{self.content(folder)}/{self.entry(folder, name)}"

    def type_file(self, path):
        """The content file, dir.c9r or symlink.c9r of a node."""
        node = self.node(path)
        for name in ("dir.c9r", "symlink.c9r", "contents.c9r"):
            if os.path.lexists(f"{node}/{name}"):
                return f"{node}/{name}"
        return node

    # What is made or changed.

    def new_id(self, number):
        return b"00000000-0000-4000-8000-%012d" % number

    def make_content(self, directory_id):
        content = self.content_of(directory_id)
        os.makedirs(content)
        write(content + "/dirid.c9r", self.forge.seal(directory_id))
        return content

    def make_node(self, folder, raw, kind, data):
        """A node of `kind` (dir, symlink, contents) with that type file."""
        c9r = self.c9r(folder, raw)
        node = f"{self.content(folder)}/{self.entry(folder, raw)}"
        if kind == "contents" and not node.endswith(".c9s"):
            write(node, data)
            return node
        os.mkdir(node)
        if node.endswith(".c9s"):
            write(node + "/name.c9s", c9r.encode())
        write(f"{node}/{kind}.c9r", data)
        return node

    def rename_entry(self, path, entry):
        node = self.node(path)
        os.rename(node, f"{os.path.dirname(node)}/{entry}")

    def rename_to_raw(self, path, raw):
        """The node gets the encryption of `raw` as its name."""
        folder = path.rpartition("/")[0]
        self.rename_entry(path, self.c9r(folder, raw))


def read_bytes(path):
    with open(path, "rb") as file:
        return file.read()


def flip(path, offset):
    data = bytearray(read_bytes(path))
    data[offset] ^= 0x10
    write(path, bytes(data))


def replace(path, make, *arguments):
    """What is at `path` makes way for what `make` puts there."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)
    make(*arguments)


def _blocks_of(path):
    """A file as ("file", size, hash), or which of its blocks cannot be read."""
    size = os.stat(path).st_size
    digest, bad = hashlib.sha256(), []
    descriptor = os.open(path, os.O_RDONLY)
    try:
        for number in range((size + BLOCK - 1) // BLOCK):
            try:
                digest.update(os.pread(descriptor, BLOCK, number * BLOCK))
            except OSError as error:
                bad.append(f"{errno.errorcode[error.errno]} {number}")
    finally:
        os.close(descriptor)
    if bad:
        return f"size {size}, " + ", ".join(bad)
    return ("file", size, digest.hexdigest())


def _look(path):
    info = os.lstat(path)
    if stat.S_ISLNK(info.st_mode):
        return ("link", os.readlink(path))
    if stat.S_ISDIR(info.st_mode):
        os.listdir(path)
        return ("dir",)
    return _blocks_of(path)


# Names that a repair makes of a node's kind and entry, or of a hash.
_MADE_NAME = re.compile(r"\b(file|folder|link)-.{8}(?=/|$)")
_HASH = re.compile(r"\b[A-Z2-7]{32}(?=/|$)")


def observe(root):
    """{path: what a user meets there}: ("dir",), ("file", size, sha256),
    ("link", target), or text: the errno of looking at it, or what of it cannot
    be read. Names that depend on chance are replaced: file-#, #."""
    seen, done = {}, set()

    def walk(folder):
        for name in os.listdir(f"{root}/{folder}"):
            path = f"{folder}/{name}".lstrip("/")
            key = _HASH.sub("#", _MADE_NAME.sub(r"\1-#", path))
            key = unicodedata.normalize("NFC", key)
            try:
                found = _look(f"{root}/{path}")
            except OSError as error:
                found = errno.errorcode[error.errno]
            # Two folders may come to one made name, two others would hide
            # each other.
            if seen.setdefault(key, found) != ("dir",) and key in done:
                raise AssertionError(f"two nodes are called {key}")
            done.add(key)
            if found == ("dir",):
                walk(path)

    walk("")
    return seen


def is_readable(value):
    return isinstance(value, tuple)
