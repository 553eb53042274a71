"""Redis Cluster as source and target: slots that move during the run, with keys, lose and double nothing."""
import os
import signal
import unittest

import case
import kit
import redis_cluster
import redis_server
import servers
import test_redis
from test_redis import Job, fill_every_type

setUpModule = test_redis.setUpModule


class Held:
    """bauta refresh, stopped by SIGSTOP as soon as one of `words` is seen at `node`."""

    def __init__(self, job, node, words, *arguments):
        self.monitor = node.client()
        self.monitor("MONITOR")
        self.process = case.start_bauta("refresh", "-f", os.path.join(job.folder, "bauta.yaml"), *arguments,
                                        env=job.environment(), cwd=job.folder)
        while not any(b'"' + word + b'"' in self.monitor.answer() for word in words):
            if self.process.poll() is not None:
                raise AssertionError(f"bauta ended before it was held: {kit.finish(self.process)}")
        os.kill(self.process.pid, signal.SIGSTOP)
        self.monitor.close()

    def go_on(self):
        os.kill(self.process.pid, signal.SIGCONT)
        return kit.finish(self.process, 60)


class Cluster(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = case.scratch().path
        cls.source = redis_cluster.Cluster(folder, "cluster-source")
        cls.addClassCleanup(cls.source.close)
        cls.single = redis_server.Redis(folder, "cluster-single")
        cls.addClassCleanup(cls.single.close)

    def fails(self, job, code, *words, verb="refresh"):
        done = job.run(verb)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def fill(self, n=8000):
        self.source.pipe([("SET", f"key:{i}", f"value {i}") for i in range(n)])

    def test_source(self):
        """Every type out of a cluster; hosts that are away are passed over; what is no cluster is told from one."""
        job = Job(self.source, self.single)
        fill_every_type(self.source)
        before = self.source.keyspace()
        job.refresh("--lanes", "2")
        self.assertEqual(self.single.keyspace(), before)
        job.source_url = f"redis://127.0.0.1:{servers.free_port()},127.0.0.1:{self.source.nodes[1].port}/?cluster=true"
        job.write(test_redis.Redis.APART)
        job.refresh("--lanes", "3")
        self.assertEqual(self.single.keyspace(), before)
        plan = job.run("plan")
        self.assertIn("Cluster of 3 masters", plan.stdout)
        job.source_url = self.source.url().replace("/0", "/3")
        self.fails(job, 2, "database 0 only")
        job.source_url = self.single.url(more="?cluster=true")
        self.fails(job, 2, "not one of a cluster")

    def test_slots_move_while_keys_are_listed(self):
        """Held at the last master's first SCAN: one slot goes with its keys to a master already scanned, one half."""
        job = Job(self.source, self.single)
        self.fill()
        before = self.source.keyspace()
        whole, half = self.source.keys_of(2, 2)
        tagged = [k for k in before if redis_cluster.slot(k) == half][0]
        self.source.pipe([("SET", b"more:%d{%s}" % (i, tagged), i) for i in range(20)])
        before = self.source.keyspace()
        held = Held(job, self.source.nodes[2], (b"SCAN", b"scan"), "--lanes", "2")
        self.source.move(whole, 0)
        self.source.begin_move(half, 1)
        self.assertEqual(len(self.source.move_keys(half, 1, 10)), 10)
        code, _out, err = held.go_on()
        self.assertEqual(code, 0, err)
        self.assertEqual(self.single.keyspace(), before)
        self.source.move_keys(half, 1)
        self.source.end_move(half, 1)
        for number in (whole, half):
            self.source.move(number, 2)

    def test_slots_move_while_values_are_read(self):
        """Held at a DUMP: MOVED and ASK are followed."""
        job = Job(self.source, self.single, store="pipeline: 10")
        self.fill()
        before = self.source.keyspace()
        held = Held(job, self.source.nodes[0], (b"DUMP",), "--lanes", "2")
        moved = self.source.keys_of(2, 6)
        for i, number in enumerate(moved[:5]):
            self.source.move(number, i % 2)
        self.source.begin_move(moved[5], 0)
        self.source.move_keys(moved[5], 0, 1)
        code, out, err = held.go_on()
        self.assertEqual(code, 0, err)
        self.assertEqual(self.single.keyspace(), before)
        self.source.move_keys(moved[5], 0)
        self.source.end_move(moved[5], 0)
        for number in moved:
            self.source.move(number, 2)

    # ── as a target ──

    def test_target(self):
        """From one server into a cluster; no exchange of databases; slots move while they are written."""
        job = Job(self.single, self.source)
        with self.single.client() as c:
            fill_every_type(c)
        self.fails(job, 2, "no databases to exchange")
        job.write(store="switch: flush")
        done = job.run("plan")
        self.assertIn("no way back", " ".join(done.stdout.split()))
        before = self.single.keyspace()
        for _ in range(2):
            job.refresh("--lanes", "2")
            self.assertEqual(self.source.keyspace(), before)
        job.write(test_redis.Redis.APART, store="switch: flush")
        self.source("DEL", "bauta:mark")
        self.fails(job, 11, "bauta did not make")
        job.write(test_redis.Redis.APART, store="switch: flush, allow_replace: true")
        with self.single.client() as c:
            c("FLUSHALL")
            c.pipe([("SET", f"key:{i}", f"value {i}") for i in range(8000)])
        before = self.single.keyspace()
        held = Held(job, self.source.nodes[0], (b"RESTORE",), "--lanes", "1")
        moved = [n for n in range(12000, 12400) if self.source.owner[n] == 2]
        for number in moved:
            self.source.move(number, 0)
        self.source.begin_move(8000, 0)
        code, _out, err = held.go_on()
        self.assertEqual(code, 0, err)
        self.source.move_keys(8000, 0)
        self.source.end_move(8000, 0)
        after = self.source.keyspace()
        self.assertEqual([sorted(set(after) - set(before)), sorted(set(before) - set(after))], [[], []])
        self.assertEqual(after, before)
        for number in moved:
            self.source.move(number, 2)

    def test_target_by_rename(self):
        """Staged beside the old keys, each renamed inside its slot: odd braces, tags; a run that fails changes nothing."""
        job = Job(self.single, self.source, store="switch: rename")
        names = [b"", b"a}b", b"{}x", b"a{b", b"}{", b"{tag}:1", b"{tag}:2", b"x{}{y}"]
        self.source.pipe([("SET", "bauta:mark:not", "1"), ("SET", b"{}x", "old"), ("SET", "old", "1")])
        with self.single.client() as c:
            fill_every_type(c)
            c.pipe([("SET", name, b"value " + name) for name in names])
        self.fails(job, 11, "bauta did not make")
        job.write(store="switch: rename, allow_replace: true")
        before, old = self.single.keyspace(), self.source.keyspace()
        held = Held(job, self.source.nodes[0], (b"RESTORE",), "--lanes", "1")
        self.assertEqual({k: v for k, v in self.source.keyspace().items() if k in old}, old)
        code, _out, err = held.go_on()
        self.assertEqual(code, 0, err)
        self.assertEqual(self.source.keyspace(), before)

    def test_typed_target(self):
        """An account that may not RESTORE writes transactions to each key's node, also while its slots move."""
        job = Job(self.single, self.source, store="switch: flush")
        self.source.everywhere("ACL", "SETUSER", "plain", "on", ">word", "~*", "+@all", "-restore")
        with self.single.client() as c:
            c.pipe([w for i in range(1000) for w in (("SADD", f"set:{i}", i, "x"), ("HSET", f"hash:{i}", "a", i))])
        job.target_url = self.source.url(account="plain:word")
        before = self.single.keyspace()
        held = Held(job, self.source.nodes[0], (b"SADD", b"HSET"), "--lanes", "1")
        moved = [n for n in range(12000, 12200) if self.source.owner[n] == 2]
        for number in moved:
            self.source.move(number, 0)
        code, _out, err = held.go_on()
        self.assertEqual(code, 0, err)
        self.assertEqual(self.source.keyspace(), before)
        for number in moved:
            self.source.move(number, 2)

    def test_tls_and_account(self):
        """All nodes over TLS with client certificates, by an account that may only read."""
        folder = case.scratch().path
        authority = servers.Authority(folder, "cluster-ca")
        certificate, client = authority.issue("redis"), authority.issue("bauta")
        safe = redis_cluster.Cluster(folder, "cluster-tls", conf=["tls-cluster yes"], tls=(authority, *certificate))
        self.addCleanup(safe.close)
        job = Job(safe, self.single)
        safe.everywhere("ACL", "SETUSER", "reader", "on", ">word", "~*", "+@read", "+ping", "+info", "+select", "+asking",
                        "+cluster|slots", "+cluster|nodes", "+cluster|countkeysinslot", "+cluster|getkeysinslot")
        safe.pipe([("SET", f"key:{i}", i) for i in range(3000)])
        files = f"?ca={authority.root}&cert={client[0]}&key={client[1]}"
        job.source_url = safe.url(tls=True, account="reader:word", more=files)
        job.refresh("--lanes", "2")
        self.assertEqual(self.single.keyspace(), safe.keyspace())
        job.source_url = safe.url(tls=True, account="reader:word", more=f"?ca={authority.root}")
        self.fails(job, 5)
        job.source_url = safe.url(tls=True, account="reader:wrong", more=files)
        self.fails(job, 5, "password is wrong")

    def test_same(self):
        """Two nodes of one cluster are the same: nothing is emptied."""
        job = Job(self.source, self.source, store="switch: flush")
        self.fill(10)
        job.target_url = self.source.url(which=(1,))
        self.fails(job, 11, "target and source are the same")
        self.assertEqual(len(self.source.keyspace()), 10)


class Sentinel(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = case.scratch().path
        cls.servers = [redis_server.Redis(folder, "sentinel-a")]
        cls.addClassCleanup(cls.servers[0].close)
        cls.servers.append(redis_server.Redis(folder, "sentinel-b", [f"replicaof 127.0.0.1 {cls.servers[0].port}"]))
        cls.addClassCleanup(cls.servers[1].close)
        redis_cluster.wait_for(lambda: cls.role(1)[3] == b"connected", "the replica")
        cls.sentinels = redis_cluster.Sentinels(folder, "shop", cls.servers[0], password="sentinel-secret")
        cls.addClassCleanup(cls.sentinels.close)
        cls.other = redis_server.Redis(folder, "sentinel-other")
        cls.addClassCleanup(cls.other.close)

    @classmethod
    def role(cls, i):
        with cls.servers[i].client() as c:
            return c("ROLE")

    def master(self):
        return next(i for i in (0, 1) if self.role(i)[0] == b"master")

    fails = Cluster.fails

    def failover(self):
        old = self.master()
        self.sentinels.failover()
        redis_cluster.wait_for(lambda: self.role(old)[0] == b"slave" and self.role(1 - old)[0] == b"master",
                               "the servers to change places", 30)

    def job(self, source, target, **more):
        job = Job(source, target, **more)
        redis_cluster.wait_for(self.sentinels.replica_ready, "the replica to be seen", 30)
        return job

    def calls(self, i, command):
        with self.servers[i].client() as c:
            stats = c("INFO", "commandstats").decode()
        line = [line for line in stats.split() if line.startswith(f"cmdstat_{command}:calls=")]
        return int(line[0].split("=")[1].split(",")[0]) if line else 0

    def test_source(self):
        """From the master, from a replica, after a failover; a wrong name, a wrong password, nobody at home."""
        job = self.job(self.servers[self.master()], self.other)
        with self.servers[self.master()].client() as c:
            fill_every_type(c)
            c("DEL", "stream:groups")  # when a consumer was last seen differs by a moment at a replica
            c("WAIT", 1, 5000)
        before = self.servers[self.master()].keyspace()
        for role in ("master", "replica"):
            at = self.master() if role == "master" else 1 - self.master()
            dumps = self.calls(at, "dump"), self.calls(1 - at, "dump")
            job.source_url = self.sentinels.url(more="role=" + role)
            job.refresh("--lanes", "2")
            self.assertEqual(self.other.keyspace(), before)
            self.assertGreater(self.calls(at, "dump"), dumps[0])
            self.assertEqual(self.calls(1 - at, "dump"), dumps[1])
        old = self.master()
        self.failover()
        self.assertEqual(self.master(), 1 - old)
        with self.servers[1 - old].client() as c:
            c("SET", "after", "the failover")
        job.source_url = self.sentinels.url()
        job.refresh()
        self.assertEqual(self.other.keyspace(), self.servers[1 - old].keyspace())
        job.source_url = self.sentinels.url(name="wrong")
        self.fails(job, 5, "no sentinel knows a master of the name")
        job.source_url = self.sentinels.url().replace("sentinel-secret", "wrong")
        self.fails(job, 5, "password is wrong", "no sentinel answers")
        job.source_url = f"redis+sentinel://127.0.0.1:{servers.free_port()}/shop/0"
        self.fails(job, 5, "cannot connect", "no sentinel answers")
        job.source_url, job.target_url = self.other.url(), self.sentinels.url(more="role=replica")
        self.fails(job, 2, "role=replica is for sources")

    @case.long
    def test_source_fails_over(self):
        """The master dies while it is read: parts are read again at the new one."""
        old = self.master()
        job = self.job(self.servers[old], self.other, store="pipeline: 10")
        with self.servers[old].client() as c:
            c.pipe([("SET", f"key:{i}", f"value {i}") for i in range(5000)])
            c("WAIT", 1, 5000)
        before = self.servers[old].keyspace()
        job.source_url = self.sentinels.url()
        held = Held(job, self.servers[old], (b"DUMP",), "--lanes", "1")
        self.servers[old].kill9()
        code, _out, err = held.go_on()
        self.servers[old].start()  # the sentinels make it a replica of the new master
        self.assertEqual(code, 0, err)
        self.assertEqual(self.other.keyspace(), before)
        redis_cluster.wait_for(lambda: self.role(old)[0] == b"slave", "the old master to come back as a replica", 30)

    @case.long
    def test_target(self):
        """Written to the master; one that is failed over during the run ends it with a clear error."""
        master = self.master()
        job = self.job(self.other, self.servers[master])
        with self.other.client() as c:
            c.pipe([("SET", f"key:{i}", f"value {i}") for i in range(5000)])
        job.target_url = self.sentinels.url()
        job.refresh()
        before = self.other.keyspace()
        self.assertEqual(self.servers[master].keyspace(), before)
        with self.other.client() as c:
            c("SET", "more", "1")
        redis_cluster.wait_for(self.sentinels.replica_ready, "the replica to be seen", 30)
        held = Held(job, self.servers[master], (b"RESTORE",), "--lanes", "1")
        self.failover()
        code, _out, err = held.go_on()
        self.assertEqual(code, 6, err)
        self.assertEqual(self.servers[self.master()].keyspace(), before)


if __name__ == "__main__":
    unittest.main()
