"""Makes the golden vaults of testing/vaults anew: ./tools/dev golden.

Every run makes other keys and ids, so the vaults change as a whole; nobody
needs to run it unless what is in them is to change.
"""

import json
import os
import shutil
import sys

from both_sides import OfficialSide
from casemate_system import SystemTestCase, random_bytes
from oracle import Oracle

VAULTS = {"gcm_220": ("newest", "SIV_GCM", 220),
          "gcm_36": ("oldest", "SIV_GCM", 36),
          "ctrmac_220": ("oldest", "SIV_CTRMAC", 220),
          "ctrmac_36": ("newest", "SIV_CTRMAC", 36)}
SIZES = (0, 1, 32767, 32768, 32769)
# What one more byte would shorten, and that byte, at 36 and at 220.
NAME_SIZES = (8, 9, 146, 147, 255)


def furnish(side):
    side.mkdir("folder")
    side.mkdir("folder/empty")
    for size in SIZES:
        side.create(f"folder/{size}", random_bytes(size, size))
    for size in NAME_SIZES:
        side.create("f" * size, b"content")
    side.mkdir("d" * 200)
    side.create("d" * 200 + "/inside", b"inside")
    side.symlink("l" * 200, "folder")
    side.symlink("link", "../somewhere/else")
    side.create("\u00e4\U0001f600", b"NFC")


class Maker(SystemTestCase):
    def runTest(self):
        target = os.environ["CASEMATE_GOLDEN"]
        for name, (release, combo, threshold) in VAULTS.items():
            oracle = Oracle(self, release)
            vault = oracle.create(combo, threshold)
            with oracle.opened(vault):
                furnish(OfficialSide(oracle))
                listing = oracle.listing()
            for copy in os.listdir(vault.path):
                if copy.endswith(".bkup") or copy == "c":
                    shutil.rmtree(f"{vault.path}/{copy}", ignore_errors=True)
                    if os.path.exists(f"{vault.path}/{copy}"):
                        os.unlink(f"{vault.path}/{copy}")
            shutil.rmtree(f"{target}/{name}", ignore_errors=True)
            shutil.copytree(vault.path, f"{target}/{name}")
            with open(f"{target}/{name}.json", "w", encoding="utf-8") as file:
                json.dump(listing, file, indent=1, sort_keys=True)
                file.write("\n")


if __name__ == "__main__":
    import unittest
    result = unittest.TextTestRunner().run(Maker())
    sys.exit(not result.wasSuccessful())
