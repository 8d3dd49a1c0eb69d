"""Ordinary users: their own mounts, other people's, and passed descriptors.

In the test's own mount namespace /dev/fuse is open to everybody, as it is on a
desktop, the test's users have names, and /etc/fuse.conf is the test's. Nothing
of that is visible outside, and it ends with the process.
"""

import contextlib
import errno
import os
import pickle
import shutil
import signal
import stat
import tempfile
import traceback

from casemate_system import (CHUNK, EXIT_BUSY, EXIT_MOUNTPOINT,
                             EXIT_NOT_A_VAULT, EXIT_NOT_MOUNTED, EXIT_OK,
                             EXIT_WRONG_PASSWORD, PATIENCE, SystemTestCase,
                             detach, errno_of, is_mounted, main,
                             mount_system_call, mount_table, process_status,
                             random_bytes, read, wait_for, write)

USER, STRANGER = 12345, 12346
MS_NOSUID, MS_NODEV, MS_BIND = 2, 4, 4096
DATA = random_bytes("unprivileged", 2 * CHUNK + 5)


def setUpModule():
    folder = tempfile.mkdtemp(prefix="casemate-dev-", dir="/tmp")
    mount_system_call("tmpfs", folder, "tmpfs", 0, "mode=755")
    os.mknod(folder + "/fuse", stat.S_IFCHR | 0o666, os.makedev(10, 229))
    os.chmod(folder + "/fuse", 0o666)
    write(folder + "/fuse.conf", b"")
    # fusermount3 asks for the user's name.
    write(folder + "/passwd", read("/etc/passwd") + b"".join(
        f"tester{uid}:x:{uid}:{uid}::/:/bin/sh\n".encode()
        for uid in (USER, STRANGER)))
    for source, target in (("/fuse", "/dev/fuse"),
                           ("/fuse.conf", "/etc/fuse.conf"),
                           ("/passwd", "/etc/passwd")):
        mount_system_call(folder + source, target, "", MS_BIND)
    detach(folder)
    os.rmdir(folder)


class UserCase(SystemTestCase):
    def setUp(self):
        super().setUp()
        os.chmod(self.scratch, 0o755)
        self.home = self.scratch + "/home"
        os.mkdir(self.home)
        os.chown(self.home, USER, USER)
        # Where every user may run it.
        self._binary = shutil.copy(super().binary, self.scratch + "/casemate")
        os.chmod(self._binary, 0o755)
        write("/etc/fuse.conf", b"")  # the namespace's own

    def scratch_in(self):
        return "/tmp"  # a build folder may be closed to other users

    @property
    def binary(self):
        return self._binary

    def new_path(self, kind):
        self._counter += 1
        return f"{self.home}/{kind}{self._counter}"

    def as_user(self, call, user=USER):
        """Runs call() in a child process that is `user` in every respect, and
        returns its value or raises its exception."""
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            signal.alarm(PATIENCE)
            with contextlib.suppress(BaseException):
                os.setgroups([])
                os.setresgid(user, user, user)
                os.setresuid(user, user, user)
                try:
                    result = (call(), None)
                except BaseException as error:
                    traceback.clear_frames(error.__traceback__)
                    result = (None, error)
                os.write(writer, pickle.dumps(result))
            os._exit(0)
        os.close(writer)
        with open(reader, "rb") as answer:
            text = answer.read()
        os.waitpid(child, 0)
        self.assertTrue(text, "the child process died")
        value, error = pickle.loads(text)
        if error:
            raise error
        return value

    def assert_user_errno(self, code, call, user=USER):
        self.assert_errno(code, self.as_user, call, user)

    def user_vault(self, **options):
        return self.make_vault(user=USER, **options)

    def user_mount(self, vault, *options, **rest):
        return self.mount(vault, *options, user=USER, **rest)


class OwnMountTest(UserCase):
    def test_user_makes_mounts_uses_and_unmounts_a_vault(self):
        for combo in ("SIV_GCM", "SIV_CTRMAC"):
            vault = self.user_vault(combo=combo)
            with self.user_mount(vault) as mount:
                self.as_user(lambda: self.work(mount.path))
                mount.remount()
                self.as_user(lambda: self.check(mount.path))
                self.assertEqual(
                    process_status(mount.pid, "Uid").split(), [str(USER)] * 4)
            self.assertEqual(os.stat(vault.path + "/d").st_uid, USER)
            listed = self.casemate("ls", vault.path, "/", "--password-file",
                                   vault.password_file, user=USER).stdout
            self.assertEqual(sorted(listed.splitlines()),
                             ["file", "folder", "link"])

    def work(self, root):
        write(root + "/file", DATA)
        os.makedirs(root + "/folder/" + "n" * 200)
        os.symlink("file", root + "/link")
        write(root + "/gone", b"")
        os.unlink(root + "/gone")
        os.utime(root + "/file", ns=(1, 123456789))
        os.chmod(root + "/folder", 0o700)

    def check(self, root):
        assert read(root + "/link") == DATA
        assert sorted(os.listdir(root)) == ["file", "folder", "link"]
        info = os.stat(root + "/file")
        assert (info.st_uid, info.st_gid) == (USER, USER), info
        assert info.st_mtime_ns == 123456789, info
        assert os.stat(root + "/folder").st_mode & 0o7777 == 0o700

    def test_nobody_else_sees_inside(self):
        with self.user_mount(self.user_vault()) as mount:
            self.as_user(lambda: write(mount.path + "/file", DATA))
            os.chmod(self.home, 0o777)
            for look in (lambda: os.listdir(mount.path),
                         lambda: os.stat(mount.path),
                         lambda: read(mount.path + "/file")):
                self.assert_user_errno(errno.EACCES, look, STRANGER)
                self.assert_errno(errno.EACCES, look)  # root neither
            self.assertEqual(self.as_user(lambda: read(mount.path + "/file")),
                             DATA)

    def test_nobody_else_sees_into_the_daemon(self):
        with self.user_mount(self.user_vault()) as mount:
            # /proc/PID of a process that is not dumpable belongs to root, so
            # not even its owner can attach to it or read its memory.
            self.assertEqual(os.stat(f"/proc/{mount.pid}/mem").st_uid, 0)
            about = f"/proc/{mount.pid}"
            self.assert_user_errno(
                errno.EACCES, lambda: os.open(about + "/mem", os.O_RDONLY))
            self.assert_user_errno(
                errno.EACCES, lambda: os.listdir(about + "/fd"))

    def test_mount_is_shown_as_casemates_without_devices_and_setuid(self):
        with self.user_mount(self.user_vault()) as mount:
            fields, = [row for row in mount_table() if row[4] == mount.path]
            self.assertIn("nosuid", fields[5])
            self.assertIn("nodev", fields[5])
            kind, source, options = fields[fields.index("-") + 1:]
            self.assertEqual((kind, source), ("fuse.casemate", "casemate"))
            self.assertIn(f"user_id={USER}", options)
            self.assertIn("default_permissions", options)
            self.assertNotIn("allow_other", options)

    def test_exit_statuses_are_those_of_root(self):
        vault = self.user_vault()
        wrong = self.new_path("wrong")
        write(wrong, b"wrong")
        os.chmod(wrong, 0o644)
        mine = self.make_mountpoint(USER)
        roots = self.make_mountpoint()
        closed = self.make_vault()
        os.chmod(closed.path, 0o700)
        full = self.make_mountpoint(USER)
        write(full + "/file", b"")
        for status, path, mountpoint, password in (
                (EXIT_WRONG_PASSWORD, vault.path, mine, wrong),
                (EXIT_MOUNTPOINT, vault.path, roots, vault.password_file),
                (EXIT_MOUNTPOINT, vault.path, full, vault.password_file),
                (EXIT_MOUNTPOINT, vault.path, mine + "/absent",
                 vault.password_file),
                (EXIT_NOT_A_VAULT, mine, mine, vault.password_file)):
            with self.subTest(status=status, mountpoint=mountpoint):
                answer = self.casemate("mount", path, mountpoint,
                                       "--password-file", password,
                                       user=USER, expect=status)
                self.assertTrue(answer.stderr)
                self.assertFalse(is_mounted(mountpoint))
        answer = self.casemate("mount", closed.path, mine, "--password-file",
                               vault.password_file, user=USER, expect=None)
        self.assertNotEqual(answer.returncode, EXIT_OK)
        self.assertRegex(answer.stderr, "(?i)permission|denied|not allowed")
        self.casemate("unmount", mine, user=USER, expect=EXIT_NOT_MOUNTED)

    def test_unmount_by_the_user(self):
        vault = self.user_vault()
        with self.user_mount(vault) as mount:
            self.as_user(lambda: write(mount.path + "/file", DATA))
            holder = self.popen(
                ["-c", f"exec sleep 300 < {mount.path}/file"],
                program=self.tool("sh"), user=USER)
            try:
                wait_for(lambda: read(f"/proc/{holder.pid}/comm")
                         == b"sleep\n", "sleep runs")
                answer = self.casemate("unmount", mount.path, user=USER,
                                       expect=EXIT_BUSY)
                self.assertIn(f"{holder.pid} (sleep)", answer.stderr)
            finally:
                holder.kill()
                holder.wait()
            answer = self.casemate("unmount", mount.path, user=STRANGER,
                                   expect=None)
            self.assertNotEqual(answer.returncode, EXIT_OK)
            self.assertTrue(is_mounted(mount.path))
            mount.unmount()

    def test_users_daemon_ends_cleanly_by_signal_and_after_a_kill(self):
        vault = self.user_vault()
        for number in (signal.SIGTERM, signal.SIGKILL):
            with self.user_mount(vault) as mount:
                self.as_user(lambda: write(mount.path + "/file", DATA))
                os.kill(mount.pid, number)
                mount.wait_for_exit()
                if number == signal.SIGKILL:
                    # Before that the errno is ECONNABORTED.
                    wait_for(lambda: errno_of(self.as_user, lambda:
                             os.listdir(mount.path)) == errno.ENOTCONN,
                             "the kernel has closed the connection")
                    mount.unmount()
                self.assertFalse(is_mounted(mount.path))
                mount.start()
                self.assertEqual(
                    self.as_user(lambda: read(mount.path + "/file")), DATA)

    def test_runtime_directory_of_the_session_is_used_and_left_clean(self):
        folder = self.new_path("run")
        os.mkdir(folder, 0o700)
        os.chown(folder, USER, USER)
        self.environment["XDG_RUNTIME_DIR"] = folder
        with self.user_mount(self.user_vault()) as mount:
            mount.unmount()
            self.assertEqual(mount.processes(), [])
        left = [name for _, _, names in os.walk(folder) for name in names]
        self.assertEqual(left, [])

    def test_other_users_are_let_in_only_where_the_machine_allows(self):
        vault = self.user_vault()
        with self.user_mount(vault) as mount:
            mount.unmount()
            mount.wait_for_exit()
            refused = self.casemate(*mount.arguments(), "--allow-other",
                                    user=USER, expect=EXIT_MOUNTPOINT)
            self.assertIn("allow_other", refused.stderr)
        write("/etc/fuse.conf", b"user_allow_other\n")
        with self.user_mount(vault, "--allow-other") as mount:
            self.as_user(lambda: os.chmod(mount.path, 0o755))
            self.as_user(lambda: write(mount.path + "/file", DATA))
            self.assertEqual(
                self.as_user(lambda: read(mount.path + "/file"), STRANGER),
                DATA)
            self.assert_user_errno(
                errno.EACCES, lambda: write(mount.path + "/other", b""),
                STRANGER)


class ModesTest(UserCase):
    """Modes that keep their owner out must not keep the daemon out; the same
    holds in a plain directory, which the last test checks."""

    def sealed(self, root):
        file = root + "/file"
        descriptor = os.open(file, os.O_CREAT | os.O_RDWR, 0o000)
        assert os.write(descriptor, DATA) == len(DATA)
        os.fsync(descriptor)
        assert os.pread(descriptor, 100, CHUNK) == DATA[CHUNK:CHUNK + 100]
        os.close(descriptor)
        assert os.stat(file).st_mode & 0o7777 == 0
        for flags in (os.O_RDONLY, os.O_WRONLY):
            try:
                os.open(file, flags)
            except PermissionError:
                continue
            raise AssertionError("opened a sealed file")
        os.chmod(file, 0o200)
        descriptor = os.open(file, os.O_WRONLY)
        os.pwrite(descriptor, b"part of a chunk", 7)
        os.close(descriptor)
        assert os.stat(file).st_mode & 0o7777 == 0o200
        os.chmod(file, 0o400)
        content = read(file)
        assert content[7:22] == b"part of a chunk"
        assert content[22:] == DATA[22:]
        assert os.stat(file).st_mode & 0o7777 == 0o400
        os.rename(file, root + "/renamed")
        os.unlink(root + "/renamed")

    def sealed_folder(self, root):
        folder = root + "/folder"
        os.mkdir(folder, 0o700)
        write(folder + "/file", b"x")
        os.mkdir(folder + "/inner", 0o000)
        os.chmod(folder, 0o500)
        assert sorted(os.listdir(folder)) == ["file", "inner"]
        for call in (lambda: write(folder + "/new", b""),
                     lambda: os.unlink(folder + "/file"),
                     lambda: os.rmdir(folder + "/inner"),
                     lambda: os.listdir(folder + "/inner")):
            try:
                call()
            except PermissionError:
                continue
            raise AssertionError("changed a sealed directory")
        os.chmod(folder, 0o300)
        assert read(folder + "/file") == b"x"
        write(folder + "/new", b"")
        try:
            os.listdir(folder)
            raise AssertionError("listed an unreadable directory")
        except PermissionError:
            pass
        os.chmod(folder, 0o700)
        os.rmdir(folder + "/inner")
        os.unlink(folder + "/file")
        os.unlink(folder + "/new")
        os.rmdir(folder)

    def foreign(self, root):
        write(root + "/mine", b"x")
        for call in (lambda: os.chown(root + "/mine", STRANGER, -1),
                     lambda: os.chown(root + "/mine", -1, STRANGER)):
            try:
                call()
            except PermissionError:
                continue
            raise AssertionError("gave a file away")
        os.chown(root + "/mine", USER, USER)
        os.chmod(root + "/mine", 0o4755)
        os.unlink(root + "/mine")

    def everything(self, root):
        self.sealed(root)
        self.sealed_folder(root)
        self.foreign(root)
        assert os.listdir(root) == []

    def test_modes_hold_for_their_owner_on_a_mount(self):
        with self.user_mount(self.user_vault()) as mount:
            self.as_user(lambda: self.everything(mount.path))

    def test_modes_hold_for_their_owner_in_a_plain_directory(self):
        folder = self.make_mountpoint(USER)
        self.as_user(lambda: self.everything(folder))

    def test_read_only_tree_is_copied_and_removed_by_its_owner(self):
        source = self.make_mountpoint(USER)

        def make():
            for number in range(20):
                os.makedirs(f"{source}/{number}/inner")
                write(f"{source}/{number}/inner/file", b"x" * number)
                os.chmod(f"{source}/{number}/inner/file", 0o444)
                os.chmod(f"{source}/{number}/inner", 0o555)

        self.as_user(make)
        with self.user_mount(self.user_vault()) as mount:
            self.run_tool("cp", "-a", source, mount.path + "/copy", user=USER)
            mount.remount()
            self.run_tool("diff", "-r", source, mount.path + "/copy",
                          user=USER)
            self.run_tool("chmod", "-R", "u+w", mount.path + "/copy",
                          user=USER)
            self.run_tool("rm", "-r", mount.path + "/copy", user=USER)
        self.run_tool("chmod", "-R", "u+w", source)


class SharedMountTest(UserCase):
    """Root's mounts that others may use."""

    def test_new_files_belong_to_whoever_makes_them(self):
        with self.mount(self.make_vault(), "--allow-other") as mount:
            os.chmod(mount.path, 0o1777)
            names = ["file", "folder", "link", "n" * 200, "node"]

            def make():
                write(mount.path + "/file", DATA)
                os.mkdir(mount.path + "/folder")
                os.symlink("x", mount.path + "/link")
                write(mount.path + "/" + "n" * 200, b"")
                os.mknod(mount.path + "/node", stat.S_IFREG | 0o600)
                os.chmod(mount.path + "/file", 0o600)

            self.as_user(make)
            for _ in range(2):
                for name in names:
                    info = os.lstat(f"{mount.path}/{name}")
                    self.assertEqual((info.st_uid, info.st_gid),
                                     (USER, USER), name)
                self.assert_user_errno(
                    errno.EACCES, lambda: read(mount.path + "/file"),
                    STRANGER)
                self.assert_user_errno(
                    errno.EPERM, lambda: os.unlink(mount.path + "/file"),
                    STRANGER)
                self.assert_user_errno(
                    errno.EPERM, lambda: os.chmod(mount.path + "/file", 0),
                    STRANGER)
                self.assert_user_errno(
                    errno.EPERM, lambda: os.rename(
                        mount.path + "/file", mount.path + "/mine"), STRANGER)
                mount.remount()
            os.chown(mount.path + "/file", STRANGER, STRANGER)
            self.assertEqual(
                self.as_user(lambda: read(mount.path + "/file"), STRANGER),
                DATA)

    def test_writing_by_another_clears_setuid(self):
        with self.mount(self.make_vault(), "--allow-other") as mount:
            os.chmod(mount.path, 0o755)
            file = mount.path + "/file"
            write(file, b"x")
            os.chown(file, USER, USER)
            os.chmod(file, 0o6777)

            def change():
                descriptor = os.open(file, os.O_WRONLY)
                os.write(descriptor, b"y")
                os.close(descriptor)

            self.as_user(change, STRANGER)
            self.assertEqual(os.stat(file).st_mode & 0o7777, 0o777)

    def test_owner_and_modes_show_as_asked(self):
        vault = self.make_vault()
        with self.mount(vault) as mount:
            write(mount.path + "/file", DATA)
            os.chmod(mount.path + "/file", 0o666)
            os.mkdir(mount.path + "/folder")
            os.chmod(mount.path + "/folder", 0o777)
        for options in (("--uid", str(USER), "--gid", str(STRANGER),
                         "--umask", "027"),
                        ("-o", f"uid={USER},gid={STRANGER},umask=027")):
            with self.mount(vault, "--allow-other", *options) as mount:
                for name in ("/file", "/folder"):
                    info = os.stat(mount.path + name)
                    self.assertEqual((info.st_uid, info.st_gid),
                                     (USER, STRANGER))
                    self.assertEqual(info.st_mode & 0o7777, 0o750)
                file = mount.path + "/file"
                os.chown(file, USER, STRANGER)
                os.chmod(file, 0o750)
                self.assert_errno(errno.EPERM, os.chown, file, 0, 0)
                self.assert_errno(errno.EPERM, os.chmod, file, 0o600)
                self.assertEqual(self.as_user(lambda: read(file)), DATA)
                self.as_user(lambda: write(mount.path + "/folder/new", DATA))
                self.assert_user_errno(errno.EACCES,
                                       lambda: write(file, b""), STRANGER)
        with self.mount(vault) as mount:
            self.assertEqual(os.stat(mount.path + "/file").st_uid, 0)
            self.assertEqual(os.stat(mount.path + "/file").st_mode & 0o777,
                             0o666)


class PassedDescriptorTest(UserCase):
    """`casemate mount VAULT /dev/fd/N`: somebody else has mounted."""

    @contextlib.contextmanager
    def mounted_descriptor(self, user):
        path = self.make_mountpoint(user)
        descriptor = os.open("/dev/fuse", os.O_RDWR)
        try:
            mount_system_call(
                "casemate", path, "fuse.casemate", MS_NOSUID | MS_NODEV,
                f"fd={descriptor},rootmode=40000,user_id={user},"
                f"group_id={user},default_permissions")
            yield path, descriptor
        finally:
            if is_mounted(path):
                detach(path)
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def test_user_without_device_and_helper_serves_a_passed_descriptor(self):
        vault = self.user_vault()
        with self.mounted_descriptor(USER) as (path, descriptor):
            with open(self.scratch + "/log", "wb") as log:
                daemon = self.popen(
                    ["mount", vault.path, f"/dev/fd/{descriptor}",
                     "--password-file", vault.password_file, "--foreground"],
                    user=USER, pass_fds=[descriptor], stdout=log, stderr=log,
                    environment={"PATH": "/nowhere"})
            os.close(descriptor)
            self.as_user(lambda: write(path + "/file", DATA))
            self.assertEqual(self.as_user(lambda: read(path + "/file")), DATA)
            detach(path)
            self.assertEqual(daemon.wait(PATIENCE), 0,
                             read(self.scratch + "/log").decode())
        with self.user_mount(vault) as mount:
            self.assertEqual(
                self.as_user(lambda: read(mount.path + "/file")), DATA)

    def test_background_daemon_serves_a_passed_descriptor(self):
        vault = self.make_vault()
        with self.mounted_descriptor(0) as (path, descriptor):
            self.casemate("mount", vault.path, f"/dev/fd/{descriptor}",
                          "--password-file", vault.password_file,
                          pass_fds=[descriptor])
            os.close(descriptor)
            write(path + "/file", DATA)
            self.casemate("unmount", path)
            self.assertFalse(is_mounted(path))
        with self.mount(vault) as mount:
            self.assertEqual(read(mount.path + "/file"), DATA)

    def test_descriptor_that_is_none_is_refused(self):
        vault = self.make_vault()
        for mountpoint in ("/dev/fd/99", "/dev/fd/x"):
            answer = self.casemate("mount", vault.path, mountpoint,
                                   "--password-file", vault.password_file,
                                   expect=EXIT_MOUNTPOINT)
            self.assertTrue(answer.stderr)
        other = os.open("/dev/null", os.O_RDWR)
        try:
            self.casemate("mount", vault.path, f"/dev/fd/{other}",
                          "--password-file", vault.password_file,
                          pass_fds=[other], expect=EXIT_MOUNTPOINT)
        finally:
            os.close(other)
        with self.mount(vault):
            pass


if __name__ == "__main__":
    main()
