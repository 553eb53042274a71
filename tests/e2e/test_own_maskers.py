"""Maskers from outside the tree: a shared object and a script. One that misbehaves ends the run, staging stays as it was."""
import json
import os
import subprocess
import tempfile
import unittest

import case
import kit

HERE = os.path.dirname(os.path.abspath(__file__))
TABLE = ("create table people (id int primary key, name text, note varchar(40)); insert into people"
         " select g, 'name ' || g, 'MARK' || g || ' note' from generate_series(1, 500) g")


def rules(masker):
    return f"""- at: db.public.people
  set:
    id: {{ keep: numbers }}
    name: {{ keep: test data }}
    note: {masker}"""


class Plugin(unittest.TestCase):
    def build(self, job, name="upper.so", flags=()):
        return self.build_in(job.folder, name, flags)

    def build_in(self, folder, name="upper.so", flags=()):
        out = os.path.join(folder, name)
        subprocess.run(["cc", "-std=c17", "-shared", "-fPIC", "-Wall", "-Werror", "-I", os.path.join(case.ROOT, "include"), *flags,
                        "-o", out, os.path.join(HERE, "plugins", "upper.c")], check=True)
        return out

    def job(self, masker, more):
        job = kit.Job(rules=rules(masker), more=more)
        self.addCleanup(job.drop)
        job.make(TABLE)
        return job

    def test_masks_in_a_refresh(self):
        job = self.job("upper", "plugins: ./upper.so")
        self.build(job)
        job.refresh()
        self.assertEqual(job.in_target("select note from people where id = 17"), "MARK## NOTE")
        self.assertEqual(job.in_target("select count(*) from people where note ~ '[0-9a-z]'"), "0")

    def test_counts_in_the_plan(self):
        """Another object, another plan: an approval does not carry over."""
        job = self.job("upper", "plugins: [ upper.so ]")
        self.build(job)
        digests = set()
        for flags in ((), ("-DNOTHING=1", "-g")):
            self.build(job, flags=flags)
            done = job.run("plan", "--json")
            self.assertEqual(done.returncode, 0, done.stderr)
            digests.add(done.stdout.split('"plan":"')[1][:64])
        self.assertEqual(len(digests), 2)

    def test_seen_without_a_project(self):
        folder = tempfile.mkdtemp(dir=case.scratch().path)
        so = self.build_in(folder)
        listing = json.loads(case.bauta("maskers", "--json", "--plugin", so).stdout)
        self.assertEqual(listing[-1]["name"], "upper")
        self.assertEqual(listing[-1]["example"], {"options": "", "in": "ada 12", "out": "ADA ##"})
        self.assertEqual(len(listing), 1 + len(json.loads(case.bauta("maskers", "--json").stdout)))
        page = case.bauta("maskers", "upper", "--plugin", os.path.basename(so), cwd=folder).stdout
        self.assertIn("ADA ##", page)
        self.assertIn("did you mean upper", case.bauta("maskers", "uppper", "--plugin", so).stderr)
        done = case.bauta("try", "upper", "--plugin", so, stdin="grace 1\nx\n")
        self.assertEqual((done.returncode, done.stdout), (0, "GRACE #\nX\n"), done.stderr)
        done = case.bauta("try", "chain", "steps=[upper, hash_token]", "--plugin", so, stdin="grace 1\n")
        same = case.bauta("try", "hash_token", stdin="GRACE #\n")
        self.assertEqual((done.returncode, len(done.stdout)), (0, len(same.stdout)), done.stderr)

    def test_without_a_project_refused(self):
        folder = tempfile.mkdtemp(dir=case.scratch().path)
        so = self.build_in(folder)
        for arguments, words in ((("--plugin", "missing.so"), "missing.so cannot be read"),
                                 (("--plugin", so, "--plugin", so), "there is a masker upper already"),
                                 (("--plugin", os.path.join(HERE, "plugins", "upper.c")), "invalid ELF header")):
            for verb in (("try", "upper"), ("maskers",)):
                done = case.bauta(*verb, *arguments)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(words, done.stderr)
                self.assertNotIn("words:1", done.stderr)

    def test_refusals(self):
        job = self.job("upper", "plugins: missing.so")
        done = job.run("check")
        self.assertEqual(done.returncode, 2)
        self.assertIn("missing.so cannot be read", done.stderr)
        job.write(rules=rules("upper"), more="plugins: old.so")
        self.build(job, "old.so", ["-DBAU_COUNT_OLD", "-include", self.other_abi(job)])
        done = job.run("check")
        self.assertEqual(done.returncode, 2)
        self.assertIn("built for another bauta", done.stderr)
        job.write(rules=rules("uppper"), more="plugins: upper.so")
        self.build(job)
        done = job.run("check")
        self.assertEqual(done.returncode, 2)
        self.assertIn("did you mean 'upper'", done.stderr)

    def other_abi(self, job):
        path = os.path.join(job.folder, "abi.h")
        with open(path, "w") as f:
            f.write("#include <bauta/plugin.h>\n#undef BAU_PLUGIN_ABI\n#define BAU_PLUGIN_ABI 99u\n")
        return path


class Lua(unittest.TestCase):
    def job(self, script, more=""):
        job = kit.Job(rules=rules(f"{{ mask: lua, script: '{script}'{more} }}"))
        self.addCleanup(job.drop)
        job.make(TABLE)
        return job

    def test_masks_in_a_refresh(self):
        job = self.job('return value:gsub("%d", "9"):upper() .. token(value):sub(1, 6)')
        job.refresh()
        self.assertEqual(job.in_target("select count(*) from people where note ~ '^MARK9+ NOTE[0-9a-f]{6}$'"), "500")
        self.assertEqual(job.in_target("select count(distinct note) from people"), "500")

    def stopped(self, script, words, more="", code=7):
        job = self.job(script, more)
        job.target.create(job.db)
        job.in_target("comment on database \"%s\" is 'staging'; create table old (v int)" % job.db)
        job.in_target("drop table old")
        done = job.run("refresh")
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertIn(words, done.stderr)
        self.assertNotIn("MARK", done.stderr)
        self.assertEqual(job.in_target("select count(*) from pg_class where relname = 'people'"), "0")
        self.assertEqual(job.siblings("new"), [])

    def test_loop(self):
        self.stopped("while true do end", "instructions")

    def test_memory(self):
        self.stopped("local t = value while true do t = t .. t end", "memory")

    def test_table_memory(self):
        self.stopped("local t = {} while true do t[#t + 1] = {} end", "memory", more=", steps: 100000000")

    def test_input_and_output(self):
        for script in ('return io.open("/etc/passwd"):read("a")', 'return os.getenv("HOME")', 'return require("os").tmpname()',
                       'return load("return 1")()', 'return dofile("/etc/passwd")', 'return debug.traceback()'):
            with self.subTest(script):
                self.stopped(script, "failed in line 1")

    def test_words_of_a_script_are_not_told(self):
        self.stopped("error(value)", "failed in line 1")

    def test_syntax(self):
        self.stopped("return +", "script:1:", code=2)

    def test_too_long(self):
        self.stopped('return value .. value .. value .. value .. "......................"', "holds 40 characters")


if __name__ == "__main__":
    case.main()
