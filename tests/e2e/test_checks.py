"""What the source's schema would refuse of masked rows is refused by `bauta check`, with the rule's place and no value."""
import json
import unittest

import case
import kit

MARK = "CANARY5K"
KEPT = '"*": { keep: test data }'


class Checks(unittest.TestCase):
    def job(self, sql, fields, table="t", **more):
        """One table; `fields` is the inside of `set:`, on line 6 of the project file."""
        job = kit.Job(rules=self.rules(fields, table), **more)
        self.addCleanup(job.drop)
        job.make(sql)
        return job

    @staticmethod
    def rules(fields, table="t"):
        return f"- {{ at: db.public.{table}, set: {{ {fields}, {KEPT} }} }}\n" + kit.KEEP_ALL

    def run_verb(self, job, code, verb="check", *arguments):
        done = job.run(verb, *arguments)
        text = done.stdout + done.stderr
        self.assertEqual(done.returncode, code, text)
        self.assertNotIn(MARK.lower(), text.lower())
        self.assertEqual(kit.files_with(job.state, [MARK.encode()]), [])
        return text

    def refused(self, job, *words, field="", verbs=("check", "plan", "refresh")):
        """Exit 2 with file:line:column, by each verb, and nothing written."""
        for verb in verbs:
            text = self.run_verb(job, 2, verb)
            self.assertRegex(text, rf"bauta\.yaml:6:[1-9]\d*: db\.public\.\w+\.{field}")
            for word in words:
                self.assertIn(word, text)
        self.assertEqual(job.siblings(), [])
        return text

    def passes(self, job, refreshed=True):
        text = self.run_verb(job, 0)
        self.assertNotIn("warning", text)
        if refreshed:
            self.run_verb(job, 0, "refresh")
        return text


class Schema(Checks):
    def test_lossy_on_unique(self):
        job = self.job(f"create table t (id int primary key, email text unique);"
                       f"insert into t values (1, '{MARK}@example.com')", "email: redact")
        self.refused(job, "redact may give two values one output", field="email")
        job.write(self.rules("email: email"))
        self.passes(job)

    def test_wider_than_the_column(self):
        job = self.job(f"create table t (id int primary key, town varchar(12));"
                       f"insert into t values (1, '{MARK}')", "town: hash_token")
        self.refused(job, "12", field="town")
        job.write(self.rules("town: redact"))
        self.passes(job)

    def test_outside_of_an_enum(self):
        job = self.job("create type mood as enum ('good', 'bad'); create table t (id int primary key, m mood);"
                       "insert into t values (1, 'good')", "m: redact")
        self.refused(job, "enum", "mood", field="m")
        job.write(self.rules("m: { mask: constant, value: bad }"))
        self.passes(job)

    def test_not_null(self):
        job = self.job(f"create domain full_name as text not null; create table t (id int primary key, n full_name);"
                       f"insert into t values (1, '{MARK}')", "n: 'null'")
        self.refused(job, "NOT NULL", field="n")


PHONES = f"""
create table t (id int primary key, phone varchar(20) constraint phone_shape check (phone ~ '^\\+[0-9]{{8,15}}$'),
    note text);
insert into t select g, case when g % 9 > 0 then '+4930' || 1000000 + g end, '{MARK}' || g from generate_series(1, 500) g;
"""


class Simulated(Checks):
    def test_pattern(self):
        job = self.job(PHONES, "phone: redact, note: redact")
        text = self.refused(job, "445 of 500 sampled rows break CHECK 'phone_shape'", "8,15", field="phone")
        self.assertNotIn("+4930", text)
        job.write(self.rules("phone: phone, note: redact"))
        self.passes(job)
        self.assertEqual(job.in_target(f"select count(*) from t where note like '%{MARK}%' or phone like '+49301000%'"), "0")

    def test_json(self):
        job = self.job(PHONES, "phone: redact")
        answer = json.loads(job.run("check", "--json").stdout)
        self.assertEqual(answer["exit"], 2)
        self.assertEqual([(f["code"], f["object"], f["line"]) for f in answer["findings"]],
                         [("BAU_E_USAGE", "db.public.t.phone", 6)])
        self.assertGreater(answer["findings"][0]["column"], 1)

    def test_unmasked_fields_are_not_asked_about(self):
        job = self.job(PHONES + "alter table t add check (length(note) > 3 and 1 / (id - 1) >= 0) not valid;", "phone: phone")
        self.passes(job, refreshed=False)

    def test_two_columns(self):
        sql = ("create table t (id int primary key, starts date, ends date, constraint in_order check (starts < ends));"
               "insert into t select g, date '2001-01-01' + g, date '2001-01-02' + g from generate_series(1, 400) g")
        shift = "starts: {{ mask: date_shift, days: 200, by: {0} }}, ends: {{ mask: date_shift, days: 200, by: {1} }}"
        job = self.job(sql, shift.format("starts", "ends"))
        self.refused(job, "break CHECK 'in_order'", "(starts < ends)", field="starts")
        job.write(self.rules(shift.format("id", "id")))
        self.passes(job)

    def test_with_a_kept_column(self):
        job = self.job("create table t (id int primary key, price numeric(8,2), floor numeric(8,2), constraint above"
                       " check (price >= floor)); insert into t select g, 100 + g, 100 + g from generate_series(1, 300) g",
                       "price: { mask: noise, relative: 0.1 }")
        self.refused(job, "'above'", field="price")
        job.write(self.rules("price: { mask: constant, value: '1000' }"))
        self.passes(job)

    def test_null(self):
        job = self.job(f"create table t (id int primary key, a text, b text, constraint one check (a is not null or b is not null));"
                       f"insert into t values (1, '{MARK}', null), (2, 'x', 'y')", "a: 'null'")
        self.refused(job, "1 of 2 sampled rows break CHECK 'one'", field="a")

    def test_existing_violations(self):
        broken = ("create table t (id int primary key, code text); insert into t select g, case when g <= 20 then lpad(g::text, 12, '0')"
                  " else lpad(g::text, 8, '0') end from generate_series(1, 100) g;"
                  "alter table t add constraint short check (length(code) <= 8) not valid")
        job = self.job(broken, "code: redact")
        self.passes(job)
        job.write(self.rules("code: hash_token"))
        self.refused(job, "100 of 100 sampled rows break CHECK 'short'", "20 break it unmasked", field="code")

    def test_domain(self):
        sql = (f"create domain plz as text constraint five check (value ~ '^[0-9]{{5}}$');"
               f"create table t (id int primary key, plz plz, more plz[], note text check (note <> 'x' or plz is null));"
               f"insert into t select g, lpad(g::text, 5, '1'), array['12345', null, lpad(g::text, 5, '2')]::plz[], '{MARK}'"
               f" from generate_series(1, 200) g")
        job = self.job(sql, "plz: hash_token, note: redact")
        self.refused(job, "200 of 200 sampled rows break domain constraint 'five'", field="plz")
        job.write(self.rules("more: redact"))
        self.refused(job, "200 of 200 sampled rows break domain constraint 'five'", field="more")
        job.write(self.rules("plz: scramble, more: scramble, note: redact"))
        self.passes(job)

    def test_domain_over_an_array(self):
        sql = ("create domain pair as int[] constraint two check (array_length(value, 1) = 2 and value[1] < value[2]);"
               "create table t (id int primary key, p pair); insert into t select g, array[1, 2] from generate_series(1, 50) g")
        job = self.job(sql, "p: { mask: constant, value: '7' }")
        self.refused(job, "50 of 50 sampled rows break domain constraint 'two'", field="p")

    def test_rows_that_travel_as_text(self):
        job = self.job(PHONES + f"alter table t add kind regtype default 'int4', add doc text default E'tab\\there \\\\N {MARK}',"
                       " add constraint doc check (doc like E'%\\there%' and length(phone) > 5 and kind <> 'text'::regtype);",
                       "phone: phone")
        self.passes(job)
        job.write(self.rules("phone: phone, doc: redact"))
        self.refused(job, "500 of 500 sampled rows break CHECK 'doc'", field="doc")

    def test_many_types(self):
        job = self.job("create type mood as enum ('good', 'bad');"
                       "create table t (id int primary key, e text, ip inet, j jsonb, m mood, tags text[], n numeric(6,1), u uuid,"
                       ' odd "char", c char(5), f float8, at timestamptz, b bytea, r int4range,'
                       " constraint all_of_them check (e like '%@%' and family(ip) = 4 and j ? 'a' and m < 'bad' and tags[1] = 'x'"
                       " and n = round(n, 1) and u is not null and odd = 'o' and c = 'abc' and f > 1 and at < now() and length(b) = 2"
                       " and 2 <@ r));"
                       "insert into t select g, 'a' || g || '@example.com', '10.0.0.1', '{\"a\": 1}', 'good', '{x,y}', 12.3,"
                       " gen_random_uuid(), 'o', 'abc', 2.5, '2001-01-01', '\\x0102', '[1,5)' from generate_series(1, 100) g",
                       "e: email, ip: ip, n: { mask: noise, relative: 0.5 }, u: uuid")
        self.passes(job)

    def test_what_the_server_cannot_say(self):
        """A warning with the place, and the run goes on."""
        job = self.job("create function fits(a text) returns bool language plpgsql immutable as $$"
                       " begin if a like '%*%' then raise exception 'no %', a; end if; return true; end $$;"
                       f"create table t (id int primary key, a text constraint fits check (fits(a)));"
                       f"insert into t values (1, '{MARK}')", "a: redact")
        text = self.run_verb(job, 0)
        self.assertRegex(text, r"bauta\.yaml:6:\d+: warning: db\.public\.t\.a: CHECK 'fits' could not be tried on masked "
                               r"rows: .*P0001")

    def test_computed_column(self):
        job = self.job(f"create table t (id int primary key, a text, low text generated always as (lower(a)) stored"
                       f" constraint low check (low = lower(a))); insert into t values (1, '{MARK}')", "a: redact")
        text = self.run_verb(job, 0)
        self.assertRegex(text, r":6:\d+: warning: db\.public\.t\.a: CHECK 'low' could not be tried")
        self.run_verb(job, 0, "refresh")

    def test_collation(self):
        job = self.job("create collation anycase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);"
                       "create table t (id int primary key, a text collate anycase check (a = 'ABC'));"
                       "insert into t values (1, 'abc')", "a: { mask: constant, value: aBc }")
        self.passes(job)

    def test_empty_table(self):
        job = self.job(PHONES + "truncate t", "phone: redact")
        self.passes(job)

    def test_partitions_and_odd_names(self):
        job = self.job('create table t (id int, "Odd ""one" text, constraint "an odd; name" check (length("Odd ""one") > 6))'
                       " partition by range (id); create table t_1 partition of t for values from (0) to (50);"
                       " create table t_2 partition of t for values from (50) to (100);"
                       f"insert into t select g, '{MARK}' from generate_series(1, 99) g", "'\"Odd \"\"one\"': { mask: constant, value: brief }")
        self.refused(job, "49 of 49 sampled rows break CHECK 'an odd; name'", "db.public.t_2")

    def test_ends_of_a_large_table(self):
        """The rule breaks no row of the first half."""
        job = self.job("create table t (id int primary key, a text, pad text, constraint a check (length(a) < 8 or pad is null));"
                       "insert into t select g, 'short', case when g > 10000 then 'x' end from generate_series(1, 20000) g; analyze t",
                       "a: hash_token", store="part_bytes: 100kB")
        self.refused(job, "of 3072 sampled rows break CHECK 'a'", field="a", verbs=("check",))


if __name__ == "__main__":
    unittest.main()
