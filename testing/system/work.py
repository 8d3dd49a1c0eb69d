"""The real work that real_work_test and prometheus_test do in a directory.

Each function takes the test (for its tools and assertions) and a directory,
and leaves behind what the function of the same name with `verify_` checks
later, after another mount.
"""

import os
import random
import sqlite3

from casemate_system import random_bytes, tree_state, write

GIT_IDENTITY = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Test", "GIT_AUTHOR_EMAIL": "test@example.org",
    "GIT_COMMITTER_NAME": "Test", "GIT_COMMITTER_EMAIL": "test@example.org",
}
ROWS = 5000


def copy_tree(test, source, target):
    """`cp -a`; verify with tree_state of both."""
    test.run_tool("cp", "-a", source, target)


def tar_out(test, folder, target):
    """Packs `folder` and unpacks it below the plain directory `target`."""
    archive = target + ".tar"
    test.run_tool("tar", "--format=posix", "-C", folder, "-cf", archive, ".")
    os.mkdir(target)
    test.run_tool("tar", "-C", target, "-xpf", archive)
    os.unlink(archive)
    return tree_state(target)


def git(test, folder, *arguments):
    return test.run_tool("git", *arguments, cwd=folder,
                         environment=GIT_IDENTITY).stdout


def git_repository(test, folder, files):
    """A repository of `files` files in two commits, packed, and its clone."""
    os.mkdir(folder)
    git(test, folder, "init", "--quiet", "--initial-branch=main")
    for number in range(files):
        inner = f"{folder}/module{number % 23}/part{number % 5}"
        os.makedirs(inner, exist_ok=True)
        write(f"{inner}/file{number}.txt",
              random_bytes(("git", number), number % 4000).hex().encode())
    git(test, folder, "add", ".")
    git(test, folder, "commit", "--quiet", "-m", "everything")
    for number in range(0, files, 10):
        write(f"{folder}/module{number % 23}/part{number % 5}"
              f"/file{number}.txt", b"second version\n")
    git(test, folder, "commit", "--quiet", "-a", "-m", "a tenth of it")
    git(test, folder, "gc", "--quiet")
    git(test, folder, "clone", "--quiet", "--no-hardlinks", ".",
        folder + "-clone")
    verify_git_repository(test, folder, files)


def verify_git_repository(test, folder, files):
    for repository in (folder, folder + "-clone"):
        git(test, repository, "fsck", "--full", "--strict")
        test.assertEqual(git(test, repository, "status", "--porcelain"), "")
        listed = git(test, repository, "ls-files").splitlines()
        test.assertEqual(len(listed), files)


def _rows():
    numbers = random.Random(8)
    return [(number, numbers.randrange(1 << 40),
             random_bytes(("row", number), number % 700))
            for number in range(ROWS)]


def sqlite_database(test, path, journal):
    """A database in journal mode `journal`, filled, updated and shrunk."""
    database = sqlite3.connect(path, isolation_level=None)
    mode = database.execute(f"PRAGMA journal_mode={journal}").fetchone()[0]
    test.assertEqual(mode, journal)
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, n INT, b BLOB)")
    database.execute("CREATE INDEX by_n ON t (n)")
    rows = _rows()
    for start in range(0, ROWS, 500):
        database.execute("BEGIN")
        database.executemany("INSERT INTO t VALUES (?, ?, ?)",
                             rows[start:start + 500])
        database.execute("COMMIT")
    database.execute("BEGIN")
    database.execute("UPDATE t SET n = 0, b = randomblob(5000)")
    database.execute("ROLLBACK")
    database.execute("DELETE FROM t WHERE id % 3 = 0")
    database.execute("VACUUM")
    database.close()
    verify_sqlite_database(test, path)


def verify_sqlite_database(test, path):
    database = sqlite3.connect(path)
    check = database.execute("PRAGMA integrity_check").fetchall()
    rows = database.execute("SELECT * FROM t ORDER BY id").fetchall()
    database.close()
    test.assertEqual(check, [("ok",)])
    test.assertEqual(rows, [row for row in _rows() if row[0] % 3])
