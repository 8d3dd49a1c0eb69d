"""Every row of table.py: what a mount, `ls`, a reader, `doctor` and its repair
make of a damaged vault, exactly; and the official library of what is mended."""

import collections
import concurrent.futures
import json
import os
import stat
import threading
import unicodedata

from casemate_system import SystemTestCase, Vault, main
from damaged_vault import (DamagedVault, Forge, furnish, is_readable, observe)
from oracle import Oracle
from table import ROWS

FINDINGS = 26
# The doctor waits a second before it looks again: that time is others'.
AT_ONCE = 6


def remove_special_files(path):
    """The official library opens a fifo, and waits; a device, and reads it."""
    for folder, _, names in os.walk(path):
        for name in names:
            mode = os.lstat(f"{folder}/{name}").st_mode
            if not stat.S_ISREG(mode) and not stat.S_ISLNK(mode):
                os.unlink(f"{folder}/{name}")


class CorruptionsTest(SystemTestCase):
    maxDiff = 4000

    def setUp(self):
        super().setUp()
        self.oracle = Oracle(self, "newest")
        # Of the library's making, because its password is cheap to guess.
        self.healthy = self.oracle.create("SIV_GCM", 220)
        self.doctor(self.healthy, "--repair")  # writes the .bkup copies
        with self.mount(self.healthy) as mount:
            furnish(mount.path)
            self.before = observe(mount.path)
        self.forge = Forge(self, self.healthy)
        self.forging = threading.Lock()

    def damaged(self, row):
        """A copy of the healthy vault with the row's damage."""
        vault = Vault(self, f"{self.scratch}/{row.name}", "SIV_GCM")
        self.run_tool("cp", "-a", self.healthy.path, vault.path)
        self.run_tool("cp", self.healthy.password_file, vault.password_file)
        row.damage(DamagedVault(self.forge, vault.path))
        return vault

    def shown(self, vault):
        """What a mount shows; nothing is cached from before."""
        path = f"{vault.path}.mnt"
        os.makedirs(path, exist_ok=True)
        with self.mount(vault, at=path) as mount:
            return observe(mount.path)

    def differences(self, shown):
        """{path: what is there now, or None} against the healthy vault."""
        return {path: shown.get(path)
                for path in {*self.before, *shown}
                if self.before.get(path) != shown.get(path)}

    def doctor(self, vault, *options):
        """The exit code, and the classes that are not repaired; but for the
        weak password that every vault has here."""
        code, report = self.report(vault, *options)
        return code, sorted(name for name, repaired in report if not repaired)

    def report(self, vault, *options):
        """The exit code, and (class, whether it was repaired)."""
        result = self.casemate("doctor", "--json", "--content", *options,
                               "--password-file", vault.password_file,
                               vault.path, expect=None)
        findings = json.loads(result.stdout or '{"findings": []}')["findings"]
        return result.returncode, [
            (finding["class"], finding["repaired"]) for finding in findings
            if finding["class"] != "WeakKdf"]

    def list_of_ls(self, vault):
        result = self.casemate("ls", "--password-file", vault.password_file,
                               vault.path, expect=None)
        return result.returncode, sorted(
            unicodedata.normalize("NFC", result.stdout).splitlines())

    def check_unmountable(self, row, vault):
        self.casemate("mount", "--password-file", vault.password_file,
                      vault.path, self.healthy.path + ".mnt",
                      expect=row.mount)
        self.assertEqual(self.list_of_ls(vault), (row.mount, []))
        code = row.mount if row.doctor is None else row.doctor
        self.assertEqual(self.doctor(vault), (code, sorted(row.found)))
        code = row.mount if row.doctor is None else 0
        self.assertEqual(self.doctor(vault, "--repair"), (code, row.left))

    def check_mountable(self, row, vault):
        shown = self.shown(vault)
        self.assertEqual(self.differences(shown), row.shows, "shown")
        self.assertEqual(
            self.list_of_ls(vault),
            (0, sorted(path for path in shown if "/" not in path)))
        self.assertEqual(
            self.doctor(vault),
            (FINDINGS if row.has_problems(row.found) else 0,
             sorted(row.found)), "found")
        code, report = self.report(vault, "--repair")
        mended = collections.Counter(row.found)
        mended.subtract(row.left)
        mended.subtract(row.gone)
        self.assertEqual(
            (code, sorted(report)),
            (FINDINGS if row.has_problems(row.left) else 0,
             sorted([(name, False) for name in row.left]
                    + [(name, True) for name in mended.elements()])), "left")
        self.assertEqual(self.doctor(vault), (code, sorted(row.left)))
        after = self.shown(vault)
        self.assertEqual(self.differences(after), row.mended, "mended")
        for path, value in shown.items():
            if is_readable(value):
                self.assertEqual(after.get(path), value, path)
        return shown

    def check(self, row):
        """(vault, what could be read in it before the repair)."""
        with self.forging:
            vault = self.damaged(row)
        if not row.mount:
            return vault, self.check_mountable(row, vault)
        self.check_unmountable(row, vault)
        if row.doctor is None:
            return None
        self.assertEqual(self.differences(self.shown(vault)), row.mended)
        return vault, {}

    def test_every_row(self):
        self.assertGreaterEqual(len(ROWS), 60)
        self.assertEqual(len({row.name for row in ROWS}), len(ROWS))
        os.mkdir(self.healthy.path + ".mnt")
        repaired = {}
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            running = {row.name: pool.submit(self.check, row) for row in ROWS}
            for name, result in running.items():
                with self.subTest(corruption=name):
                    checked = result.result()
                    if checked:
                        repaired[name] = checked
        for row in ROWS:
            if row.name in repaired:
                with self.subTest(corruption=row.name, judge="official"):
                    self.judge(row, *repaired[row.name])

    def judge(self, row, vault, readable):
        """The official library sees every file that could be read before."""
        remove_special_files(vault.path)
        with self.oracle.opened(vault):
            official = self.oracle.listing()
        for path, value in readable.items():
            if is_readable(value) and path not in row.not_official:
                self.assertEqual(official.get(path), value, path)
        for path in row.not_official:
            self.assertNotEqual(official.get(path), readable.get(path),
                                "no exception is needed any more")


if __name__ == "__main__":
    main()
