"""ls, tree, cp and name on a vault that is not mounted, held against what a
mount of it shows."""

import contextlib
import os
import re
import signal
import subprocess
import time

from casemate_system import (
    EXIT_ALREADY_MOUNTED, EXIT_CONTENT_DAMAGED, EXIT_EXISTS, EXIT_INTERRUPTED,
    EXIT_NO_SUCH_PATH, EXIT_OTHER, EXIT_USAGE, PATIENCE, SystemTestCase, main,
    random_bytes, read, tree_state, wait_for, write)
from terminal import Terminal

# A name that clears the screen, sets the title, and draws a false line.
HOSTILE = "x\x1b[2J\x1b]0;title\x07\n└── y\\"
HOSTILE_SHOWN = r"x\x1b[2J\x1b]0;title\x07\x0a└── y\\"
LONG = "n" * 200
# Takes long enough to be caught at it.
BIG = 256 << 20


def terminal_bytes(text):
    """What is in `text` besides a progress line that was taken away."""
    return re.sub(rb"\r\x1b\[K", b"", text).replace(b"\r\n", b"\n")


def make_tree(root):
    """Something of everything that a vault can hold."""
    for folder in ["empty", "docs", "docs/" + LONG, "docs/" + LONG + "/deep"]:
        os.mkdir(f"{root}/{folder}")
    for name, size in [("docs/a", 0), ("docs/b", 1), ("docs/c", 32768),
                       ("docs/" + LONG + "/deep/" + "m" * 180, 100001),
                       ("docs/[a,b]", 7), ("docs/-n", 3), ("vault:x", 9),
                       (HOSTILE, 12), ("größe", 40000)]:
        write(f"{root}/{name}", random_bytes(name, size))
    os.symlink("../elsewhere/" + "t" * 100, f"{root}/docs/link")
    os.symlink("docs", f"{root}/to-docs")
    os.symlink("\x1b[31mred", f"{root}/red")
    os.chmod(f"{root}/docs/b", 0o640)
    os.chmod(f"{root}/docs/c", 0o400)
    os.chmod(f"{root}/empty", 0o1755)
    os.chmod(f"{root}/docs/{LONG}", 0o550)
    for folder, folders, files in os.walk(root, topdown=False):
        for name in files + folders:
            os.utime(f"{folder}/{name}", ns=(10**18, 10**18 + len(name)),
                     follow_symlinks=False)


def paths_below(root):
    """Every path below `root`, as the vault's: "/a/b"."""
    return sorted(
        os.path.join(folder, name)[len(root):]
        for folder, folders, files in os.walk(root) for name in folders + files)


def escaped(name):
    return re.sub(r"[\x00-\x1f\x7f\\]",
                  lambda c: "\\\\" if c[0] == "\\" else f"\\x{ord(c[0]):02x}",
                  name)


def drawn_tree(root, indent=""):
    """tree(1)'s lines for what is in `root`."""
    names = sorted(os.listdir(root), key=os.fsencode)
    for name in names:
        path = f"{root}/{name}"
        is_last = name == names[-1]
        target = (" -> " + escaped(os.readlink(path))
                  if os.path.islink(path) else "")
        yield indent + ("└── " if is_last else "├── ") + escaped(name) + target
        if os.path.isdir(path) and not os.path.islink(path):
            yield from drawn_tree(path, indent + ("    " if is_last else "│   "))


class VaultTools(SystemTestCase):
    def tool_on(self, vault, verb, *arguments, **how):
        verbs = verb.split()
        return self.casemate(*verbs, "--password-file", vault.password_file,
                             "--", vault.path, *arguments, **how)

    def copy(self, vault, *arguments, flags="-rp", **how):
        return self.tool_on(vault, f"cp {flags}", *arguments, **how)

    def make_full_vault(self, **how):
        """A vault made by a mount, and what the mount showed."""
        vault = self.make_vault(**how)
        with self.mount(vault) as mount:
            make_tree(mount.path)
            state = tree_state(mount.path, with_owner=False)
        state.pop(b".")
        return vault, state

    def make_local_tree(self):
        path = self.new_path("local")
        os.mkdir(path)
        make_tree(path)
        return path

    def state_of(self, path):
        state = tree_state(path, with_owner=False)
        state.pop(b".")
        return state

    def assert_same_state(self, expected, actual, what):
        self.assert_same_tree(expected, actual, what)
        self.assertTrue(expected, what)

    def assert_no_temporary(self, path):
        self.assertEqual([], [name for name in os.listdir(path)
                              if ".casemate-" in name])

    def start(self, *arguments, **options):
        return self.popen(arguments, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, **options)

    def make_big_file(self, path):
        with open(path, "wb") as file:
            os.ftruncate(file.fileno(), BIG)

    def make_big_vault(self):
        vault = self.make_vault()
        path = self.new_path("big")
        self.make_big_file(path)
        self.copy(vault, path, "vault:/big")
        return vault

    def wait_for_temporary(self, path):
        wait_for(lambda: any(".casemate-" in name for name in os.listdir(path)),
                 "the copy begins")


class CopyTest(VaultTools):
    def test_everything_comes_out_as_the_mount_showed_it(self):
        for combo in ["SIV_GCM", "SIV_CTRMAC"]:
            vault, state = self.make_full_vault(combo=combo)
            before = vault.state()
            out = self.new_path("out")
            self.copy(vault, "vault:/", out)
            self.assert_same_state(state, self.state_of(out), combo)
            self.assert_same_tree(before, vault.state(), "the vault")

    def test_everything_goes_in_as_the_mount_shows_it(self):
        for combo in ["SIV_GCM", "SIV_CTRMAC"]:
            vault = self.make_vault(combo=combo)
            local = self.make_local_tree()
            self.copy(vault, local + "/.", "vault:")
            with self.mount(vault, "--ro") as mount:
                self.assert_same_state(self.state_of(local),
                                       self.state_of(mount.path), combo)

    def test_a_single_file_into_a_folder_and_under_a_name(self):
        vault, _ = self.make_full_vault()
        out = self.new_path("out")
        os.mkdir(out)
        self.copy(vault, "vault:/docs/b", "vault:größe", out, flags="-q")
        self.copy(vault, "vault:docs/b", out + "/as", flags="-q")
        self.assertEqual(sorted(os.listdir(out)), ["as", "b", "größe"])
        self.assertEqual(read(out + "/as"), random_bytes("docs/b", 1))
        self.copy(vault, out + "/as", "vault:/docs", flags="-q")
        self.copy(vault, out + "/as", "vault:/docs/new", flags="-q")
        with self.mount(vault) as mount:
            self.assertEqual(read(mount.path + "/docs/as"),
                             read(mount.path + "/docs/new"))

    def test_mode_goes_through_the_umask_when_it_is_not_kept(self):
        vault, _ = self.make_full_vault()
        out = self.new_path("out")
        run = self.start("cp", "-r", "--password-file", vault.password_file,
                         vault.path, "vault:/docs", out,
                         preexec_fn=lambda: os.umask(0o027))
        self.assertEqual(run.communicate()[1], b"")
        self.assertEqual(oct(os.stat(out).st_mode & 0o777), "0o750")
        self.assertEqual(oct(os.stat(out + "/b").st_mode & 0o777), "0o640")
        # The vault's own folders are made as its others, whatever the umask.
        run = self.start("cp", "-r", "--password-file", vault.password_file,
                         vault.path, out, "vault:/copy",
                         preexec_fn=lambda: os.umask(0o777))
        self.assertEqual(run.communicate()[1], b"")
        store = vault.path + "/d"
        self.assertEqual({os.stat(f"{store}/{name}").st_mode
                          for name in os.listdir(store)},
                         {os.stat(store).st_mode})

    def test_what_is_there_is_replaced_only_by_force(self):
        vault, _ = self.make_full_vault()
        out = self.new_path("out")
        write(out, b"mine")
        run = self.copy(vault, "vault:/docs/b", out, expect=EXIT_EXISTS)
        self.assertIn(out, run.stderr)
        self.assertEqual(read(out), b"mine")
        self.copy(vault, out, "vault:/docs/b", expect=EXIT_EXISTS)
        self.copy(vault, out, "vault:/docs/b", flags="-f")
        self.assertEqual(
            self.tool_on(vault, "cat", "/docs/b").stdout, "mine")
        write(out, b"changed")
        self.copy(vault, "vault:/docs/b", out, flags="--force")
        self.assertEqual(read(out), b"mine")
        # The rest of a folder goes on, and what was there stays.
        folder = self.new_path("folder")
        os.makedirs(folder + "/docs")
        write(folder + "/docs/a", b"mine")
        self.copy(vault, "vault:/docs", folder, expect=EXIT_EXISTS)
        self.assertEqual(read(folder + "/docs/a"), b"mine")
        self.assertEqual(read(folder + "/docs/b"), b"mine")

    def test_no_link_leads_out(self):
        vault, _ = self.make_full_vault()
        outside = self.new_path("outside")
        os.mkdir(outside)
        write(outside + "/a", b"theirs")
        out = self.new_path("out")
        os.mkdir(out)
        # Where the folder `docs` would go is a link to somewhere else.
        os.symlink(outside, out + "/docs")
        self.copy(vault, "vault:/docs", out, flags="-rf", expect=EXIT_EXISTS)
        self.assertEqual(os.listdir(outside), ["a"])
        # A file goes to the link's place, not through it.
        os.symlink(outside + "/a", out + "/b")
        self.copy(vault, "vault:/docs/b", out, flags="-f")
        self.assertEqual(read(outside + "/a"), b"theirs")
        self.assertFalse(os.path.islink(out + "/b"))
        # And into the vault links go as links.
        self.copy(vault, out + "/docs", "vault:/as-link")
        run = self.tool_on(vault, "ls -l", "as-link")
        self.assertIn(" -> " + outside, run.stdout)

    def test_while_mounted_out_works_and_in_does_not(self):
        vault, state = self.make_full_vault()
        out = self.new_path("out")
        local = self.new_path("local")
        write(local, b"x")
        with self.mount(vault, foreground=True) as mount:
            self.copy(vault, "vault:/", out)
            run = self.copy(vault, local, "vault:/new",
                            expect=EXIT_ALREADY_MOUNTED)
            self.assertIn(str(mount.process.pid), run.stderr)
            self.assertFalse(os.path.exists(mount.path + "/new"))
        self.assert_same_state(state, self.state_of(out), "while mounted")
        self.copy(vault, local, "vault:/new")

    def test_nothing_mounts_while_it_copies_in(self):
        vault = self.make_vault()
        local = self.new_path("local")
        self.make_big_file(local)
        run = self.start("cp", "--password-file", vault.password_file,
                         vault.path, local, "vault:/big")
        wait_for(lambda: any(entry.endswith(".c9r") and "dirid" not in entry
                             for _, _, entries in os.walk(vault.path + "/d")
                             for entry in entries), "the copy begins")
        run.send_signal(signal.SIGSTOP)
        try:
            self.casemate("mount", vault.path, self.make_mountpoint(),
                          "--password-file", vault.password_file,
                          expect=EXIT_ALREADY_MOUNTED)
        finally:
            run.send_signal(signal.SIGCONT)
        self.assertEqual(run.wait(PATIENCE), 0)
        run.communicate()
        with self.mount(vault) as mount:
            self.assertEqual(os.stat(mount.path + "/big").st_size, BIG)
            self.assertEqual(os.listdir(mount.path), ["big"])

    def test_damage_is_named_and_left_out(self):
        vault, state = self.make_full_vault()
        encrypted = vault.ciphertext_of(100001)
        with open(encrypted, "r+b") as file:
            file.seek(vault.chunk_offset(2) + 100)
            file.write(b"damage")
        out = self.new_path("out")
        run = self.copy(vault, "vault:/", out, expect=EXIT_CONTENT_DAMAGED)
        bad = f"docs/{LONG}/deep/" + "m" * 180
        self.assertIn(f"casemate: vault:/{bad}: ", run.stderr)
        self.assertEqual(run.stderr.count("casemate: vault:"), 1)
        state.pop(bad.encode())
        self.assert_same_state(state, self.state_of(out), "the rest")
        # One file alone: nothing of it is there.
        self.copy(vault, "vault:/" + bad, out + "/one",
                  expect=EXIT_CONTENT_DAMAGED)
        self.assertFalse(os.path.exists(out + "/one"))
        self.assert_no_temporary(out)

    def test_a_signal_ends_it_cleanly(self):
        vault = self.make_big_vault()
        out = self.new_path("out")
        os.mkdir(out)
        for number in [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]:
            run = self.start("cp", "--password-file", vault.password_file,
                             vault.path, "vault:/big", out)
            self.wait_for_temporary(out)
            run.send_signal(number)
            self.assertEqual(run.wait(PATIENCE), EXIT_INTERRUPTED, number)
            run.communicate()
            self.assertEqual(os.listdir(out), [])
        # In: found out by what the vault has afterwards.
        before = vault.state()
        local = self.new_path("local")
        self.make_big_file(local)
        files = lambda: sum(len(f) for _, _, f in os.walk(vault.path + "/d"))
        count = files()
        run = self.start("cp", "--password-file", vault.password_file,
                         vault.path, local, "vault:/second")
        wait_for(lambda: files() > count, "the copy begins")
        run.send_signal(signal.SIGINT)
        self.assertEqual(run.wait(PATIENCE), EXIT_INTERRUPTED)
        run.communicate()
        self.assertEqual(set(before), set(vault.state()))

    def test_permissions_that_a_file_system_lacks_matter_only_when_kept(self):
        vault, state = self.make_full_vault()
        # A file system that shows one mode and refuses every other.
        with self.mount(self.make_vault(), "--umask", "077") as mount:
            self.copy(vault, "vault:/docs/b", mount.path, flags="-q")
            self.assertEqual(read(mount.path + "/b"),
                             random_bytes("docs/b", 1))
            run = self.copy(vault, "vault:/docs/c", mount.path, flags="-p",
                            expect=EXIT_OTHER)
            self.assertIn("Operation not permitted", run.stderr)
            self.assertEqual(os.listdir(mount.path), ["b"])

    def test_mistakes_have_their_codes(self):
        vault, _ = self.make_full_vault()
        out = self.new_path("out")
        os.mkdir(out)
        self.copy(vault, "vault:/absent", out, expect=EXIT_NO_SUCH_PATH)
        self.copy(vault, out + "/absent", "vault:/", expect=EXIT_OTHER)
        self.copy(vault, "vault:/docs", out, flags="-p", expect=EXIT_USAGE)
        self.copy(vault, "vault:/docs/a", "vault:/docs/b", out + "/absent",
                  expect=EXIT_OTHER)
        self.copy(vault, "vault:/docs/a", out + "/absent/", expect=EXIT_OTHER)
        self.copy(vault, "vault:/docs/a", vault.path + "/d",
                  expect=EXIT_USAGE)
        self.assertEqual(os.listdir(out), [])
        # The folder that holds the vault: all but the vault.
        inside = self.new_path("inside")
        os.mkdir(inside)
        write(inside + "/file", b"x")
        os.rename(vault.path, inside + "/vault")
        vault.path = inside + "/vault"
        run = self.copy(vault, inside, "vault:/", expect=EXIT_OTHER)
        self.assertIn("not copied into itself", run.stderr)
        names = self.tool_on(vault, "ls", os.path.basename(inside)).stdout
        self.assertEqual(names, "file\n")

    def test_fifos_and_names_that_a_vault_cannot_have(self):
        vault = self.make_vault()
        local = self.new_path("local")
        os.mkdir(local)
        os.mkfifo(local + "/fifo")
        write(os.fsencode(local) + b"/\xff", b"x")
        write(local + "/good", b"x")
        run = self.copy(vault, local, "vault:/in", expect=EXIT_OTHER)
        self.assertIn("/fifo: ", run.stderr)
        self.assertIn(r"/\xff: ", run.stderr)
        self.assertEqual(self.tool_on(vault, "ls", "in").stdout, "good\n")


class ViewTest(VaultTools):
    def test_tree_and_ls_show_what_the_mount_shows(self):
        vault, _ = self.make_full_vault()
        with self.mount(vault, "--ro") as mount:
            expected = list(drawn_tree(mount.path))
            folders = sum(len(folder) for _, folder, _ in os.walk(mount.path))
            links = sum(os.path.islink(mount.path + path)
                        and os.path.isdir(mount.path + path)
                        for path in paths_below(mount.path))
            files = len(paths_below(mount.path)) - folders + links
            listed = sorted(os.listdir(mount.path + "/docs"))
            lines = self.tool_on(vault, "tree").stdout.split("\n")
            self.assertEqual(lines[0], "/")
            self.assertEqual(lines[1:-3], expected)
            self.assertEqual(lines[-2],
                             f"{folders - links} folders, {files} files")
            self.assertEqual(
                self.tool_on(vault, "ls", "docs").stdout.split("\n")[:-1],
                listed)
            for line in self.tool_on(vault, "ls -l", "/docs").stdout.split(
                    "\n")[:-1]:
                mode, links, uid, gid, size, day, at, name = line.split(" ", 7) \
                    if "  " not in line else re.split(" +", line, maxsplit=7)
                info = os.lstat(f"{mount.path}/docs/{name.split(' -> ')[0]}")
                self.assertEqual(int(size), info.st_size, name)
                self.assertEqual(
                    time.strftime("%Y-%m-%d %H:%M", time.gmtime(info.st_mtime)),
                    f"{day} {at}")
        # Where the locale has no such characters, and no deeper than told.
        run = self.tool_on(vault, "tree -L 1", "docs",
                           environment={"LC_ALL": "C"})
        self.assertIn("\n|-- [a,b]\n", run.stdout)
        self.assertIn("\n`-- " + LONG + "\n\n1 folder, 6 files\n", run.stdout)

    def test_tree_marks_what_is_damaged(self):
        vault, _ = self.make_full_vault()
        entry = self.tool_on(vault, "name encrypt", "/to-docs").stdout[:-1]
        write(f"{vault.path}/{entry}/symlink.c9r", b"x")
        run = self.tool_on(vault, "tree", expect=EXIT_CONTENT_DAMAGED)
        self.assertIn("to-docs -> ? [damaged]\n", run.stdout)
        self.assertTrue(run.stdout.endswith(" files, 1 damaged\n"))

    def test_names_go_both_ways(self):
        vault, _ = self.make_full_vault()
        with self.mount(vault, "--ro") as mount:
            paths = paths_below(mount.path)
        run = self.tool_on(vault, "name encrypt -0", *paths)
        entries = run.stdout.split("\0")[:-1]
        self.assertEqual(len(entries), len(paths))
        self.assertEqual(len(set(entries)), len(paths))
        for entry in entries:
            self.assertTrue(os.path.lexists(f"{vault.path}/{entry}"), entry)
        run = self.tool_on(vault, "name decrypt --null", *entries)
        self.assertEqual(run.stdout.split("\0")[:-1], paths)
        absolute = [f"{vault.path}/{entry}" for entry in entries]
        run = self.tool_on(vault, "name decrypt -0", *absolute)
        self.assertEqual(run.stdout.split("\0")[:-1], paths)
        # A line each, in order; every file of the store has an answer.
        files = [os.path.join(folder, name)
                 for folder, _, names in os.walk(vault.path + "/d")
                 for name in names]
        run = self.tool_on(vault, "name decrypt -0", *files)
        self.assertEqual(
            set(run.stdout.split("\0")[:-1]) | {"/"}, set(paths) | {"/"})

    def test_what_has_no_answer_gets_an_empty_line(self):
        vault, _ = self.make_full_vault()
        run = self.tool_on(vault, "name encrypt", "/docs/a", "/absent", "docs",
                           expect=EXIT_NO_SUCH_PATH)
        lines = run.stdout.split("\n")
        self.assertEqual([bool(line) for line in lines],
                         [True, False, True, False])
        self.assertIn("/absent: ", run.stderr)
        entry = lines[0]
        run = self.tool_on(vault, "name decrypt", entry + "x", entry, "d/AA/B",
                           "/etc/passwd", expect=EXIT_NO_SUCH_PATH)
        self.assertEqual(run.stdout, "\n/docs/a\n\n\n")
        # A name of another folder: it is there, and does not authenticate.
        other = os.path.dirname(lines[2]) + "/" + os.path.basename(entry)
        write(f"{vault.path}/{other}", b"x")
        run = self.tool_on(vault, "name decrypt", other,
                           expect=EXIT_CONTENT_DAMAGED)
        self.assertEqual(run.stdout, "\n")


class TerminalTest(VaultTools):
    def on_terminal(self, *arguments, expect=0, environment=None, **options):
        """All that the terminal was sent."""
        terminal = Terminal(self, *arguments, to_terminal=True,
                            environment={"TERM": "xterm",
                                         **(environment or {})}, **options)
        terminal.end(expect)
        return terminal.shown

    def test_hostile_names_reach_no_terminal(self):
        vault, _ = self.make_full_vault()
        file = ["--password-file", vault.password_file]
        entry = self.tool_on(vault, "name encrypt", "/" + HOSTILE).stdout[:-1]
        for arguments, shown in [
                (["ls", *file, vault.path], HOSTILE_SHOWN),
                (["ls", "-l", *file, vault.path], r" -> \x1b[31mred"),
                (["tree", *file, vault.path], HOSTILE_SHOWN),
                (["name", "decrypt", *file, vault.path, entry],
                 "/" + HOSTILE_SHOWN)]:
            sent = terminal_bytes(self.on_terminal(*arguments))
            self.assertIn(shown.encode(), sent)
            self.assertNotIn(b"\x1b", sent, arguments)
            self.assertNotIn(b"\x07", sent, arguments)
        out = self.new_path("out")
        os.mkdir(out)
        write(f"{out}/{HOSTILE}", b"x")
        sent = terminal_bytes(self.on_terminal(
            "cp", *file, vault.path, f"vault:/{HOSTILE}", out,
            expect=EXIT_EXISTS))
        self.assertIn(rb"x\x1b[2J", sent)
        self.assertNotIn(b"\x1b", sent)

    @contextlib.contextmanager
    def stopped_copy(self, vault, out, *flags, **options):
        """A copy that was stopped for over a second on its way."""
        terminal = Terminal(self, "cp", *flags, "--password-file",
                            vault.password_file, vault.path, "vault:/big", out,
                            **options)
        self.wait_for_temporary(out)
        terminal.process.send_signal(signal.SIGSTOP)
        time.sleep(1.1)  # the program's own second has to pass
        terminal.process.send_signal(signal.SIGCONT)
        yield terminal

    def test_a_line_says_how_far_it_is(self):
        vault = self.make_big_vault()
        xterm = {"TERM": "xterm"}
        for flags, environment, is_shown in [
                ([], xterm, True), (["-q"], xterm, False),
                (["--no-progress"], xterm, False),
                ([], {"TERM": "dumb"}, False)]:
            out = self.new_path("out")
            os.mkdir(out)
            with self.stopped_copy(vault, out, *flags, to_terminal=True,
                                   environment=environment) as terminal:
                terminal.end(0)
            if not is_shown:
                self.assertEqual(terminal.shown, b"", flags)
                continue
            self.assertRegex(
                terminal.shown,
                rb"\r\x1b\[Kcopying  \[=*> *\]  [ 0-9]{3}%  "
                rb"[0-9.]+ [KM]iB / 256.0 MiB  [0-9.]+ [KMG]iB/s  0:0[0-9] left")
            # Gone at the end, and nothing else was ever there.
            self.assertTrue(terminal.shown.endswith(b"\r\x1b[K"))
            self.assertEqual(os.stat(out + "/big").st_size, BIG)

    def test_control_c_takes_the_line_away(self):
        vault = self.make_big_vault()
        out = self.new_path("out")
        os.mkdir(out)
        with self.stopped_copy(vault, out, to_terminal=True,
                               environment={"TERM": "xterm"}) as terminal:
            while b"copying" not in terminal.shown:
                self.assertTrue(terminal.read_more(PATIENCE))
            os.write(terminal.typist, b"\x03")
            terminal.end(EXIT_INTERRUPTED)
        self.assertRegex(terminal.shown,
                         rb"\r\x1b\[Kcasemate: interrupted[^\x1b]*$")
        self.assertEqual(os.listdir(out), [])

    def test_into_a_pipe_nothing_is_said(self):
        vault = self.make_big_vault()
        out = self.new_path("out")
        os.mkdir(out)
        with self.stopped_copy(vault, out,
                               environment={"TERM": "xterm"}) as terminal:
            self.assertEqual(terminal.end(0), "")
        self.assertEqual(terminal.shown, b"")


if __name__ == "__main__":
    main()
