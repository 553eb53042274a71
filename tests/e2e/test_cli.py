"""The command line: help that fits, names that were mistyped, exit codes, what other programs read."""
import json
import os
import re
import subprocess
import unittest

import case
import kit

VERBS = ("init", "check", "plan", "refresh", "rollback", "schema", "maskers", "connectors", "try")


class Help(unittest.TestCase):
    def test_fits_80_columns(self):
        for arguments in [["--help"], ["help"]] + [[verb, "--help"] for verb in VERBS]:
            with self.subTest(arguments):
                done = case.bauta(*arguments)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(done.stderr, "")
                wide = [line for line in done.stdout.splitlines() if len(line) > 80]
                self.assertEqual(wide, [])
                self.assertGreater(len(done.stdout), 100)

    def test_every_verb_is_listed(self):
        text = case.bauta("--help").stdout
        for verb in VERBS:
            self.assertRegex(text, rf"(?m)^\s+{verb}\b")

    def test_version(self):
        done = case.bauta("--version")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"^bauta \d+\.\d+")

    def test_nothing_typed(self):
        done = case.bauta()
        self.assertEqual(done.returncode, 2)
        self.assertIn("bauta", done.stdout + done.stderr)


class Mistakes(unittest.TestCase):
    def wrong(self, *arguments):
        done = case.bauta(*arguments)
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertTrue(done.stderr.strip())
        return done.stderr

    def test_unknown_verb(self):
        self.assertIn("refresh", self.wrong("refesh"))
        self.wrong("zzzzzzzz")

    def test_unknown_option(self):
        self.assertIn("--lanes", self.wrong("refresh", "--lane", "2"))
        self.wrong("refresh", "--zzzzzzzz")
        self.wrong("refresh", "-Z")

    def test_bad_value(self):
        self.assertIn("lanes", self.wrong("refresh", "--lanes", "many"))
        self.wrong("refresh", "--lanes", "99999999999999999999")
        self.wrong("refresh", "--lanes")

    def test_no_project_file(self):
        self.assertIn("nosuch.yaml", self.wrong("refresh", "-f", "nosuch.yaml"))
        empty = case.scratch().file(kit.unique("empty"))
        os.mkdir(empty)
        done = case.bauta("check", cwd=empty)
        self.assertEqual(done.returncode, 2)
        self.assertIn("bauta.yaml", done.stderr)

    def test_unknown_masker(self):
        self.assertIn("email", self.wrong("try", "emial"))
        self.assertIn("email", self.wrong("maskers", "emial"))

    def test_init_refuses_a_password_on_the_command_line(self):
        text = self.wrong("init", "postgres://app:pwCANARY4711@127.0.0.1/x")
        self.assertNotIn("pwCANARY4711", text)


class Output(unittest.TestCase):
    def test_schema_is_json(self):
        done = case.bauta("schema")
        self.assertEqual(done.returncode, 0, done.stderr)
        schema = json.loads(done.stdout)
        self.assertIn("$schema", schema)
        for word in ("version", "stores", "rules", "domains", "key"):
            self.assertIn(word, schema["properties"])
        self.assertIn('"date_shift"', done.stdout)

    def test_maskers_and_connectors(self):
        done = case.bauta("maskers")
        self.assertEqual(done.returncode, 0, done.stderr)
        for name in ("keep", "null", "constant", "redact", "hash_token", "email", "first_name", "last_name",
                     "person_name", "phone", "permute", "uuid", "date_shift", "noise"):
            self.assertRegex(done.stdout, rf"(?m)^\s*{name}\b")
            self.assertEqual(case.bauta("maskers", name).returncode, 0, name)
        self.assertIn("postgres", case.bauta("connectors").stdout)
        self.assertIn("keep_previous", case.bauta("connectors", "postgres").stdout)

    def test_output_that_cannot_be_written(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([case.BAUTA, "schema"], stdout=full, stderr=subprocess.PIPE, text=True,
                                  env=case.environment())
        self.assertEqual(done.returncode, 1)
        self.assertTrue(done.stderr.strip())


class Try(unittest.TestCase):
    def masked(self, text, *arguments, code=0):
        done = subprocess.run([case.BAUTA, "try", *arguments], input=text, capture_output=True, text=True,
                              env=case.environment(), timeout=60)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def test_email(self):
        lines = self.masked("a@example.com\nb@example.com\nA@Example.COM\n\n", "email").stdout.split("\n")
        self.assertEqual(lines[0], lines[2])
        self.assertNotEqual(lines[0], lines[1])
        self.assertRegex(lines[0], r"^[^@ ]+@[^@ ]+$")
        self.assertNotIn("a@example.com", lines)

    def test_options(self):
        self.assertEqual(self.masked("x\ny\n", "constant", "value=z").stdout, "z\nz\n")
        self.assertEqual(self.masked("4111111111111111\n", "redact", "keep_last=4").stdout, "************1111\n")
        self.assertIn("keep_last", self.masked("x\n", "redact", "keep_lats=4", code=2).stderr)

    def test_value_that_does_not_conform(self):
        done = self.masked("+493012345678\nCANARY no number\n", "phone", code=7)
        self.assertNotIn("CANARY", done.stdout + done.stderr)

    def test_no_last_newline_and_no_input(self):
        self.assertEqual(self.masked("x", "constant", "value=z").stdout, "z\n")
        self.assertEqual(self.masked("", "constant", "value=z").stdout, "")


class Verbs(unittest.TestCase):
    """init, check and plan against a real server."""

    @classmethod
    def setUpClass(cls):
        case.needs_postgres()
        cls.job = kit.Job(rules="- { at: db.public.people,"
                                " set: { id: { keep: row number }, email: email, phone: phone, note: redact } }")
        cls.job.make("create table people (id int primary key, email text, phone text, note text);"
                     " insert into people select g, 'a@b.c', '+49301234567', 'PLANCANARY' from generate_series(1, 1000) g;"
                     " analyze")
        cls.addClassCleanup(cls.job.drop)

    def test_init_writes_a_file_that_check_reads(self):
        done = case.bauta("init", "env:SOURCE_URL", env=self.job.environment(), cwd=self.job.folder)
        text = done.stdout + done.stderr
        self.assertEqual(done.returncode, 0, text)
        self.assertNotIn("PLANCANARY", text)
        made = done.stdout if "version: 1" in done.stdout else ""
        if not made:
            made = next(open(os.path.join(self.job.folder, name)).read() for name in os.listdir(self.job.folder)
                        if name.endswith(".yaml") and "decide" in open(os.path.join(self.job.folder, name)).read())
        self.assertIn("decide these", made.lower())
        self.assertRegex(made, r"email: *(email|\{)")
        self.assertNotIn("PLANCANARY", made)

    def test_init_does_not_overwrite(self):
        before = open(self.job.file).read()
        case.bauta("init", "env:SOURCE_URL", env=self.job.environment(), cwd=self.job.folder)
        self.assertEqual(open(self.job.file).read(), before)

    def test_check(self):
        done = self.job.run("check")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(self.job.target.psql(f"select count(*) from pg_database where datname = '{self.job.db}'"), "0")
        json.loads(self.job.run("check", "--json").stdout)

    def test_plan(self):
        done = self.job.run("plan")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for word in ("people", "email", "phone", "redact", "keep"):
            self.assertIn(word, done.stdout)
        plan = json.loads(self.job.run("plan", "--json").stdout)
        self.assertIn("people", json.dumps(plan))
        self.assertEqual(self.job.target.psql(f"select count(*) from pg_database where datname = '{self.job.db}'"), "0")

    def test_refresh_as_json_lines(self):
        job = kit.Job()
        self.addCleanup(job.drop)
        job.make("create table t (a int); insert into t values (1)")
        done = job.run("refresh", "--json")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        lines = [line for line in done.stdout.splitlines() if line.strip()]
        self.assertTrue(lines)
        try:
            json.loads(done.stdout)
        except ValueError:
            for line in lines:
                json.loads(line)
        self.assertIsNone(re.search("\x1b", done.stdout + done.stderr))
