"""Large values in windows, and targets that deny RESTORE: the same keys as by DUMP and RESTORE."""
import json
import os
import threading
import time
import unittest

import case
import kit
import redis_cluster
import redis_server
import test_redis
from test_redis import ALL, FAR, KEEP, Job, fill_every_type, setUpModule  # noqa: F401

BIG = "big_value: 4KiB"


def fill_large(c):
    """Each type above 4 KiB, in the server's unpacked encodings."""
    fill_every_type(c)
    c("PEXPIREAT", "list:long", FAR + 1)
    c("PEXPIREAT", "zset:large", FAR + 2)
    c("PEXPIREAT", "stream:groups", FAR + 3)
    c("SET", "string:long", b"binary \x00\xff" * 70000, "PXAT", FAR + 4)
    c("SET", "string:window", b"w" * 262144 * 2)  # just two windows
    c("HSET", "hash:wide", *(w for i in range(5000) for w in (f"f{i}", f"value {i}" * 3)))
    for i in range(4000):
        c("XADD", "stream:long", f"{i + 1}-{i % 2}", "n", i, *(("more", "y" * 40) if i % 3 else ()))
    c("XGROUP", "CREATE", "stream:long", "all", "0")
    for name, count in (("ann", 1700), ("bob", 900)):
        c("XREADGROUP", "GROUP", "all", name, "COUNT", count, "STREAMS", "stream:long", ">")
    c("XGROUP", "CREATECONSUMER", "stream:long", "all", "idle one")
    c("XDEL", "stream:long", "3999-0", "4000-1")
    c("XGROUP", "CREATE", "stream:empty", "none", "$")


def comparable(keyspace):
    """Without what commands cannot carry: when consumers were seen, and pending entries whose messages are gone."""
    out = {}
    for key, (kind, value, at) in keyspace.items():
        if kind == "stream":
            ids = {entry[0] for entry in value[b"entries"]}
            value = dict(value)
            value[b"groups"] = [group(g, ids) for g in value[b"groups"]]
        out[key] = (kind, value, at)
    return out


def group(flat, ids):
    """Moments of delivery to some seconds: XPENDING tells how long ago it was."""
    def there(pending):
        now = time.time() * 1000
        return [["lately" if isinstance(v, int) and abs(v - now) < 60000 else v for v in p] for p in pending
                if p[0] in ids]
    whole = redis_server.pairs(flat)
    whole[b"pending"] = there(whole[b"pending"])
    consumers = [redis_server.pairs(c) for c in whole[b"consumers"]]
    whole[b"consumers"] = [(c[b"name"], there(c[b"pending"])) for c in consumers]
    del whole[b"pel-count"]
    return whole


class Windows(unittest.TestCase):
    maxDiff = 2000

    @classmethod
    def setUpClass(cls):
        folder = case.scratch().path
        cls.source = redis_server.Redis(folder, "redis-big-source", conf=["enable-debug-command yes"])
        cls.addClassCleanup(cls.source.close)
        cls.target = redis_server.Redis(folder, "redis-big-target")
        cls.addClassCleanup(cls.target.close)

    def job(self, *arguments, **more):
        return Job(self.source, self.target, *arguments, **more)

    def same(self):
        new, old = comparable(self.target.keyspace()), comparable(self.source.keyspace())
        self.assertEqual(set(new), set(old))
        for key in old:
            self.assertEqual(new[key], old[key], key[:40])

    def typed(self, job):
        """The target's account may not RESTORE."""
        with self.target.client() as c:
            c("ACL", "SETUSER", "plain", "on", ">word", "~*", "+@all", "-restore")
        job.target_url = self.target.url(account="plain:word")

    def monitored(self, job, *names):
        """The commands of these names that the target got."""
        with self.target.client() as watch:
            watch("CONFIG", "RESETSTAT")
            job.refresh()
            stats = watch("INFO", "commandstats").decode()
        return [name for name in names if f"cmdstat_{name}:" in stats]

    # ── windows ──

    def test_kept_is_equal(self):
        job = self.job(store=BIG)
        with self.source.client() as c:
            fill_large(c)
        used = ["rpush", "sadd", "zadd", "hset", "xadd", "append", "restore"]
        self.assertEqual(self.monitored(job, *used), used)
        self.same()
        job.refresh("--lanes", "2", BAUTA_BATCH_ROWS="1")  # again, and in odd cuts
        self.same()

    def test_looked_into_is_equal(self):
        job = self.job(test_redis.Redis.APART, store=BIG)
        with self.source.client() as c:
            fill_large(c)
        job.refresh()
        self.same()

    MASKED = """- at: cache
  keys:
    "{kind}:{id}":
      id: { domain: customer }
      kind: { keep: a word }
      member: { domain: customer }
      user: { domain: customer }
      score: { keep: points }
      "*": { keep: others }
"""

    def test_masked_as_whole_ones_are(self):
        """Windows make what whole values make, for each type; fields that a rule names too."""
        job = self.job(self.MASKED, "big_value: 1GiB", "customer: { mask: permute }")
        with self.source.client() as c:
            c("RPUSH", "l:1", *range(3000))
            c("SADD", "s:2", *range(3000))
            c("ZADD", "z:3", *(w for i in range(3000) for w in (i / 3, i)))
            c("HSET", "h:4", "user", 17, *(w for i in range(3000) for w in (f"f{i}", f"v{i}")))
            c("HSET", "h:5", "user", 18)
            for i in range(3000):
                c("XADD", "x:5", f"{i}-1", "user", i, "what", "y" * 20)
            c("PEXPIREAT", "h:4", FAR)
        job.refresh()
        whole = self.target.keyspace()
        self.assertNotEqual(set(whole), set(self.source.keyspace()))
        job.write(self.MASKED, BIG, "customer: { mask: permute }")
        self.assertEqual(self.monitored(job, "rpush", "xadd", "hset"), ["rpush", "xadd", "hset"])
        new = self.target.keyspace()
        self.assertEqual(set(new), set(whole))
        for key in whole:
            self.assertEqual(new[key], whole[key], key)

    def test_another_field_of_the_row(self):
        """A masker that looks at a named field finds it whatever window the value stands in."""
        rules = """- at: cache
  keys:
    "h:{id}":
      id: { keep: ids }
      secret: { keep: a switch }
      "fields": { keep: names }
      values:
        mask: switch
        cases: [ { when: "secret = 'no'", keep: open } ]
        else: { mask: constant, value: hidden }
"""
        job = self.job(rules, BIG)
        with self.source.client() as c:
            for key, word in (("h:1", "yes"), ("h:2", "no"), ("h:3", "yes"), ("h:4", "no")):
                few = key in ("h:3", "h:4")
                c("HSET", key, *(w for i in range(5 if few else 3000) for w in (f"#{i}", f"value {i}")), "secret", word)
        job.refresh()
        new, old = self.target.keyspace(), self.source.keyspace()
        for key in (b"h:2", b"h:4"):
            self.assertEqual(new[key], old[key])
        for key in (b"h:1", b"h:3"):
            self.assertEqual(set(new[key][1]), set(old[key][1]))
            self.assertEqual({k: v for k, v in new[key][1].items() if v != b"hidden"}, {b"secret": b"yes"})

    def test_members_that_collide(self):
        """In windows too, whatever SCAN repeats: two sets of which one loses a member."""
        job = self.job('- at: cache\n  keys: { "s:{id}": { id: { keep: ids }, member: { mask: redact } } }', BIG)
        with self.source.client() as c:
            c("SADD", "s:1", *("m" * (10 * i + 1) for i in range(300)))  # redact keeps them apart
            job.refresh()
            self.assertEqual(len(self.target.keyspace()[b"s:1"][1]), 300)
            c("SADD", "s:1", "n" * 2501)
        done = job.run()
        self.assertEqual(done.returncode, 7, done.stderr)
        self.assertIn("became the same", done.stderr)

    def test_cut_in_the_middle(self):
        """The source's connections are cut while a large list and a large set are read: the part is done again."""
        job = self.job(store="bytes_per_second: 8MiB")
        with self.source.client() as c:
            for at in range(10):
                c("RPUSH", "l:1", *(f"{at * 1000 + i} " + "x" * 800 for i in range(1000)))
            c("SADD", "s:1", *(f"{i} " + "y" * 800 for i in range(5000)))
            before = self.source.keyspace()
            process = case.start_bauta("refresh", "-f", os.path.join(job.folder, "bauta.yaml"), "--lanes", "1",
                                       env=job.environment(), cwd=job.folder)
            with self.target.client(15) as t:
                kit.wait_for(lambda: t("LLEN", "l:1") > 3000 or t("SCARD", "s:1") > 2000, "windows to arrive")
            self.assertGreater(c("CLIENT", "KILL", "TYPE", "normal"), 1)
        code, _out, err = kit.finish(process)
        self.assertEqual(code, 0, err)
        self.assertEqual(self.target.keyspace(), before)

    def test_without_memory_usage(self):
        """An account without MEMORY USAGE reads all values as a whole, and the log says so."""
        job = self.job(store=BIG)
        with self.source.client() as c:
            fill_every_type(c)
            c("ACL", "SETUSER", "few", "on", ">x", "~*", "+@read", "-memory", "+ping", "+info", "+select")
        job.source_url = self.source.url(account="few:x")
        done = job.refresh()
        self.assertIn("MEMORY USAGE", done.stderr)
        self.assertEqual(self.target.keyspace(), self.source.keyspace())

    # ── without RESTORE ──

    def test_typed_commands(self):
        """Whole values between MULTI and EXEC: kept and taken apart."""
        for rules in (ALL, test_redis.Redis.APART):
            job = self.job(rules)
            with self.source.client() as c:
                fill_large(c)
            self.typed(job)
            self.assertEqual(self.monitored(job, "multi", "exec", "xclaim", "xsetid"),
                             ["multi", "exec", "xclaim", "xsetid"])
            self.same()

    def test_typed_windows(self):
        job = self.job(store=BIG + ", ttl: extend, ttl_extend: 1h")
        with self.source.client() as c:
            fill_large(c)
        self.typed(job)
        job.refresh()
        new, old = self.target.keyspace(), self.source.keyspace()
        self.assertEqual({k: v[2] for k, v in new.items()},
                         {k: v[2] + 3600000 if v[2] > 0 else v[2] for k, v in old.items()})
        self.assertEqual({k: v[1] for k, v in new.items() if v[0] != "stream"},
                         {k: v[1] for k, v in old.items() if v[0] != "stream"})

    def test_typed_members_that_collide(self):
        job = self.job('- at: cache\n  keys: { "s:{id}": { id: { keep: ids }, member: { mask: constant, value: x } } }')
        with self.source.client() as c:
            c("SADD", "s:1", "a", "b", "c")
        self.typed(job)
        done = job.run()
        self.assertEqual(done.returncode, 7, done.stderr)
        self.assertIn("became the same", done.stderr)

    def test_typed_target_out_of_memory(self):
        """An error inside EXEC ends the run, staging as before."""
        job = self.job()
        with self.source.client() as s:
            s("RPUSH", "a", "1")
        self.typed(job)
        job.refresh()
        before = self.target.keyspace()
        with self.source.client() as s, self.target.client() as c:
            for i in range(200):
                s("RPUSH", f"big:{i}", *(os.urandom(25000).hex() for _ in range(2)))
            used = int(redis_server.pairs([p for line in c("INFO", "memory").split(b"\r\n") if b":" in line
                                           for p in line.split(b":", 1)])[b"used_memory"])
            c("CONFIG", "SET", "maxmemory", used + (8 << 20), "maxmemory-policy", "noeviction")
            try:
                done = job.run()
            finally:
                c("CONFIG", "SET", "maxmemory", 0)
        self.assertEqual(done.returncode, 6, done.stderr)
        self.assertIn("out of memory", done.stderr)
        self.assertEqual(self.target.keyspace(), before)

    # ── several databases ──

    def test_databases(self):
        """A store each, in one run and under one domain; keys of a database that no store names are told of."""
        rules = """- at: cache
  keys: { "user:{id}": { id: { domain: customer }, value: { keep: words } } }
- at: carts
  keys: { "cart:{customer}": { customer: { domain: customer }, value: { keep: products } } }
"""
        job = self.job(rules, domains="customer: { mask: permute }",
                       stores="carts: { source: env:CARTS, target: env:CARTS_TARGET, spare_db: 14 }")
        for db, name in ((0, "user"), (3, "cart"), (7, "other")):
            with self.source.client(db) as c:
                c.pipe([("SET", f"{name}:{i}", i) for i in range(200)])
        urls = {"CARTS": self.source.url(3), "CARTS_TARGET": self.target.url(3)}
        told = job.run("plan", **urls).stdout
        self.assertIn("keys also in database 3, 7", " ".join(told.split()))
        job.refresh(**urls)
        users, carts = (self.target.keyspace(db) for db in (0, 3))
        self.assertEqual({k.split(b":")[1]: v for k, v in users.items()}, {k.split(b":")[1]: v for k, v in carts.items()})
        self.assertEqual(len(users), 200)
        self.assertNotEqual(set(users), set(self.source.keyspace()))
        self.assertEqual(self.target.keyspace(7), {})

    # ── renaming ──

    RENAME = "switch: rename"

    def renaming(self, job):
        """The target's account may neither exchange databases nor empty one."""
        with self.target.client() as c:
            c("ACL", "SETUSER", "renamer", "on", ">word", "~*", "+@all", "-swapdb", "-flushdb", "-flushall")
        job.target_url = self.target.url(account="renamer:word")

    def staged(self):
        with self.target.client() as c:
            return c("KEYS", "bauta:new:*")

    def test_rename(self):
        job = self.job(store=self.RENAME)
        self.renaming(job)
        self.assertIn("one after the other", " ".join(job.run("plan").stdout.split()))
        with self.source.client() as c:
            fill_every_type(c)
            for key in ("{tag}:1", "no {} tag", "a}b{c", "{open", "}", "{}", "bauta:news"):
                c("SET", key, key)
        job.refresh("--lanes", "2")
        self.assertEqual(self.target.keyspace(), self.source.keyspace())
        with self.source.client() as c:
            c("SET", "geo", "of another type")
            c("DEL", "list:long", "{tag}:1")
            c("SET", "fresh", "1")
            c("SET", "bauta:new:t:x", "not ours to copy")
        job.write(store=self.RENAME + ", " + BIG)
        job.refresh()
        with self.source.client() as c:
            c("DEL", "bauta:new:t:x")
        self.same()
        self.assertEqual(self.staged(), [])
        done = job.run("rollback")
        self.assertEqual(done.returncode, 11, done.stderr)
        with self.target.client() as c:
            self.assertEqual(c("EXISTS", "bauta:lock"), 0)

    def test_rename_that_fails(self):
        """Before the switch staging is as before; what a killed run leaves is gone after the next one."""
        rules = '- at: cache\n  keys: { "s:{id}": { id: { keep: ids }, member: { mask: constant, value: x } } }'
        job = self.job(rules, self.RENAME)
        self.renaming(job)
        with self.source.client() as c:
            c.pipe([("SADD", f"s:{i}", "a", "b") for i in range(100)])
        self.assertEqual(job.run().returncode, 7)
        with self.target.client() as c:
            self.assertEqual(c("KEYS", "*"), [])
        job.write(store=self.RENAME + ", keys_per_second: 50")
        process = case.start_bauta("refresh", "-f", os.path.join(job.folder, "bauta.yaml"),
                                   env=job.environment(BAUTA_BATCH_ROWS="5"), cwd=job.folder)
        kit.wait_for(self.staged, "staged keys")
        process.kill()
        kit.finish(process)
        self.assertEqual(self.target.keyspace(), {})
        job.write(store=self.RENAME)
        job.refresh()
        self.assertEqual(self.target.keyspace(), self.source.keyspace())
        self.assertEqual(self.staged(), [])

    def test_rename_keeps_the_guard(self):
        job = self.job(store=self.RENAME)
        with self.source.client() as s, self.target.client() as c:
            s("SET", "a", "1")
            c("SET", "precious", "1")
        self.assertEqual(job.run().returncode, 11)
        job.write(store=self.RENAME + ", allow_replace: true")
        job.refresh()
        self.assertEqual(list(self.target.keyspace()), [b"a"])

    # ── pace ──

    def timed(self, job, *arguments):
        start = time.monotonic()
        done = job.refresh(*arguments)
        return time.monotonic() - start, done

    def test_keys_and_bytes_a_second(self):
        """Over all lanes; large values count by their bytes."""
        job = self.job()
        with self.source.client() as c:
            c.pipe([("SET", f"a:{i}", "x" * 10) for i in range(2000)])
        free, _done = self.timed(job)
        self.assertLess(free, 2)
        job.write(store="keys_per_second: 2000")
        for lanes in ("1", "3"):
            slow, _done = self.timed(job, "--lanes", lanes)
            self.assertGreater(slow, 0.85)
            self.assertLess(slow, 5)
        with self.source.client() as c:
            c("FLUSHALL")
            c("SET", "a:1", "x" * 6_000_000)
            c.pipe([("SET", f"a:{i}", "x" * 3000) for i in range(2, 1000)])
        job.write(store="bytes_per_second: 4MiB")
        slow, _done = self.timed(job)
        self.assertGreater(slow, 1.5)
        self.assertEqual(self.target.keyspace(), self.source.keyspace())

    def test_a_stop_ends_the_wait(self):
        job = self.job(store="keys_per_second: 1")
        with self.source.client() as c:
            c.pipe([("SET", f"a:{i}", "x") for i in range(100)])
        process = case.start_bauta("refresh", "-f", os.path.join(job.folder, "bauta.yaml"), env=job.environment(),
                                   cwd=job.folder)
        time.sleep(1)
        process.terminate()
        code, _out, err = kit.finish(process, 5)
        self.assertEqual(code, 143, err)
        self.assertEqual(self.target.keyspace(), {})

    def test_latency_probe(self):
        """While the source answers late it is asked for less; without a bound nobody asks."""
        job = self.job(store="max_latency: 5ms, keys_per_second: 2000")
        with self.source.client() as c:
            c.pipe([("SET", f"a:{i}", "x") for i in range(4000)])
        slow = threading.Event()

        def hog():
            end = time.monotonic() + 0.8
            with self.source.client() as c:
                while not slow.is_set() and time.monotonic() < end:
                    c("DEBUG", "SLEEP", "0.05")
                    time.sleep(0.01)

        thread = threading.Thread(target=hog)
        thread.start()
        try:
            done = job.refresh("--verbose")
        finally:
            slow.set()
            thread.join()
        self.assertIn("the source answers late", done.stderr)
        self.assertIn("it was read more slowly", done.stderr)
        self.assertEqual(self.target.keyspace(), self.source.keyspace())
        with self.source.client() as c:
            self.assertNotIn("bauta-", c("CLIENT", "LIST").decode())
        job.write(store="max_latency: 0ms")
        done = job.refresh("--verbose")
        self.assertNotIn("answers late", done.stderr)

    # ── memory ──

    @case.long
    def test_memory_with_large_values(self):
        """A list, a hash and a stream of 200 MB each: less than 128 MiB resident, kept and masked."""
        domain = "customer: { mask: permute }"
        masked = """- at: cache
  keys:
    "{kind}:{id}":
      kind: { keep: a word }
      id: { keep: ids }
      member: { mask: redact }
      user: { domain: customer }
      "*": { keep: others }
"""
        job = self.job()
        with self.source.client() as c:
            for at in range(0, 200):
                c("RPUSH", "l:1", *(json.dumps({"n": at * 1000 + i, "text": "x" * 1030}) for i in range(1000)))
            for at in range(0, 200):
                c("HSET", "h:1", "user", 5, *(w for i in range(1000) for w in (f"f{at * 1000 + i}", "y" * 1030)))
            c.pipe([("XADD", "x:1", "*", "user", i, "text", "z" * 1030) for i in range(200000)])
            c("HSET", "h:2", "user", 6)
            self.assertGreater(c("MEMORY", "USAGE", "l:1"), 200 << 20)
        for rules, domains in ((ALL, ""), (masked, domain)):
            job.write(rules, domains=domains)
            done, peak = measured(job)
            self.assertEqual(done.returncode, 0, done.stderr)
            with self.source.client() as s, self.target.client() as t:
                for command, key in (("LLEN", "l:1"), ("HLEN", "h:1"), ("XLEN", "x:1")):
                    self.assertEqual(t(command, key), s(command, key))
                self.assertEqual(t("LINDEX", "l:1", 123456) == s("LINDEX", "l:1", 123456), rules == ALL)
                self.assertEqual(t("HGET", "h:1", "f123456"), s("HGET", "h:1", "f123456"))
                self.assertEqual(t("HGET", "h:1", "user") == s("HGET", "h:1", "user"), rules == ALL)
            print(f"peak {peak >> 10} MiB resident, {'kept' if rules == ALL else 'masked'}")
            self.assertLess(peak, 128 << 10)
        for server in (self.source, self.target):
            with server.client() as c:
                c("FLUSHALL")


class InACluster(unittest.TestCase):
    """Windows, typed commands and renaming where keys hash to slots."""
    maxDiff = 2000

    @classmethod
    def setUpClass(cls):
        folder = case.scratch().path
        cls.cluster = redis_cluster.Cluster(folder, "cluster-big")
        cls.addClassCleanup(cls.cluster.close)
        cls.single = redis_server.Redis(folder, "cluster-big-single")
        cls.addClassCleanup(cls.single.close)

    def same(self):
        new, old = comparable(self.cluster.keyspace()), comparable(self.single.keyspace())
        self.assertEqual(set(new), set(old))
        for key in old:
            self.assertEqual(new[key], old[key], key[:40])

    def test_rename(self):
        """From one server into a cluster without a moment in which it is empty, in windows, and back."""
        job = Job(self.single, self.cluster, store="switch: rename")
        with self.single.client() as c:
            fill_large(c)
            for key in ("{tag}:1", "{tag}:2", "no {} tag", "a}b{c", "{open", "}", "{}", "}{x}"):
                c("SET", key, key)
        for store in ("", ", " + BIG):
            job.write(store="switch: rename" + store)
            job.refresh("--lanes", "2")
            self.same()
            with self.single.client() as c:
                c("DEL", "{tag}:1", "a}b{c", "geo")
        job.refresh()
        self.same()
        self.assertEqual(self.cluster.everywhere("KEYS", "bauta:new:*"), [[], [], []])
        back = Job.__new__(Job)
        back.__dict__.update(job.__dict__, source_url=job.target_url, target_url=job.source_url)
        back.write(store=BIG + ", allow_replace: true")
        with self.single.client() as c:
            c("FLUSHALL")
        back.refresh("--lanes", "2")
        self.same()

    def test_typed(self):
        job = Job(self.single, self.cluster, store="switch: rename")
        with self.single.client() as c:
            fill_large(c)
        self.cluster.everywhere("ACL", "SETUSER", "plain", "on", ">word", "~*", "+@all", "-restore")
        job.target_url = self.cluster.url(account="plain:word")
        job.refresh("--lanes", "2")
        self.same()


def measured(job):
    """A refresh and the most KiB it had resident."""
    process = case.start_bauta("refresh", "-f", os.path.join(job.folder, "bauta.yaml"), env=job.environment(),
                               cwd=job.folder)
    peak = 0

    def look():
        nonlocal peak
        try:
            with open(f"/proc/{process.pid}/status") as f:
                peak = max([peak] + [int(line.split()[1]) for line in f if line.startswith("VmHWM")])
        except OSError:
            pass
        return process.poll() is not None

    kit.wait_for(look, "the refresh", 120)
    code, _out, err = kit.finish(process)
    return kit_done(code, err), peak


class kit_done:
    def __init__(self, code, err):
        self.returncode, self.stderr = code, err


if __name__ == "__main__":
    unittest.main()
