#!/usr/bin/env python3
"""Runs the meson tests of a build folder: unit.py BUILD [NAME…]. The last line counts them.

A Criterion program counts as the cases its synthesis line tells; any other, or one that died before that line, as one
test. NAME selects programs whose name contains it.
"""
import json
import os
import re
import subprocess
import sys

SYNTHESIS = re.compile(r"Synthesis: Tested: \S*?(\d+)\S* \| Passing: \S*?(\d+)\S* \| Failing: \S*?(\d+)\S* \| "
                       r"Crashing: \S*?(\d+)")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def names_of(build, wanted):
    text = subprocess.run(["meson", "introspect", "--tests", build], check=True, capture_output=True, text=True).stdout
    names = [test["name"] for test in json.loads(text)]
    return [name for name in names if not wanted or any(part in name for part in wanted)]


def count(result, output):
    """(passed, failed, skipped) of one program."""
    passed = failed = 0
    for _tested, good, bad, crashed in SYNTHESIS.findall(COLOUR.sub("", output)):
        passed += int(good)
        failed += int(bad) + int(crashed)
    if result == "SKIP":
        return passed, failed, 1
    fine = result in ("OK", "EXPECTEDFAIL")
    if passed + failed == 0:
        passed = 1 if fine else 0
    if not fine and failed == 0:  # a sanitizer's finding after the last case, a time-out, a crash
        failed = 1
    return passed, failed, 0


def main():
    build, wanted = sys.argv[1], sys.argv[2:]
    names = names_of(build, wanted)
    totals = [0, 0, 0]
    status = 0
    if names:
        log = os.path.join(build, "meson-logs", "testlog.json")
        if os.path.exists(log):
            os.unlink(log)
        status = subprocess.run(["meson", "test", "-C", build, "--no-rebuild", "--print-errorlogs", "--num-processes",
                                 "2", *names]).returncode
        with open(log) as f:
            for line in f:
                test = json.loads(line)
                for i, n in enumerate(count(test["result"], (test.get("stdout") or "") + (test.get("stderr") or ""))):
                    totals[i] += n
    if status != 0 and totals[1] == 0:
        totals[1] = 1
    print("{} passed, {} failed".format(*totals) + (f", {totals[2]} skipped" if totals[2] else ""))
    return 1 if totals[1] else 0


if __name__ == "__main__":
    sys.exit(main())
