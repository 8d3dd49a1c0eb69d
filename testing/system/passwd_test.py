"""passwd, recovery-key and the .bkup copies, by the program itself."""

import hashlib
import json
import os
import re

from casemate_system import (
    EXIT_MASTERKEY, EXIT_NOT_A_VAULT, EXIT_OTHER, EXIT_PASSWORD_EMPTY,
    EXIT_PASSWORD_UNREADABLE, EXIT_RECOVERY_KEY, EXIT_SCRYPT,
    EXIT_WRONG_PASSWORD, PASSWORD, PATIENCE, SystemTestCase, main,
    random_bytes, read, write)
from terminal import Terminal

KEY_FILE = "masterkey.cryptomator"
CONFIG = "vault.cryptomator"
NEW = "ein neues Paßwort"
DATA = random_bytes("passwd", 100000)
# testing/vectors: the key of this vault is the bytes 0 to 63, and these are
# the words that pycryptomator 1.15 writes for it.
VECTORS = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                       "../vectors/vault_format_8.json")
VECTOR_KEY = (
    "ad back bin enter gym gentle own intense van resident sin oh boot dumb "
    "debt stake flag tenure hers worship life similarly nail open pray thick "
    "shoe visual tend counter warn scenario cave cash jury grass shed league "
    "allow obvious build transfer dream normally")


def backup_name(path):
    digest = hashlib.sha256(read(path)).hexdigest()[:8].upper()
    return f"{path}.{digest}.bkup"


class PasswdCase(SystemTestCase):
    def make_full_vault(self):
        """A vault with content, and the password file of the new password."""
        vault = self.make_vault()
        with self.mount(vault) as mount:
            os.mkdir(mount.path + "/folder")
            write(mount.path + "/folder/" + "n" * 200, DATA)
        return vault

    def secret_file(self, text):
        path = self.new_path("secret")
        write(path, text.encode() + b"\n")
        os.chmod(path, 0o600)
        return path

    def passwd(self, vault, *options, **how):
        return self.casemate("passwd", vault.path, "--password-file",
                             vault.password_file, *options, **how)

    def recovery_key(self, vault):
        return self.casemate("recovery-key", "show", vault.path,
                             "--password-file", vault.password_file).stdout

    def reset(self, vault, key, *options, **how):
        return self.casemate(
            "recovery-key", "reset-password", vault.path,
            "--recovery-key-file", self.secret_file(key), "--new-password-file",
            self.secret_file(NEW), *options, **how)

    def assert_password(self, vault, password, data=DATA):
        """`password` opens the vault, whose content is whole."""
        file = self.secret_file(password)
        out = self.casemate("cat", vault.path, "/folder/" + "n" * 200,
                            "--password-file", file).stdout
        self.assertEqual(os.fsencode(out), data)

    def assert_refused(self, vault, password):
        self.casemate("ls", vault.path, "--password-file",
                      self.secret_file(password), expect=EXIT_WRONG_PASSWORD)

    def assert_backups(self, vault, count):
        """Every copy holds what its name says, and the two files have one."""
        names = [name for name in os.listdir(vault.path)
                 if name.endswith(".bkup")]
        self.assertEqual(len(names), count, names)
        for name in names:
            path = f"{vault.path}/{name}"
            file = path[:-len(".XXXXXXXX.bkup")]
            self.assertIn(os.path.basename(file), (KEY_FILE, CONFIG))
            digest = hashlib.sha256(read(path)).hexdigest()[:8].upper()
            self.assertEqual(path, f"{file}.{digest}.bkup")
        for file in (KEY_FILE, CONFIG):
            path = f"{vault.path}/{file}"
            self.assertEqual(read(backup_name(path)), read(path))
        self.assertEqual(
            [], [name for name in os.listdir(vault.path)
                 if name.startswith(".")], "a temporary file was left")


class BackupTest(PasswdCase):
    def test_init_copies_both_files_under_the_official_names(self):
        self.assert_backups(self.make_vault(), 2)

    def test_mount_and_ls_write_no_copies(self):
        vault = self.make_full_vault()
        for file in (KEY_FILE, CONFIG):
            os.unlink(backup_name(f"{vault.path}/{file}"))
        with self.mount(vault):
            pass
        self.casemate("ls", vault.path, "--password-file", vault.password_file)
        self.assertEqual(sorted(os.listdir(vault.path)),
                         ["d", KEY_FILE, CONFIG])

    def test_a_lost_vault_file_comes_back_from_its_copy(self):
        vault = self.make_full_vault()
        for file in (KEY_FILE, CONFIG):
            path = f"{vault.path}/{file}"
            copy = backup_name(path)
            os.unlink(path)
            answer = self.casemate("ls", vault.path, "--password-file",
                                   vault.password_file, expect=None)
            self.assertNotEqual(answer.returncode, 0)
            self.assertIn(".bkup", answer.stderr)
            write(path, read(copy))
            self.assert_password(vault, PASSWORD)


class PasswdTest(PasswdCase):
    def test_new_password_opens_what_the_old_one_did(self):
        vault = self.make_full_vault()
        before = vault.state()
        old_copy = backup_name(f"{vault.path}/{KEY_FILE}")
        answer = self.passwd(vault, "--new-password-file",
                             self.secret_file(NEW))
        self.assertEqual(answer.stdout, "")
        self.assertIn(os.path.basename(old_copy), answer.stderr)
        self.assertIn("old password", answer.stderr)
        self.assert_password(vault, NEW)
        self.assert_refused(vault, PASSWORD)
        self.assert_backups(vault, 3)
        after = vault.state()
        for path, state in before.items():
            if path not in (b".", KEY_FILE.encode()):
                self.assertEqual(after[path], state, path)
        # What the message and the manual warn of.
        write(f"{vault.path}/{KEY_FILE}", read(old_copy))
        self.assert_password(vault, PASSWORD)

    def test_a_mounted_vault_stays_mounted_and_takes_the_new_password(self):
        vault = self.make_full_vault()
        with self.mount(vault) as mount:
            self.passwd(vault, "--new-password-file", self.secret_file(NEW))
            write(mount.path + "/written", DATA)
            self.assertEqual(read(mount.path + "/folder/" + "n" * 200), DATA)
            mount.unmount()
            mount.wait_for_exit()
            write(vault.password_file, NEW.encode())
            mount.start()
            self.assertEqual(read(mount.path + "/written"), DATA)

    def test_both_passwords_are_typed_on_the_terminal(self):
        vault = self.make_full_vault()
        terminal = Terminal(self, "passwd", vault.path)
        terminal.answer("Password: ", PASSWORD)
        terminal.answer("New password: ", NEW)
        terminal.answer("New password again: ", NEW)
        terminal.end(0)
        for secret in (PASSWORD, NEW):
            self.assertNotIn(secret.encode(), terminal.shown)
        self.assert_password(vault, NEW)

    def test_two_new_passwords_that_differ_change_nothing(self):
        vault = self.make_full_vault()
        before = vault.state()
        terminal = Terminal(self, "passwd", vault.path)
        terminal.answer("Password: ", PASSWORD)
        terminal.answer("New password: ", NEW)
        terminal.answer("New password again: ", NEW + "x")
        said = terminal.end(EXIT_PASSWORD_UNREADABLE)
        self.assertIn("differ", said)
        self.assert_same_tree(before, vault.state(), "the vault changed")

    def test_scripts_give_both_on_one_stream_or_each_on_its_own(self):
        vault = self.make_full_vault()
        both = self.new_path("both")
        old = PASSWORD
        for number, flags in enumerate((
                ["--password-stdin", "--new-password-stdin"],
                ["--password-fd", "0", "--new-password-fd", "0"],
                ["--password-env", "OLD", "--new-password-stdin"],
                ["--password-env", "OLD", "--new-password-env", "NEW"],
                ["--password-env", "OLD", "--new-extpass", "echo $NEW"])):
            new = f"password {number}"
            shares = flags[0] != "--password-env"
            write(both, (f"{old}\n{new}\n" if shares else new).encode())
            self.run_tool("sh", "-c", 'exec "$0" passwd "$@" <' + both,
                          self.binary, vault.path, *flags,
                          environment={"OLD": old, "NEW": new})
            self.assert_password(vault, new)
            self.assert_refused(vault, old)
            old = new

    def test_what_is_refused_changes_nothing(self):
        vault = self.make_full_vault()
        before = vault.state()
        new = self.secret_file(NEW)
        wrong = self.secret_file("wrong")
        empty = self.new_path("empty")
        write(empty, b"\n")
        for code, arguments in (
                (EXIT_WRONG_PASSWORD, ["--password-file", wrong,
                                       "--new-password-file", new]),
                (EXIT_PASSWORD_EMPTY, ["--password-file", vault.password_file,
                                       "--new-password-file", empty]),
                (EXIT_PASSWORD_UNREADABLE,
                 ["--password-file", vault.password_file,
                  "--new-password-file", "/absent"])):
            self.casemate("passwd", vault.path, *arguments, expect=code)
        # The variable is the old password only.
        answer = self.casemate(
            "passwd", vault.path, expect=EXIT_PASSWORD_UNREADABLE,
            start_new_session=True, environment={"CASEMATE_PASSWORD": PASSWORD})
        self.assertIn("--new-password-file", answer.stderr)
        self.casemate("passwd", self.scratch, expect=EXIT_NOT_A_VAULT)
        self.assert_same_tree(before, vault.state(), "the vault changed")

    def test_a_taken_backup_name_keeps_the_old_password(self):
        vault = self.make_full_vault()
        copy = backup_name(f"{vault.path}/{KEY_FILE}")
        write(copy, b"something else")
        before = vault.state()
        answer = self.passwd(vault, "--new-password-file",
                             self.secret_file(NEW), expect=EXIT_OTHER)
        self.assertIn(os.path.basename(copy), answer.stderr)
        after = vault.state()
        before.pop(b"."), after.pop(b".")
        self.assert_same_tree(before, after, "the vault changed")

    def test_a_copy_that_cannot_be_made_afterwards_is_a_warning(self):
        vault = self.make_full_vault()
        copy = backup_name(f"{vault.path}/{CONFIG}")
        write(copy, b"something else")
        answer = self.passwd(vault, "--new-password-file",
                             self.secret_file(NEW))
        self.assertRegex(answer.stderr, "warning.*" + os.path.basename(copy))
        self.assertEqual(read(copy), b"something else")
        self.assert_password(vault, NEW)

    def test_a_damaged_version_mac_is_put_right_when_asked(self):
        vault = self.make_full_vault()
        path = f"{vault.path}/{KEY_FILE}"
        key_file = json.loads(read(path))
        key_file["version"] = 8
        write(path, json.dumps(key_file).encode())
        new = self.secret_file(NEW)
        self.passwd(vault, "--new-password-file", new, expect=EXIT_MASTERKEY)
        self.passwd(vault, "--new-password-file", new, "--ignore-version-mac")
        self.assert_password(vault, NEW)

    def test_root_leaves_the_file_to_the_user_whose_vault_it_is(self):
        vault = self.make_full_vault()
        path = f"{vault.path}/{KEY_FILE}"
        for name in os.listdir(vault.path):
            os.chown(f"{vault.path}/{name}", 1234, 1235)
        os.chmod(path, 0o640)
        self.passwd(vault, "--new-password-file", self.secret_file(NEW))
        for name in os.listdir(vault.path):
            status = os.stat(f"{vault.path}/{name}")
            self.assertEqual((status.st_uid, status.st_gid), (1234, 1235),
                             name)
        self.assertEqual(os.stat(path).st_mode & 0o7777, 0o640)

    def test_killed_at_any_system_call_one_of_the_passwords_opens(self):
        vault = self.make_full_vault()
        path = f"{vault.path}/{KEY_FILE}"
        original = read(path)
        copy = backup_name(path)
        new = self.secret_file(NEW)
        with_new = 0
        kills = 0
        for call in ("renameat2", "fsync", "pwrite64"):
            for number in range(1, 20):
                answer = self.run_tool(
                    "strace", "-f", "-qq", "-o", "/dev/null",
                    f"--inject={call}:signal=KILL:when={number}", self.binary,
                    "passwd", vault.path, "--password-file",
                    vault.password_file, "--new-password-file", new,
                    expect=None)
                if answer.returncode == 0:
                    break
                kills += 1
                key_file = read(path)
                if key_file == original:
                    self.assert_password(vault, PASSWORD)
                else:
                    with_new += 1
                    self.assert_password(vault, NEW)
                    self.assertEqual(read(copy), original)
                write(path, original)
            else:
                self.fail(f"passwd has no end of {call}")
            write(path, original)
        self.assertGreater(kills, 6)
        self.assertGreater(with_new, 0)


class RecoveryKeyTest(PasswdCase):
    def test_shown_key_gives_a_new_password_and_keeps_everything(self):
        vault = self.make_full_vault()
        key = self.recovery_key(vault)
        self.assertRegex(key, r"\A([a-z]+ ){43}[a-z]+\n\Z")
        before = vault.state()
        self.reset(vault, key.upper().replace(" ", "\n\t "))
        self.assert_password(vault, NEW)
        self.assert_refused(vault, PASSWORD)
        self.assert_backups(vault, 3)
        self.assertEqual(key, self.casemate(
            "recovery-key", "show", vault.path, "--password-file",
            self.secret_file(NEW)).stdout)
        after = vault.state()
        for path, state in before.items():
            if path not in (b".", KEY_FILE.encode()):
                self.assertEqual(after[path], state, path)

    def test_a_terminal_is_asked_and_warned(self):
        vault = self.make_full_vault()
        terminal = Terminal(self, "recovery-key", "show", vault.path,
                            to_terminal=True)
        terminal.answer("Password: ", PASSWORD)
        terminal.end(0)
        self.assertIn(b"warning", terminal.shown)
        key = self.recovery_key(vault)
        self.assertIn(key.strip().encode(), terminal.shown)
        terminal = Terminal(self, "recovery-key", "reset-password", vault.path)
        terminal.answer("on one line: ", key.strip())
        terminal.answer("New password: ", NEW)
        terminal.answer("New password again: ", NEW)
        terminal.end(0)
        self.assertNotIn(key.split()[20].encode() + b" ", terminal.shown)
        self.assert_password(vault, NEW)

    def test_a_pipe_gets_the_words_and_nothing_else(self):
        vault = self.make_vault()
        answer = self.casemate("recovery-key", "show", vault.path,
                               "--password-file", vault.password_file)
        self.assertEqual(answer.stderr, "")

    def test_a_key_that_is_not_the_vaults_changes_nothing(self):
        vault = self.make_full_vault()
        other = self.make_vault()
        before = vault.state()
        key = self.recovery_key(vault).split()
        swapped = key[:]
        swapped[0], swapped[1] = key[1], key[0]
        if swapped == key:
            swapped[0] = "ad" if key[0] != "ad" else "ah"
        typo = key[:6] + ["zzyzxqqq"] + key[7:]
        for words, said in ((self.recovery_key(other).split(), "another vault"),
                            (swapped, "checksum"), (key[:-1], "43 words"),
                            (typo, "position 7"), ([], "0 words")):
            answer = self.reset(vault, " ".join(words),
                                expect=EXIT_RECOVERY_KEY)
            self.assertIn(said, answer.stderr)
            self.assertNotIn("zzyzxqqq", answer.stderr)
            self.assertEqual(answer.stdout, "")
        self.assert_same_tree(before, vault.state(), "the vault changed")

    def test_no_masterkey_file_is_needed(self):
        vault = self.make_full_vault()
        key = self.recovery_key(vault)
        path = f"{vault.path}/{KEY_FILE}"
        for code, spoil in (
                (EXIT_MASTERKEY, lambda: os.unlink(path)),
                (EXIT_MASTERKEY, lambda: write(path, b"{}")),
                (EXIT_MASTERKEY, lambda: write(path, b" " * 100000)),
                (EXIT_SCRYPT, lambda: write(path, re.sub(
                    rb'(?<="scryptCostParam": )\d+', b"1073741824",
                    read(path))))):
            spoil()
            self.casemate("ls", vault.path, "--password-file",
                          vault.password_file, expect=code)
            self.reset(vault, key)
            self.assert_password(vault, NEW)

    def test_a_lost_configuration_is_to_be_restored_first(self):
        vault = self.make_full_vault()
        key = self.recovery_key(vault)
        path = f"{vault.path}/{CONFIG}"
        copy = backup_name(path)
        os.unlink(path)
        answer = self.reset(vault, key, expect=None)
        self.assertNotEqual(answer.returncode, 0)
        self.assertIn(os.path.basename(copy), answer.stderr)
        write(path, read(copy))
        self.reset(vault, key)
        self.assert_password(vault, NEW)


class OtherClientsTest(PasswdCase):
    def make_vector_vault(self):
        """The vault of testing/vectors: a known key, and cheap to guess."""
        vectors = json.loads(read(VECTORS))
        path = self.new_path("vault")
        os.makedirs(f"{path}/{vectors['dir_hash'][0]['path']}")
        write(f"{path}/{CONFIG}", vectors["jwt"][0]["token"].encode())
        masterkey = vectors["masterkey"][1]
        write(f"{path}/{KEY_FILE}",
              json.dumps(masterkey["masterkey"]).encode())
        self.assertEqual(masterkey["masterkey"]["scryptCostParam"], 1024)
        return path, self.secret_file(masterkey["password"])

    def cost(self, path):
        key_file = json.loads(read(f"{path}/{KEY_FILE}"))
        return key_file["scryptCostParam"], key_file["scryptBlockSize"]

    def test_the_words_are_those_of_other_clients(self):
        path, password = self.make_vector_vault()
        answer = self.casemate("recovery-key", "show", path,
                               "--password-file", password)
        self.assertEqual(answer.stdout, VECTOR_KEY + "\n")

    def test_a_cheap_password_becomes_a_dear_one(self):
        new = self.secret_file(NEW)
        path, password = self.make_vector_vault()
        answer = self.casemate("passwd", path, "--password-file", password,
                               "--new-password-file", new)
        self.assertIn("cheap to guess", answer.stderr)
        self.assertEqual(self.cost(path), (32768, 8))
        answer = self.casemate("ls", path, "--password-file", new)
        self.assertEqual(answer.stderr, "")

    def test_the_recovery_key_raises_the_cost_too(self):
        path, _ = self.make_vector_vault()
        self.casemate("recovery-key", "reset-password", path,
                      "--recovery-key-file", self.secret_file(VECTOR_KEY),
                      "--new-password-file", self.secret_file(NEW))
        self.assertEqual(self.cost(path), (32768, 8))


if __name__ == "__main__":
    main()
