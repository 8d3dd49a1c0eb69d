"""The library and a mount take turns in changing one vault at random.

A turn starts by looking: everything the other side wrote must be there. Steps
come from a seed, which is printed; CASEMATE_INTEROP_SEED and _STEPS change it.
"""

import os
import random

from both_sides import Model, OfficialSide, PosixSide
from casemate_system import SystemTestCase, main, random_bytes
from oracle import Oracle

STEPS = int(os.environ.get("CASEMATE_INTEROP_STEPS") or 500)
SEED = int(os.environ.get("CASEMATE_INTEROP_SEED") or 1)
STEPS_OF_A_TURN = 25
MOST_NODES = 60

CHUNK = 32768


class Steps:
    """Draws steps that are possible in `model`."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.drawn = 0

    def name(self):
        """Short, long enough for shortening at 36 or 220, or at the border."""
        self.drawn += 1
        size = self.random.choice((3, 6, 8, 9, 12, 60, 146, 147, 200, 255))
        letter = self.random.choice(("a", "b", "ü", "字"))
        tail = str(self.drawn)
        body = max(size - len(tail), 0) // len(letter.encode())
        return letter * body + tail

    def data(self):
        size = self.random.choice((0, 1, 500, CHUNK - 1, CHUNK, CHUNK + 1,
                                   2 * CHUNK, 3 * CHUNK + 77))
        self.drawn += 1
        return random_bytes(self.drawn, size)

    def one_of(self, paths):
        return self.random.choice(sorted(paths))

    def new_path(self, model):
        folder = self.one_of(model.dirs)
        return f"{folder}/{self.name()}".lstrip("/")

    def nodes(self, model):
        return [*model.files, *model.links, *(d for d in model.dirs if d)]

    def draw(self, model):
        """(verb, arguments...), the methods of every side."""
        while True:
            verb = self.random.choice(
                ("mkdir", "create", "create", "symlink", "write", "write",
                 "truncate", "truncate", "rename", "rename", "rename",
                 "replace", "delete"))
            step = getattr(self, "_" + verb)(model)
            if step:
                return step

    def _mkdir(self, model):
        if len(self.nodes(model)) < MOST_NODES:
            return ("mkdir", self.new_path(model))

    def _create(self, model):
        if len(self.nodes(model)) < MOST_NODES:
            return ("create", self.new_path(model), self.data())

    def _symlink(self, model):
        if len(self.nodes(model)) < MOST_NODES:
            return ("symlink", self.new_path(model),
                    f"some/{self.name()}/target")

    def _write(self, model):
        if model.files:
            path = self.one_of(model.files)
            # The library has no writing past the end without a gap of zeros;
            # that is what truncate is for.
            offset = self.random.randint(0, len(model.files[path]))
            return ("write", path, offset, self.data() or b"y")

    def _truncate(self, model):
        if model.files:
            path = self.one_of(model.files)
            size = len(model.files[path])
            return ("truncate", path, self.random.choice(
                (0, size // 2, size // CHUNK * CHUNK, size + 1,
                 size + CHUNK, (size // CHUNK + 1) * CHUNK)))

    def _rename(self, model):
        if self.nodes(model):
            source = self.one_of(self.nodes(model))
            target = self.new_path(model)
            if not (target + "/").startswith(source + "/"):
                return ("rename", source, target)

    def _replace(self, model):
        """Onto a node of the same kind, a folder only onto an empty one."""
        if not self.nodes(model):
            return None
        source = self.one_of(self.nodes(model))
        for kind in (model.files, model.links, model.dirs):
            if source in kind:
                targets = [path for path in kind if path and path != source]
        if source in model.dirs:
            targets = [path for path in targets if model.is_empty(path)
                       and not source.startswith(path + "/")
                       and not path.startswith(source + "/")]
        if targets:
            return ("rename", source, self.one_of(targets))

    def _delete(self, model):
        paths = [path for path in self.nodes(model)
                 if path not in model.dirs or model.is_empty(path)]
        if paths:
            return ("delete", self.one_of(paths))


class AlternationTest(SystemTestCase):
    maxDiff = 2000

    def alternate(self, release, combo, threshold):
        print(f"{release} {combo} {threshold}: {STEPS} steps from seed {SEED}",
              flush=True)
        oracle = Oracle(self, release)
        steps = Steps(f"{SEED} {combo} {threshold}")
        model = Model()
        vault = oracle.create(combo, threshold)
        for turn in range(0, STEPS, STEPS_OF_A_TURN):
            count = min(STEPS_OF_A_TURN, STEPS - turn)
            if turn // STEPS_OF_A_TURN % 2 == 0:
                with oracle.opened(vault):
                    self.take_turn(OfficialSide(oracle), steps, model, count)
            else:
                with self.mount(vault) as mount:
                    self.take_turn(PosixSide(mount.path), steps, model, count)
        with oracle.opened(vault):
            self.assertEqual(oracle.listing(), model.listing())
        with self.mount(vault, "--ro") as mount:
            self.assertEqual(PosixSide(mount.path).listing(), model.listing())
        self.assertEqual(oracle.health(vault), [])
        self.casemate("doctor", "--content", "--password-file",
                      vault.password_file, vault.path)

    def take_turn(self, side, steps, model, count):
        who = type(side).__name__
        self.assertEqual(side.listing(), model.listing(),
                         f"{who} sees what the other side left")
        done = []
        for _ in range(count):
            verb, *arguments = steps.draw(model)
            done.append((verb, *(a if not isinstance(a, bytes) else len(a)
                                 for a in arguments)))
            try:
                getattr(side, verb)(*arguments)
            except Exception as error:
                self.fail(f"{who}: {error}; the steps of this turn: {done}")
            getattr(model, verb)(*arguments)
        try:
            after = side.listing()
        except Exception as error:
            self.fail(f"{who}: {error}; the steps of this turn: {done}")
        self.assertEqual(after, model.listing(),
                         f"{who} after its own steps: {done}")

    def test_gcm_oldest(self):
        self.alternate("oldest", "SIV_GCM", 220)

    def test_gcm_newest(self):
        self.alternate("newest", "SIV_GCM", 36)

    def test_ctrmac_oldest(self):
        self.alternate("oldest", "SIV_CTRMAC", 36)

    def test_ctrmac_newest(self):
        self.alternate("newest", "SIV_CTRMAC", 220)


if __name__ == "__main__":
    main()
