"""`cut: replica`: one moment for all keys, whatever the source's clients write, and nothing of it is left."""
import glob
import json
import os
import signal
import threading
import unittest

import case
import kit
import redis_server
import servers
import test_redis
from test_redis import Job, fill_every_type

setUpModule = test_redis.setUpModule


class Replica(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = case.scratch().path
        cls.source = redis_server.Redis(folder, "cut-source", conf=["repl-diskless-sync-delay 0"])
        cls.addClassCleanup(cls.source.close)
        cls.target = redis_server.Redis(folder, "cut-target")
        cls.addClassCleanup(cls.target.close)

    fails = test_redis.Redis.fails

    def nothing_left(self, job, folder_too=True):
        if folder_too:
            self.assertEqual(glob.glob(os.path.join(job.folder, "bauta-replica-*")), [])
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:  # a redis-server works in its folder
                self.assertNotIn("bauta-replica", os.readlink(f"/proc/{pid}/cwd"))
            except OSError:
                pass
        with self.source.client() as c:
            self.assertIn(b"connected_slaves:0", c("INFO", "replication"))

    def test_every_type(self):
        job = Job(self.source, self.target, store="cut: replica")
        with self.source.client() as c:
            fill_every_type(c)
            c("DEL", "stream:groups")  # when a consumer was last seen differs by a moment at a replica
        with self.source.client(3) as c:
            c("SET", "elsewhere", "1")
        before = self.source.keyspace()
        job.refresh("--lanes", "2")
        self.assertEqual(self.target.keyspace(), before)
        self.nothing_left(job)
        self.assertIn("cut: replica", job.run("plan").stdout)
        job.source_url = self.source.url(db=3)
        job.refresh()
        self.assertEqual(list(self.target.keyspace()), [b"elsewhere"])
        self.nothing_left(job)

    def test_one_moment(self):
        """A writer that counts two keys up together, a in front of b, while the run works: what arrives is one moment."""
        job = Job(self.source, self.target, store="cut: replica, pipeline: 5")
        with self.source.client() as c:
            c.pipe([("SET", f"key:{i:05}", "0") for i in range(5000)])
        over = threading.Event()

        def write():
            with self.source.client() as c:
                n = 0
                while not over.is_set():
                    n += 1
                    c.pipe([("MULTI",), *(("SET", f"key:{i:05}", n) for i in range(0, 5000, 250)), ("EXEC",)])

        writer = threading.Thread(target=write)
        writer.start()
        try:
            job.refresh("--lanes", "2")
        finally:
            over.set()
            writer.join()
        after = self.target.keyspace()
        self.assertEqual(len(after), 5000)
        values = {after[f"key:{i:05}".encode()][1] for i in range(0, 5000, 250)}
        self.assertEqual(len(values), 1, values)
        self.assertGreater(int(values.pop()), 0)
        self.nothing_left(job)

    def test_archive_says_so(self):
        job = Job(self.source, self.target, store="cut: replica")
        with self.source.client() as c:
            c("SET", "a", "1")
        done = job.run("plan", "--json")
        self.assertIn("cut: replica", json.dumps(json.loads(done.stdout)))
        job.write()
        self.assertIn("cut: scan", job.run("plan").stdout)

    def test_refused(self):
        job = Job(self.source, self.target, store="cut: replica")
        with self.source.client() as c:
            c("SET", "a", "1")
            c("ACL", "SETUSER", "reader", "on", ">secret", "~*", "+@read", "+ping", "+info", "+select")
            c("ACL", "SETUSER", "copier", "on", ">se\"cr\\ et\x7f", "~*", "+@read", "+ping", "+info", "+select", "+psync",
              "+replconf")
        self.fails(job, 2, "needs a redis-server on PATH", PATH="/nowhere")
        job.source_url = self.source.unix_url()
        self.fails(job, 2, "reached over TCP")
        job.source_url = self.source.url(account="reader:secret")
        self.fails(job, 5, "+psync and +replconf")
        self.nothing_left(job)
        job.source_url = self.source.url(account="copier:se%22cr%5C%20et%7f")
        job.refresh()
        self.assertEqual(self.target.keyspace(), self.source.keyspace())
        self.nothing_left(job)

    def test_tls(self):
        folder = case.scratch().path
        authority = servers.Authority(folder, "cut-ca")
        certificate, client = authority.issue("redis"), authority.issue("bauta")
        safe = redis_server.Redis(folder, "cut-tls", ["repl-diskless-sync-delay 0"], tls=(authority, *certificate))
        self.addCleanup(safe.close)
        job = Job(safe, self.target, store="cut: replica")
        with safe.client() as c:
            c.pipe([("SET", f"key:{i}", i) for i in range(1000)])
        job.source_url = safe.url(tls=True, more=f"?ca={authority.root}&cert={client[0]}&key={client[1]}")
        job.refresh()
        self.assertEqual(self.target.keyspace(), safe.keyspace())
        self.nothing_left(job)

    def test_stopped_while_it_waits(self):
        """SIGTERM and SIGKILL of bauta end the replica too."""
        slow = redis_server.Redis(case.scratch().path, "cut-slow", ["repl-diskless-sync yes", "repl-diskless-sync-delay 60"])
        self.addCleanup(slow.close)
        job = Job(slow, self.target, store="cut: replica")
        for number, code in ((signal.SIGTERM, 143), (signal.SIGKILL, 137)):
            process = case.start_bauta("refresh", "-f", os.path.join(job.folder, "bauta.yaml"), env=job.environment(),
                                       cwd=job.folder)
            with slow.client() as c:
                kit.wait_for(lambda: b"connected_slaves:1" in c("INFO", "replication"), "the replica to come")
                process.send_signal(number)
                self.assertEqual(kit.finish(process, 15)[0], code)
                kit.wait_for(lambda: b"connected_slaves:0" in c("INFO", "replication"), "the replica to go")
            self.nothing_left(job, number == signal.SIGTERM)


if __name__ == "__main__":
    unittest.main()
