#!/usr/bin/env python3
"""Runs tests/e2e/test_*.py and tests/fault/test_*.py: run.py [--long] [NAME…]. One line a test; the last line counts them.

NAME selects tests whose id (test_module.Class.test_name) contains it. --long adds the tests marked @long. Exit code 1
on any failure.
"""
import argparse
import os
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
FAULT = os.path.join(os.path.dirname(HERE), "fault")
sys.dont_write_bytecode = True
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "support")]


class Result(unittest.TestResult):
    """Prints each test as it ends, and counts tests, not sub-tests."""

    def __init__(self):
        super().__init__()
        self.counts = {"ok": 0, "FAIL": 0, "skip": 0}
        self.skips = []
        self._trouble = self._reason = None

    def startTest(self, test):
        super().startTest(test)
        self._trouble, self._reason, self._start = [], None, time.monotonic()

    def stopTest(self, test):
        super().stopTest(test)
        word = "FAIL" if self._trouble else "skip" if self._reason else "ok"
        self._report(word, test.id(), time.monotonic() - self._start, self._trouble, self._reason)
        self._trouble = self._reason = None

    def addError(self, test, err):
        self._note(test, self._exc_info_to_string(err, test))

    def addFailure(self, test, err):
        self._note(test, self._exc_info_to_string(err, test))

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self._note(test, f"{subtest}\n{self._exc_info_to_string(err, test)}")

    def addUnexpectedSuccess(self, test):
        self._note(test, "was expected to fail, and passed")

    def addSkip(self, test, reason):
        if self._trouble is None:  # a whole module or class
            self._report("skip", test.id(), 0, [], reason)
        else:
            self._reason = reason

    def _note(self, test, text):
        if self._trouble is None:  # setUpModule, setUpClass and their like stand outside any test
            self._report("FAIL", test.id(), 0, [text], None)
        else:
            self._trouble.append(text)

    def _report(self, word, name, seconds, trouble, reason):
        self.counts[word] += 1
        if word == "skip":
            self.skips.append((name, reason))
        print(f"{word:4} {seconds:7.2f} s  {name}" + (f"  ({reason})" if word == "skip" else ""), flush=True)
        for text in trouble:
            print("    " + text.rstrip().replace("\n", "\n    "), flush=True)


def flatten(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from flatten(item)
        else:
            yield item


def wanted(test, names, long):
    if names and not any(name in test.id() for name in names):
        return False
    method = getattr(test, getattr(test, "_testMethodName", ""), None)
    return long or not (getattr(method, "long", False) or getattr(type(test), "long", False))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--long", action="store_true", help="also the tests marked @long")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only tests whose id contains it")
    options = parser.parse_args()
    long = options.long or os.environ.get("BAUTA_LONG") == "1"

    found = [unittest.TestLoader().discover(folder, "test_*.py", folder) for folder in (HERE, FAULT)]
    chosen = [test for suite in found for test in flatten(suite) if wanted(test, options.names, long)]
    result = Result()
    unittest.TestSuite(chosen).run(result)

    if result.skips:
        print(f"\nNOT RUN, {len(result.skips)}:")
        for name, reason in result.skips:
            print(f"  {name}: {reason}")
    passed, failed, skipped = (result.counts[word] for word in ("ok", "FAIL", "skip"))
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
