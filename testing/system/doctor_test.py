"""`casemate doctor` as a user and a script meet it, on real vaults."""

import json
import os
import shutil
import threading

from casemate_system import (SystemTestCase, main, random_bytes,
                             tree_state, write)

FINDINGS = 26


class DoctorTest(SystemTestCase):
    def run_doctor(self, vault, *options, verb="doctor", expect=0):
        return self.casemate(verb, "--password-file", vault.password_file,
                             *options, vault.path, expect=expect)

    def doctor(self, vault, *options, expect=0):
        result = self.run_doctor(vault, "--json", *options, expect=expect)
        return json.loads(result.stdout)

    def classes(self, vault, *options, expect=0):
        report = self.doctor(vault, *options, expect=expect)
        return sorted((finding["class"], finding["repaired"])
                      for finding in report["findings"])

    def furnished_vault(self, combo="SIV_GCM"):
        vault = self.make_vault(combo=combo)
        with self.mount(vault) as mount:
            os.makedirs(f"{mount.path}/a/b")
            write(f"{mount.path}/a/b/f", random_bytes("f", 100_000))
            write(f"{mount.path}/{'n' * 200}", b"long")
            os.symlink("a/b", f"{mount.path}/l")
        return vault

    def test_a_healthy_vault(self):
        for combo in ("SIV_GCM", "SIV_CTRMAC"):
            vault = self.furnished_vault(combo)
            before = tree_state(vault.path)
            report = self.doctor(vault, "--content")
            self.assertEqual(report["findings"], [])
            self.assertEqual(report["directories"], 3)
            self.assertEqual(report["files"], 2)
            self.assertEqual(report["symlinks"], 1)
            self.assertEqual(
                report["bytes_authenticated"],
                vault.ciphertext_size(100_000) + vault.ciphertext_size(4)
                - 2 * vault.ciphertext_size(0))
            self.assertEqual(tree_state(vault.path), before)

    def test_text_for_people(self):
        vault = self.furnished_vault()
        text = self.run_doctor(vault).stdout
        self.assertIn("looked through 3 folders, 2 files and 1 symbolic link",
                      text)
        with open(vault.ciphertext_of(100_000), "r+b") as file:
            file.seek(1000)
            file.write(b"x")
        result = self.run_doctor(vault, "--content", verb="fsck",
                                 expect=FINDINGS)
        self.assertIn("critical: UnauthenticChunk", result.stdout)
        self.assertIn("/a/b/f", result.stdout)
        self.assertIn("counted from 0: 0", result.stdout)
        self.assertIn("the vault has problems", result.stderr)

    def test_a_vault_whose_store_is_gone(self):
        vault = self.furnished_vault()
        os.rename(f"{vault.path}/d", f"{vault.path}/lost")
        self.casemate("mount", vault.path, self.make_mountpoint(),
                      "--password-file", vault.password_file, expect=8)
        self.assertEqual(self.classes(vault, expect=FINDINGS),
                         [("RootMissing", False)])
        self.assertEqual(self.classes(vault, "--repair"),
                         [("RootMissing", True)])
        with self.mount(vault) as mount:
            self.assertEqual(os.listdir(mount.path), [])

    def test_lost_folders_come_back_with_all_they_held(self):
        vault = self.furnished_vault()
        with self.mount(vault) as mount:
            before = tree_state(f"{mount.path}/a")
        root = min((f"{vault.path}/d/{outer}/{inner}"
                    for outer in os.listdir(f"{vault.path}/d")
                    for inner in os.listdir(f"{vault.path}/d/{outer}")),
                   key=lambda path: -len(os.listdir(path)))
        for entry in os.listdir(root):
            if os.path.exists(f"{root}/{entry}/dir.c9r"):
                shutil.rmtree(f"{root}/{entry}")
        self.assertEqual(self.classes(vault, "--repair"),
                         [("OrphanContentDir", True)])
        with self.mount(vault) as mount:
            found = f"{mount.path}/LOST+FOUND"
            (lost,) = os.listdir(found)
            self.assertEqual(tree_state(f"{found}/{lost}"), before)
        self.assertEqual(self.classes(vault, "--content"), [])

    def test_repair_is_refused_while_it_is_mounted(self):
        vault = self.furnished_vault()
        with self.mount(vault):
            before = tree_state(vault.path)
            result = self.run_doctor(vault, "--repair", expect=40)
            self.assertIn("is mounted already", result.stderr)
            self.assertEqual(tree_state(vault.path), before)

    def test_no_false_alarm_from_work_in_progress(self):
        vault = self.furnished_vault()
        with self.mount(vault) as mount:
            stop = threading.Event()
            failures = []
            threads = [threading.Thread(target=self.work,
                                        args=(f"{mount.path}/w{i}", stop,
                                              failures))
                       for i in range(3)]
            for thread in threads:
                thread.start()
            try:
                reports = [self.doctor(vault, "--content") for _ in range(4)]
            finally:
                stop.set()
                for thread in threads:
                    thread.join()
            self.assertEqual(failures, [])
            for report in reports:
                self.assertEqual(report["findings"], [])
            # There was something to be seen at work.
            self.assertGreater(max(r["directories"] for r in reports), 3)

    def work(self, top, stop, failures):
        """Makes, fills, renames and removes folders until it is stopped."""
        try:
            while not stop.is_set():
                os.makedirs(f"{top}/x/{'y' * 200}")
                for number in range(5):
                    with open(f"{top}/x/f{number}", "wb") as file:
                        file.write(random_bytes(str(number), 70_000))
                        os.fsync(file.fileno())
                        file.seek(10)
                        file.write(b"in the middle")
                os.symlink("x", f"{top}/link")
                os.rename(f"{top}/x", f"{top}/{'z' * 180}")
                shutil.rmtree(top)
        except OSError as error:
            failures.append(error)

    def test_reads_as_any_other_reader(self):
        vault = self.furnished_vault()
        for path, password, code in ((vault.path, "wrong", 12),
                                     (vault.path + "/d", "wrong", 6)):
            self.casemate("doctor", path, expect=code,
                          environment={"CASEMATE_PASSWORD": password})


if __name__ == "__main__":
    main()
