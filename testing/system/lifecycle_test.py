"""Mounting, unmounting and every way in which a daemon ends."""

import contextlib
import errno
import fcntl
import json
import os
import pty
import signal
import subprocess
import termios
import time

from casemate_system import (CHUNK, EXIT_BUSY, EXIT_NO_SUCH_PATH,
                             EXIT_MOUNTPOINT, EXIT_NOT_MOUNTED, PATIENCE,
                             SystemTestCase, errno_of, is_mounted, main,
                             process_status, random_bytes, read, wait_for,
                             write)

DATA = random_bytes("lifecycle", 3 * CHUNK + 77)


@contextlib.contextmanager
def doomed_file(path):
    """A new file whose mount ends while it is open: close fails then."""
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY)
    try:
        yield descriptor
    finally:
        with contextlib.suppress(OSError):
            os.close(descriptor)


class DaemonTest(SystemTestCase):
    def test_mount_returns_when_it_answers_and_not_before(self):
        vault = self.make_vault()
        with self.mount(vault) as mount:
            # No waiting here: the first look has to succeed.
            self.assertEqual(os.listdir(mount.path), [])
            self.assertTrue(is_mounted(mount.path))

    def test_daemon_keeps_nothing_of_its_caller(self):
        inherited, kept = os.pipe()
        self.addCleanup(os.close, inherited)
        mount = self.mount(self.make_vault())
        # run_tool reads both streams to their end: a daemon that kept them
        # would make this hang.
        self.run_tool(None, *mount.arguments(), cwd=self.make_mountpoint(),
                      pass_fds=[kept], environment=mount.environment)
        os.close(kept)
        os.set_blocking(inherited, False)
        self.assertEqual(os.read(inherited, 1), b"", "a pipe was kept open")
        self.check_detached(mount.pid)
        mount.unmount()
        mount.wait_for_exit()

    def check_detached(self, pid):
        for name in ("0", "1", "2"):
            self.assertNotRegex(os.readlink(f"/proc/{pid}/fd/{name}"),
                                "pts|tty|pipe")
        self.assertNotEqual(os.getsid(pid), os.getsid(0))
        self.assertEqual(os.readlink(f"/proc/{pid}/cwd"), "/")
        fields = read(f"/proc/{pid}/stat").decode().rpartition(")")[2].split()
        self.assertEqual(fields[4], "0", "a controlling terminal")

    def test_daemon_outlives_the_terminal_it_was_started_from(self):
        mount = self.mount(self.make_vault())
        terminal, end = pty.openpty()
        shell = subprocess.Popen(
            [self.binary, *mount.arguments()], stdin=end, stdout=end,
            stderr=end, cwd="/", start_new_session=True,
            env={**self.environment, **mount.environment},
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.assertEqual(shell.wait(PATIENCE), 0)
        os.close(end)
        os.close(terminal)
        self.check_detached(mount.pid)
        write(mount.path + "/file", DATA)
        self.assertEqual(read(mount.path + "/file"), DATA)
        mount.unmount()
        mount.wait_for_exit()

    def test_keys_are_locked_in_memory(self):
        with self.mount(self.make_vault()) as mount:
            locked = int(process_status(mount.pid, "VmLck").split()[0])
            self.assertGreater(locked, 0)

    def test_password_is_nowhere_in_the_process_table(self):
        vault = self.make_vault()
        secret = read(vault.password_file).strip()
        mountpoint = self.make_mountpoint()
        self.casemate("mount", vault.path, mountpoint,
                      environment={"CASEMATE_PASSWORD": secret.decode()})
        with contextlib.ExitStack() as stack:
            stack.callback(self.casemate, "unmount", mountpoint)
            daemons = []
            for pid in filter(str.isdigit, os.listdir("/proc")):
                with contextlib.suppress(OSError):
                    if mountpoint.encode() in read(f"/proc/{pid}/cmdline"):
                        daemons.append(pid)
            self.assertEqual(len(daemons), 1)
            for file in ("cmdline", "environ"):
                self.assertNotIn(secret, read(f"/proc/{daemons[0]}/{file}"))

    def test_daemon_log_tells_no_names(self):
        vault = self.make_vault()
        with self.mount(vault, foreground=True) as mount:
            write(mount.path + "/Wotan", b"Nibelungenhort")
            os.mkdir(mount.path + "/Fafner")
            os.rename(mount.path + "/Wotan", mount.path + "/Fafner/Wotan")
            with contextlib.suppress(OSError):
                os.rmdir(mount.path + "/Fafner")
            log = mount.log
        text = read(log).decode()
        self.assertNotRegex(text, "Wotan|Fafner|Nibelung|correct horse")


class UnmountTest(SystemTestCase):
    def test_unmount_then_mount_works_at_once_and_again(self):
        vault = self.make_vault()
        mountpoint = self.make_mountpoint()
        for number in range(20):
            with self.mount(vault, at=mountpoint) as mount:
                if number:
                    self.assertEqual(read(mountpoint + "/file"),
                                     str(number - 1).encode())
                write(mountpoint + "/file", str(number).encode())
                mount.unmount()
                self.assertEqual(mount.processes(), [],
                                 "unmount returned before the daemon ended")

    def test_unmount_ends_the_daemon_though_a_namespace_has_a_copy(self):
        """A container or a sandbox that started meanwhile copies the mount."""
        vault = self.make_vault()
        with self.mount(vault) as mount:
            write(mount.path + "/file", DATA)
            sandbox = self.popen(
                ["--mount", "--propagation", "private",
                 self.tool("sleep"), "300"], program=self.tool("unshare"))
            try:
                mine = os.readlink("/proc/self/ns/mnt")
                wait_for(lambda: os.readlink(
                    f"/proc/{sandbox.pid}/ns/mnt") != mine,
                    "the copy is made")
                mount.unmount()
                self.assertEqual(mount.processes(), [])
            finally:
                sandbox.kill()
                sandbox.wait()
        with self.mount(vault) as mount:
            self.assertEqual(read(mount.path + "/file"), DATA)

    def test_unmount_names_who_keeps_the_mount_busy(self):
        vault = self.make_vault()
        with self.mount(vault) as mount:
            write(mount.path + "/file", DATA)
            os.mkdir(mount.path + "/folder")
            inside = self.popen(["300"], program=self.tool("sleep"),
                                cwd=mount.path + "/folder")
            with open(mount.path + "/file", "rb") as held:
                reader = self.popen(["300"], program=self.tool("sleep"),
                                    stdout=held)
            try:
                answer = self.casemate("unmount", mount.path,
                                       expect=EXIT_BUSY)
                self.assertIn(str(inside.pid), answer.stderr)
                self.assertIn(str(reader.pid), answer.stderr)
                self.assertIn("sleep", answer.stderr)
                self.assertEqual(read(mount.path + "/file"), DATA)
            finally:
                for process in (inside, reader):
                    process.kill()
                    process.wait()
            mount.unmount()

    def test_lazy_unmount_lets_the_last_user_finish(self):
        vault = self.make_vault()
        with self.mount(vault) as mount:
            with open(mount.path + "/file", "wb", buffering=0) as file:
                file.write(DATA[:CHUNK])
                mount.unmount("--lazy")
                self.assertEqual(os.listdir(mount.path), [])
                file.write(DATA[CHUNK:])
                self.assertEqual(len(mount.processes()), 1)
            mount.wait_for_exit()
            mount.start()
            self.assertEqual(read(mount.path + "/file"), DATA)

    def test_unmounting_what_is_not_mounted_is_refused(self):
        self.casemate("unmount", self.make_mountpoint(),
                      expect=EXIT_NOT_MOUNTED)
        self.casemate("unmount", self.scratch + "/absent",
                      expect=EXIT_NOT_MOUNTED)
        self.casemate("unmount", "/proc", expect=EXIT_NOT_MOUNTED)

    def test_system_umount_ends_the_daemon_too(self):
        with self.mount(self.make_vault(), foreground=True) as mount:
            write(mount.path + "/file", DATA)
            self.run_tool("umount", mount.path)
            self.assertEqual(mount.wait_for_exit(), 0)
            mount.start()
            self.assertEqual(read(mount.path + "/file"), DATA)

    def test_unmounted_mount_leaves_no_record(self):
        with self.mount(self.make_vault()) as mount:
            pass
        with contextlib.suppress(FileNotFoundError):
            for name in os.listdir("/run/casemate"):
                self.assertNotIn(mount.path.encode(),
                                 read("/run/casemate/" + name))

    def test_everything_written_is_there_after_unmount_without_sync(self):
        vault = self.make_vault()
        names = [f"file{number}" for number in range(200)]
        with self.mount(vault) as mount:
            for name in names:
                write(f"{mount.path}/{name}", name.encode() * 500)
            mount.remount()
            for name in names:
                self.assertEqual(read(f"{mount.path}/{name}"),
                                 name.encode() * 500)


class SignalTest(SystemTestCase):
    def test_terminated_daemon_unmounts_and_keeps_everything(self):
        vault = self.make_vault()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with self.mount(vault, foreground=True) as mount:
                write(mount.path + "/closed", DATA)
                os.kill(mount.pid, number)
                self.assertEqual(mount.wait_for_exit(), 0)
                self.assertFalse(is_mounted(mount.path))
                mount.start()
                self.assertEqual(read(mount.path + "/closed"), DATA)

    def test_terminated_daemon_writes_back_what_is_still_open(self):
        vault = self.make_vault()
        with self.mount(vault) as mount:
            with doomed_file(mount.path + "/open") as descriptor:
                os.write(descriptor, DATA)
                os.kill(mount.pid, signal.SIGTERM)
                mount.wait_for_exit()
                self.assertFalse(is_mounted(mount.path))
                self.assertIn(errno_of(os.write, descriptor, b"x"),
                              (errno.ENOTCONN, errno.ECONNABORTED))
            mount.start()
            self.assertEqual(read(mount.path + "/open"), DATA)

    def test_broken_pipe_does_not_end_a_daemon(self):
        with self.mount(self.make_vault()) as mount:
            os.kill(mount.pid, signal.SIGPIPE)
            write(mount.path + "/file", DATA)
            self.assertEqual(read(mount.path + "/file"), DATA)

    def test_killed_daemon_loses_nothing_that_was_closed(self):
        vault = self.make_vault()
        with self.mount(vault) as mount:
            write(mount.path + "/closed", DATA)
            os.makedirs(mount.path + "/folder/inner")
            write(mount.path + "/folder/inner/" + "n" * 200, b"long")
            os.rename(mount.path + "/closed", mount.path + "/renamed")
            with doomed_file(mount.path + "/synced") as descriptor:
                os.write(descriptor, DATA)
                os.fsync(descriptor)
                os.write(descriptor, b"not synced")
                os.kill(mount.pid, signal.SIGKILL)
                mount.wait_for_exit()
            # Who asks while the connection is being closed gets ECONNABORTED.
            wait_for(lambda: errno_of(os.listdir, mount.path) ==
                     errno.ENOTCONN, "the kernel has closed the connection")
            self.assertTrue(is_mounted(mount.path))
            mount.unmount()
            self.assertEqual(os.listdir(mount.path), [])
            mount.start()
            self.assertEqual(read(mount.path + "/renamed"), DATA)
            self.assertEqual(
                read(mount.path + "/folder/inner/" + "n" * 200), b"long")
            self.assertEqual(read(mount.path + "/synced")[:len(DATA)], DATA)

    def test_closing_one_of_two_descriptors_puts_the_data_in_the_vault(self):
        vault = self.make_vault()
        with self.mount(vault) as mount:
            with doomed_file(mount.path + "/file") as descriptor:
                pid = mount.pid
                other = os.dup(descriptor)
                os.write(other, DATA)
                os.close(other)
                os.kill(pid, signal.SIGKILL)
                mount.wait_for_exit()
            mount.unmount()
            mount.start()
            self.assertEqual(read(mount.path + "/file"), DATA)

    def test_mount_over_a_dead_one_says_what_to_do(self):
        vault = self.make_vault()
        with self.mount(vault) as mount:
            os.kill(mount.pid, signal.SIGKILL)
            mount.wait_for_exit()
            answer = self.casemate(*mount.arguments(),
                                   expect=EXIT_MOUNTPOINT)
            self.assertRegex(answer.stderr, "unmount")

    def test_quiet_data_reaches_the_vault_without_close(self):
        """Upkeep writes back what has been dirty for a while."""
        vault = self.make_vault()
        with self.mount(vault) as mount:
            with doomed_file(mount.path + "/file") as descriptor:
                os.write(descriptor, DATA)
                wait_for(lambda: self.stored(vault, len(DATA)),
                         "the data is in the vault", 60)
                os.kill(mount.pid, signal.SIGKILL)
                mount.wait_for_exit()
            mount.unmount()
            mount.start()
            self.assertEqual(read(mount.path + "/file"), DATA)

    def stored(self, vault, size):
        """True when a ciphertext file of full size is there and at rest."""
        try:
            path = vault.ciphertext_of(size)
        except AssertionError:
            return False
        before = os.stat(path).st_mtime_ns
        time.sleep(0.2)
        return os.stat(path).st_mtime_ns == before


class ReadOnlyTest(SystemTestCase):
    def test_read_only_mount_changes_nothing(self):
        vault = self.make_vault()
        with self.mount(vault) as mount:
            os.mkdir(mount.path + "/folder")
            write(mount.path + "/folder/file", DATA)
            os.symlink("x", mount.path + "/link")
        before = vault.state()
        for options in (("-o", "ro"), ("--ro",), ("-o", "rw,ro"),
                        ("-o", "nosuid,ro,nodev")):
            with self.mount(vault, *options) as mount:
                self.refuses_changes(mount.path)
                self.assertEqual(read(mount.path + "/folder/file"), DATA)
                self.assertEqual(os.readlink(mount.path + "/link"), "x")
                self.assertTrue(os.statvfs(mount.path).f_flag & os.ST_RDONLY)
            self.assert_same_tree(before, vault.state(), "the vault changed")

    def refuses_changes(self, root):
        file = root + "/folder/file"
        for call in (lambda: write(root + "/new", b""),
                     lambda: os.open(file, os.O_RDWR),
                     lambda: os.open(file, os.O_RDONLY | os.O_TRUNC),
                     lambda: os.mkdir(root + "/new"),
                     lambda: os.symlink("x", root + "/new"),
                     lambda: os.unlink(file),
                     lambda: os.rmdir(root + "/folder"),
                     lambda: os.rename(file, root + "/new"),
                     lambda: os.truncate(file, 0),
                     lambda: os.chmod(file, 0o600),
                     lambda: os.chown(file, 1, 1),
                     lambda: os.utime(file)):
            self.assert_errno(errno.EROFS, call)

    def test_read_only_vault_can_be_read(self):
        """A backing store that refuses every write, as an archive does."""
        vault = self.make_vault()
        with self.mount(vault) as mount:
            write(mount.path + "/file", DATA)
        self.run_tool("mount", "--bind", vault.path, vault.path)
        try:
            self.run_tool("mount", "-o", "remount,bind,ro", vault.path)
            with self.mount(vault, "--ro") as mount:
                self.assertEqual(read(mount.path + "/file"), DATA)
        finally:
            self.run_tool("umount", vault.path)


class WithoutMountTest(SystemTestCase):
    NAMES = ["a file", "folder", "ünïcödé", "n" * 200, "link"]

    def fill(self, root):
        write(root + "/a file", DATA)
        os.makedirs(root + "/folder/inner")
        write(root + "/folder/inner/" + "y" * 180, b"inner")
        write(root + "/ünïcödé", b"")
        write(root + "/" + "n" * 200, DATA[:CHUNK])
        os.symlink("folder", root + "/link")

    def password(self, vault):
        return ("--password-file", vault.password_file)

    def test_ls_and_cat_agree_with_the_mount(self):
        for combo in ("SIV_GCM", "SIV_CTRMAC"):
            vault = self.make_vault(combo=combo)
            with self.mount(vault) as mount:
                self.fill(mount.path)
                listings = {
                    os.path.relpath(folder, mount.path): sorted(inner + files)
                    for folder, inner, files in os.walk(mount.path)}
                contents = {
                    os.path.relpath(f"{folder}/{name}", mount.path):
                        read(f"{folder}/{name}")
                    for folder, _, names in os.walk(mount.path)
                    for name in names if name != "link"}
            self.assertEqual(listings["."], sorted(self.NAMES))
            before = vault.state()
            for folder, names in listings.items():
                for path in (folder, "/" + folder) if folder != "." else "/":
                    out = self.casemate("ls", vault.path, path,
                                        *self.password(vault)).stdout
                    self.assertEqual(sorted(out.splitlines()), names)
            self.assertEqual(
                sorted(self.casemate("ls", vault.path, *self.password(vault))
                       .stdout.splitlines()), sorted(self.NAMES))
            for name, content in contents.items():
                out = self.casemate("cat", vault.path, name,
                                    *self.password(vault)).stdout
                self.assertEqual(os.fsencode(out), content)
            self.assert_same_tree(before, vault.state(), "the vault changed")

    def test_absent_paths_are_told_apart_from_damage(self):
        vault = self.make_vault()
        with self.mount(vault) as mount:
            self.fill(mount.path)
        for verb, path in (("ls", "/absent"), ("cat", "/absent"),
                           ("cat", "/folder"), ("cat", "/folder/x/y"),
                           ("ls", "/a file/x")):
            answer = self.casemate(verb, vault.path, path,
                                   *self.password(vault),
                                   expect=EXIT_NO_SUCH_PATH)
            self.assertEqual(answer.stdout, "")
            self.assertTrue(answer.stderr)

    def test_info_tells_what_the_vault_is(self):
        for combo in ("SIV_GCM", "SIV_CTRMAC"):
            vault = self.make_vault("--shortening-threshold", "100",
                                    combo=combo)
            told = json.loads(
                self.casemate("info", vault.path, "--json").stdout)
            text = json.dumps(told)
            self.assertIn(combo, text)
            self.assertIn(8, told.values())
            self.assertIn(100, told.values())
            self.assertIn(combo, self.casemate("info", vault.path).stdout)

    def test_vaults_with_other_thresholds_hold_every_name(self):
        for threshold in ("36", "100", "220"):
            vault = self.make_vault("--shortening-threshold", threshold)
            names = ["n" * length for length in
                     (1, 8, 9, 56, 57, 146, 147, 255)]
            with self.mount(vault) as mount:
                for name in names:
                    write(f"{mount.path}/{name}", name.encode())
                    os.mkdir(f"{mount.path}/d{name[1:]}")
                mount.remount()
                self.assertEqual(len(os.listdir(mount.path)), 2 * len(names))
                for name in names:
                    self.assertEqual(read(f"{mount.path}/{name}"),
                                     name.encode())
            longest = max(
                len(name) for _, folders, files in os.walk(vault.path + "/d")
                for name in folders + files)
            self.assertLessEqual(longest, int(threshold))


if __name__ == "__main__":
    main()
