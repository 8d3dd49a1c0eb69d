"""One vault, seen by a mount and by the official library.

Both are given the same few operations, so that a test can let either do the
work: `PosixSide` on a folder, `OfficialSide` by the oracle. `Model` is what
both should then show.
"""

import hashlib
import os
import stat

from oracle import OracleError


def listing_of(root):
    """What a folder holds, in the form of Oracle.listing."""
    nodes = {}
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(folder, name)
            info = os.lstat(path)
            relative = os.path.relpath(path, root)
            if stat.S_ISLNK(info.st_mode):
                nodes[relative] = ("link", os.readlink(path))
            elif stat.S_ISDIR(info.st_mode):
                nodes[relative] = ("dir",)
            else:
                with open(path, "rb") as file:
                    data = file.read()
                nodes[relative] = ("file", info.st_size,
                                   hashlib.sha256(data).hexdigest())
    return nodes


class Model:
    """Paths without a slash at either end; contents as bytearrays."""

    def __init__(self):
        self.dirs, self.files, self.links = {""}, {}, {}

    def listing(self):
        nodes = {path: ("dir",) for path in self.dirs if path}
        nodes.update((path, ("link", target))
                     for path, target in self.links.items())
        nodes.update(
            (path, ("file", len(data), hashlib.sha256(data).hexdigest()))
            for path, data in self.files.items())
        return nodes

    def has(self, path):
        return path in self.dirs or path in self.files or path in self.links

    def is_empty(self, folder):
        return not any(path.startswith(folder + "/")
                       for kind in (self.dirs, self.files, self.links)
                       for path in kind)

    def mkdir(self, path):
        self.dirs.add(path)

    def create(self, path, data):
        self.files[path] = bytearray(data)

    def symlink(self, path, target):
        self.links[path] = target

    def write(self, path, offset, data):
        content = self.files[path]
        if offset > len(content):
            content.extend(bytes(offset - len(content)))
        content[offset:offset + len(data)] = data

    def truncate(self, path, size):
        content = self.files[path]
        del content[size:]
        content.extend(bytes(size - len(content)))

    def delete(self, path):
        self.dirs.discard(path)
        self.files.pop(path, None)
        self.links.pop(path, None)

    def rename(self, source, target):
        self.delete(target)
        moved = lambda path: target + path[len(source):] if (
            path == source or path.startswith(source + "/")) else path
        self.dirs = {moved(path) for path in self.dirs}
        self.files = {moved(path): data for path, data in self.files.items()}
        self.links = {moved(path): to for path, to in self.links.items()}


class PosixSide:
    def __init__(self, root):
        self.root = root

    def _at(self, path):
        return f"{self.root}/{path}"

    def listing(self):
        return listing_of(self.root)

    def mkdir(self, path):
        os.mkdir(self._at(path))

    def create(self, path, data):
        with open(self._at(path), "xb") as file:
            file.write(data)

    def symlink(self, path, target):
        os.symlink(target, self._at(path))

    def write(self, path, offset, data):
        with open(self._at(path), "r+b") as file:
            file.seek(offset)
            file.write(data)

    def truncate(self, path, size):
        os.truncate(self._at(path), size)

    def delete(self, path):
        at = self._at(path)
        if os.path.isdir(at) and not os.path.islink(at):
            os.rmdir(at)
        else:
            os.unlink(at)

    def rename(self, source, target):
        os.rename(self._at(source), self._at(target))


class OfficialSide:
    """The vault is open in `oracle`."""

    def __init__(self, oracle):
        self.oracle = oracle

    def listing(self):
        return self.oracle.listing()

    def mkdir(self, path):
        self.oracle.ask("mkdir", path="/" + path)

    def create(self, path, data):
        self.oracle.write("/" + path, data, new=True)

    def symlink(self, path, target):
        self.oracle.ask("symlink", path="/" + path, target=target)

    def write(self, path, offset, data):
        self.oracle.write("/" + path, data, offset)

    def truncate(self, path, size):
        self.oracle.ask("truncate", path="/" + path, size=size)

    def delete(self, path):
        self.oracle.ask("delete", path="/" + path)

    def rename(self, source, target):
        move = {"path": "/" + source, "to": "/" + target, "replace": True}
        try:
            self.oracle.ask("rename", **move)
        except OracleError as error:
            # It cannot replace a symbolic link: to the store that is a folder
            # with something in it. Its FUSE adapter passes that on.
            if error.error != "DirectoryNotEmptyException":
                raise
            self.oracle.ask("delete", path=move["to"])
            self.oracle.ask("rename", **move)
        if self.oracle.release == "oldest":
            # 2.6.9 goes on looking for what is in a folder that has replaced
            # another one where the replaced one's content was.
            self.oracle.reopen()
