"""Masked in flight: no clear value lands anywhere, the same bytes however the work is cut, references and nulls hold."""
import os
import resource
import subprocess
import unittest

import case
import kit
import servers
import torture

# Every masked value is one of these, or made of them.
MARK = "CANARY7Q"
NUMBER = 8123456789000192  # of keys: plus the row number
AMOUNT = "424242.4242"
DAY = "1911-11-11"
UUID = "cafebabe-dead-4eef-8000-"
PHONE = "+4915123456"
MARKS = [MARK, MARK.lower(), "8123456789", AMOUNT, DAY, "cafebabe-dead", "15123456", "31337.31"]
NUMBER_BYTES = NUMBER.to_bytes(8, "little")[2:]  # what all keys share, as a heap holds them
ROWS = 5000

SOURCE = f"""
create table people (
    id bigint primary key, email varchar(80) unique, first text, last text not null, full_name text, gender text,
    phone text, token text, born date, seen timestamptz, uid uuid not null unique, amount numeric(12, 4),
    salary double precision, boss bigint references people, secret text, gone text, profile jsonb, log json,
    emails text[], phones varchar(40)[], days date[], kept text);
insert into people select {NUMBER} + g, case when g % 10 <> 3 then '{MARK}.' || g || '@Example.com' end,
    '{MARK}' || g % 50, '{MARK}' || g, '{MARK} von ' || g, (array['f', 'm', null])[g % 3 + 1],
    case when g % 7 <> 0 then phone end, '{MARK}' || g, date '{DAY}', timestamptz '{DAY} 11:11:11+00',
    ('{UUID}' || lpad(g::text, 12, '0'))::uuid, {AMOUNT}, 31337.31, case when g > 1 then {NUMBER} + g / 2 end,
    '{MARK} text ' || g, '{MARK}', case when g % 11 <> 0 then jsonb_build_object('name', '{MARK}' || g, 'n', g,
        'phones', jsonb_build_array(jsonb_build_object('number', phone, 'kind', 'home'), '{{"number": null}}'::jsonb),
        'deep', jsonb_build_object('mail', '{MARK}.' || g || '@example.com')) end,
    ('{{ "mail" : "{MARK}.' || g || '@example.com" ,"keep": [1.0,  2] }}')::json,
    case g % 4 when 0 then '{{}}' when 1 then null
        else array['{MARK}.' || g || '@example.com', null, '{MARK}.1@example.com'] end,
    case when g % 5 > 0 then array[phone] end, array[date '{DAY}', null], 'kept ' || g
    from generate_series(1, {ROWS}) g, lateral (select '{PHONE}' || lpad(g::text, 4, '0') as phone) as of_row;
create table orders (id int primary key, person bigint references people on delete cascade, contact text, at date);
insert into orders select g, {NUMBER} + g % {ROWS} + 1, '{MARK}.' || g || '@EXAMPLE.com', date '{DAY}'
    from generate_series(1, {ROWS}) g;
create table single (id int primary key, name text);
insert into single values (1, '{MARK} only row');
create table parted (id int, name text) partition by range (id);
create table parted_1 partition of parted for values from (0) to (100);
create table parted_2 partition of parted for values from (100) to (maxvalue);
insert into parted select g, '{MARK}' || g from generate_series(1, 300) g;
create view everyone as select first, last from people;
create materialized view towns as select first, count(*) from people group by 1;
create index on people (lower(last));
"""
DOMAINS = """
customer: { mask: permute }
email: { mask: email }
phone: { mask: phone }
"""
KEEP = "{ keep: harmless }"
RULES = f"""- at: db.public.people
  set:
    id: {{ domain: customer }}
    email: {{ domain: email }}
    first: {{ mask: first_name, gender_from: gender }}
    last: last_name
    full_name: person_name
    gender: {KEEP}
    phone: {{ domain: phone }}
    token: hash_token
    born: {{ mask: date_shift, days: 30, by: id }}
    seen: {{ mask: date_shift, days: 30, by: id }}
    uid: uuid
    amount: noise
    salary: noise
    secret: redact
    gone: {{ mask: constant, value: nothing }}
    profile:
      $.name: last_name
      $.phones[*].number: {{ domain: phone }}
      $.deep.mail: {{ domain: email }}
      $.**: {KEEP}
    log:
      $.mail: {{ domain: email }}
      $.**: {KEEP}
    emails: {{ domain: email }}
    phones: {{ domain: phone }}
    days: {{ mask: date_shift, days: 30, by: id }}
    kept: {KEEP}
- at: db.public.orders
  set:
    id: {KEEP}
    contact: {{ domain: email }}
    at: {{ mask: date_shift, days: 30, by: person }}
- at: db.public.single
  set: {{ id: {KEEP}, name: redact }}
- at: db.public.parted
  set: {{ id: {KEEP}, name: last_name }}
"""
NULLABLE = ("email", "gender", "phone", "boss", "profile", "emails", "phones")


class Masked(unittest.TestCase):
    """One refresh into a target that logs all it can; the tests look at what came of it."""

    @classmethod
    def setUpClass(cls):
        case.needs_postgres()
        cls.source = case.pair()[0]
        cls.target = servers.Postgres(case.scratch().path, "noisy", conf={
            "log_statement": "all", "log_min_messages": "debug1", "log_error_verbosity": "verbose",
            "log_min_error_statement": "debug1", "log_parameter_max_length": -1, "log_temp_files": 0})
        cls.addClassCleanup(cls.target.close)
        cls.job = kit.Job(cls.source, cls.target, RULES, "part_bytes: 256KiB", DOMAINS)
        cls.job.make(SOURCE)
        cls.addClassCleanup(cls.job.drop)
        cls.done = cls.job.run("refresh", "--lanes", "2")
        cls.log = cls.target.log_text()  # before our own queries are in it
        os.truncate(cls.target.log, 0)

    def setUp(self):
        self.assertEqual(self.done.returncode, 0, self.done.stdout + self.done.stderr)

    def test_no_clear_value(self):
        dump = subprocess.run([self.target.tool("pg_dump"), "-d", self.job.target_url], capture_output=True, text=True,
                              check=True, env=servers.clean_environment()).stdout
        self.assertIn("COPY public.people", dump)
        for mark in MARKS:
            lines = [line.split("\t")[0] for line in dump.splitlines() if mark in line]
            self.assertEqual(lines[:5], [], f"'{mark}' is in {len(lines)} lines of the target")
            self.assertNotIn(mark, self.done.stdout + self.done.stderr)
            self.assertNotIn(mark, self.log)
        self.assertIn("COPY", self.log)

    def test_no_clear_value_in_files(self):
        """The target's heap, indexes and WAL, the state folder, the journal, $TMPDIR, the project's folder."""
        self.target.psql("checkpoint")
        marks = [mark.encode() for mark in MARKS]
        self.assertEqual(kit.files_with(self.target.data, marks + [NUMBER_BYTES]), [])
        written = [f for f in kit.files_with(self.job.folder, marks) if not f[0].endswith("bauta.yaml")]
        self.assertEqual(written, [])
        self.assertEqual(os.listdir(self.job.tmp), [])

    def test_every_row_is_there(self):
        for table in ("people", "orders", "single", "parted", "parted_1"):
            query = f"select count(*) from {table}"
            self.assertEqual(self.job.in_target(query), self.job.in_source(query), table)
        self.assertEqual(self.job.in_target("select md5(string_agg(kept, ',' order by kept)) from people"),
                         self.job.in_source("select md5(string_agg(kept, ',' order by kept)) from people"))

    def test_nulls_stay_null(self):
        query = "select " + ", ".join(f"count({name})" for name in NULLABLE) + " from people"
        self.assertEqual(self.job.in_target(query), self.job.in_source(query))
        query = ("select count(*) filter (where emails = '{}'), sum(cardinality(emails)),"
                 " count(*) filter (where emails[2] is null and emails[1] is not null),"
                 " count(*) filter (where days[2] is null), sum(jsonb_array_length(profile -> 'phones')),"
                 " count(*) filter (where profile #> '{phones,1,number}' = 'null') from people")
        self.assertEqual(self.job.in_target(query), self.job.in_source(query))

    def test_references_hold(self):
        self.assertEqual(self.job.in_target("select count(*) from pg_constraint where contype = 'f' and convalidated"), "2")
        query = "select count(*) from people p join people b on b.id = p.boss"
        self.assertEqual(self.job.in_target(query), str(ROWS - 1))
        self.assertEqual(self.job.in_target("select count(*) from orders join people p on p.id = person"), str(ROWS))
        # The same tree: the number of children of each, and the kept column along every edge.
        edges = ("select md5(string_agg(p.kept || '>' || b.kept, ',' order by p.kept))"
                 " from people p join people b on b.id = p.boss")
        self.assertEqual(self.job.in_target(edges), self.job.in_source(edges))
        orders = ("select md5(string_agg(o.id || '>' || p.kept, ',' order by o.id))"
                  " from orders o join people p on p.id = o.person")
        self.assertEqual(self.job.in_target(orders), self.job.in_source(orders))

    def test_equal_stays_equal(self):
        """One e-mail address is one pseudonym: in columns of two tables, in arrays, in json and jsonb, in any case."""
        query = ("select count(*) from people p join orders o on lower(o.contact) = lower(p.email)")
        self.assertEqual(self.job.in_target(query), self.job.in_source(query))
        for other in ("lower(profile #>> '{deep,mail}')", "lower(log ->> 'mail')", "lower(emails[1])"):
            query = f"select count(*) from people where lower(email) = {other}"
            self.assertGreater(int(self.job.in_source(query)), ROWS // 4)
            self.assertEqual(self.job.in_target(query), self.job.in_source(query), other)
        query = "select count(*) from people where phone = profile #>> '{phones,0,number}' and phones[1] = phone"
        self.assertEqual(self.job.in_target(query), self.job.in_source(query))
        query = "select count(distinct email), count(distinct uid), count(distinct id) from people"
        self.assertEqual(self.job.in_target(query), self.job.in_source(query))

    def test_looks_right(self):
        self.assertEqual(self.job.in_target("select count(distinct gone), max(gone) from people"), "1|nothing")
        for wrong in ("email !~ '^[^@ ]+@[^@ ]+\\.[^@ ]+$'",
                      f"abs(born - date '{DAY}') not between 1 and 30",
                      f"born - date '{DAY}' <> seen::date - date '{DAY}'",
                      "profile is not null and profile ->> 'n' is distinct from substr(kept, 6)",
                      "log::text !~ '^\\{ \"mail\" : \"[^\"]+\" ,\"keep\": \\[1\\.0,  2\\] \\}$'",
                      "phone = '' or token = ''"):
            self.assertEqual(self.job.in_target("select count(*) from people where " + wrong), "0", wrong)

    def test_matviews_are_masked(self):
        self.assertEqual(self.job.in_target(f"select count(*) from towns where first like '%{MARK}%'"), "0")
        self.assertEqual(self.job.in_target("select sum(count) from towns"), str(ROWS))

    def test_same_bytes_however_cut(self):
        """1, 2 and 8 lanes; batches of 1 row, 1000 rows and as many as usual; parts large and small."""
        want = torture.checksums(self.target, self.job.db)
        self.assertEqual(len(want), 6)
        for lanes, rows, part in (("1", None, "1GiB"), ("8", None, "64KiB"), ("2", "1", "1GiB"), ("8", "1", "64KiB"),
                                  ("2", "1000", "256KiB"), ("1", "1000", "1GiB")):
            with self.subTest(lanes=lanes, rows=rows, part=part):
                self.job.write(RULES, f"part_bytes: {part}, keep_previous: 0", DOMAINS)
                env = self.job.environment(BAUTA_BATCH_ROWS=rows)
                self.job.refresh("--lanes", lanes, env=env)
                self.assertEqual(torture.checksums(self.target, self.job.db), want)

    def test_another_key_gives_other_bytes(self):
        want = torture.checksums(self.target, self.job.db)
        self.job.refresh(env=self.job.environment(BAUTA_KEY=case.KEY[::-1]))
        other = torture.checksums(self.target, self.job.db)
        self.assertNotEqual(other["public.people"], want["public.people"])
        self.job.refresh()
        self.assertEqual(torture.checksums(self.target, self.job.db), want)

    def test_no_core_dumps(self):
        """Even where cores are allowed, the process that holds rows makes none."""
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        job = kit.Job(self.source, self.target)
        self.addCleanup(job.drop)
        job.make(kit.GATE + "create table t (a int check (gate(a))); insert into t values (1)")
        before = resource.getrlimit(resource.RLIMIT_CORE)
        if before[1] != resource.RLIM_INFINITY and os.geteuid() != 0:
            unlimited = (before[1], before[1])
        with kit.Gate(self.target) as gate:
            resource.setrlimit(resource.RLIMIT_CORE, unlimited)
            try:
                process = job.start()
            finally:
                resource.setrlimit(resource.RLIMIT_CORE, before)
            gate.wait_reached()
            with open(f"/proc/{process.pid}/limits") as f:
                core = next(line.split()[4:6] for line in f if line.startswith("Max core file size"))
            gate.open()
            code, out, err = kit.finish(process)
        self.assertEqual(code, 0, out + err)
        self.assertEqual(core[0], "0")


class Refused(unittest.TestCase):
    """Values and rules that do not fit: the sentence names the place, never the value."""

    def refused(self, job, code, *words, verb="refresh"):
        done = job.run(verb)
        text = done.stdout + done.stderr
        self.assertEqual(done.returncode, code, text)
        for word in words:
            self.assertIn(word, text)
        for mark in MARKS:
            self.assertNotIn(mark, text)
            self.assertEqual(kit.files_with(job.state, [mark.encode()]), [])
        return text

    def job(self, sql, rules, **more):
        job = kit.Job(rules=rules, **more)
        self.addCleanup(job.drop)
        job.make(sql)
        return job

    def test_value_that_does_not_conform(self):
        job = self.job("create table people (id int primary key, phone text); insert into people"
                       " select g, '+49301234567' from generate_series(1, 3000) g",
                       f"- {{ at: db.public.people, set: {{ id: {KEEP}, phone: phone }} }}")
        job.refresh()
        job.in_target("create table marker as select 1 as a")
        for at in (1, 1500, 3000):
            job.in_source("update people set phone = '+49301234567';"
                          f" update people set phone = '{MARK} no number' where id = {at}")
            with self.subTest(at):
                self.refused(job, 7, "public.people", "phone")
                self.assertEqual(job.in_target("select a from marker"), "1")
                self.assertEqual(job.siblings("new"), [])
        self.assertNotIn(MARK, job.target.log_text())

    def test_value_in_a_document(self):
        job = self.job("create table people (profile jsonb);"
                       f""" insert into people values ('{{"tel": "{MARK}"}}')""",
                       f"- at: db.public.people\n  set:\n    profile: {{ $.tel: phone, $.**: {KEEP} }}")
        self.refused(job, 7, "public.people", "profile")

    def test_path_without_a_rule(self):
        job = self.job("create table people (profile jsonb); insert into people"
                       f""" values ('{{"tel": "+49301234567", "new": "{MARK}"}}')""",
                       "- at: db.public.people\n  set:\n    profile: { $.tel: phone }")
        self.assertIn(job.run().returncode, (3, 7))

    def test_unique_and_lossy(self):
        for rule, kind in (("first_name", "text"), ("redact", "text"), ("{ mask: constant, value: x }", "text"),
                           ("noise", "numeric"), ("{ mask: date_shift, days: 3, by: id }", "date")):
            with self.subTest(rule):
                job = self.job(f"create table people (id int primary key, v {kind} not null unique)",
                               f"- {{ at: db.public.people, set: {{ id: {KEEP}, v: {rule} }} }}")
                self.refused(job, 2, "people", "bauta.yaml:", verb="check")
                self.refused(job, 2, "people")

    def test_too_narrow(self):
        for rule, kind in (("email", "varchar(5)"), ("hash_token", "varchar(8)"), ("person_name", "char(4)")):
            with self.subTest(rule):
                job = self.job(f"create table people (id int primary key, v {kind})",
                               f"- {{ at: db.public.people, set: {{ id: {KEEP}, v: {rule} }} }}")
                self.refused(job, 2, "people", "bauta.yaml:", verb="check")

    def test_wrong_type(self):
        for rule, kind in (("email", "int"), ("permute", "boolean"), ("{ mask: date_shift, by: id }", "text"),
                           ("phone", "bytea")):
            with self.subTest(rule):
                job = self.job(f"create table people (id int primary key, v {kind})",
                               f"- {{ at: db.public.people, set: {{ id: {KEEP}, v: {rule} }} }}")
                self.refused(job, 2, "people", "bauta.yaml:", verb="check")

    def test_null_into_not_null(self):
        job = self.job("create table people (id int primary key, v text not null)",
                       f"- {{ at: db.public.people, set: {{ id: {KEEP}, v: \"null\" }} }}")
        self.refused(job, 2, "people", verb="check")

    def test_reference_that_disagrees(self):
        job = self.job("create table people (id int primary key); create table orders (person int references people)",
                       "- { at: db.public.people, set: { id: permute } }\n"
                       f"- {{ at: db.public.orders, set: {{ person: {KEEP} }} }}")
        self.refused(job, 2, "orders", "bauta.yaml:", verb="check")

    def test_constraint_the_masker_breaks(self):
        job = self.job("create type word as enum ('a', 'b'); create table people (id int primary key, v word)",
                       f"- {{ at: db.public.people, set: {{ id: {KEEP}, v: email }} }}")
        self.refused(job, 2, "people", verb="check")
