"""Committed reference pages are what the program prints today, and every page holds together."""
import json
import os
import re
import unittest

import case

PAGES = {"maskers/REFERENCE.md": ("maskers", "--markdown"), "src/cli/REFERENCE.md": ("--markdown",)}


def verbs():
    listing = case.bauta("--help").stdout.split("\nVerbs:\n")[1].split("\n\n")[0]
    return re.findall(r"(?m)^  ([a-z]+) ", listing)


class Drift(unittest.TestCase):
    def test_committed_pages(self):
        for page, arguments in PAGES.items():
            with self.subTest(page):
                done = case.bauta(*arguments)
                self.assertEqual(done.returncode, 0, done.stderr)
                with open(os.path.join(case.ROOT, page), encoding="utf-8") as f:
                    committed = f.read()
                self.assertEqual(committed, done.stdout, f"{page} is old; run: bauta {' '.join(arguments)} >{page}")

    def test_every_verb_is_on_every_page(self):
        self.assertGreater(len(verbs()), 8)
        reference = case.bauta("--markdown").stdout
        man = case.bauta("--man").stdout
        script = case.bauta("completion", "bash").stdout
        for verb in verbs():
            with self.subTest(verb):
                self.assertIn(f"## bauta {verb}\n", reference)
                self.assertIn(f"\\fB{verb}\\fR", man)
                self.assertIn(f"    {verb}) own=", script)

    def test_every_option_is_on_every_page(self):
        for verb in verbs():
            with self.subTest(verb):
                text = case.bauta(verb, "--help").stdout
                man = case.bauta(verb, "--man").stdout.replace("\\-", "-")
                for flag in re.findall(r"(?m)^  (?:-[a-z], )?(--[a-z-]+)", text):
                    self.assertIn(f"\\fB{flag}\\fR", man)
                self.assertTrue(man.startswith(".TH BAUTA-" + verb.upper()))

    def test_example_runs_are_stable(self):
        listing = json.loads(case.bauta("maskers", "--json").stdout)
        again = json.loads(case.bauta("maskers", "--json").stdout)
        self.assertEqual(listing, again)
        for masker in listing:
            with self.subTest(masker["name"]):
                self.assertTrue(masker["summary"].endswith("."))
                self.assertTrue(masker["example"]["out"])
                for option in masker["options"]:
                    self.assertTrue(option["meaning"].endswith("."), option["name"])

    def test_schema_and_completion_follow_the_registry(self):
        schema = case.bauta("schema").stdout
        json.loads(schema)
        script = case.bauta("completion", "bash").stdout
        for masker in json.loads(case.bauta("maskers", "--json").stdout):
            self.assertIn(masker["name"], script)
            if "keeps all" not in masker["traits"]:
                self.assertIn(f'{{"const":"{masker["name"]}"}}', schema)
