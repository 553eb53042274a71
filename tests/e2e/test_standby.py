"""A hot standby serves as the source: nothing is created there, one snapshot for all lanes, replay goes on."""
import unittest

import case
import kit
from servers import Postgres

RULES = """- { at: db.**, set: { "*": { keep: made of numbers } } }
- { at: db.public.people, set: { email: email } }
"""


class Standby(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.target = case.pair()[1]
        cls.primary = Postgres(case.scratch().path, "primary", conf={"wal_level": "replica", "max_wal_senders": 4})
        cls.addClassCleanup(cls.primary.close)

    def test_refresh_from_a_standby(self):
        job = kit.Job(self.primary, self.target, RULES)
        job.make("create table people (id int primary key, email text unique, n bigint);"
                 " insert into people select i, 'u' || i || '@mail.example', i from generate_series(1, 20000) i;"
                 " create sequence s; select setval('s', 77)")
        standby = self.primary.standby("standby")
        self.addCleanup(standby.close)
        kit.wait_for(lambda: standby.psql(f"select 1 from pg_database where datname = '{job.db}'") == "1"
                     and standby.psql("select count(*) from people", job.db) == "20000", "the standby to catch up")
        self.assertEqual(standby.psql("select pg_is_in_recovery()"), "t")
        job.source_url = standby.url(job.db)
        job.refresh("--lanes", "2")
        self.assertEqual(job.in_target("select count(*), sum(n) from people"), standby.psql("select count(*), sum(n) from people", job.db))
        self.assertEqual(job.in_target("select count(*) from people where email like '%@mail.example'"), "0")
        self.assertEqual(job.in_target("select last_value from s"), "77")
        self.assertEqual(standby.psql("select count(*) from pg_stat_activity where application_name like 'bauta%'"), "0")

    def test_an_account_that_may_only_select(self):
        job = kit.Job(self.primary, self.target, RULES, store="owner: target")
        role = kit.unique("reader")
        job.make("create table people (id int primary key, email text, n bigint); insert into people values (1, 'a@b.example', 2);"
                 f" create role {role} login; grant select on people to {role}; grant connect on database {job.db} to {role}")
        job.source_url = self.primary.url(job.db, user=role)
        job.refresh()
        self.assertEqual(job.in_target("select id, n from people"), "1|2")

    def test_a_subset_by_an_account_that_may_only_select_on_a_standby(self):
        job = kit.Job(self.primary, self.target, RULES, store="owner: target",
                      more="subset: { from: [ { db.public.people: n % 10 = 3 } ] }")
        role = kit.unique("reader")
        job.make("create table people (id int primary key, email text, n bigint);"
                 " create table notes (id int primary key, p int references people);"
                 " insert into people select i, 'u' || i || '@mail.example', i from generate_series(1, 1000) i;"
                 " insert into notes select i, 1 + i % 1000 from generate_series(1, 5000) i;"
                 f" create role {role} login; grant select on people, notes to {role}; grant connect on database {job.db} to {role}")
        standby = self.primary.standby("standby-subset")
        self.addCleanup(standby.close)
        kit.wait_for(lambda: standby.psql(f"select 1 from pg_database where datname = '{job.db}'") == "1"
                     and standby.psql("select count(*) from notes", job.db) == "5000", "the standby to catch up")
        job.source_url = standby.url(job.db, user=role)
        job.refresh("--lanes", "2")
        self.assertEqual(job.in_target("select (select count(*) from people), (select count(*) from notes)"), "100|500")
        self.assertEqual(job.in_target("select count(*) from people where email like '%@mail.example'"), "0")
