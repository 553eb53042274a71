"""A restore that is killed or stopped: staging stays whole, the next run cleans up, and --resume reads what is left only.
30 random moments with --long."""
import json
import os
import random
import signal
import subprocess
import time
import unittest

import case
import kit
import servers

ROWS = 20000
MOMENTS = 30
LONG = os.environ.get("BAUTA_LONG") == "1"
WHOLE = ("select (select v from version), (select count(*) from item),"
         " (select count(*) from item, version where item.v <> version.v), (select sum(n) from summary),"
         " (select count(*) from pg_constraint where contype in ('p', 'f') and conrelid::regclass::text in"
         " ('item', 'child', 'version', 'quick')), (select count(*) from child join item on item.id = child.item),"
         " (select count(*) from quick), (select count(*) from pg_indexes where schemaname = 'public'),"
         " (select count(*) from pg_trigger where not tgisinternal), (select count(*) from pg_namespace where nspname ~ 'bauta')")
SLOW = """
create function slow(a int) returns int language plpgsql immutable as $$ begin perform public.gate(a); return a; end $$;
"""
SOURCE = f"""
create table version (v int primary key);
insert into version values (1);
create table item (id int primary key, v int references version deferrable initially deferred, pad text);
insert into item select g, 1, repeat(md5(g::text), 8) from generate_series(1, {ROWS}) g;
create unlogged table quick (id int primary key, pad text);
insert into quick select g, repeat(md5(g::text), 20) from generate_series(1, 3000) g;
create table child (id int primary key, item int references item, pad text{{check}});
insert into child select g, g, md5(g::text) from generate_series(1, {ROWS}) g;
create index on item (pad);
create index on item (v, id);
{{more}}
create materialized view summary as select v, count(*) as n from item group by v;
create function touch() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger touched before update on item for each row execute function touch();
analyze;
"""
AT_GATE = ("select 1 from pg_stat_activity where query ilike '%{}%' and state = 'active' and wait_event = 'PgSleep' limit 1")


class Restores(unittest.TestCase):
    """Two archives of one source, versions 1 and 2, and a staging that is restored from them in turn."""

    check, more = ", check (gate(id))", ""

    @classmethod
    def setUpClass(cls):
        case.needs_postgres()
        cls.job = kit.Job(store="part_bytes: 1MiB", env={"PASSPHRASE": "a long passphrase"})
        cls.addClassCleanup(cls.job.drop)
        cls.job.make(kit.GATE + SLOW + SOURCE.format(check=cls.check, more=cls.more))
        cls.place = os.path.join(cls.job.folder, "place")
        cls.write()
        cls.names = [None, cls.snapshot()]
        cls.job.in_source("begin; insert into version values (2); update item set v = 2; delete from version where v = 1; commit;"
                          " vacuum full item; analyze")
        cls.names.append(cls.snapshot())
        cls.good("restore", cls.names[1])
        started = time.monotonic()
        cls.good("restore", cls.names[2])
        cls.seconds = time.monotonic() - started
        cls.served = 2

    @classmethod
    def write(cls, store="part_bytes: 1MiB"):
        cls.job.write(kit.KEEP_ALL, store, more=f"archive: {{ to: {cls.place}, passphrase: env:PASSPHRASE }}")

    @classmethod
    def good(cls, *arguments):
        done = cls.job.run(*arguments)
        if done.returncode != 0:
            raise AssertionError(f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    @classmethod
    def snapshot(cls):
        return json.loads(cls.good("snapshot", "--json").stdout.splitlines()[-1])["archive"]

    def staging(self):
        """The version staging answers from; it must be whole."""
        text = self.job.in_target(WHOLE)
        version = text.split("|")[0]
        indexes = 6 + bool(self.more)
        self.assertEqual(text, f"{version}|{ROWS}|0|{ROWS}|6|{ROWS}|3000|{indexes}|1|0")
        return int(version)

    def next_version(self):
        type(self).served = self.staging()
        return 3 - self.served

    def restored(self, version, *arguments):
        """A restore that works: what its JSON says."""
        done = self.good("restore", self.names[version], "--json", "--lanes", "2", *arguments)
        self.assertEqual(self.staging(), version)
        self.assertEqual(self.job.siblings("new"), [])
        self.assertLessEqual(len(self.job.siblings("prev")), 1)
        run, archive = (json.loads(line) for line in done.stdout.splitlines())
        self.assertEqual(run["stores"][0]["rows"], 2 * ROWS + 3001, "rows that were there count too")
        return archive, done.stderr

    def recorded(self):
        """Parts that the record in the shadow names: {table: how many}."""
        (shadow,) = self.job.siblings("new")
        rows = self.job.target.psql('select dataset, count(*) from "bauta loading".parts group by 1 order by 1', shadow)
        names = [d["dataset"] for d in self.inspected()]
        return {names[int(d)]: int(n) for d, n in (line.split("|") for line in rows.splitlines())}

    def inspected(self, version=1):
        return json.loads(self.good("inspect", self.names[version], "--json").stdout)["stores"][0]["datasets"]

    def interrupt_at_gate(self, version, number, query="copy"):
        with kit.Gate(self.job.target) as gate:
            process = self.job.start("restore", self.names[version], "--lanes", "1")
            kit.wait_for(lambda: self.job.target.psql(AT_GATE.format(query)), "a session at the gate")
            process.send_signal(number)
            code, _, stderr = kit.finish(process)
            gate.open()
        return code, stderr


class Rows(Restores):
    @case.long
    def test_random_moments(self):
        total = resumed = 0
        for i in range(MOMENTS):
            version = self.next_version()
            delay = random.uniform(0, self.seconds * 1.1)
            number = signal.SIGKILL if i % 3 else signal.SIGINT
            with self.subTest(i=i, delay=f"{delay:.3f}", signal=number.name):
                process = self.job.start("restore", self.names[version], "--lanes", "2")
                try:
                    process.wait(max(delay, 0.05))
                except subprocess.TimeoutExpired:
                    pass
                process.send_signal(number)
                code, _, _ = kit.finish(process)
                self.assertIn(self.staging(), (version,) if code == 0 else (self.served, version))
                archive, _ = self.restored(version, *(["--resume"] if i % 2 else []))
                if i % 2:
                    total, resumed = total + archive["parts"], resumed + archive["parts_there"]
                else:
                    self.assertEqual((archive["parts_there"], archive["read_bytes"]), (0, archive["archive_bytes"]))
        print(f"# of {total} parts {resumed} were there")

    def left_only(self, number):
        version = self.next_version()
        code, stderr = self.interrupt_at_gate(version, number)
        self.assertEqual(code, 128 + number, stderr)
        self.assertEqual(self.staging(), self.served)
        recorded = self.recorded()
        self.assertGreater(recorded["public.item"], 1, recorded)
        self.assertNotIn("public.quick", recorded, "a table without WAL is never sure")
        stored = {d["dataset"]: d["stored"] for d in self.inspected(version)}
        archive, _ = self.restored(version, "--resume")
        self.assertEqual(archive["parts_there"], sum(recorded.values()))
        self.assertEqual(archive["read_bytes"], sum(stored.values()) - sum(stored[name] for name in recorded))
        self.assertEqual(archive["archive_bytes"], sum(stored.values()))
        return stderr

    def test_killed_reads_what_is_left(self):
        self.left_only(signal.SIGKILL)

    @case.long
    def test_stopped_reads_what_is_left(self):
        self.assertIn("left for --resume", self.left_only(signal.SIGINT))

    def test_the_next_run_cleans_up(self):
        version = self.next_version()
        code, _ = self.interrupt_at_gate(version, signal.SIGINT)
        self.assertEqual((code, len(self.job.siblings("new"))), (130, 1))
        archive, _ = self.restored(version)
        self.assertEqual(archive["parts_there"], 0)

    def test_another_content_is_refused(self):
        version = self.next_version()
        self.interrupt_at_gate(version, signal.SIGKILL)
        done = self.job.run("restore", self.names[self.served], "--resume")
        self.assertEqual(done.returncode, 11, done.stdout + done.stderr)
        self.assertIn(f"was of archive {self.names[version]}, this one is of another", done.stderr)
        self.assertIn("or run without --resume", done.stderr)
        self.write("part_bytes: 1MiB, owner: target")
        done = self.job.run("restore", self.names[version], "--resume")
        self.write()
        self.assertEqual(done.returncode, 11, done.stdout + done.stderr)
        self.assertIn("other settings", done.stderr)
        self.assertEqual((self.staging(), len(self.job.siblings("new"))), (self.served, 1))
        self.assertGreater(self.restored(version, "--resume")[0]["parts_there"], 0)

    @case.long
    def test_nothing_to_resume(self):
        archive, stderr = self.restored(self.next_version(), "--resume")
        self.assertEqual((archive["parts_there"], archive["read_bytes"]), (0, archive["archive_bytes"]))

    def test_pull(self):
        """The same of a subset: with the project's key only."""
        self.next_version()
        db = kit.unique("pulled")
        url = self.job.target.url(db)
        self.addCleanup(lambda: [self.job.target.psql(f'drop database if exists "{name}" with (force)')
                                 for name in [db] + kit.siblings(self.job.target, db)])
        arguments = ["pull", self.names[1], "--to", url, "--subset", "public.item: 50%",
                     "--subset", "public.quick: 100%", "--lanes", "1"]
        with kit.Gate(self.job.target) as gate:
            process = self.job.start(*arguments)
            kit.wait_for(lambda: process.poll() is not None or self.job.target.psql(AT_GATE.format("copy")), "the gate")
            self.assertIsNone(process.poll(), process.poll() is not None and process.communicate())
            process.kill()
            kit.finish(process)
            gate.open()
        done = self.job.run(*arguments[:4], "--subset", "public.item: 49%", "--subset", "public.quick: 100%", "--resume")
        self.assertEqual(done.returncode, 11, done.stdout + done.stderr)
        self.assertIn("another subset", done.stderr)
        done = self.good(*arguments, "--resume", "--json")
        self.assertGreater(json.loads(done.stdout.splitlines()[-1])["parts_there"], 1)
        counts = self.job.target.psql("select (select count(*) from item), (select count(*) from child),"
                                      " (select count(*) from child join item on item.id = child.item)", db).split("|")
        self.assertTrue(9000 < int(counts[0]) < 11000 and counts[0] == counts[1] == counts[2], counts)
        bare = case.bauta("pull", self.names[1], "--from", self.place, "--to", url, "--subset", "public.item: 50%",
                          "--subset", "public.quick: 100%", "--resume", "--passphrase", "env:PASSPHRASE", "-f", "/nonexistent.yaml", env=self.job.environment())
        self.assertEqual(bare.returncode, 2, bare.stderr)
        self.assertIn("needs the project's key", bare.stderr)


class Finishing(Restores):
    """Killed while indexes are made: no row is read again."""

    check, more = "", "create index slowly on child (slow(id));"

    def test_killed(self):
        for number in (signal.SIGKILL, signal.SIGTERM)[:2 if LONG else 1]:
            with self.subTest(number.name):
                version = self.next_version()
                code, stderr = self.interrupt_at_gate(version, number, "create index")
                self.assertEqual(code, 128 + number, stderr)
                self.assertEqual(self.staging(), self.served)
                archive, _ = self.restored(version, "--resume")
                stored = {d["dataset"]: d["stored"] for d in self.inspected(version)}
                self.assertEqual(archive["read_bytes"], stored["public.quick"])  # without WAL: read again


@case.long
class TwoStores(unittest.TestCase):
    """The first is whole and waits for its switch while the second is loaded."""

    def test_the_first_is_not_read_again(self):
        source, target = case.pair()
        jobs = [kit.Job(source, target), kit.Job(source, target)]
        for job in jobs:
            self.addCleanup(job.drop)
        jobs[0].make("create table t (id int primary key, pad text); insert into t select g, md5(g::text) from"
                     " generate_series(1, 30000) g; create function f() returns event_trigger language plpgsql as"
                     " $$ begin raise exception 'no'; end $$;"
                     " create event trigger no_ddl on ddl_command_end execute function f();")
        jobs[1].make(kit.GATE + "create table t (id int primary key check (gate(id)), pad text);"
                     " insert into t select g, md5(g::text) from generate_series(1, 9000) g")
        job = jobs[0]
        place = os.path.join(job.folder, "place")
        job.write_text("version: 1\nkey: { from: env:BAUTA_KEY }\nstores:\n"
                       "  one: { source: env:ONE_SOURCE, target: env:ONE_TARGET }\n"
                       "  two: { source: env:TWO_SOURCE, target: env:TWO_TARGET }\n"
                       "rules:\n  - { at: one.**, set: { '*': { keep: test } } }\n  - { at: two.**, set: { '*': { keep: test } } }\n"
                       f"archive: {{ to: {place}, passphrase: env:PASSPHRASE }}\n")
        env = job.environment(ONE_SOURCE=jobs[0].source_url, ONE_TARGET=jobs[0].target_url, TWO_SOURCE=jobs[1].source_url,
                              TWO_TARGET=jobs[1].target_url, PASSPHRASE="a long passphrase")
        done = job.run("snapshot", env=env)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        with kit.Gate(target) as gate:
            process = job.start("restore", env=env)
            gate.wait_reached()
            process.kill()
            kit.finish(process)
            gate.open()
        self.assertEqual([len(j.siblings("new")) for j in jobs], [1, 1])
        done = job.run("restore", "--resume", "--json", env=env)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        run, archive = (json.loads(line) for line in done.stdout.splitlines())
        self.assertEqual([s["rows"] for s in run["stores"]], [30000, 9000])
        self.assertEqual([s["bytes"] for s in run["stores"]][0], 0)
        self.assertLess(archive["read_bytes"], archive["archive_bytes"] / 2)
        for j, rows in zip(jobs, (30000, 9000)):
            self.assertEqual(j.in_target("select count(*), count(distinct pad) from t"), f"{rows}|{rows}")
            self.assertEqual(j.siblings("new"), [])
        self.assertEqual(jobs[0].in_target("select evtname from pg_event_trigger"), "no_ddl")


if __name__ == "__main__":
    unittest.main()
