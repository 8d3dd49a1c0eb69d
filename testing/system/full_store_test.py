"""A store that is full: errors are told, nothing that was synced is lost."""

import errno
import os

from casemate_system import (SystemTestCase, detach, main, mount_system_call,
                             random_bytes, read, write)

SIZES = (100, 5000, 20000, 30000, 33000)


class FullStoreTest(SystemTestCase):
    def setUp(self):
        super().setUp()
        self.store = self.make_mountpoint()
        mount_system_call("tmpfs", self.store, "tmpfs", 0, "size=8m")
        self.addCleanup(detach, self.store)

    def make_vault_in_store(self, combo):
        self.new_path = lambda kind: f"{self.store}/{kind}"
        vault = self.make_vault(combo=combo)
        del self.new_path
        return vault

    def fill(self):
        with open(self.store + "/fill", "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError as error:
                self.assertEqual(error.errno, errno.ENOSPC)

    def append(self, path, data):
        """The errno of write or close; 0."""
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
        try:
            os.write(descriptor, data)
        except OSError as error:
            os.close(descriptor)
            return error.errno
        try:
            os.close(descriptor)
        except OSError as error:
            return error.errno
        return 0

    def check(self, combo):
        vault = self.make_vault_in_store(combo)
        contents = {f"f{size}": random_bytes(str(size), size)
                    for size in SIZES}
        with self.mount(vault) as mount:
            for name, content in contents.items():
                write(f"{mount.path}/{name}", content)
            os.sync()
            self.fill()
            for name in contents:
                self.assertEqual(
                    self.append(f"{mount.path}/{name}", bytes(9000)),
                    errno.ENOSPC, name)
            for name, content in contents.items():
                now = read(f"{mount.path}/{name}")
                self.assertEqual(now[:len(content)], content, name)
            os.unlink(f"{mount.path}/f100")
            os.unlink(self.store + "/fill")
            write(mount.path + "/later", b"there is room again")
        with self.mount(vault) as mount:
            del contents["f100"]
            for name, content in contents.items():
                now = read(f"{mount.path}/{name}")
                self.assertEqual(now[:len(content)], content, name)
            self.assertEqual(read(mount.path + "/later"),
                             b"there is room again")

    def test_append_that_does_not_fit_takes_nothing_gcm(self):
        self.check("SIV_GCM")

    def test_append_that_does_not_fit_takes_nothing_ctrmac(self):
        self.check("SIV_CTRMAC")


if __name__ == "__main__":
    main()
