"""Killed, cut off, stopped or out of disk at a random moment: staging answers whole from old or new data, and the next
run works and leaves nothing behind. 3 moments each, 30 with --long."""
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
MOMENTS = 30 if os.environ.get("BAUTA_LONG") == "1" else 3
STOP_SECONDS = 10
DISK = "300m"
WHOLE = ("select (select v from version), (select count(*) from item),"
         " (select count(*) from item, version where item.v <> version.v), (select sum(n) from summary),"
         " (select count(*) from pg_constraint where contype in ('p', 'f') and conrelid::regclass::text in"
         " ('item', 'child', 'version')), (select count(*) from child join item on item.id = child.item)")
SOURCE = f"""
create table version (v int primary key);
insert into version values (1);
create table item (id int primary key, v int references version deferrable initially deferred, pad text);
insert into item select g, 1, repeat(md5(g::text), 8) from generate_series(1, {ROWS}) g;
create table child (id int primary key, item int references item, check (gate(id)));
insert into child select g, g from generate_series(1, {ROWS}) g;
create index on item (pad);
create index on item (v, id);
create materialized view summary as select v, count(*) as n from item group by v;
"""


def answers(server):
    return subprocess.run([server.tool("psql"), "-XAtc", "select 1", server.url("postgres")], capture_output=True,
                          env=servers.clean_environment()).returncode == 0


class Fault(unittest.TestCase):
    """Each class has a pair of servers of its own: they get killed."""

    source_conf = target_conf = {}

    @classmethod
    def setUpClass(cls):
        case.needs_postgres()
        name = cls.__name__.lower()
        cls.source = servers.Postgres(case.scratch().path, name + "-source", conf=cls.source_conf)
        cls.addClassCleanup(cls.source.close)
        cls.target = servers.Postgres(cls.target_folder(), name + "-target", conf=cls.target_conf)
        cls.addClassCleanup(cls.target.close)
        cls.job = kit.Job(cls.source, cls.target, store="part_bytes: 1MiB")
        cls.job.make(kit.GATE + SOURCE)
        cls.version = 1
        started = time.monotonic()
        cls.job.refresh("--lanes", "2")
        cls.seconds = time.monotonic() - started

    @classmethod
    def target_folder(cls):
        return case.scratch().path

    def next_version(self):
        """A new version of the source; remembers which one staging answers from."""
        self.served = self.staging()
        type(self).version += 1
        v = self.version
        self.job.in_source(f"begin; insert into version values ({v}); update item set v = {v};"
                           f" delete from version where v < {v}; commit; vacuum item")

    def moment(self):
        """Seconds into a run, a little past its usual end too."""
        return random.uniform(0, self.seconds * 1.1)

    def staging(self):
        """The version staging answers from; it must be whole. Waits for servers that recover."""
        for server in (self.source, self.target):
            kit.wait_for(lambda: answers(server), f"{server.name} to answer")
        text = self.job.in_target(WHOLE)
        version = text.split("|")[0]
        self.assertEqual(text, f"{version}|{ROWS}|0|{ROWS}|5|{ROWS}")
        return int(version)

    def whole(self, code, note):
        """Staging is old or new, and new for sure when the run said so."""
        version = self.staging()
        allowed = (self.version,) if code == 0 else (self.served, self.version)
        self.assertIn(version, allowed, f"exit code {code}, {note}")
        return version

    def next_run(self):
        done = self.job.run("refresh", "--lanes", "2")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(self.staging(), self.version)
        self.assertEqual(self.job.siblings("new"), [])
        self.assertLessEqual(len(self.job.siblings("prev")), 1)
        self.assertEqual(self.job.in_source("select count(*) from pg_prepared_xacts"), "0")

    def ended_by(self, process, seconds):
        """Wait for its end, at most `seconds`; True when it ended."""
        try:
            process.wait(seconds)
            return True
        except subprocess.TimeoutExpired:
            return False


class KillBauta(Fault):
    def test_kill_9(self):
        for i in range(MOMENTS):
            self.next_version()
            delay = self.moment()
            with self.subTest(i=i, delay=f"{delay:.3f}"):
                process = self.job.start("refresh", "--lanes", "2")
                self.ended_by(process, delay)
                tree = kit.process_tree(process.pid)
                process.kill()
                code, _, _ = kit.finish(process)
                kit.wait_for(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in tree), "its helpers to end", 30)
                self.whole(code, f"killed after {delay:.3f} s")
                self.next_run()

    def test_kill_9_while_rows_are_written(self):
        """A moment that random ones may miss: lanes stand in the middle of their COPY."""
        self.next_version()
        with kit.Gate(self.target) as gate:
            process = self.job.start("refresh", "--lanes", "2")
            gate.wait_reached()
            process.kill()
            kit.finish(process)
            self.assertEqual(self.whole(137, "killed in COPY"), self.served)
            self.assertNotEqual(self.job.siblings("new"), [])
        self.next_run()


class Stop(Fault):
    def stopped(self, number, wait):
        """Signal a run, return its exit code; it has ten seconds to go."""
        process = self.job.start("refresh", "--lanes", "2")
        wait(process)
        began = time.monotonic()
        running = process.poll() is None
        if running:
            process.send_signal(number)
        code, out, err = kit.finish(process, STOP_SECONDS + 5)
        self.assertLess(time.monotonic() - began, STOP_SECONDS, out + err)
        self.assertIn(code, (128 + number,) if running else (0,), out + err) if code != 0 else None
        return code

    def test_random_moments(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            for i in range(MOMENTS):
                self.next_version()
                delay = self.moment()
                with self.subTest(signal=number.name, i=i, delay=f"{delay:.3f}"):
                    code = self.stopped(number, lambda process: self.ended_by(process, max(delay, 0.05)))
                    version = self.whole(code, f"{number.name} after {delay:.3f} s")
                    if code != 0 and version != self.version:
                        self.assertEqual(self.job.siblings("new"), [])
                    self.next_run()

    def test_while_rows_are_written(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number.name), kit.Gate(self.target) as gate:
                self.next_version()
                code = self.stopped(number, lambda _process: gate.wait_reached())
                self.assertEqual(code, 128 + number)
                self.assertEqual(self.staging(), self.served)
                gate.open()
                kit.wait_for(lambda: not self.target.backends("bauta%"), "bauta's sessions to end")
                self.assertEqual(self.job.siblings("new"), [])
                self.next_run()

    def test_while_the_source_is_locked(self):
        """It waits for a table lock on the source: nothing to cut short but the wait."""
        session = subprocess.Popen([self.source.tool("psql"), "-XAtq", self.job.source_url], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True, env=servers.clean_environment())
        self.addCleanup(session.stdout.close)
        session.stdin.write("begin; lock table item in access exclusive mode; select 'locked';\n")
        session.stdin.flush()
        self.assertEqual(session.stdout.readline(), "locked\n")
        before = self.staging()
        code = self.stopped(signal.SIGTERM, lambda _process: kit.wait_for(
            lambda: self.source.psql("select 1 from pg_locks where not granted limit 1"), "bauta to wait for the lock"))
        session.stdin.close()
        session.wait(kit.DEADLINE)
        self.assertEqual(code, 128 + signal.SIGTERM)
        self.assertEqual(self.staging(), before)


class KillBackend(Fault):
    """A backend dies of SIGKILL, so its whole server restarts: the worst a connection can meet."""

    def killed(self, server, code_wanted):
        for i in range(MOMENTS):
            self.next_version()
            delay = self.moment()
            with self.subTest(i=i, delay=f"{delay:.3f}"):
                process = self.job.start("refresh", "--lanes", "2")
                self.ended_by(process, delay)
                for pid in random.sample(found, 1) if (found := self.bauta_backends(server)) else []:
                    os.kill(pid, signal.SIGKILL)
                code, out, err = kit.finish(process, 120)
                self.assertIn(code, (0, code_wanted), out + err)
                kit.wait_for(server.running, "the server")
                self.whole(code, f"a backend killed after {delay:.3f} s")
                self.next_run()

    def bauta_backends(self, server):
        try:
            return server.backends("bauta%")
        except servers.ServerError:  # recovering
            return []

    def test_source(self):
        self.killed(self.source, 5)

    def test_target(self):
        self.killed(self.target, 6)

    def test_terminated_lane(self):
        """pg_terminate_backend of one lane: its part is tried again, and the run works."""
        for server in (self.source, self.target):
            with self.subTest(server.name), kit.Gate(self.target) as gate:
                self.next_version()
                process = self.job.start("refresh", "--lanes", "2")
                gate.wait_reached()
                pids = server.psql("select pid from pg_stat_activity where application_name like 'bauta%' and"
                                   " query ilike 'copy%' and state = 'active' order by backend_start desc limit 1").split()
                for pid in pids:
                    server.psql(f"select pg_terminate_backend({pid})")
                gate.open()
                code, out, err = kit.finish(process)
                self.assertIn(code, (0, 5 if server is self.source else 6), out + err)
                self.whole(code, "a lane terminated")
                self.next_run()


class FullDisk(Fault):
    target_conf = {"max_wal_size": "64MB", "min_wal_size": "32MB", "wal_keep_size": 0, "fsync": "off"}

    @classmethod
    def target_folder(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest("a small file system can be mounted by root only")
        cls.mount = case.scratch().file("small-disk")
        os.mkdir(cls.mount)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=0711", "tmpfs", cls.mount],
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise unittest.SkipTest("mount of a tmpfs: " + done.stderr.strip())
        cls.addClassCleanup(subprocess.run, ["umount", "-l", cls.mount])
        return cls.mount

    def free(self):
        stat = os.statvfs(self.mount)
        return stat.f_bavail * stat.f_frsize

    def test_full_disk(self):
        filler = os.path.join(self.mount, "filler")
        before = self.free()
        self.job.refresh()
        needed = max(before - self.free(), 8 << 20)  # of one more copy of staging
        for i in range(MOMENTS):
            self.next_version()
            left = random.randrange(1 << 20, needed)
            with self.subTest(i=i, left=left):
                with open(filler, "wb") as f:
                    f.truncate(0)
                    os.posix_fallocate(f.fileno(), 0, max(self.free() - left, 4096))
                done = self.job.run("refresh", "--lanes", "2", timeout=180)
                self.assertIn(done.returncode, (0, 6, 8), done.stdout + done.stderr)
                os.unlink(filler)
                if not self.target.running():  # no room for WAL is a PANIC; a machine's supervisor would start it again
                    self.target.start()
                self.whole(done.returncode, f"{left} bytes left")
                self.next_run()



