#!/usr/bin/env python3
"""Counts test targets in Bazel's Build Event Protocol files.

  bep_summary.py --phase STATUS EVENTS [--phase ...] [--leftover TEXT]...

A phase is one `bazel test`: its exit status and the file it wrote with
--build_event_json_file. A target is counted once however many phases named
it. It

  failed   when a test of it failed, was flaky or timed out, when it did not
           build, or when it is a test that no phase ran;
  skipped  when Bazel found it incompatible with this platform, or when every
           case in it skipped itself;
  passed   otherwise, if it is a test.

A phase that ends badly without naming a target is one more failure, and so is
each --leftover. The last line is "N passed, N failed, N skipped"; the exit
status is 1 when something failed or nothing passed.
"""

import argparse
import json
import sys
import urllib.parse
import xml.etree.ElementTree

NO_TESTS_FOUND = 4  # Bazel's exit status: built, and no test matched.


class Phase:
    """What one event file says; labels are strings."""

    def __init__(self):
        self.tests = set()  # Configured, run or not.
        self.passed = set()
        self.skipped = set()
        self.ran = set()  # At least one case of it.
        self.failed = {}  # Label to reason.
        self.complete = False

    def add(self, event):
        self.complete = self.complete or event.get("lastMessage", False)
        kind, ident = next(iter(event["id"].items()))
        label = ident.get("label", "") if isinstance(ident, dict) else ""
        if kind == "targetConfigured":
            if "testSize" in event.get("configured", {}):
                self.tests.add(label)
        elif kind == "targetCompleted":
            self._add_completed(label, event)
        elif kind == "testResult":
            self._add_result(label, event["testResult"])
        elif kind == "testSummary":
            status = event["testSummary"].get("overallStatus", "NO_STATUS")
            if status == "PASSED":
                self.passed.add(label)
            else:
                self.failed[label] = status

    def _add_completed(self, label, event):
        reason = event.get("aborted", {}).get("reason")
        if reason == "SKIPPED":
            self.skipped.add(label)
        elif reason:
            self.failed[label] = reason
        elif not event.get("completed", {}).get("success", False):
            self.failed[label] = "FAILED_TO_BUILD"

    def _add_result(self, label, result):
        # A sharded test has several results; one that ran is enough.
        reports = [
            output.get("uri", "")
            for output in result.get("testActionOutput", [])
            if output["name"] == "test.xml"
        ]
        if any(all_cases_skipped(uri) for uri in reports):
            self.skipped.add(label)
        else:
            self.ran.add(label)


def all_cases_skipped(uri):
    """Whether a file: URI is a test report with cases, none of which ran."""
    path = urllib.parse.unquote(urllib.parse.urlparse(uri).path)
    try:
        root = xml.etree.ElementTree.parse(path).getroot()
    except (OSError, xml.etree.ElementTree.ParseError):
        return False  # The report is a courtesy; the summary decides.
    cases = list(root.iter("testcase"))
    return bool(cases) and all(
        case.find("skipped") is not None or case.get("status") == "notrun"
        for case in cases
    )


def read_phase(path):
    """Reads one event file; a line that is cut short ends it."""
    phase = Phase()
    try:
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                phase.add(json.loads(line))
    except (OSError, json.JSONDecodeError) as error:
        print(f"event file: {error}", file=sys.stderr)
        phase.complete = False
    return phase


def problem_of(phase, status):
    """What is wrong with a phase beyond its targets, or None."""
    if not phase.complete:
        return f"bazel test ended early (status {status})"
    if status not in (0, NO_TESTS_FOUND) and not phase.failed:
        return f"bazel test ended with status {status} and named no target"
    return None


def summarize(phases, leftovers):
    """Returns (passed, failures, skipped): a set, a list of lines, a set."""
    failed, passed, skipped, tests = {}, set(), set(), set()
    problems = []
    for status, path in phases:
        phase = read_phase(path)
        failed.update(phase.failed)
        passed |= phase.passed
        skipped |= phase.skipped - phase.ran
        tests |= phase.tests
        problem = problem_of(phase, status)
        if problem:
            problems.append(problem)
    for label in tests - passed - skipped - set(failed):
        failed[label] = "NOT_RUN"
    skipped -= set(failed)
    passed -= set(failed) | skipped
    lines = [f"{label} {reason}" for label, reason in sorted(failed.items())]
    lines += problems + [f"left behind: {text}" for text in leftovers]
    return passed, lines, skipped


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--phase", action="append", nargs=2, default=[])
    parser.add_argument("--leftover", action="append", default=[])
    args = parser.parse_args()
    phases = [(int(status), path) for status, path in args.phase]
    passed, failures, skipped = summarize(phases, args.leftover)
    for line in failures:
        print(f"failed: {line}")
    for label in sorted(skipped):
        print(f"skipped: {label}")
    print(
        f"{len(passed)} passed, {len(failures)} failed, {len(skipped)} skipped"
    )
    return 1 if failures or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
