"""What one side writes, the other reads: the official library and a mount."""

import os
import unicodedata

from both_sides import Model, OfficialSide, PosixSide
from casemate_system import SystemTestCase, main, random_bytes, write
from oracle import RELEASES, Oracle

# Each release with both ciphers and both thresholds; all four pairs together.
KINDS = {"oldest": (("SIV_GCM", 220), ("SIV_CTRMAC", 36)),
         "newest": (("SIV_GCM", 36), ("SIV_CTRMAC", 220))}
# Around each change of the layout: section 6 of the format.
SIZES = (0, 1, 100, 32767, 32768, 32769, 65535, 65536, 65537, 200_000)
# The library takes longer names than the kernel; both take these.
NAME_SIZES = tuple(range(1, 256))


def names_of_every_size():
    """Of 1 to 255 bytes; every third of them not only of ASCII."""
    names = []
    for size in NAME_SIZES:
        tail = "ä€😀"[size % 3] if size % 3 == 0 and size > 8 else ""
        body = size - len(tail.encode())
        names.append(str(size)[:body].rjust(body, "n") + tail)
    return names


def furnish(side):
    """Makes the same tree on any side."""
    side.mkdir("sizes")
    for size in SIZES:
        side.create(f"sizes/{size}", random_bytes(size, size))
    side.mkdir("names")
    for name in names_of_every_size():
        side.create(f"names/{name}", name.encode())
    for size in (7, 8, 9, 146, 147, 255):
        side.mkdir(f"names/{'d' * size}")
        side.create(f"names/{'d' * size}/inside", b"x")
        side.symlink(f"names/{'l' * size}", f"names/{'n' * size}")
    side.mkdir("deep")
    for depth in range(1, 12):
        side.mkdir("deep" + "/deeper" * depth)
    side.create("deep" + "/deeper" * 11 + "/bottom", b"bottom")
    side.mkdir("unicode")
    for text in ("ä", "Å", "한글", "😀", "a\u0323\u0307", " ", "\\", "*?\"<>|:",
                 "new\nline", "..a", "a.", "-"):
        nfc = unicodedata.normalize("NFC", text)
        side.create(f"unicode/{nfc}", nfc.encode())
    side.symlink("dangling", "nowhere/at all")
    side.symlink("absolute", "/etc/hostname")
    side.symlink("long target", "t/" * 1000 + "t")


class DirectionsTest(SystemTestCase):
    maxDiff = 2000

    def each_vault(self):
        for release in RELEASES:
            oracle = Oracle(self, release)
            for combo, threshold in KINDS[release]:
                with self.subTest(release=release, combo=combo,
                                  threshold=threshold):
                    yield oracle, combo, threshold

    def expected(self):
        model = Model()
        furnish(model)
        return model.listing()

    def test_the_mount_shows_what_the_library_wrote(self):
        for oracle, combo, threshold in self.each_vault():
            vault = oracle.create(combo, threshold)
            with oracle.opened(vault):
                furnish(OfficialSide(oracle))
                self.assertEqual(oracle.listing(), self.expected())
            with self.mount(vault, "--ro") as mount:
                self.assertEqual(PosixSide(mount.path).listing(),
                                 self.expected())

    def test_the_library_shows_what_a_mount_wrote(self):
        for oracle, combo, threshold in self.each_vault():
            vault = self.make_vault("--shortening-threshold", str(threshold),
                                    combo=combo)
            with self.mount(vault) as mount:
                furnish(PosixSide(mount.path))
            with oracle.opened(vault):
                self.assertEqual(oracle.listing(), self.expected())
            self.assertEqual(oracle.health(vault), [])

    def test_the_library_opens_a_vault_with_a_new_password(self):
        for oracle, combo, threshold in self.each_vault():
            vault = oracle.create(combo, threshold)
            new = "ein neues Paßwort"
            write(vault.password_file + ".new", new.encode())
            self.casemate("passwd", "--password-file", vault.password_file,
                          "--new-password-file", vault.password_file + ".new",
                          vault.path)
            with oracle.opened(vault, password=new):
                self.assertEqual(oracle.listing(), {})

    def test_names_in_nfd_are_shown_and_kept(self):
        """No current client makes them, but old ones did: the library lists
        them and cannot open them, a mount does both."""
        vault = self.make_vault()
        nfd = unicodedata.normalize("NFD", "ä")
        with self.mount(vault) as mount:
            write(f"{mount.path}/{nfd}", b"made by its NFD")
            self.assertEqual(os.listdir(mount.path), ["ä"])
        with Oracle(self, "newest").opened(vault) as oracle:
            self.assertEqual(list(oracle.listing()), ["ä"])

    def test_in_use_marks_are_ignored_and_kept(self):
        vault = self.make_vault()
        with self.mount(vault) as mount:
            os.mkdir(mount.path + "/folder")
            write(mount.path + "/folder/file", b"data")
            write(f"{mount.path}/folder/{'n' * 200}", b"data")
        marks = []
        for folder, _, names in os.walk(vault.path + "/d"):
            for name in names:
                if name.endswith(".c9r") and name not in (
                        "dir.c9r", "dirid.c9r"):
                    marks.append(f"{folder}/{name[:-1]}u")
                    write(marks[-1], b'{"owner": "somebody"}')
        self.assertEqual(len(marks), 2)
        with self.mount(vault) as mount:
            self.assertEqual(sorted(os.listdir(mount.path + "/folder")),
                             ["file", "n" * 200])
            write(mount.path + "/folder/file", b"changed")
            os.rename(mount.path + "/folder/file", mount.path + "/folder/g")
        for mark in marks:
            self.assertTrue(os.path.exists(mark), mark)
        self.casemate("doctor", "--repair", "--password-file",
                      vault.password_file, vault.path)
        for mark in marks:
            self.assertTrue(os.path.exists(mark), mark)


if __name__ == "__main__":
    main()
