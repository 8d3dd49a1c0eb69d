"""A terminal to run the program on, for what it asks and shows there."""

import fcntl
import os
import pty
import select
import subprocess
import termios
import time

from casemate_system import PATIENCE


class Terminal:
    """A program with a terminal of its own, which it is typed to on.

    `options` are SystemTestCase.popen's; what is not said to go elsewhere goes
    to a pipe, or with to_terminal to the terminal."""

    def __init__(self, case, *arguments, to_terminal=False, **options):
        self.case = case
        self.shown = b""
        self.typist, end = pty.openpty()
        self.process = case.popen(
            arguments, pass_fds=[end], start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(end, termios.TIOCSCTTY, 0),
            **{"stdout": end if to_terminal else subprocess.PIPE,
               "stderr": end if to_terminal else subprocess.PIPE, **options})
        os.close(end)

    def read_more(self, patience):
        if not select.select([self.typist], [], [], patience)[0]:
            return False
        try:
            more = os.read(self.typist, 4096)
        except OSError:  # EIO: nobody has it open any more
            return False
        self.shown += more
        return bool(more)

    def answer(self, prompt, text):
        """Waits for `prompt`, once more than it was shown, and types."""
        deadline = time.monotonic() + PATIENCE
        while not self.shown.endswith(prompt.encode()):
            if not self.read_more(deadline - time.monotonic()):
                self.case.fail(f"no {prompt!r}, but {self.shown!r}")
        os.write(self.typist, text.encode() + b"\n")

    def end(self, expect):
        while self.read_more(PATIENCE):
            pass
        out, err = self.process.communicate(timeout=PATIENCE)
        os.close(self.typist)
        self.case.assertEqual(self.process.returncode, expect,
                              (self.shown, out, err))
        return (err or b"").decode()
