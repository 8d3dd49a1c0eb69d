"""What the system tests share: vaults, mounts, bounded waits, clean ends.

A test derives from SystemTestCase, makes a Vault and mounts it:

    with self.mount(self.make_vault()) as mount:
        write(mount.path + "/file", b"data")

Leaving the block unmounts with `casemate unmount`, which has to succeed. After
every test nothing may be left: a mount under the test's scratch directory or a
process that came from the test fails it (and is cleaned up then). Nothing here
skips: a missing device or tool is a failure.

CASEMATE_BINARY names the program under test; run_python_test.sh sets it.
"""

import contextlib
import ctypes
import errno
import hashlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request
import uuid

PASSWORD = "correct horse battery staple"
# Bounds a wait for something that takes milliseconds on a healthy machine.
PATIENCE = 30
CHUNK = 32768
HEADER = {"SIV_GCM": 68, "SIV_CTRMAC": 88}
OVERHEAD = {"SIV_GCM": 28, "SIV_CTRMAC": 48}

# docs/cli.md's promise to scripts.
EXIT_OK = 0
EXIT_USAGE = 1
EXIT_NOT_A_VAULT = 6
EXIT_INIT = 7
EXIT_CONFIG = 8
EXIT_PASSWORD_UNREADABLE = 9
EXIT_MOUNTPOINT = 10
EXIT_OTHER = 11
EXIT_WRONG_PASSWORD = 12
EXIT_SCRYPT = 13
EXIT_MASTERKEY = 14
EXIT_INTERRUPTED = 15
EXIT_PASSWORD_EMPTY = 22
EXIT_ALREADY_MOUNTED = 40
EXIT_BUSY = 41
EXIT_UNSUPPORTED = 42
EXIT_NO_SUCH_PATH = 43
EXIT_CONTENT_DAMAGED = 44
EXIT_METRICS_ADDRESS = 45
EXIT_NOT_MOUNTED = 46
EXIT_RECOVERY_KEY = 47
EXIT_EXISTS = 48

MNT_DETACH = 2
CLONE_NEWNS = 0x20000
MS_REC, MS_PRIVATE = 1 << 14, 1 << 18
_TOKEN = "CASEMATE_SYSTEM_TEST"

libc = ctypes.CDLL(None, use_errno=True)


def check_errno(result, what):
    """Turns libc's -1 into OSError, as the os module does."""
    if result == -1:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), what)
    return result


def wait_for(claim, what, patience=PATIENCE):
    """Polls until claim() is true and returns its value; fails with `what`."""
    deadline = time.monotonic() + patience
    while True:
        value = claim()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {patience} s: {what}")
        time.sleep(0.01)


def free_port():
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def http_get(url):
    """Status and body; an error status is an answer, not an exception."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def random_bytes(seed, size):
    """Reproducible bytes that differ from those of every other seed."""
    return hashlib.shake_128(repr(seed).encode()).digest(size)


def tree_state(root, with_times=True, with_owner=True):
    """Everything `cp -a` should keep, by relative path: what two equal trees
    have in common. Directory sizes and access times are not part of it."""
    state = {}
    root = os.fsencode(root)
    for folder, folders, files in os.walk(root):
        for name in [b""] + files + folders:
            path = os.path.join(folder, name) if name else folder
            info = os.lstat(path)
            if stat.S_ISDIR(info.st_mode) and name:
                continue  # comes as a folder of its own
            if stat.S_ISLNK(info.st_mode):
                content = os.readlink(path)
            elif stat.S_ISREG(info.st_mode):
                content = hashlib.sha256(read(path)).hexdigest()
            else:
                content = None
            state[os.path.relpath(path, root)] = (
                oct(info.st_mode),
                info.st_mtime_ns if with_times else None,
                (info.st_uid, info.st_gid) if with_owner else None,
                content,
            )
    return state


def tree_difference(expected, actual):
    """The first few differences of two tree_state()s; empty when equal."""
    lines = []
    for path in sorted(set(expected) | set(actual)):
        if expected.get(path) != actual.get(path):
            lines.append(f"{path!r}: {expected.get(path)} became "
                         f"{actual.get(path)}")
    return lines[:5] + (["…"] if len(lines) > 5 else [])


def mount_table():
    """The fields of each line of mountinfo, the mount point unescaped."""
    table = []
    for line in read("/proc/self/mountinfo").decode().splitlines():
        fields = line.split()
        fields[4] = fields[4].encode().decode("unicode_escape")
        table.append(fields)
    return table


def mounts_below(root):
    """Mount points under `root`, deepest first."""
    found = [fields[4] for fields in mount_table()
             if fields[4] == root or fields[4].startswith(root + "/")]
    return sorted(found, key=len, reverse=True)


def casemate_mounts():
    return [fields[4] for fields in mount_table()
            if "fuse.casemate" in fields[fields.index("-"):]]


def is_mounted(path):
    return path in mounts_below(path)


def mount_system_call(source, target, kind, flags, data=""):
    check_errno(libc.mount(source.encode(), target.encode(), kind.encode(),
                           flags, data.encode()), target)


def errno_of(call, *arguments):
    """The errno that a call fails with; 0 when it does not."""
    try:
        call(*arguments)
    except OSError as error:
        return error.errno
    return 0


def detach(path):
    libc.umount2(os.fsencode(path), MNT_DETACH)


def processes_with(entry):
    """Ids of the live processes whose environment has `entry` (NAME=VALUE)."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            environ = read(f"/proc/{pid}/environ")
        except OSError:
            continue  # gone, or a kernel thread
        if entry.encode() in environ.split(b"\0"):
            found.append(int(pid))
    return found


def process_status(pid, field):
    """One line of /proc/PID/status, e.g. VmHWM in KiB as text."""
    for line in read(f"/proc/{pid}/status").decode().splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return value.strip()
    raise AssertionError(f"/proc/{pid}/status has no {field}")


class Vault:
    """A vault made by `casemate init`, and its password file."""

    def __init__(self, case, path, combo):
        self.case = case
        self.path = path
        self.combo = combo
        self.password_file = path + ".password"

    def ciphertext_size(self, size):
        """vault-format-8 section 6: what `size` bytes take in the store."""
        whole, rest = divmod(size, CHUNK)
        overhead = OVERHEAD[self.combo]
        return (HEADER[self.combo] + whole * (CHUNK + overhead)
                + (rest + overhead if rest else 0))

    def chunk_offset(self, number):
        return HEADER[self.combo] + number * (CHUNK + OVERHEAD[self.combo])

    def ciphertext_of(self, size):
        """The one ciphertext file of a cleartext file of `size` bytes."""
        wanted = self.ciphertext_size(size)
        found = [
            os.path.join(folder, name)
            for folder, _, names in os.walk(self.path + "/d")
            for name in names
            if os.stat(os.path.join(folder, name)).st_size == wanted
        ]
        if len(found) != 1:
            raise AssertionError(f"{len(found)} files of {wanted} bytes")
        return found[0]

    def state(self):
        """tree_state of the ciphertext: equal means that nothing was lost."""
        return tree_state(self.path)


class Mount:
    """A mounted vault. Use as a context manager; see SystemTestCase.mount."""

    def __init__(self, case, vault, options, path, metrics, foreground, user):
        self.case = case
        self.vault = vault
        self.path = path
        self.user = user
        self.options = list(options)
        self.foreground = foreground
        self.port = None
        self.process = None  # the daemon, when in the foreground
        if metrics:
            self.port = free_port()
            self.options += ["--metrics-listen", f"127.0.0.1:{self.port}"]
        self.token = uuid.uuid4().hex
        self.environment = {_TOKEN + "_MOUNT": self.token}

    def arguments(self):
        return ["mount", self.vault.path, self.path, "--password-file",
                self.vault.password_file, *self.options]

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.abandon()
            raise
        return self

    def __exit__(self, kind, value, trace):
        try:
            if kind is None:
                if is_mounted(self.path):
                    self.unmount()
                self.wait_for_exit()
        finally:
            self.abandon()

    def start(self):
        if self.foreground:
            self.log = f"{self.case.scratch}/{self.token}.log"
            with open(self.log, "wb") as log:
                self.process = self.case.popen(
                    self.arguments() + ["--foreground", "--verbose"],
                    stdout=log, stderr=log, environment=self.environment,
                    user=self.user)
            # There is a moment between answering and saying so, in which a
            # signal still means "interrupted".
            wait_for(lambda: self.process.poll() is not None
                     or b"mounted" in read(self.log), "the mount is there")
            if self.process.poll() is not None:
                raise AssertionError(
                    f"mount ended {self.process.returncode}: "
                    + read(self.log).decode())
            return
        self.case.casemate(*self.arguments(), environment=self.environment,
                           user=self.user)

    def processes(self):
        return processes_with(f"{_TOKEN}_MOUNT={self.token}")

    @property
    def pid(self):
        """The daemon's process id; there has to be exactly one."""
        found = self.processes()
        if len(found) != 1:
            raise AssertionError(f"expected one daemon, found {found}")
        return found[0]

    def unmount(self, *options):
        self.case.casemate("unmount", *options, self.path, user=self.user)
        if is_mounted(self.path):
            raise AssertionError("unmount said 0 and the mount is there")

    def wait_for_exit(self):
        """The daemon's exit status, None for one in the background."""
        status = None
        if self.process:
            status = self.process.wait(PATIENCE)
        wait_for(lambda: not self.processes(), "the daemon ends")
        return status

    def abandon(self):
        """Ends what a failure left; does nothing after a clean end."""
        left = self.processes()
        if is_mounted(self.path):
            detach(self.path)
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self.process:
            self.process.wait(PATIENCE)
        if left and self.foreground:
            sys.stderr.write(read(self.log).decode(errors="replace"))

    def remount(self):
        """Unmounts and mounts again: nothing cached survives this."""
        self.unmount()
        self.wait_for_exit()
        self.start()

    def metrics_text(self):
        status, body = http_get(f"http://127.0.0.1:{self.port}/metrics")
        self.case.assertEqual(status, 200)
        return body

    def metrics(self):
        """Every sample of /metrics by `name{label="value"}` as written."""
        samples = {}
        for line in self.metrics_text().splitlines():
            if line and not line.startswith("#"):
                series, _, value = line.rpartition(" ")
                samples[series] = float(value)
        return samples

    def metric(self, name, **labels):
        """Sum of the samples of `name` which carry all the `labels`."""
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        found = [
            value for series, value in self.metrics().items()
            if series.split("{")[0] == name
            and all(label in series for label in wanted)
        ]
        self.case.assertTrue(found, f"/metrics has no {name} {labels}")
        return sum(found)


class SystemTestCase(unittest.TestCase):
    """One scratch directory a test, and nothing left after it."""

    def setUp(self):
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/fuse").st_mode),
                        "system tests need /dev/fuse")
        self._id = uuid.uuid4().hex
        self._counter = 0
        self.scratch = os.path.realpath(
            tempfile.mkdtemp(prefix="casemate-system-", dir=self.scratch_in()))
        self.environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": self.scratch,
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            _TOKEN: self._id,
        }
        self.addCleanup(self._leave_nothing)

    def scratch_in(self):
        return os.environ.get("TEST_TMPDIR") or None

    def _leave_nothing(self):
        mounts = mounts_below(self.scratch)
        for path in mounts:
            detach(path)
        alive = lambda: processes_with(f"{_TOKEN}={self._id}")
        left = []
        try:
            wait_for(lambda: not alive(), "every process ended", 3)
        except AssertionError:
            left = alive()
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.scratch)
        self.assertEqual(([], []), (mounts, left),
                         "mounts and processes left behind")

    # Running things.

    @property
    def binary(self):
        return os.path.abspath(os.environ["CASEMATE_BINARY"])

    def tool(self, name):
        path = shutil.which(name, path=self.environment["PATH"])
        self.assertIsNotNone(path, f"system tests need {name}")
        return path

    def popen(self, arguments, environment=None, user=None, program=None,
              **options):
        owner = {}
        if user is not None:
            owner = {"user": user, "group": user, "extra_groups": []}
        return subprocess.Popen(
            [program or self.binary, *arguments],
            env={**self.environment, **(environment or {})},
            stdin=options.pop("stdin", subprocess.DEVNULL),
            cwd=options.pop("cwd", "/"),
            **owner, **options)

    def run_tool(self, name, *arguments, expect=0, patience=120, **options):
        """Runs a program to its end. Text of both streams in the answer, from
        which os.fsencode() makes the bytes; a status other than `expect`
        fails (None: any)."""
        process = self.popen(
            arguments, program=self.tool(name) if name else None,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
        try:
            out, err = process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            self.fail(f"{name or 'casemate'} {arguments[0]} took more than "
                      f"{patience} s")
        out, err = os.fsdecode(out), os.fsdecode(err)
        if expect is not None:
            self.assertEqual(
                process.returncode, expect,
                f"{name or 'casemate'} {' '.join(arguments)}\n{out}{err}")
        return subprocess.CompletedProcess(arguments, process.returncode,
                                           out, err)

    def casemate(self, *arguments, **options):
        return self.run_tool(None, *arguments, **options)

    # Vaults and mounts.

    def new_path(self, kind):
        self._counter += 1
        return f"{self.scratch}/{kind}{self._counter}"

    def make_vault(self, *options, combo="SIV_GCM", user=None):
        vault = Vault(self, self.new_path("vault"), combo)
        write(vault.password_file, PASSWORD.encode() + b"\n")
        os.chmod(vault.password_file, 0o600)
        if user is not None:
            os.chown(vault.password_file, user, user)
        if combo != "SIV_GCM":
            options += ("--cipher-combo", combo)
        self.casemate("init", vault.path, "--password-file",
                      vault.password_file, *options, user=user)
        return vault

    def make_mountpoint(self, user=None):
        path = self.new_path("mnt")
        os.mkdir(path)
        if user is not None:
            os.chown(path, user, user)
        return path

    def mount(self, vault, *options, at=None, metrics=False, foreground=False,
              user=None):
        """A Mount that starts when its `with` block does."""
        return Mount(self, vault, options, at or self.make_mountpoint(user),
                     metrics, foreground, user)

    # Claims.

    def assert_errno(self, code, call, *arguments, **options):
        with self.assertRaises(OSError) as caught:
            call(*arguments, **options)
        self.assertEqual(errno.errorcode[caught.exception.errno],
                         errno.errorcode[code])

    def assert_same_tree(self, expected, actual, what):
        difference = tree_difference(expected, actual)
        self.assertEqual([], difference, what)


def move_to_own_mount_namespace():
    """Mounts of this process are then seen by nobody but its children. That
    is not for secrecy: whoever copies the table of mounts meanwhile (Bazel's
    sandbox does) would keep ours alive after we have unmounted them."""
    check_errno(libc.unshare(CLONE_NEWNS), "unshare (are you root?)")
    check_errno(libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None),
                "make mounts private")
    for path in casemate_mounts():
        detach(path)  # the copies that we took of others' mounts


def main():
    """unittest.main in a mount namespace of its own, except that skipping and
    running nothing are failures."""
    move_to_own_mount_namespace()
    program = unittest.main(exit=False, verbosity=2)
    result = program.result
    if not result.wasSuccessful():
        sys.exit(1)
    if result.testsRun == 0 or result.skipped or result.expectedFailures:
        sys.exit("every test has to run")
