"""Subsets of every shape of graph, against a slow and obvious closure over the source's own rows and its own catalog."""
import collections
import decimal
import json
import unittest

import case
import kit

FOREIGN_KEYS = """
select coalesce(json_agg(json_build_array(c.conrelid::regclass::text, f.conrelid_columns, c.confrelid::regclass::text,
                                          f.confrelid_columns)), '[]')
from pg_constraint c, lateral (
    select (select json_agg(attname order by k.o) from unnest(c.conkey) with ordinality k(n, o)
            join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.n) conrelid_columns,
           (select json_agg(attname order by k.o) from unnest(c.confkey) with ordinality k(n, o)
            join pg_attribute a on a.attrelid = c.confrelid and a.attnum = k.n) confrelid_columns) f
where contype = 'f' and conparentid = 0
"""
TABLES = """
select coalesce(json_agg(c.oid::regclass::text order by c.oid), '[]') from pg_class c join pg_namespace n on n.oid = relnamespace
where relkind in ('r', 'p') and not relispartition and nspname !~ '^pg_|^information_schema'
"""

Edge = collections.namedtuple("Edge", "child columns parent keys down follow when")


def edge(child, columns, parent, keys, down=True, follow=True, when=None):
    """`columns` may be a function of a row; `when` too."""
    return Edge(child, columns, parent, keys, down, follow, when)


def value(v):
    return v.lower().rstrip() if isinstance(v, str) else v


def tuple_of(row, columns):
    """None: it refers to nothing."""
    found = (columns(row),) if callable(columns) else tuple(row[c] for c in columns)
    return None if None in found else tuple(value(v) for v in found)


class Reference:
    """All rows of a database, and the closure spelled out: dependants down, parents up, until nothing is new."""

    def __init__(self, psql, edges=None):
        self.rows = {}
        for table in json.loads(psql(TABLES)):
            rows = json.loads(psql(f"select coalesce(json_agg(to_jsonb(t)), '[]') from {table} t"), parse_float=decimal.Decimal)
            self.rows[table] = rows
        declared = [edge(*fk) for fk in json.loads(psql(FOREIGN_KEYS))]
        self.edges = edges(declared) if edges else declared

    def close(self, starts, full=()):
        """{table: set of indexes}. `starts`: {table: predicate of a row}."""
        down = {t: set() for t in self.rows}
        for table, wanted in starts.items():
            down[table] = {i for i, row in enumerate(self.rows[table]) if wanted(row)}
        self.spread(down, lambda e, child, parent: (child, parent) if e.down else None)
        kept = {t: set(rows) for t, rows in down.items()}
        for table in full:
            kept[table] = set(range(len(self.rows[table])))
        self.spread(kept, lambda e, child, parent: (parent, child) if e.follow else None)
        return kept

    def spread(self, sets, direction):
        pairs = [(e, self.pairs(e)) for e in self.edges]
        grown = True
        while grown:
            grown = False
            for e, links in pairs:
                if not direction(e, 0, 0):
                    continue
                for child, parent in links:
                    (to, into), (of, frm) = direction(e, (e.child, child), (e.parent, parent))
                    if frm in sets[of] and into not in sets[to]:
                        sets[to].add(into)
                        grown = True

    def pairs(self, e):
        by_key = collections.defaultdict(list)
        for i, row in enumerate(self.rows[e.parent]):
            key = tuple_of(row, e.keys)
            if key is not None:
                by_key[key].append(i)
        found = []
        for i, row in enumerate(self.rows[e.child]):
            if e.when and not e.when(row):
                continue
            for p in by_key.get(tuple_of(row, e.columns), []):
                found.append((i, p))
        return found

    def texts(self, table, chosen):
        return sorted(json.dumps(self.rows[table][i], sort_keys=True, default=str) for i in chosen)


class Subsets(unittest.TestCase):
    def job(self, sql, subset, **more):
        job = kit.Job(more="subset:\n" + "\n".join("  " + line for line in subset.strip().splitlines()), **more)
        self.addCleanup(job.drop)
        job.make(sql)
        return job

    def check(self, sql, subset, starts, edges=None, full=(), empty=(), job=None):
        """The target holds exactly the rows of the reference; again with another lane count and odd batches."""
        job = job or self.job(sql, subset)
        reference = Reference(job.in_source, edges)
        kept = reference.close(starts, full)
        for table in empty:
            kept[table] = set()
        self.assertTrue(any(0 < len(kept[t]) < len(rows) for t, rows in reference.rows.items()), "the test chooses nothing")
        for arguments, batch in ((["--lanes", "1"], None), (["--lanes", "4"], "3")):
            job.refresh(*arguments, env=job.environment(BAUTA_BATCH_ROWS=batch))
            after = Reference(job.in_target, lambda declared: [])
            for table in reference.rows:
                self.assertEqual(after.texts(table, range(len(after.rows[table]))), reference.texts(table, kept[table]), table)
        return job

    def refused(self, job, code, *words, verb="plan"):
        done = job.run(verb)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        return done


class Shapes(Subsets):
    def test_shop(self):
        job = self.check("""
            create table countries (code char(2) primary key);
            create table customers (id int primary key, country char(2) references countries, name text);
            create table orders (id bigint primary key, customer int not null references customers);
            create table items (order_id bigint references orders, n int, product uuid, primary key (order_id, n));
            create table products (id uuid primary key, price numeric);
            alter table items add foreign key (product) references products;
            insert into countries values ('DE'), ('FR'), ('IT');
            insert into customers select g, (array['DE', 'FR', 'IT'])[1 + g % 3], 'n' || g from generate_series(1, 40) g;
            insert into orders select g, 1 + g * 7 % 40 from generate_series(1, 120) g;
            insert into products select md5(g::text)::uuid, g from generate_series(1, 60) g;
            insert into items select 1 + g % 120, g, md5((1 + g % 60)::text)::uuid from generate_series(1, 300) g;
            """, "from: [ { db.public.customers: \"country = 'FR' and id < 20\" } ]",
            {"customers": lambda r: r["country"] == "FR" and r["id"] < 20})
        for row, words in ((("items", "3", "2"), ("depends on the next", "start row")),
                           (("products", "c4ca4238-a0b9-2382-0dcc-509a6f75849b"), ("by",)),
                           (("orders", "100000"), ("no such row",))):
            done = job.run("explain", "db.public." + row[0], *row[1:])
            self.assertEqual(done.returncode, 0, done.stderr)
            if not any(w in done.stdout for w in ("not kept",)):
                for word in words:
                    self.assertIn(word, done.stdout)

    def test_self_reference(self):
        self.check("create table t (id int primary key, boss int references t, team text);"
                   "insert into t select g, nullif(g / 3, 0), 'x' || g % 5 from generate_series(1, 200) g",
                   "from: [ { db.public.t: id = 7 } ]", {"t": lambda r: r["id"] == 7})

    def test_two_cycle(self):
        self.check("""
            create table a (id int primary key, b int);
            create table b (id int primary key, a int references a);
            insert into a select g, 1 + g * 3 % 50 from generate_series(1, 50) g;
            insert into b select g, 1 + g * 7 % 50 from generate_series(1, 50) g where g % 4 > 0;
            update a set b = null where b not in (select id from b) or id % 5 > 0;
            alter table a add foreign key (b) references b;""",
                   "from: [ { db.public.a: id = 3 } ]", {"a": lambda r: r["id"] == 3})

    def test_three_cycle_not_null(self):
        self.check("""
            create table a (id int primary key, c int not null);
            create table b (id int primary key, a int not null references a);
            create table c (id int primary key, b int not null references b);
            insert into a select g, g from generate_series(1, 60) g;
            insert into b select g, case when g % 6 = 0 then g - 1 else g end from generate_series(1, 60) g;
            insert into c select g, case when g % 5 = 0 then g - 1 else g end from generate_series(1, 60) g;
            alter table a add foreign key (c) references c;""",
                   "from: [ { db.public.b: \"id in (5, 29)\" } ]", {"b": lambda r: r["id"] in (5, 29)})

    def test_several_cycles_through_one_table(self):
        self.check("""
            create table hub (id int primary key, x int, y int, again int references hub);
            create table x (id int primary key, hub int references hub);
            create table y (id int primary key, hub int references hub);
            insert into hub select g, null, null, nullif(g - 10, -abs(g - 10)) from generate_series(1, 80) g;
            update hub set again = null where again not in (select id from hub);
            insert into x select g, 1 + g * 11 % 80 from generate_series(1, 40) g;
            insert into y select g, 1 + g * 13 % 80 from generate_series(1, 40) g;
            update hub set x = id / 2 where id % 7 = 0 and id / 2 between 1 and 40;
            update hub set y = id / 3 where id % 9 = 0 and id / 3 between 1 and 40;
            alter table hub add foreign key (x) references x, add foreign key (y) references y;""",
                   "from: [ { db.public.x: id = 2 } ]", {"x": lambda r: r["id"] == 2})

    def test_composite_and_unique(self):
        self.check("""
            create table p (a int, b text, n int unique not null, primary key (a, b));
            create table c (id int primary key, a int, b text, foreign key (a, b) references p);
            create table f (id int primary key, a int, b text, foreign key (a, b) references p match full);
            create table u (id int primary key, n int references p (n));
            insert into p select g / 5, 'k' || g % 5, g * 2 from generate_series(1, 50) g;
            insert into c select g, case when g % 7 > 0 then g % 10 end, case when g % 9 > 0 then 'k' || (1 + g % 4) end
                from generate_series(1, 90) g where (g % 10, 'k' || (1 + g % 4)) in (select a, b from p);
            insert into c values (1000, null, 'k1'), (1001, 99, null);
            insert into f select g, a, b from (select row_number() over () g, a, b from p) p where g % 2 = 0;
            insert into f values (1000, null, null);
            insert into u select g, g * 2 from generate_series(1, 50) g where g % 3 = 0;""",
                   "from: [ { db.public.p: \"b = 'k2' and a > 4\" } ]", {"p": lambda r: r["b"] == "k2" and r["a"] > 4})

    def test_no_primary_key(self):
        self.check("""
            create table p (id int primary key);
            create table log (p int references p, at timestamptz, line text);
            create table bare (p int references p);
            insert into p select generate_series(1, 20);
            insert into log select 1 + g % 20, '2026-01-01'::timestamptz + g % 3 * interval '1h', case when g % 4 > 0 then 'l' || g % 6 end
                from generate_series(1, 200) g;
            insert into log values (null, null, null), (null, null, null);
            insert into bare select 1 + g % 20 from generate_series(1, 60) g;""",
                   "from: [ { db.public.p: id < 4 } ]", {"p": lambda r: r["id"] < 4})

    def test_start_without_a_key(self):
        self.check("""
            create table p (id int primary key);
            create table log (p int references p, line text, x point);
            insert into p select generate_series(1, 20);
            insert into log select 1 + g % 20, case when g % 4 > 0 then 'l' || g % 6 end, point(g % 3, 1)
                from generate_series(1, 200) g;""",
                   "from: [ { db.public.log: \"line = 'l2' and p < 9\" } ]",
                   {"log": lambda r: r["line"] == "l2" and r["p"] < 9})

    def test_cross_schema_and_odd_names(self):
        job = self.job("""
            create schema "Odd Schema";
            create table "Odd Schema"."Par.ent" ("Id" int primary key, "select" text);
            create table "ch""ild" ("Ref No" int references "Odd Schema"."Par.ent", id int primary key);
            insert into "Odd Schema"."Par.ent" select g, 'v' || g % 4 from generate_series(1, 40) g;
            insert into "ch""ild" select 1 + g % 40, g from generate_series(1, 90) g;""",
                       """from: [ { 'db."Odd Schema"."Par.ent"': '"select" = ''v1'' -- said so' } ]""")
        self.check("", "", {'"Odd Schema"."Par.ent"': lambda r: r["select"] == "v1"}, job=job)

    def test_partitions(self):
        self.check("""
            create table p (id int, at date, primary key (id, at)) partition by range (at);
            create table p1 partition of p for values from ('2026-01-01') to ('2026-02-01');
            create table p2 (at date not null, id int not null, primary key (id, at));
            alter table p attach partition p2 for values from ('2026-02-01') to ('2026-03-01');
            create table c (id int, p int, at date, region text, foreign key (p, at) references p) partition by list (region);
            create table c_eu partition of c for values in ('eu') partition by hash (id);
            create table c_eu0 partition of c_eu for values with (modulus 2, remainder 0);
            create table c_eu1 partition of c_eu for values with (modulus 2, remainder 1);
            create table c_us partition of c for values in ('us');
            insert into p select g, '2026-01-01'::date + g from generate_series(0, 55) g;
            insert into c select g, g % 56, '2026-01-01'::date + g % 56, (array['eu', 'us'])[1 + g % 2] from generate_series(1, 200) g;
            """, "from: [ { db.public.p: id % 9 = 2 } ]", {"p": lambda r: r["id"] % 9 == 2})

    def test_multiple_edges_and_diamond(self):
        self.check("""
            create table top (id int primary key);
            create table l (id int primary key, top int references top);
            create table r (id int primary key, top int references top);
            create table low (id int primary key, l int references l, r int references r, payer int references top, owner int references top);
            insert into top select generate_series(1, 30);
            insert into l select g, 1 + g % 30 from generate_series(1, 60) g;
            insert into r select g, 1 + g * 7 % 30 from generate_series(1, 60) g;
            insert into low select g, 1 + g % 60, 1 + g * 11 % 60, 1 + g % 30, nullif(1 + g * 3 % 30, 5) from generate_series(1, 200) g;
            """, "from: [ { db.public.l: id = 4 } ]\nchildren: { db.public.low.owner: { follow: false } }",
                   {"l": lambda r: r["id"] == 4},
                   edges=lambda declared: [e._replace(down=False) if e.columns == ["owner"] else e for e in declared])

    def test_types_of_keys(self):
        self.check("""
            create extension citext;
            create table ci (id citext primary key);
            create table nu (id numeric primary key);
            create table uu (id uuid primary key);
            create table ch (id char(8) primary key);
            create table da (id date primary key);
            create table en (id int primary key);
            create table c (id smallint primary key, ci citext references ci, nu numeric(8, 3) references nu, uu uuid references uu,
                            ch char(8) references ch, da date references da, en bigint references en);
            insert into ci select 'Key' || g from generate_series(1, 20) g;
            insert into nu select g * 1.50 from generate_series(1, 20) g;
            insert into uu select md5(g::text)::uuid from generate_series(1, 20) g;
            insert into ch select 'c' || g from generate_series(1, 20) g;
            insert into da select '2026-01-01'::date + g from generate_series(1, 20) g;
            insert into en select generate_series(1, 20);
            insert into c select g, upper('key') || 1 + g % 20, (1 + g * 3 % 20) * 1.5, md5((1 + g * 7 % 20)::text)::uuid, 'c' || 1 + g % 9,
                '2026-01-02'::date + g % 20, 1 + g % 20 from generate_series(1, 60) g;""",
                   "from: [ { db.public.ci: \"id in ('KEY3', 'key4')\" } ]", {"ci": lambda r: r["id"] in ("Key3", "Key4")})

    def test_generated_key_column(self):
        self.check("""
            create table p (id int primary key);
            create table c (id int primary key, twice int, half int generated always as (twice / 2) stored references p);
            insert into p select generate_series(1, 30);
            insert into c (id, twice) select g, 2 * (1 + g % 30) from generate_series(1, 90) g;""",
                   "from: [ { db.public.p: id = 3 } ]", {"p": lambda r: r["id"] == 3})


class Links(Subsets):
    SQL = """
        create table users (id int primary key, mail text);
        create table posts (id int primary key, author text);
        create table notes (id int primary key, about_type text, about int);
        create table events (id int primary key, body jsonb);
        insert into users select g, 'u' || g from generate_series(1, 30) g;
        insert into posts select g, 'u' || 1 + g % 30 from generate_series(1, 90) g;
        insert into notes select g, (array['User', 'Post', 'Gone'])[1 + g % 3], 1 + g * 7 % 30 from generate_series(1, 120) g;
        insert into events select g, jsonb_build_object('user', jsonb_build_object('id', 1 + g % 30)) from generate_series(1, 60) g;
        insert into events values (1000, '{}'), (1001, '{"user": {"id": "none"}}');"""
    SUBSET = """
from: [ { db.public.users: "id in (3, 8)" } ]
links:
  - { db.public.posts.author: db.public.users.mail }
  - { db.public.notes.about: db.public.users.id, when: { about_type: User } }
  - { db.public.notes.about: db.public.posts.id, when: { about_type: Post } }
  - { from: db.public.events, expression: "body -> 'user' ->> 'id'", to: db.public.users.id }"""

    @staticmethod
    def edges(declared):
        def user_of(row):
            found = row["body"].get("user", {}).get("id")
            return found if isinstance(found, int) else None
        return declared + [
            edge("posts", ["author"], "users", ["mail"]),
            edge("notes", ["about"], "users", ["id"], when=lambda r: r["about_type"] == "User"),
            edge("notes", ["about"], "posts", ["id"], when=lambda r: r["about_type"] == "Post"),
            edge("events", user_of, "users", ["id"])]

    def test_links(self):
        self.check(self.SQL, self.SUBSET, {"users": lambda r: r["id"] in (3, 8)}, edges=self.edges)

    def test_composite_link_to_a_view_of_nothing(self):
        job = self.job("create table a (x int, y int); create table b (id int primary key, p int, q int);"
                       "insert into a select g, g % 3 from generate_series(1, 20) g;"
                       "insert into b select g, 1 + g % 20, (1 + g % 20) % 3 from generate_series(1, 50) g",
                       "from: [ { db.public.a: x = 5 } ]\n"
                       "links: [ { from: [ db.public.b.p, db.public.b.q ], to: [ db.public.a.x, db.public.a.y ] } ]")
        self.check("", "", {"a": lambda r: r["x"] == 5}, job=job,
                   edges=lambda declared: [edge("b", ["p", "q"], "a", ["x", "y"])])

    def test_wrong_expression(self):
        job = self.job(self.SQL, self.SUBSET.replace("body -> 'user'", "bodyy -> 'user'"))
        self.refused(job, 2, "bauta.yaml:", "does not understand the expression")
        for wrong in ("id in (3, 8", "id", "mail"):
            job = self.job(self.SQL, self.SUBSET.replace("id in (3, 8)", wrong))
            self.refused(job, 2, "bauta.yaml:", "does not understand the condition")

    def test_names_that_are_not_there(self):
        for wrong, word in (("db.public.posts.auther", "no field 'auther'"), ("db.public.post.author", "no such dataset")):
            job = self.job(self.SQL, self.SUBSET.replace("db.public.posts.author", wrong))
            self.refused(job, 2, word, "bauta.yaml:")


class Choices(Subsets):
    SQL = """
        create table customers (id int primary key, friend int references customers);
        create table orders (id int primary key, customer int references customers, at timestamp);
        create table extra (id int primary key, o int references orders);
        create table words (id int primary key);
        insert into customers select g, case when g % 3 = 0 then g - 1 end from generate_series(1, 400) g;
        insert into orders select g, 1 + g % 400, '2026-01-01'::timestamp + g * interval '1 min' from generate_series(1, 4000) g;
        insert into extra select g, g from generate_series(1, 4000) g;
        insert into words select generate_series(1, 10);
        analyze;"""

    def counts(self, job):
        return {t: int(job.in_target(f"select count(*) from {t}")) for t in ("customers", "orders", "extra", "words")}

    def test_uncovered(self):
        job = self.job(self.SQL, "from: [ { db.public.customers: id = 1 } ]")
        done = self.refused(job, 3, "db.public.words", "outside: { db.public.words: full }")
        self.assertNotIn("db.public.extra", done.stderr)
        self.assertEqual(job.siblings(), [])

    def test_outside(self):
        self.check(self.SQL, "from: [ { db.public.customers: id = 1 } ]\noutside: { db.public.words: full }",
                   {"customers": lambda r: r["id"] == 1}, full=["words"])
        self.check(self.SQL, "from: [ { db.public.customers: id = 1 } ]\noutside: { db.public.wo*: empty }",
                   {"customers": lambda r: r["id"] == 1}, empty=["words"])

    def test_listed(self):
        job = self.check(self.SQL, "from: [ { db.public.customers: all, keys: [ 7, 9, 7000 ] } ]\noutside: { db.public.words: empty }",
                         {"customers": lambda r: r["id"] in (7, 9)}, empty=["words"])
        text = job.run("plan").stdout
        self.assertIn("2 start rows", text)

    def test_sample_is_stable(self):
        job = self.job(self.SQL, "from: [ { db.public.customers: all, limit: 10% } ]\noutside: { db.public.words: empty }")
        seen = []
        for lanes in ("1", "3"):
            job.refresh("--lanes", lanes)
            seen.append(job.in_target("select string_agg(id::text, ',' order by id) from customers"))
        self.assertEqual(seen[0], seen[1])
        self.assertTrue(25 <= len(seen[0].split(",")) <= 90, len(seen[0].split(",")))
        before = set(seen[0].split(","))
        job.in_source("delete from extra where o % 2 = 0; insert into customers select generate_series(1000, 1100)")
        job.refresh()
        after = set(job.in_target("select string_agg(id::text, ',' order by id) from customers").split(","))
        self.assertEqual({x for x in after if int(x) < 1000}, before)
        other = self.job(self.SQL, "from: [ { db.public.customers: all, limit: 10% } ]\noutside: { db.public.words: empty }",
                         env={"BAUTA_KEY": "77" + case.KEY[2:]})
        other.refresh()
        self.assertNotEqual(other.in_target("select string_agg(id::text, ',' order by id) from customers"), seen[0])

    def test_count_limit(self):
        job = self.job(self.SQL, "from: [ { db.public.orders: id > 100, limit: 50 } ]\noutside: { db.public.words: empty }")
        job.refresh()
        self.assertEqual(self.counts(job)["orders"], 50)
        self.assertEqual(job.in_target("select min(id) > 100 from orders"), "t")

    def test_newest_per_parent(self):
        job = self.job(self.SQL, "from: [ { db.public.customers: id <= 20 } ]\noutside: { db.public.words: empty }\n"
                       "children: { db.public.orders: { per_parent: 3, newest: at } }")
        job.refresh()
        wanted = job.in_source("select string_agg(id::text, ',' order by id) from (select id, customer, row_number() over"
                               " (partition by customer order by at desc) n from orders where customer in"
                               " (select id from customers where id <= 20 or friend <= 20)) o where n <= 3")
        self.assertEqual(job.in_target("select string_agg(id::text, ',' order by id) from orders"), wanted)

    def test_depth(self):
        job = self.job(self.SQL, "from: [ { db.public.customers: id = 5 } ]\noutside: { db.public.words: empty }\n"
                       "children: { db.public.extra: { depth: 1 } }")
        job.refresh()
        self.assertEqual(self.counts(job), {"customers": 2, "orders": 20, "extra": 0, "words": 0})

    def test_parents_null(self):
        sql = self.SQL + "update customers set friend = 300 where id = 5;"
        job = self.job(sql, "from: [ { db.public.customers: id = 5 } ]\noutside: { db.public.words: empty }\n"
                       'parents: { db.public.customers.friend: "null" }')
        job.refresh()
        self.assertEqual(job.in_target("select id, friend from customers order by id"), "5|\n6|5")
        self.assertIn("1 become null", " ".join(job.run("plan").stdout.split()))

    def test_parents_null_masked(self):
        sql = self.SQL + "update customers set friend = 300 where id = 5;"
        rules = ("- { at: db.public.customers, set: { id: { mask: permute, domain: customer } } }\n" + kit.KEEP_ALL)
        job = self.job(sql, "from: [ { db.public.customers: id = 5 } ]\noutside: { db.public.words: empty }\n"
                       'parents: { db.public.customers.friend: "null" }', rules=rules)
        job.refresh()
        self.assertEqual(job.in_target("select count(*), count(friend), count(*) filter (where friend in (select id from customers))"
                                       " from customers"), "2|1|1")
        self.assertEqual(job.in_target("select count(*) from customers where id in (5, 6)"), "0")

    def test_parents_keep_needs_a_waiver(self):
        job = self.job(self.SQL, "from: [ { db.public.customers: id = 5 } ]\noutside: { db.public.words: empty }\n"
                       "parents: { db.public.customers.friend: keep }")
        self.refused(job, 2, "customers_friend_fkey would refuse")

    def test_budget(self):
        subset = "from: [ { db.public.customers: all } ]\noutside: { db.public.words: full }\nrows: 1000"
        job = self.job(self.SQL, subset)
        job.refresh()
        first = self.counts(job)
        self.assertLessEqual(sum(first.values()), 1000)
        self.assertGreater(sum(first.values()), 700)
        self.assertEqual(first["words"], 10)
        job.refresh("--lanes", "4")
        self.assertEqual(self.counts(job), first)
        job = self.job(self.SQL, subset.replace("rows: 1000", "rows: 5"))
        self.refused(job, 2, "budget")

    def test_keys_masked(self):
        rules = ("- { at: db.public.customers, set: { id: { mask: permute, domain: customer } } }\n"
                 "- { at: db.public.orders, set: { at: { mask: date_shift, days: 30, by: customer } } }\n" + kit.KEEP_ALL)
        job = self.job(self.SQL, "from: [ { db.public.customers: id between 5 and 30 } ]\noutside: { db.public.words: empty }",
                       rules=rules)
        job.refresh()
        self.assertEqual(job.in_target("select count(*) from orders o left join customers c on c.id = o.customer where c.id is null"), "0")
        kept = job.in_source("with recursive c as (select id from customers where id between 5 and 30 union"
                             " select x.id from customers x join c on x.friend = c.id),"
                             " p as (select id from c union select x.friend from customers x join p on p.id = x.id where friend is not null)"
                             " select (select count(*) from p), (select count(*) from orders where customer in (select id from c))")
        self.assertEqual(job.in_target("select (select count(*) from customers), (select count(*) from orders)"), kept)

    def test_read_by_key(self):
        sql = """
            create table big (id bigint primary key, small int references big, pad text);
            insert into big select g, null, repeat('x', 400) from generate_series(1, 20000) g;
            create table kid (id int primary key, big bigint references big);
            insert into kid select g, g from generate_series(1, 20000) g;
            analyze;"""
        job = self.check(sql, "from: [ { db.public.big: \"id in (17, 4000, 19999)\" } ]",
                         {"big": lambda r: r["id"] in (17, 4000, 19999)})
        text = job.run("plan").stdout
        self.assertIn("3 of 20 000 rows, read by key", text.replace(",000", " 000"))

    def test_an_account_that_may_only_read(self):
        job = self.job(self.SQL, "from: [ { db.public.customers: id = 5 } ]\noutside: { db.public.words: empty }")
        role = kit.unique("reader")
        job.source.psql(f"create role {role} login password 'x'; grant pg_read_all_data to {role}")
        self.addCleanup(job.source.psql, f"drop role {role}")
        before = job.in_source("select count(*), sum(xmin::text::bigint) from pg_class")
        job.refresh(env=job.environment(SOURCE_URL=job.source.url(job.db, user=role, password="x")))
        self.assertEqual(self.counts(job), {"customers": 2, "orders": 20, "extra": 20, "words": 0})
        self.assertEqual(job.in_source("select count(*), sum(xmin::text::bigint) from pg_class"), before)


class Stores(unittest.TestCase):
    def test_link_between_two_stores(self):
        """Customers in one database, tickets about them in another, with text keys."""
        shop, crm = kit.Job(), kit.Job()
        self.addCleanup(shop.drop)
        self.addCleanup(crm.drop)
        shop.make("create table customers (id int primary key, mail text);"
                  "insert into customers select g, 'c' || g || '@example.com' from generate_series(1, 50) g")
        crm.make("create table tickets (id int primary key, customer text);"
                 "create table replies (id int primary key, ticket int references tickets);"
                 "insert into tickets select g, (1 + g % 50)::text from generate_series(1, 200) g;"
                 "insert into replies select g, 1 + g % 200 from generate_series(1, 300) g")
        shop.write_text("""
version: 1
key: { from: env:BAUTA_KEY, mode: stable }
stores:
  shop: { source: env:SOURCE_URL, target: env:TARGET_URL }
  crm: { source: env:CRM_SOURCE, target: env:CRM_TARGET }
domains:
  customer: { mask: permute }
rules:
  - { at: shop.public.customers, set: { id: { domain: customer }, mail: email } }
  - { at: crm.public.tickets, set: { customer: { domain: customer } } }
  - { at: crm.**, set: { "*": { keep: test data } } }
subset:
  from: [ { shop.public.customers: id <= 3 } ]
  links: [ { crm.public.tickets.customer: shop.public.customers.id } ]
""")
        done = shop.run("refresh", env=shop.environment(CRM_SOURCE=crm.source_url, CRM_TARGET=crm.target_url))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        wanted = crm.in_source("select (select count(*) from tickets where customer::int <= 3),"
                               " (select count(*) from replies r join tickets t on t.id = r.ticket where customer::int <= 3)")
        self.assertEqual(crm.in_target("select (select count(*) from tickets), (select count(*) from replies)"), wanted)
        self.assertEqual(set(crm.in_target("select distinct customer from tickets").split()),
                         set(shop.in_target("select id from customers").split()))
        self.assertEqual(shop.in_target("select count(*) from customers"), "3")

        alone = shop.run("refresh", "--only", "shop", env=shop.environment(CRM_SOURCE=crm.source_url, CRM_TARGET=crm.target_url))
        self.assertEqual(alone.returncode, 0, alone.stdout + alone.stderr)
        self.assertIn("takes no part in this run", alone.stderr)
        other = shop.run("refresh", "--only", "crm", env=shop.environment(CRM_SOURCE=crm.source_url, CRM_TARGET=crm.target_url))
        self.assertEqual(other.returncode, 2, other.stdout + other.stderr)
        self.assertIn("starts nowhere", other.stderr)
