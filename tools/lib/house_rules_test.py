"""Tests of house_rules.py: each rule finds its fault and spares the rest."""

import os
import tempfile
import unittest

from tools.lib import house_rules


class HouseRulesTest(unittest.TestCase):
    def findings(self, tree):
        """The findings in a repository made of {path: content}."""
        with tempfile.TemporaryDirectory() as repo:
            for path, content in tree.items():
                full = os.path.join(repo, path)
                os.makedirs(os.path.dirname(full), exist_ok=True)
                with open(full, "wb") as file:
                    file.write(content.encode())
            return house_rules.findings(house_rules.Files(repo, tree))

    def assert_finds(self, place, tree):
        found = self.findings({"base/README.md": "", **tree})
        self.assertEqual([line.split(": ")[0] for line in found], [place])

    def assert_spares(self, tree):
        self.assertEqual(self.findings({"base/README.md": "", **tree}), [])

    def test_a_path_of_one_machine(self):
        self.assert_finds("base/a.cc:2", {"base/a.cc": '\n"/' + 'root/x"'})
        self.assert_finds("base/a.md:1", {"base/a.md": "see /" + "work/main"})
        self.assert_spares({"base/a.cc": "//base/work/a and fs/root/b"})

    def test_a_registry_host(self):
        self.assert_finds("base/a:1", {"base/a": "https://pypi" + ".org/x"})
        self.assert_finds("base/a:1", {"base/a": "deb.debian" + ".org"})
        self.assert_spares({"base/a": "https://www.debian.org"})

    def test_work_left_for_later(self):
        self.assert_finds("base/a.cc:1", {"base/a.cc": "// TO" + "DO: x"})
        self.assert_finds("tools/dev:1", {
            "tools/README.md": "",
            "tools/dev": "# FIX" + "ME",
        })
        self.assert_spares({"base/a.md": "There is no TO" + "DO here."})

    def test_a_lock_of_abseil(self):
        self.assert_finds("base/a.h:1", {"base/a.h": "absl::Mutex mu_;"})
        self.assert_spares({"base/a.h": "// Not absl::Mutex: see below."})
        self.assert_spares({"base/a.h": "absl::MutexLike mu_;"})

    def test_the_real_clock_outside_its_file(self):
        use = "return absl::Now();"
        self.assert_finds("base/a.cc:1", {"base/a.cc": use})
        self.assert_spares({"base/clock.cc": use})

    def test_the_system_randomness_outside_its_file(self):
        use = "RAND_bytes(out, n);"
        crypto = {"crypto/README.md": "", "crypto/random/os_random.cc": use}
        self.assert_spares(crypto)
        self.assert_finds("base/a.cc:1", {"base/a.cc": use, **crypto})
        self.assert_finds(
            "crypto/random/second.cc:1",
            {"crypto/random/second.cc": use, **crypto},
        )

    def test_a_package_that_says_nothing_of_visibility(self):
        silent = 'cc_library(\n    name = "a",\n)\n'
        self.assert_finds("base/BUILD.bazel", {"base/BUILD.bazel": silent})
        speaks = 'package(default_visibility = ["//:x"])\n'
        self.assert_spares({"base/BUILD.bazel": speaks + silent})
        other = 'cc_library(name = "b", visibility = ["//:x"])\n'
        self.assert_spares({"base/BUILD.bazel": other + silent})
        tests = 'cc_test(name = "a_test")\n'
        self.assert_spares({"base/BUILD.bazel": tests})

    def test_a_build_file_that_cannot_be_read(self):
        self.assert_finds("base/BUILD.bazel:1", {"base/BUILD.bazel": "f("})

    def test_a_parser_that_is_not_fuzzed(self):
        parser = {"base/a.h": "\nFoo ParseFoo(view text);\n"}
        table = {"fuzz/README.md": "| `foo` | `base/a.h` |"}
        self.assert_spares({**parser, **table})
        self.assert_finds("base/a.h", {**parser, "fuzz/README.md": "`foo`"})
        self.assert_finds("fuzz/README.md", table)
        self.assert_spares({
            "base/a.h": "// DirId::Parse(x) makes one\nParseTree tree_;",
            "testing/README.md": "",
            "testing/fake.h": "Foo Parse(view text);",
            "fuzz/README.md": "",
        })

    def test_a_fuzz_target_that_is_not_in_the_table(self):
        target = {"fuzz/foo_fuzz.cc": ""}
        self.assert_spares({**target, "fuzz/README.md": "`foo`"})
        self.assert_finds("fuzz/foo_fuzz.cc", {**target, "fuzz/README.md": ""})

    def test_a_room_without_a_page(self):
        self.assert_finds("cache/", {"cache/a.h": ""})
        self.assert_finds("fs/core/", {"fs/core/deep/a.h": ""})
        self.assert_spares({"fs/core/README.md": "", "fs/core/a/b.h": ""})
        self.assert_spares({"docs/x/a": "", "third_party/x/a": ""})
        self.assert_spares({".ci/run": "", "a.md": ""})

    def test_what_is_not_text_has_no_findings(self):
        with tempfile.TemporaryDirectory() as repo:
            with open(os.path.join(repo, "seed"), "wb") as file:
                file.write(b"\xff/" + b"root/")
            files = house_rules.Files(repo, ["seed"])
            self.assertEqual(house_rules.findings(files), [])


if __name__ == "__main__":
    unittest.main()
