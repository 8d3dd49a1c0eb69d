"""What is wrong is refused: by name, with the promised exit status, and
without a byte of the vault changed."""

import base64
import json
import os
import re
import shutil
import time

from casemate_system import (
    CHUNK, EXIT_ALREADY_MOUNTED, EXIT_CONFIG, EXIT_CONTENT_DAMAGED,
    EXIT_INIT, EXIT_MASTERKEY, EXIT_METRICS_ADDRESS, EXIT_MOUNTPOINT,
    EXIT_NOT_A_VAULT, EXIT_PASSWORD_EMPTY, EXIT_PASSWORD_UNREADABLE,
    EXIT_SCRYPT, EXIT_UNSUPPORTED, EXIT_USAGE, EXIT_WRONG_PASSWORD,
    SystemTestCase, free_port, is_mounted, main, random_bytes, read, write)

CANARY = b"still here\n"


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def unbase64url(text):
    return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))


class RefusalCase(SystemTestCase):
    def setUp(self):
        super().setUp()
        self.vault = self.make_vault()
        self.config = self.vault.path + "/vault.cryptomator"
        self.masterkey = self.vault.path + "/masterkey.cryptomator"
        with self.mount(self.vault) as mount:
            write(mount.path + "/canary", CANARY)
        self.mountpoint = self.make_mountpoint()

    def refuses(self, status, message, *options, vault=None,
                mountpoint=None, password_file=None):
        """Mounting ends with `status` and a short message that matches, in
        seconds, and leaves neither a mount nor a change in the vault."""
        before = self.vault.state()
        begin = time.monotonic()
        mountpoint = mountpoint or self.mountpoint
        answer = self.casemate(
            "mount", vault or self.vault.path, mountpoint, "--password-file",
            password_file or self.vault.password_file, *options,
            expect=status, patience=20)
        self.assertLess(time.monotonic() - begin, 10)
        self.assertRegex(answer.stderr, re.compile(message, re.I))
        self.assertLessEqual(len(answer.stderr.splitlines()), 5,
                             answer.stderr)
        self.assertFalse(is_mounted(mountpoint))
        self.assert_same_tree(before, self.vault.state(), "the vault changed")

    def opens_again(self):
        with self.mount(self.vault, at=self.mountpoint) as mount:
            self.assertEqual(read(mount.path + "/canary"), CANARY)

    def refuses_damage(self, status, message, path, damaged):
        """As refuses, with `damaged` as content of `path` (None: absent)."""
        good = read(path)
        times = os.stat(path)
        if damaged is None:
            os.unlink(path)
        else:
            self.assertNotEqual(good, damaged)
            write(path, damaged)
        self.refuses(status, message)
        write(path, good)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        self.opens_again()


class PasswordTest(RefusalCase):
    def password_file(self, content):
        path = self.new_path("password")
        write(path, content)
        os.chmod(path, 0o600)
        return path

    def test_wrong_password_is_refused(self):
        good = read(self.vault.password_file).rstrip(b"\n")
        for wrong in (b"wrong", good + b" ", good.upper(), good[:-1]):
            self.refuses(EXIT_WRONG_PASSWORD, "password",
                         password_file=self.password_file(wrong))
        self.opens_again()

    def test_only_one_newline_at_the_end_is_not_part_of_the_password(self):
        good = read(self.vault.password_file).rstrip(b"\n")
        self.refuses(EXIT_WRONG_PASSWORD, "password",
                     password_file=self.password_file(b"\n" + good))
        with self.mount(self.vault) as mount:
            mount.unmount()
            mount.wait_for_exit()
            self.casemate(
                "mount", self.vault.path, mount.path, "--password-file",
                self.password_file(good))
            self.casemate("unmount", mount.path)

    def test_empty_or_absent_or_undecodable_password_is_refused(self):
        self.refuses(EXIT_PASSWORD_EMPTY, "password",
                     password_file=self.password_file(b""))
        self.refuses(EXIT_PASSWORD_EMPTY, "password",
                     password_file=self.password_file(b"\n"))
        self.refuses(EXIT_PASSWORD_UNREADABLE, "password",
                     password_file=self.scratch + "/absent")
        self.refuses(EXIT_PASSWORD_UNREADABLE, "password",
                     password_file=self.password_file(b"\xff\xfe"))
        self.opens_again()

    def test_password_in_another_unicode_form_opens(self):
        vault = self.make_vault()
        shutil.rmtree(vault.path)
        composed = self.password_file("pässword".encode())
        decomposed = self.password_file("pa\u0308ssword".encode())
        self.casemate("init", vault.path, "--password-file", decomposed)
        vault.password_file = composed
        with self.mount(vault):
            pass


class DamagedConfigTest(RefusalCase):
    def parts(self):
        return read(self.config).split(b".")

    def edited(self, part, change):
        """The token with one JSON part changed; its signature as it was."""
        parts = self.parts()
        fields = json.loads(unbase64url(parts[part]))
        change(fields)
        parts[part] = base64url(json.dumps(fields).encode())
        return b".".join(parts)

    def test_damaged_config_is_refused(self):
        header, claims, signature = self.parts()
        flipped = bytearray(unbase64url(signature))
        flipped[7] ^= 1
        for damaged in (
                b"", b"not a token", header + b"." + claims,
                header + b"." + claims + b".",
                header + b"." + claims + b"." + base64url(bytes(flipped)),
                b"A" * 100000,
                b".".join([header, claims, signature, signature])):
            with self.subTest(damaged=damaged[-20:]):
                self.refuses_damage(EXIT_CONFIG, "vault.cryptomator|config",
                                    self.config, damaged)

    def test_unsigned_and_altered_tokens_are_refused(self):
        unsigned = self.edited(0, lambda f: f.update(alg="none")).split(b".")
        for damaged in (
                b".".join(unsigned), b".".join(unsigned[:2]) + b".",
                self.edited(1, lambda f: f.update(shorteningThreshold=36)),
                self.edited(1, lambda f: f.update(cipherCombo="SIV_CTRMAC"))):
            with self.subTest(damaged=damaged):
                self.refuses_damage(EXIT_CONFIG, "vault.cryptomator|config",
                                    self.config, damaged)

    def test_vaults_of_another_kind_are_refused_as_such(self):
        for damaged in (
                self.edited(1, lambda f: f.update(format=7)),
                self.edited(0, lambda f: f.update(
                    kid="hub+https://example.org/vault"))):
            with self.subTest(damaged=damaged):
                self.refuses_damage(EXIT_UNSUPPORTED, "support|format",
                                    self.config, damaged)

    def test_masterkey_path_from_the_config_does_not_leave_the_vault(self):
        # None of these files exists: a program that looked for one would end
        # with EXIT_MASTERKEY.
        for name in ("../absent.cryptomator", "/absent.cryptomator",
                     "d/absent.cryptomator", "..", ".", ""):
            with self.subTest(name=name):
                self.refuses_damage(
                    EXIT_CONFIG, "vault.cryptomator|config", self.config,
                    self.edited(0, lambda f: f.update(
                        kid="masterkeyfile:" + name)))

    def test_directory_without_the_files_of_a_vault_is_refused(self):
        self.refuses(EXIT_NOT_A_VAULT, "vault", vault=self.make_mountpoint())
        self.refuses(EXIT_NOT_A_VAULT, "vault|no such",
                     vault=self.scratch + "/absent")
        # What a vault of format 7 or older looks like.
        self.refuses_damage(EXIT_UNSUPPORTED, "vault.cryptomator",
                            self.config, None)
        os.rename(self.vault.path + "/d", self.vault.path + "/e")
        self.refuses(EXIT_CONFIG, "folder d")
        os.rename(self.vault.path + "/e", self.vault.path + "/d")
        self.opens_again()


class DamagedMasterkeyTest(RefusalCase):
    def edited(self, **fields):
        content = json.loads(read(self.masterkey))
        content.update(fields)
        return json.dumps({key: value for key, value in content.items()
                           if value is not None}).encode()

    def test_damaged_masterkey_file_is_refused(self):
        good = json.loads(read(self.masterkey))
        for damaged in (
                b"", b"{", b"[]", b"\0" * 500, b" " * 100000,
                read(self.masterkey)[:-20],
                self.edited(scryptSalt=None), self.edited(scryptSalt="***"),
                self.edited(primaryMasterKey=None),
                self.edited(primaryMasterKey=good["primaryMasterKey"][:20]),
                self.edited(hmacMasterKey=17),
                self.edited(versionMac=None),
                self.edited(versionMac=base64.b64encode(bytes(32)).decode())):
            with self.subTest(damaged=damaged[:60]):
                self.refuses_damage(EXIT_MASTERKEY, "masterkey",
                                    self.masterkey, damaged)

    def test_absent_masterkey_file_is_refused(self):
        self.refuses_damage(EXIT_MASTERKEY, "masterkey", self.masterkey, None)

    def test_damaged_key_is_a_wrong_password(self):
        good = json.loads(read(self.masterkey))
        wrapped = bytearray(base64.b64decode(good["primaryMasterKey"]))
        wrapped[20] ^= 4
        self.refuses_damage(
            EXIT_WRONG_PASSWORD, "password", self.masterkey,
            self.edited(primaryMasterKey=base64.b64encode(wrapped).decode()))

    def test_hostile_scrypt_parameters_cost_neither_time_nor_memory(self):
        for fields in (
                {"scryptCostParam": 1 << 30}, {"scryptCostParam": 1 << 62},
                {"scryptCostParam": 3}, {"scryptCostParam": 0},
                {"scryptCostParam": 1}, {"scryptCostParam": -32768},
                {"scryptCostParam": 1 << 21}, {"scryptBlockSize": 0},
                {"scryptBlockSize": 1 << 20}, {"scryptBlockSize": -8},
                {"scryptCostParam": 1 << 20, "scryptBlockSize": 32}):
            with self.subTest(**fields):
                self.refuses_damage(EXIT_SCRYPT, "scrypt", self.masterkey,
                                    self.edited(**fields))


class MountpointTest(RefusalCase):
    def test_mountpoint_inside_the_vault_is_refused(self):
        vault = self.make_vault()
        os.mkdir(vault.path + "/clear")
        for mountpoint in (vault.path, vault.path + "/clear"):
            answer = self.casemate(
                "mount", vault.path, mountpoint, "--nonempty",
                "--password-file", vault.password_file,
                expect=EXIT_MOUNTPOINT)
            self.assertIn("inside the vault", answer.stderr)

    def test_unusable_mountpoint_is_refused(self):
        full = self.make_mountpoint()
        write(full + "/file", b"mine")
        file = self.new_path("file")
        write(file, b"a file")
        for mountpoint, message in (
                (self.scratch + "/absent", "no such|not exist|absent"),
                (full, "empty"), (file, "director")):
            with self.subTest(message=message):
                self.refuses(EXIT_MOUNTPOINT, message, mountpoint=mountpoint)
        self.assertEqual(read(full + "/file"), b"mine")
        self.opens_again()

    def test_mountpoint_in_use_is_refused(self):
        with self.mount(self.vault) as mount:
            other = self.make_vault()
            self.casemate("mount", other.path, mount.path, "--password-file",
                          other.password_file, expect=EXIT_MOUNTPOINT)
            self.assertEqual(read(mount.path + "/canary"), CANARY)

    def test_vault_that_is_mounted_already_is_refused(self):
        with self.mount(self.vault) as mount:
            self.refuses(EXIT_ALREADY_MOUNTED, "mounted")
            link = self.new_path("link")
            os.symlink(self.vault.path, link)
            self.refuses(EXIT_ALREADY_MOUNTED, "mounted", vault=link)
            self.assertEqual(read(mount.path + "/canary"), CANARY)
        self.opens_again()


class CommandLineTest(RefusalCase):
    def test_unknown_and_impossible_options_are_refused(self):
        for options in (("--no-such-flag",), ("-o", "no_such_option"),
                        ("-o", "roo"), ("--umask", "999"), ("--uid", "me")):
            with self.subTest(options=options):
                self.refuses(EXIT_USAGE, ".", *options)
        self.opens_again()

    def test_taken_metrics_address_is_refused(self):
        with self.mount(self.make_vault(), metrics=True) as other:
            self.refuses(EXIT_METRICS_ADDRESS, "metrics|address|listen",
                         "--metrics-listen", f"127.0.0.1:{other.port}")
        self.refuses(EXIT_METRICS_ADDRESS, "metrics|address|listen",
                     "--metrics-listen", f"203.0.113.1:{free_port()}")
        self.opens_again()

    def test_init_does_not_touch_what_is_there(self):
        before = self.vault.state()
        folder = self.new_path("folder")
        os.mkdir(folder)
        write(folder + "/mine", b"mine")
        for path in (self.vault.path, folder, folder + "/mine"):
            with self.subTest(path=path):
                self.casemate("init", path, "--password-file",
                              self.vault.password_file, expect=EXIT_INIT)
        self.assertEqual(os.listdir(folder), ["mine"])
        self.assertEqual(read(folder + "/mine"), b"mine")
        self.assert_same_tree(before, self.vault.state(), "the vault changed")
        self.opens_again()


class DamagedContentTest(SystemTestCase):
    SIZE = 6 * CHUNK + 100

    def damaged_at(self, vault, content, position):
        """Mounts after a bit of the one file's ciphertext was flipped, with
        metrics; the caller uses it as context manager."""
        with self.mount(vault) as mount:
            write(mount.path + "/file", content)
            write(mount.path + "/other", b"other")
        self.flip(vault, position)
        return self.mount(vault, metrics=True)

    def flip(self, vault, position):
        with open(vault.ciphertext_of(self.SIZE), "r+b") as file:
            file.seek(position)
            byte = file.read(1)
            file.seek(position)
            file.write(bytes([byte[0] ^ 0x10]))

    def failures(self, mount, kind):
        return mount.metric("casemate_auth_failures_total", object=kind)

    def check_damaged_chunk(self, combo, place):
        vault = self.make_vault(combo=combo)
        content = random_bytes(("damage", combo), self.SIZE)
        position = vault.chunk_offset(2) + place
        with self.damaged_at(vault, content, position) as mount:
            path = mount.path + "/file"
            self.assertEqual(self.failures(mount, "chunk"), 0)
            self.assertEqual(os.stat(path).st_size, self.SIZE)
            self.check_only_chunk_fails(path, 2, content)
            self.assertGreaterEqual(self.failures(mount, "chunk"), 1)
            self.assertEqual(self.failures(mount, "header"), 0)
            self.assert_errno(5, read, path)
            self.assertEqual(read(mount.path + "/other"), b"other")
        before = vault.state()
        answer = self.casemate("cat", vault.path, "/file", "--password-file",
                               vault.password_file,
                               expect=EXIT_CONTENT_DAMAGED)
        self.assertTrue(answer.stderr)
        self.assert_same_tree(before, vault.state(), "the vault changed")
        self.flip(vault, position)
        with self.mount(vault) as mount:
            self.assertEqual(read(mount.path + "/file"), content)

    def check_only_chunk_fails(self, path, bad, content):
        """Reads chunk by chunk, forwards and backwards, and by 4 KiB."""
        chunks = range(-(-self.SIZE // CHUNK))
        for size in (CHUNK, 4096):
            for order in (chunks, reversed(chunks)):
                with open(path, "rb", buffering=0) as file:
                    for chunk in order:
                        offset = chunk * CHUNK
                        if chunk == bad:
                            self.assert_errno(5, os.pread, file.fileno(),
                                              size, offset)
                            continue
                        self.assertEqual(
                            os.pread(file.fileno(), size, offset),
                            content[offset:offset + size],
                            f"chunk {chunk}, {size} bytes")

    def test_flipped_bit_of_a_chunk_costs_that_chunk_alone(self):
        for place in (0, 1000, CHUNK + 27):  # nonce, content, tag
            with self.subTest(place=place):
                self.check_damaged_chunk("SIV_GCM", place)

    def test_flipped_bit_of_a_ctrmac_chunk_costs_that_chunk_alone(self):
        for place in (0, 1000, CHUNK + 47):
            with self.subTest(place=place):
                self.check_damaged_chunk("SIV_CTRMAC", place)

    def test_damaged_chunk_can_be_overwritten_and_reads_again(self):
        vault = self.make_vault()
        content = random_bytes("overwritten", self.SIZE)
        position = vault.chunk_offset(2) + 500
        with self.damaged_at(vault, content, position) as mount:
            path = mount.path + "/file"
            with open(path, "r+b", buffering=0) as file:
                # A part of the chunk needs the rest, which is lost.
                with self.assertRaises(OSError):
                    os.pwrite(file.fileno(), b"x", 2 * CHUNK + 5)
                    os.fsync(file.fileno())
            with open(path, "r+b", buffering=0) as file:
                os.pwrite(file.fileno(), content[2 * CHUNK:3 * CHUNK],
                          2 * CHUNK)
                os.fsync(file.fileno())
            mount.remount()
            self.assertEqual(read(path), content)

    def test_flipped_bit_of_a_header_costs_that_file_alone(self):
        vault = self.make_vault()
        content = random_bytes("header", self.SIZE)
        with self.damaged_at(vault, content, 20) as mount:
            self.assert_errno(5, read, mount.path + "/file")
            self.assertGreaterEqual(self.failures(mount, "header"), 1)
            self.assertEqual(read(mount.path + "/other"), b"other")
            self.assertEqual(sorted(os.listdir(mount.path)),
                             ["file", "other"])
        self.flip(vault, 20)
        with self.mount(vault) as mount:
            self.assertEqual(read(mount.path + "/file"), content)

    def test_chunks_that_changed_places_are_not_read(self):
        vault = self.make_vault()
        content = random_bytes("swapped", self.SIZE)
        with self.damaged_at(vault, content, 20) as mount:
            mount.unmount()
            mount.wait_for_exit()
            self.flip(vault, 20)
            path = vault.ciphertext_of(self.SIZE)
            sealed = bytearray(read(path))
            one, two, three = (vault.chunk_offset(n) for n in (1, 2, 3))
            sealed[one:three] = sealed[two:three] + sealed[one:two]
            write(path, sealed)
            mount.start()
            with open(mount.path + "/file", "rb", buffering=0) as file:
                for bad in (1, 2):
                    self.assert_errno(5, os.pread, file.fileno(), CHUNK,
                                      bad * CHUNK)
                for good in (0, 3, 4, 5):
                    start = good * CHUNK
                    self.assertEqual(os.pread(file.fileno(), CHUNK, start),
                                     content[start:start + CHUNK])

    def test_file_cut_inside_a_chunk_keeps_its_whole_chunks(self):
        vault = self.make_vault()
        content = random_bytes("cut", self.SIZE)
        with self.mount(vault) as mount:
            write(mount.path + "/file", content)
        os.truncate(vault.ciphertext_of(self.SIZE),
                    vault.chunk_offset(4) + 1000)
        with self.mount(vault) as mount:
            path = mount.path + "/file"
            with open(path, "rb", buffering=0) as file:
                for chunk in range(4):
                    start = chunk * CHUNK
                    self.assertEqual(os.pread(file.fileno(), CHUNK, start),
                                     content[start:start + CHUNK])
                self.assert_errno(5, os.pread, file.fileno(), CHUNK,
                                  4 * CHUNK)


if __name__ == "__main__":
    main()
