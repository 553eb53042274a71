"""One domain, one pseudonym: the same customer comes out equal whatever type, document or text holds the number."""
import unittest

import case
import kit

ROWS = 3000
SOURCE = f"""
create extension hstore;
create type person as (id bigint, name text, note text);
create domain known as person check ((value).id <> 0);
create table customers (
    id bigint primary key, small int, spelled text, exact numeric(20, 0), doc jsonb, ids bigint[], words text[],
    who person, sure known, group_of person[], attrs hstore, page xml, line text, prose text, route text,
    name varchar(18), loose text, spot point);
insert into customers select id, case when id < 2147483647 then id end, id::text, id,
    jsonb_build_object('customer', jsonb_build_object('id', id, 'spelled', id::text), 'name', name, 'n', g, 'code', 'abc'),
    array[id, null, id], array[id::text], row(id, name, 'a "b" \\ c')::person, row(id, name, null)::person,
    array[row(id, name, '{{"x"}}')::person, null], hstore(array['id', 'name', 'gone', 'k "q"'],
        array[id::text, name, null, 'kept']),
    ('<c id="' || id || '"><name>' || name || '</name><note>kept &amp; sound</note></c>')::xml,
    id || ',"' || name || '",kept', 'order of customer ' || id || ' (vip)',
    case when g % 2 = 0 then 'c-' || id else id::text end, name, name, case when g % 5 = 0 then point(g, 1) end
    from generate_series(1, {ROWS}) g, lateral (select case when g % 3 = 0 then g::bigint when g % 3 = 1 then 70000 + g
        else 5000000000 + g end as id, 'Ada Lovelace ' || g % 40 as name) as made;
insert into customers (id) values (-1);
"""
DOMAINS = """
customer: { mask: permute }
name: { mask: person_name }
"""
PERSON = "{ mask: composite, fields: { 1: { domain: customer }, 2: { domain: name }, 3: { keep: notes } } }"
RULES = f"""- at: db.public.customers
  set:
    id: {{ domain: customer }}
    small: {{ domain: customer }}
    spelled: {{ domain: customer }}
    exact: {{ domain: customer }}
    doc:
      $.customer.*: {{ domain: customer }}
      $.name: {{ domain: name }}
      $.n: {{ keep: counters }}
      $.code:
        mask: switch
        cases: [ {{ when: small is null or spot is not null, mask: redact }}, {{ when: "value = 'abc'", keep: common }} ]
    ids: {{ domain: customer }}
    words: {{ domain: customer }}
    who: {PERSON}
    sure: {PERSON}
    group_of: {PERSON}
    attrs: {{ mask: hstore, keys: {{ id: {{ domain: customer }}, name: {{ domain: name }}, "*": {{ keep: flags }} }} }}
    page: {{ mask: xml, paths: {{ //@id: {{ domain: customer }}, /c/name: {{ domain: name }}, "**": {{ keep: notes }} }} }}
    line: {{ mask: csv_cell, columns: {{ 1: {{ domain: customer }}, 2: {{ domain: name }}, 3: {{ keep: notes }} }} }}
    prose: {{ mask: regex, pattern: 'customer ([0-9]+)', groups: {{ 1: {{ domain: customer }} }} }}
    route:
      mask: switch
      cases:
        - {{ when: "value like 'c-%' and small is not null", mask: regex, pattern: '\\d+', groups: {{ domain: customer }} }}
        - {{ when: value like 'c-%', mask: redact }}
      else: {{ mask: chain, steps: [ {{ domain: customer }}, {{ keep: the same once more }} ] }}
    name: {{ domain: name }}
    loose: {{ domain: name }}
    spot: {{ keep: places }}
"""
SAME_ID = [
    "small is null or small = id", "spelled = id::text", "exact = id", "(doc -> 'customer' ->> 'id') = id::text",
    "jsonb_typeof(doc -> 'customer' -> 'id') = 'number'", "(doc -> 'customer' ->> 'spelled') = id::text",
    "ids = array[id, null, id]", "words = array[id::text]", "(who).id = id", "(sure).id = id",
    "(group_of[1]).id = id and group_of[2] is null", "attrs -> 'id' = id::text", "(xpath('/c/@id', page))[1]::text = id::text",
    "split_part(line, ',', 1) = id::text", "prose = 'order of customer ' || id || ' (vip)'",
    "route in (id::text, 'c-' || id) or route ~ '^[*]+$' and small is null",
]
SAME_NAME = [
    "loose = name", "doc ->> 'name' = name", "(who).name = name", "(sure).name = name", "(group_of[1]).name = name",
    "attrs -> 'name' = name", "(xpath('/c/name/text()', page))[1]::text = name", "split_part(line, ',', 2) in (name, '\"' || name || '\"')",
]
KEPT = [
    "(who).note = 'a \"b\" \\ c'", "(sure).note is null", "(group_of[1]).note = '{\"x\"}'",
    "attrs -> 'k \"q\"' = 'kept' and attrs ? 'gone' and attrs -> 'gone' is null", "split_part(line, ',', 3) = 'kept'",
    "(xpath('/c/note/text()', page))[1]::text like 'kept%sound'",
    "doc ->> 'code' = case when small is null or spot is not null then '***' else 'abc' end",
]


class Domains(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        case.needs_postgres()
        cls.job = kit.Job(rules=RULES, domains=DOMAINS, store="part_bytes: 256KiB")
        cls.job.make(SOURCE)
        cls.addClassCleanup(cls.job.drop)
        cls.done = cls.job.run("refresh", "--lanes", "2")

    def setUp(self):
        self.assertEqual(self.done.returncode, 0, self.done.stdout + self.done.stderr)

    def check(self, conditions):
        for condition in conditions:
            with self.subTest(condition):
                self.assertEqual(self.job.in_target(f"select count(*) from customers where spelled is not null and "
                                                    f"({condition}) is not true"), "0")

    def test_one_customer_one_number(self):
        self.check(SAME_ID)
        self.assertEqual(self.job.in_target("select count(*), count(distinct id), count(spelled) from customers"),
                         f"{ROWS + 1}|{ROWS + 1}|{ROWS}")
        ids = set(self.job.in_source("select id from customers").split())
        same = ids & set(self.job.in_target("select id from customers").split())
        self.assertLess(len(same), ROWS / 3)  # small numbers stay among small numbers

    def test_one_customer_one_name(self):
        """Also where the column is wide and another one of the domain is narrow."""
        self.check(SAME_NAME)
        self.assertEqual(self.job.in_target("select count(*) from customers where name like 'Ada Lovelace%'"), "0")

    def test_what_is_kept_stays(self):
        self.check(KEPT)
        self.assertEqual(self.job.in_target("select count(*) from customers where spelled is null and id < 0 and "
                                            "num_nulls(doc, ids, who, attrs, page, line, route) = 7"), "1")


class Uncovered(unittest.TestCase):
    """What no rule covers inside a text stops the run, and says where."""

    def test_each(self):
        case.needs_postgres()
        for column, value, rule, words in [
                ("hstore", "'a=>1,b=>2'", "{ mask: hstore, keys: { a: redact } }", "row 1: a key of 1 bytes is covered by no rule"),
                ("pair", "row('1', '2')", "{ mask: composite, fields: { 1: redact } }", "field 2 of a row value, of type text, is covered by no rule"),
                ("xml", "'<a><b>1</b></a>'", "{ mask: xml, paths: { /a: redact } }", "row 1: /a/<name of 1 bytes> is covered by no path"),
                ("text", "'1,2'", "{ mask: csv_cell, columns: { 1: redact } }", "row 1: column 2 of a CSV text is covered by no rule")]:
            with self.subTest(column):
                job = kit.Job(rules="- at: db.public.t\n  set: { c: " + rule + " }")
                job.make(f"create extension hstore; create type pair as (a text, b text); create table t (c {column});"
                         f"insert into t values ({value})")
                done = job.run("refresh")
                self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
                self.assertIn(words, done.stdout + done.stderr)
                job.drop()


class Members(unittest.TestCase):
    """A masker that does not suit a member of a composite type is refused before a row is read, with the rule's position."""

    def test_each(self):
        case.needs_postgres()
        job = kit.Job()
        self.addCleanup(job.drop)
        job.make("create type mood as enum ('sad', 'ok'); create type inner_pair as (a int, b varchar(4));"
                 "create type many as (n int, t varchar(6), d date, m mood, p inner_pair, r int[]);"
                 "create table t (id int primary key, c many, l many[]);"
                 "insert into t values (1, row(7, 'ab', '2020-01-01', 'ok', row(1, 'x'), array[1, 2]), array[row(7, 'ab', null, null, null, null)::many])")
        keeps = {n: "{ keep: test }" for n in "123456"}
        for column, change, words in [
                ("c", {"1": "hash_token"}, "masker hash_token does not take integer"),
                ("l", {"1": "hash_token"}, "masker hash_token does not take integer"),
                ("c", {"1": "{ mask: constant, value: x }"}, "c, fields 1"),
                ("c", {"2": "hash_token"}, "fields 2"),
                ("c", {"3": "redact"}, "masker redact does not take date"),
                ("c", {"4": "redact"}, "makes values that the enum"),
                ("c", {"5": "{ mask: composite, fields: { 1: redact, 2: redact } }"}, "masker redact does not take integer"),
                ("c", {"5": "{ mask: composite, fields: { 2: redact } }"}, "field 1 of a row value, of type integer, is covered by no rule"),
                ("c", {"6": None}, "field 6 of a row value, of type integer[], is covered by no rule"),
                ("c", {"7": "redact"}, "there is no field 7")]:
            with self.subTest(words):
                fields = {n: rule for n, rule in {**keeps, **change}.items() if rule}
                job.write(self.rules(column, fields))
                done = job.run("check")
                self.assertIn(done.returncode, (2, 3), done.stdout + done.stderr)
                self.assertIn(words, done.stdout + done.stderr)
                self.assertIn("bauta.yaml:", done.stdout + done.stderr)
        good = dict(keeps, **{"1": "permute", "2": "redact", "4": "{ mask: constant, value: sad }",
                              "5": "{ mask: composite, fields: { 1: permute, 2: redact } }"})
        job.write(self.rules("c", good))
        job.refresh()
        self.assertEqual(job.in_target("select (c).t, (c).m, ((c).p).b, (c).n <> 7 from t"), "**|sad|*|t")

    @staticmethod
    def rules(column, fields):
        other = "l" if column == "c" else "c"
        inside = ", ".join(f"{n}: {rule}" for n, rule in fields.items())
        return (f"- at: db.public.t\n  set:\n    id: {{ keep: key }}\n    {other}: {{ keep: test }}\n"
                f"    {column}: {{ mask: composite, fields: {{ {inside} }} }}")
