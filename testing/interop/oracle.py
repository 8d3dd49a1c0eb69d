"""The official Cryptomator library, as a process that does what it is told.

    oracle = Oracle(case, "newest")
    oracle.create(vault, combo="SIV_GCM", threshold=220)
    with oracle.opened(vault):
        oracle.ask("mkdir", path="/a")
        nodes = oracle.listing()

Oracle.java says what can be asked. CASEMATE_INTEROP is the folder that
tools/lib/interop.sh made; a test without it fails.
"""

import base64
import contextlib
import json
import os
import subprocess
import threading

from casemate_system import PASSWORD, Vault

RELEASES = ("oldest", "newest")
# Guessing the password of a test is not to take long.
COST = 1024
# The library waits for ever where it opens a fifo, say.
PATIENCE = 60


class OracleError(Exception):
    """What the library threw: its class, and its message."""

    def __init__(self, request, answer):
        super().__init__(f"{request['do']}: {answer['error']}: "
                         f"{answer['message']}")
        self.error = answer["error"]


class Oracle:
    def __init__(self, case, release):
        folder = os.environ.get("CASEMATE_INTEROP", "")
        case.assertTrue(os.path.isdir(folder),
                        "the official library is not there: run this by "
                        "./tools/dev test, which fetches it")
        java = (f"{folder}/library/runtime/bin/java" if release == "newest"
                else case.tool("java"))
        self.case = case
        self.release = release
        self.process = case.popen(
            ["-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp",
             f"{folder}/classes:{folder}/library/{release}/*", "Oracle"],
            program=java, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL)
        case.addCleanup(self.end)

    def end(self):
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()

    def ask(self, do, **fields):
        request = {"do": do, **fields}
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()
        impatience = threading.Timer(PATIENCE, self.process.kill)
        impatience.start()
        line = self.process.stdout.readline()
        impatience.cancel()
        self.case.assertTrue(line, f"the oracle ended at {request['do']}")
        answer = json.loads(line)
        if "error" in answer:
            raise OracleError(request, answer)
        return answer["ok"]

    def create(self, combo, threshold, cost=COST):
        """A new vault, made by the library."""
        vault = Vault(self.case, self.case.new_path("vault"), combo)
        os.mkdir(vault.path)
        with open(vault.password_file, "w", encoding="utf-8") as file:
            file.write(PASSWORD)
        self.ask("create", vault=vault.path, password=PASSWORD, combo=combo,
                 threshold=threshold, cost=cost)
        return vault

    @contextlib.contextmanager
    def opened(self, vault, password=PASSWORD):
        self.opening = {"vault": vault.path, "password": password}
        self.ask("open", **self.opening)
        try:
            yield self
        finally:
            self.ask("close")

    def reopen(self):
        """Closes the vault and opens it again: nothing cached is left."""
        self.ask("close")
        self.ask("open", **self.opening)

    def listing(self):
        """{path: ("dir",), ("file", size, sha256), ("link", target) or
        ("error", exception)}, with paths from the root on, without the first
        slash."""
        nodes = {}
        for node in self.ask("list"):
            fields = {"dir": (), "file": ("size", "sha256"),
                      "link": ("target",),
                      "error": ("error",)}[node["type"]]
            nodes[node["path"][1:]] = (
                node["type"], *(node[field] for field in fields))
        return nodes

    def write(self, path, data, offset=0, new=False):
        self.ask("write", path=path, offset=offset, new=new,
                 data=base64.b64encode(data).decode())

    def health(self, vault, password=PASSWORD, fix=False):
        """(class, text) of what the library's health checks find fault with;
        the vault is not open."""
        return [(finding["class"], finding["text"])
                for finding in self.ask("health", vault=vault.path,
                                        password=password, fix=fix)]
