"""Tests of tidy.py: what makes a source be looked at again."""

import os
import tempfile
import unittest

from tools.lib import tidy


class StampTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder.name)
        os.mkdir("base")
        self.write("base/a.cc", '#include "base/a.h"\n#include <vector>\n')
        self.write("base/a.h", '#include "b.h"\n')
        self.write("base/b.h", "int b;\n")
        self.write("base/other.h", "int other;\n")
        self.before = self.stamp()

    def write(self, path, text):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def stamp(self, environment="same"):
        return tidy.stamp_of("base/a.cc", tidy.Closure(), environment)

    def test_nothing_changed(self):
        self.write("base/other.h", "int changed;\n")
        self.assertEqual(self.stamp(), self.before)

    def test_the_source_changed(self):
        self.write("base/a.cc", '#include "base/a.h"\n')
        self.assertNotEqual(self.stamp(), self.before)

    def test_a_header_of_a_header_changed(self):
        self.write("base/b.h", "long b;\n")
        self.assertNotEqual(self.stamp(), self.before)

    def test_the_environment_changed(self):
        self.assertNotEqual(self.stamp("newer clang-tidy"), self.before)

    def test_headers_that_include_each_other_end(self):
        self.write("base/b.h", '#include "base/a.h"\n')
        self.assertNotEqual(self.stamp(), self.before)


if __name__ == "__main__":
    unittest.main()
