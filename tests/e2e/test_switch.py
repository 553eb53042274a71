"""Staging is the old one or the new one: the switch under load, the way back, and switching by schemas."""
import os
import subprocess
import threading
import unittest

import case
import kit
import servers
import torture

ROWS = 500
WHOLE = ("select (select v from version), (select count(*) from item),"
         " (select count(*) from item, version where item.v <> version.v), (select count(*) from item_copy)")


def versioned(job):
    """A source whose every row says which version it belongs to."""
    job.make("create table version (v int primary key); insert into version values (1);"
             " create table item (id int primary key, v int, pad text);"
             f" insert into item select g, 1, repeat('x', 200) from generate_series(1, {ROWS}) g;"
             " create materialized view item_copy as select id, v from item")


def set_version(job, v):
    job.in_source(f"begin; update version set v = {v}; update item set v = {v}; commit")


def answer(server, db):
    """What one new session reads: version as int, or None when it was refused. AssertionError for half a staging."""
    done = subprocess.run([server.tool("psql"), "-XAt", "-c", WHOLE, server.url(db)], capture_output=True, text=True,
                          env=servers.clean_environment())
    if done.returncode == 2 or "terminating connection" in done.stderr or "server closed" in done.stderr:
        return None
    text = done.stdout.strip()
    if done.returncode != 0 or not text.endswith(f"|{ROWS}|0|{ROWS}"):
        raise AssertionError(f"staging is not whole: {text} {done.stderr}")
    return int(text.split("|")[0])


class Reader:
    """Reads staging over and over, each time in a session of its own."""

    def __init__(self, server, db):
        self.server, self.db = server, db
        self.answers, self.problem = [], None
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.loop)

    def loop(self):
        try:
            while not self.over.is_set():
                self.answers.append(answer(self.server, self.db))
        except BaseException as problem:  # reported by the test that owns the thread
            self.problem = problem

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def versions(self):
        """The versions seen, repetitions folded."""
        seen = [v for v in self.answers if v is not None]
        return [v for i, v in enumerate(seen) if i == 0 or v != seen[i - 1]]


class Switch(unittest.TestCase):
    def job(self, store=""):
        job = kit.Job(store=store)
        self.addCleanup(job.drop)
        versioned(job)
        return job

    def test_under_load(self):
        job = self.job()
        job.refresh()
        with Reader(job.target, job.db) as reader:
            for v in (2, 3):
                set_version(job, v)
                kit.wait_for(lambda: v - 1 in reader.answers or reader.problem, "an answer of the old one")
                job.refresh()
                kit.wait_for(lambda: v in reader.answers or reader.problem, "an answer of the new one")
        self.assertIsNone(reader.problem)
        self.assertEqual(reader.versions(), [1, 2, 3])
        refused = reader.answers.count(None)
        self.assertLess(refused, len(reader.answers) / 4, "staging was away for long")

    def test_sessions_are_ended(self):
        """A session that is idle in a transaction, with a cursor open, holds nothing up."""
        job = self.job()
        job.refresh()
        session = subprocess.Popen([job.target.tool("psql"), "-XAt", job.target_url], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env=servers.clean_environment())
        session.stdin.write("begin;\ndeclare c cursor for select * from item;\nfetch c;\nlock version;\n")
        session.stdin.flush()
        kit.wait_for(lambda: job.target.psql(f"select 1 from pg_stat_activity where datname = '{job.db}'"
                                             " and state = 'idle in transaction' and query like 'lock%'"), "the session")
        set_version(job, 2)
        job.refresh()
        self.assertEqual(answer(job.target, job.db), 2)
        _, err = session.communicate("select v from version;\n", timeout=kit.DEADLINE)
        self.assertRegex(err, "terminat|closed the connection|connection to server was lost")

    def test_rollback_and_back_again(self):
        job = self.job()
        job.refresh()
        set_version(job, 2)
        job.refresh()
        for expected in (1, 2, 1, 2):
            done = job.run("rollback")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertEqual(answer(job.target, job.db), expected)
            self.assertEqual(len(job.siblings("prev")), 1)
        set_version(job, 3)
        job.refresh()
        self.assertEqual(answer(job.target, job.db), 3)

    def test_rollback_without_a_previous_one(self):
        job = self.job("keep_previous: 0")
        job.refresh()
        job.refresh()
        done = job.run("rollback")
        self.assertNotEqual(done.returncode, 0)
        self.assertNotEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertEqual(answer(job.target, job.db), 1)

    def test_keep_previous(self):
        for n in (0, 1, 2):
            with self.subTest(n):
                job = self.job(f"keep_previous: {n}")
                for v in range(1, 5):
                    set_version(job, v)
                    job.refresh()
                    self.assertEqual(len(job.siblings("prev")), min(n, v - 1))
                    self.assertEqual(job.siblings("new"), [])
                kept = sorted(answer(job.target, name) for name in job.siblings("prev"))
                self.assertEqual(kept, list(range(4 - n, 4)))

    def test_first_refresh_makes_the_database(self):
        job = self.job()
        self.assertEqual(job.target.psql(f"select count(*) from pg_database where datname = '{job.db}'"), "0")
        job.refresh()
        self.assertEqual(answer(job.target, job.db), 1)
        self.assertEqual(job.siblings(), [])

    def test_long_and_odd_names(self):
        for name in (kit.unique("n") + "x" * 53, kit.unique('Odd "näme" %s')):
            with self.subTest(name):
                self.assertLessEqual(len(name.encode()), 63)
                source, target = case.pair()
                job = kit.Job(db=kit.unique("plain"))
                self.addCleanup(job.drop)
                versioned(job)
                job.target_url = target.url(name)
                for v in (1, 2):
                    set_version(job, v)
                    job.refresh()
                    self.assertEqual(answer(target, name), v)
                self.assertEqual(job.run("rollback").returncode, 0)
                self.assertEqual(answer(target, name), 1)
                names = target.psql("select datname from pg_database").splitlines()
                for other in names:
                    if other.startswith(name[:20]):
                        target.psql('drop database "{}" with (force)'.format(other.replace('"', '""')))

    def test_after_steps(self):
        job = kit.Job(more='after: [ { sql: db, file: fix.sql }, { run: "touch ran" } ]')
        self.addCleanup(job.drop)
        with open(os.path.join(job.folder, "fix.sql"), "w") as f:
            f.write("update version set v = v + 100; update item set v = v + 100;")
        versioned(job)
        job.refresh()
        self.assertEqual(job.in_target("select v from version"), "101")
        self.assertTrue(os.path.exists(os.path.join(job.folder, "ran")))


class BySchema(unittest.TestCase):
    """For accounts that may not create databases."""

    def setUp(self):
        case.needs_postgres()
        self.role = kit.unique("staging")
        self.source, self.target = case.pair()
        self.job = kit.Job(store="switch: schema, owner: target")
        self.addCleanup(self.drop)
        versioned(self.job)
        self.job.in_source("create schema more; create table more.t (a int primary key, s serial);"
                           " insert into more.t values (1), (2)")
        self.target.psql(f"create role {self.role} login nosuperuser nocreatedb")
        self.target.psql(f"create database {self.job.db} template template0 owner {self.role}")
        self.job.target_url = self.target.url(self.job.db, user=self.role)

    def drop(self):
        self.job.drop()
        self.target.psql(f"drop role {self.role}")

    def test_refresh_and_rollback(self):
        for v in (1, 2):
            set_version(self.job, v)
            self.job.refresh()
            self.assertEqual(answer(self.target, self.job.db), v)
        self.assertEqual(self.job.in_target("select count(*), max(s) from more.t"), "2|2")
        self.assertEqual(self.job.in_target("insert into more.t values (3) returning s"), "3")
        for expected in (1, 2):
            done = self.job.run("rollback")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertEqual(answer(self.target, self.job.db), expected)

    def test_contents(self):
        self.job.refresh()
        before, after = torture.checksums(self.source, self.job.db), torture.checksums(self.target, self.job.db)
        self.assertEqual({name: after.get(name) for name in before}, before)

    def test_under_load(self):
        self.job.refresh()
        with Reader(self.target, self.job.db) as reader:
            set_version(self.job, 2)
            kit.wait_for(lambda: 1 in reader.answers or reader.problem, "an answer of the old one")
            self.job.refresh()
            kit.wait_for(lambda: 2 in reader.answers or reader.problem, "an answer of the new one")
        self.assertIsNone(reader.problem)
        self.assertEqual(reader.versions(), [1, 2])

    def test_the_plan_says_what_it_cannot_promise(self):
        done = self.job.run("plan")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, "(?i)schema")
