"""`bauta preview`: masked samples beside shapes of the originals; no original anywhere, also where a masker lets it through."""
import json
import os
import re
import unittest

import case
import kit
import test_masking

KEEP = "{ keep: test data }"
TABLE = """
create table people (id int primary key, name text, phone text, city text, note text, born date, amount numeric(8,2), empty text,
    tags text[], profile jsonb, raw bytea);
insert into people select g, (array['Ada Lovelace', 'Grace Hopper', 'Анна Каренина'])[g % 3 + 1],
    case when g % 10 > 0 then '+49 151 ' || lpad(g::text, 6, '0') end, 'KEPTCITY' || chr(65 + g % 5), 'call ' || g || ' or KEPTWORD' || g,
    date '1980-01-01' + g, g * 1.25, null, array['tag' || g, null], jsonb_build_object('mail', 'KEPT' || g || '@example.com', 'kept',
    'KEPTLEAF' || g), '\\x00ff'::bytea from generate_series(1, 200) g;
insert into people values (1000, 'X Æ A-12 of nowhere', '+1 (555) 0100', 'KEPTCITYZ', 'short', '1999-12-31', 1, null, null, null, null);
create table other (id int primary key, word text);
"""
RULES = f"""- at: db.public.people
  set:
    id: permute
    name: person_name
    phone: phone
    city: text_redact
    note: text_redact
    born: {{ mask: date_shift, days: 30, by: id }}
    amount: noise
    empty: redact
    tags: hash_token
    profile: {{ $.mail: email, $.kept: {KEEP} }}
    raw: "null"
- at: db.public.other
  set: {{ id: {KEEP}, word: {KEEP} }}"""


class Preview(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        case.needs_postgres()
        cls.job = kit.Job(rules=RULES)
        cls.addClassCleanup(cls.job.drop)
        cls.job.make(TABLE)  # there is no target

    def preview(self, *arguments, job=None):
        done = (job or self.job).run("preview", *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr, "")
        return done.stdout

    def fields(self, *arguments):
        page = json.loads(self.preview("--json", *arguments))
        people = next(d for d in page["datasets"] if d["dataset"] == "db.public.people")
        return {field["field"]: field for field in people["fields"]}

    def test_shapes_and_figures(self):
        fields = self.fields("db.public.people")
        phone = fields["phone"]
        self.assertEqual((phone["originals"]["values"], phone["originals"]["nulls"], phone["masked"]["nulls"]), (201, 20, 20))
        self.assertEqual([(s["shape"], s["values"]) for s in phone["shapes"]], [("P1 N2 S1 N3 S1 N6", 180)])
        self.assertEqual(phone["rare"], 1)
        self.assertEqual((phone["originals"]["shortest"], phone["originals"]["median"], phone["originals"]["longest"]), (13, 14, 14))
        name = {s["shape"]: s["values"] for s in fields["name"]["shapes"]}
        self.assertEqual(name, {"L3 S1 L8": 66, "L5 S1 L6": 67, "L:Cyrl4 S1 L:Cyrl8": 67})
        self.assertEqual(fields["name"]["originals"]["distinct"], 4)
        self.assertEqual([s["shape"] for s in fields["born"]["shapes"]], ["N4 P1 N2 P1 N2"])
        self.assertEqual((fields["empty"]["shapes"], fields["empty"]["rare"], fields["empty"]["originals"]["nulls"]), ([], 0, 201))
        self.assertEqual(fields["raw"]["shapes"], [{"shape": "bytes", "values": 200, "samples": ["null"]}])
        self.assertEqual({s["shape"] for s in fields["tags"]["shapes"]}, {"L3 N1", "L3 N2", "L3 N3"})

    def test_samples_are_what_a_refresh_makes(self):
        self.job.refresh()
        self.addCleanup(self.job.target.psql, f'drop database if exists "{self.job.db}" with (force)')
        for field in ("phone", "born", "name"):
            made = set(self.job.in_target(f"select {field} from people").splitlines())
            for shape in self.fields("db.public.people")[field]["shapes"]:
                for sample in shape["samples"]:
                    self.assertTrue(any(re.fullmatch(re.sub("L+|N+", lambda _: r"\w+", re.escape(sample)), m) for m in made), sample)

    def test_what_stays_is_shown_by_its_class(self):
        text = self.preview() + self.preview("--json")
        self.assertNotIn("KEPT", text)
        fields = self.fields()
        self.assertEqual(fields["city"]["shapes"][0]["samples"], ["LLLLLLLLL"])
        self.assertEqual(fields["profile"]["action"], "paths")
        for shape in fields["note"]["shapes"]:
            for sample in shape["samples"]:
                self.assertNotIn("call", sample)

    def test_least(self):
        fields = self.fields("--least", "2")
        self.assertEqual(fields["phone"]["rare"], 1)
        fields = self.fields("--least", "181")
        self.assertEqual((fields["phone"]["shapes"], fields["phone"]["rare"]), ([], 181))
        self.assertEqual(self.job.run("preview", "--least", "1").returncode, 2)

    def test_rows(self):
        page = json.loads(self.preview("--json", "--rows", "7"))
        self.assertEqual({d["dataset"]: d["rows"] for d in page["datasets"]}, {"db.public.people": 7, "db.public.other": 0})
        self.assertEqual(self.job.run("preview", "--rows", "4097").returncode, 2)

    def test_text_page(self):
        page = self.preview("db")
        self.assertIn("db.public.people: 201 rows read\n", page)
        self.assertIn("db.public.other: 0 rows read, no field is masked\n", page)
        self.assertRegex(page, r"(?m)^        180  P1 N2 S1 N3 S1 N6 +\+")
        self.assertIn("          1  rare: shapes of fewer than 5 values\n", page)
        for line in page.splitlines():
            self.assertLessEqual(len(line), 80, line)

    def test_choosing(self):
        for words, shown in ((["db.public.other"], ["db.public.other"]), (["db.*.oth*"], ["db.public.other"]),
                             (["db.**"], ["db.public.other", "db.public.people"]),
                             (["db.public.other", "db"], ["db.public.other", "db.public.people"])):
            page = json.loads(self.preview("--json", *words))
            self.assertEqual([d["dataset"] for d in page["datasets"]], shown)
        for word in ("db.public.nothing", "shop", "db.public"):
            done = self.job.run("preview", word)
            self.assertEqual(done.returncode, 2)
            self.assertIn("names no dataset", done.stderr)

    def test_uncovered_field(self):
        job = kit.Job(rules=f"- {{ at: db.public.people, set: {{ id: {KEEP} }} }}")
        self.addCleanup(job.drop)
        job.make("create table people (id int, name text); insert into people values (1, 'CANARY')")
        for arguments in ((), ("--json",)):
            done = job.run("preview", *arguments)
            self.assertEqual(done.returncode, 3)
            self.assertIn("name", done.stdout + done.stderr)
            self.assertNotIn("CANARY", done.stdout + done.stderr)

    def test_value_that_does_not_conform(self):
        job = kit.Job(rules="- { at: db.public.people, set: { name: permute } }")
        self.addCleanup(job.drop)
        job.make("create table people (name text); insert into people values ('12'), ('CANARY')")
        done = job.run("preview")
        self.assertEqual((done.returncode, done.stdout), (7, ""))
        self.assertIn("db.public.people.name", done.stderr)
        self.assertNotIn("CANARY", done.stderr)


class Canary(unittest.TestCase):
    """Every type and masker of the masking test, with values that carry a mark."""

    def test_no_mark(self):
        case.needs_postgres()
        job = kit.Job(rules=test_masking.RULES, domains=test_masking.DOMAINS)
        self.addCleanup(job.drop)
        job.make(test_masking.SOURCE)
        for arguments in ((), ("--json",), ("--least", "2", "--rows", "4096"), ("-v", "--log", "json")):
            done = job.run("preview", *arguments)
            self.assertEqual(done.returncode, 0, done.stderr)
            for mark in test_masking.MARKS:
                self.assertNotIn(mark, done.stdout + done.stderr)
        found = [f for f in kit.files_with(job.folder, [m.encode() for m in test_masking.MARKS]) if not f[0].endswith("bauta.yaml")]
        self.assertEqual(found, [])
        self.assertEqual(os.listdir(job.tmp), [])


if __name__ == "__main__":
    case.main()
