"""Tests of bep_summary.py on small hand-made event files."""

import json
import os
import tempfile
import unittest

from tools.lib import bep_summary


def configured(label, is_test=True):
    body = {"targetKind": "cc_test rule", "testSize": "SMALL"}
    if not is_test:
        body = {"targetKind": "cc_library rule"}
    return {"id": {"targetConfigured": {"label": label}}, "configured": body}


def completed(label, **body):
    body = body or {"completed": {"success": True}}
    return {"id": {"targetCompleted": {"label": label}}, **body}


def summary(label, status):
    return {
        "id": {"testSummary": {"label": label}},
        "testSummary": {"overallStatus": status},
    }


def result(label, uri):
    output = {"name": "test.xml", "uri": uri}
    return {
        "id": {"testResult": {"label": label}},
        "testResult": {"testActionOutput": [output]},
    }


def ran(label, status):
    return [configured(label), completed(label), summary(label, status)]


LAST = [{"id": {"progress": {}}, "lastMessage": True}]


class BepSummaryTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def phase(self, status, events):
        text = "".join(json.dumps(event) + "\n" for event in events)
        name = f"events{len(os.listdir(self.folder))}"
        return status, self.write(name, text)

    def counts(self, *phases, leftovers=()):
        passed, failures, skipped = bep_summary.summarize(phases, leftovers)
        return len(passed), len(failures), len(skipped)

    def report(self, cases):
        text = f"<testsuites><testsuite>{cases}</testsuite></testsuites>"
        return "file://" + self.write("test.xml", text)

    def test_counts_each_outcome(self):
        events = (
            ran("//a:ok", "PASSED")
            + ran("//a:bad", "FAILED")
            + ran("//a:slow", "TIMEOUT")
            + LAST
        )
        self.assertEqual(self.counts(self.phase(3, events)), (1, 2, 0))

    def test_flaky_is_a_failure(self):
        events = ran("//a:flaky", "FLAKY") + LAST
        self.assertEqual(self.counts(self.phase(0, events)), (0, 1, 0))

    def test_what_does_not_build_is_a_failure_test_or_not(self):
        broken = {"completed": {"failureDetail": {"message": "exit 1"}}}
        events = [
            configured("//a:lib", is_test=False),
            configured("//a:test"),
            completed("//a:lib", **broken),
            completed("//a:test", **broken),
        ]
        self.assertEqual(self.counts(self.phase(1, events + LAST)), (0, 2, 0))

    def test_what_does_not_analyse_is_a_failure(self):
        aborted = {"aborted": {"reason": "ANALYSIS_FAILURE"}}
        events = [configured("//a:t"), completed("//a:t", **aborted)] + LAST
        self.assertEqual(self.counts(self.phase(1, events)), (0, 1, 0))

    def test_libraries_that_build_do_not_count(self):
        events = [configured("//a:lib", is_test=False), completed("//a:lib")]
        events += ran("//a:ok", "PASSED") + LAST
        self.assertEqual(self.counts(self.phase(0, events)), (1, 0, 0))

    def test_incompatible_with_the_platform_is_skipped(self):
        skipped = {"aborted": {"reason": "SKIPPED"}}
        events = [configured("//a:mac"), completed("//a:mac", **skipped)]
        self.assertEqual(self.counts(self.phase(0, events + LAST)), (0, 0, 1))

    def test_a_test_left_to_a_later_phase_counts_there(self):
        first = ran("//a:unit", "PASSED")
        first += [configured("//a:system"), completed("//a:system")]
        second = ran("//a:system", "PASSED")
        phases = self.phase(0, first + LAST), self.phase(0, second + LAST)
        self.assertEqual(self.counts(*phases), (2, 0, 0))

    def test_a_test_no_phase_ran_is_a_failure(self):
        first = [configured("//a:system"), completed("//a:system")] + LAST
        phases = self.phase(0, first), self.phase(4, LAST)
        self.assertEqual(self.counts(*phases), (0, 1, 0))

    def test_a_target_is_counted_once_and_its_failure_wins(self):
        phases = (
            self.phase(0, ran("//a:t", "PASSED") + LAST),
            self.phase(3, ran("//a:t", "FAILED") + LAST),
        )
        self.assertEqual(self.counts(*phases), (0, 1, 0))

    def test_a_phase_without_tests_is_fine(self):
        phases = self.phase(0, ran("//a:t", "PASSED") + LAST)
        self.assertEqual(self.counts(phases, self.phase(4, LAST)), (1, 0, 0))

    def test_a_bad_status_that_names_no_target_is_a_failure(self):
        events = ran("//a:t", "PASSED") + LAST
        self.assertEqual(self.counts(self.phase(1, events)), (1, 1, 0))

    def test_events_cut_short_are_a_failure(self):
        status, path = self.phase(0, ran("//a:t", "PASSED"))
        with open(path, "a", encoding="utf-8") as file:
            file.write('{"id": {"testSumm')
        self.assertEqual(self.counts((status, path)), (1, 1, 0))

    def test_no_events_are_a_failure(self):
        absent = os.path.join(self.folder, "absent")
        self.assertEqual(self.counts((36, absent)), (0, 1, 0))

    def test_each_leftover_is_a_failure(self):
        phase = self.phase(0, ran("//a:t", "PASSED") + LAST)
        counts = self.counts(phase, leftovers=["mount /x", "process 7"])
        self.assertEqual(counts, (1, 2, 0))

    def test_a_test_whose_every_case_skipped_itself_is_skipped(self):
        uri = self.report(
            '<testcase status="run"><skipped/></testcase>'
            '<testcase status="notrun"/>'
        )
        events = ran("//a:t", "PASSED") + [result("//a:t", uri)] + LAST
        self.assertEqual(self.counts(self.phase(0, events)), (0, 0, 1))

    def test_one_case_that_ran_makes_it_passed(self):
        uri = self.report(
            '<testcase status="run"><skipped/></testcase>'
            '<testcase status="run"/>'
        )
        events = ran("//a:t", "PASSED") + [result("//a:t", uri)] + LAST
        self.assertEqual(self.counts(self.phase(0, events)), (1, 0, 0))

    def test_one_shard_that_ran_makes_it_passed(self):
        uri = self.report('<testcase status="run"><skipped/></testcase>')
        events = ran("//a:t", "PASSED")
        events += [result("//a:t", uri), result("//a:t", "file:///absent")]
        self.assertEqual(self.counts(self.phase(0, events + LAST)), (1, 0, 0))


if __name__ == "__main__":
    unittest.main()
