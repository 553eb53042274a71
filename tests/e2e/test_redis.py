"""Redis to Redis: everything kept is equal, masked fields differ and agree with PostgreSQL, and what fails fails closed."""
import json
import os
import tempfile
import time
import unittest

import case
import kit
import redis_server
import servers

KEEP = "{ keep: test data }"
ALL = f'- {{ at: cache, keys: {{ "{{key*}}": {{ "*": {KEEP} }} }} }}'
FAR = int(time.time() * 1000) + 7 * 86400 * 1000


def setUpModule():
    try:
        redis_server.program()
    except servers.ServerMissing as missing:
        if os.environ.get("CI") == "true":
            raise
        raise unittest.SkipTest(str(missing))


class Job:
    """A project with one store `cache`, its databases emptied; `more` brings further stores."""

    def __init__(self, source, target, rules=ALL, store="", domains="", stores=""):
        self.source, self.target = source, target
        self.folder = tempfile.mkdtemp(prefix="redis-", dir=case.scratch().path)
        for server in (source, target):
            with server.client() as c:
                c("FLUSHALL")
        self.source_url, self.target_url, self.env = source.url(), target.url(), {}
        self.write(rules, store, domains, stores)

    def write(self, rules=ALL, store="", domains="", stores=""):
        text = ["version: 1", "key: { from: env:BAUTA_KEY, mode: stable }", "stores:",
                "  cache: { source: env:SOURCE_URL, target: env:TARGET_URL" + (", " + store if store else "") + " }"]
        text += ["  " + line for line in stores.splitlines()]
        text += ["domains:"] * bool(domains) + ["  " + line for line in domains.strip().splitlines()]
        text += ["rules:"] + ["  " + line for line in rules.splitlines()]
        with open(os.path.join(self.folder, "bauta.yaml"), "w") as f:
            f.write("\n".join(text) + "\n")

    def environment(self, **more):
        env = case.environment(self.source_url, self.target_url)
        env.update(self.env, HOME=self.folder, XDG_STATE_HOME=self.folder, TMPDIR=self.folder, **more)
        return env

    def run(self, verb="refresh", *arguments, **env):
        return case.bauta(verb, "-f", os.path.join(self.folder, "bauta.yaml"), *arguments,
                          env=self.environment(**env), cwd=self.folder)

    def refresh(self, *arguments, **env):
        done = self.run("refresh", *arguments, **env)
        if done.returncode != 0:
            raise AssertionError(f"bauta refresh exited with {done.returncode}\n{done.stdout}{done.stderr}")
        return done


def fill_every_type(c):
    """Each type in each encoding that a 7.0 server has, odd names, expiry, streams with groups and pending entries."""
    for name, value in (("int", "12345"), ("short", "abc"), ("long", "x" * 5000), ("binary", bytes(range(256)) * 40),
                        ("negative", "-7"), ("json", json.dumps({"a": [1, "zwei"]})), ("none", "")):
        c("SET", "string:" + name, value)
    c("SETBIT", "string:bits", 100000, 1)
    c("PFADD", "string:hll", *range(2000))
    c("GEOADD", "geo", "13.36", "38.11", "Palermo", "15.08", "37.50", "Catania")
    c("RPUSH", "list:small", "a", "", "7", "-1", "300", "70000", "5000000000", "-129", "x" * 100)
    c("RPUSH", "list:long", *(f"element {i}" for i in range(3000)))
    c("RPUSH", "list:plain", "y" * 20000, "z" * 70000, "short")
    c("SADD", "set:ints", *range(-300, 100), 2**40, -2**40)
    c("SADD", "set:small", "a", "b", "")
    c("SADD", "set:large", *(f"member {i}" for i in range(1000)))
    c("ZADD", "zset:small", 1, "one", 2.5, "two and a half", "-inf", "least", "+inf", "most", -0.1, "x")
    c("ZADD", "zset:large", *(w for i in range(500) for w in (i / 7, f"member {i}")))
    c("HSET", "hash:small", "name", "Ada", "n", "1", "", "empty name", "empty", "")
    c("HSET", "hash:large", *(w for i in range(1000) for w in (f"field {i}", "v" * (i % 90))))
    c("XADD", "stream:plain", "1-1", "a", "1", "b", "2")
    for i in range(300):
        c("XADD", "stream:groups", f"{1000 + i}-{i % 3}", "n", i, "kind" if i % 5 else "other", "v" * (i % 70))
    c("XDEL", "stream:groups", "1007-1", "1299-2")
    c("XGROUP", "CREATE", "stream:groups", "g", "0")
    c("XGROUP", "CREATE", "stream:groups", "idle", "$")
    c("XREADGROUP", "GROUP", "g", "ann", "COUNT", 10, "STREAMS", "stream:groups", ">")
    c("XREADGROUP", "GROUP", "g", "bob", "COUNT", 5, "STREAMS", "stream:groups", ">")
    c("XACK", "stream:groups", "g", "1000-0", "1011-2")
    c("XADD", "stream:empty", "5-0", "a", "b")
    c("XDEL", "stream:empty", "5-0")
    c("SET", b"odd:\x00\xff\xfe \r\n", "binary name")
    c("SET", "", "empty name")
    c("SET", b"m" * (1 << 20), "a name of one MiB")
    c("SET", "expires", "soon enough")
    c("PEXPIREAT", "expires", FAR)
    c("PEXPIREAT", "hash:small", FAR + 12345)


class Redis(unittest.TestCase):
    APART = '''- at: cache
  keys:
    "{key*}":
      member:
        mask: switch
        cases: [ { when: "value = 'no such value'", mask: redact } ]
        else: { keep: all others }
      "*": { keep: test data }'''

    @classmethod
    def setUpClass(cls):
        folder = case.scratch().path
        cls.source = redis_server.Redis(folder, "redis-source", conf=["enable-debug-command yes"])
        cls.addClassCleanup(cls.source.close)
        cls.target = redis_server.Redis(folder, "redis-target")
        cls.addClassCleanup(cls.target.close)

    def job(self, *arguments, **more):
        return Job(self.source, self.target, *arguments, **more)

    def fails(self, job, code, *words, verb="refresh", lines=1, **env):
        done = job.run(verb, **env)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        for word in words:
            self.assertIn(word, done.stderr + done.stdout)
        if lines:
            self.assertEqual(len(done.stderr.strip().splitlines()), lines, done.stderr)
        return done

    # ── everything kept ──

    def test_kept_is_equal(self):
        job = self.job()
        with self.source.client() as c:
            fill_every_type(c)
        before = self.source.keyspace()
        for _ in range(2):  # the second time over a target that bauta made
            job.refresh("--lanes", "2")
            self.assertEqual(self.target.keyspace(), before)
        self.assertEqual(self.source.keyspace(ours=True), before)

    def test_taken_apart_is_equal(self):
        """An identity looks into each value: what was taken apart and put together again is what it was."""
        job = self.job(self.APART)
        with self.source.client() as c:
            fill_every_type(c)
        job.refresh()
        self.assertEqual(self.target.keyspace(), self.source.keyspace())

    def test_expiry(self):
        job = self.job(store="ttl: strip")
        with self.source.client() as c:
            c("SET", "a", "1", "PXAT", FAR)
            c("SET", "b", "2")
        job.refresh()
        self.assertEqual([v[2] for v in self.target.keyspace().values()], [-1, -1])
        job.write(store="ttl: extend, ttl_extend: 1h")
        job.refresh()
        self.assertEqual([v[2] for v in self.target.keyspace().values()], [FAR + 3600000, -1])

    def test_from_a_backup(self):
        """An RDB file in place of the server, with every encoding: kept and taken apart."""
        job = self.job()
        with self.source.client() as c:
            fill_every_type(c)
            c("CONFIG", "SET", "list-compress-depth", 1)
            c("RPUSH", "list:packed", *("same text " * 40 for _ in range(500)))
            c("SAVE")
            c("CONFIG", "SET", "list-compress-depth", 0)
        path = os.path.join(job.folder, "dump.rdb")
        with open(os.path.join(self.source.folder, "dump.rdb"), "rb") as f:
            saved = f.read()
        with open(path, "wb") as f:
            f.write(saved)
        before = self.source.keyspace()
        job.source_url = "redis+rdb://" + path
        job.refresh("--lanes", "2")
        self.assertEqual(self.target.keyspace(), before)
        job.write(self.APART)
        job.refresh()
        self.assertEqual(self.target.keyspace(), before)
        with open(path, "wb") as f:
            f.write(saved[:5000] + bytes([saved[5000] ^ 1]) + saved[5001:])
        self.fails(job, 9, "checksum")

    # ── masked ──

    RULES = """- at: cache
  keys:
    "session:{id}": { drop: true }
    "cart:{customer}": { customer: { domain: customer }, value: { keep: product ids } }
    "user:{id}":
      id: { domain: customer }
      "field:id": { domain: customer }
      email: email
      name: { mask: person_name }
      note: "null"
      "*": { keep: settings }
    "profile:{customer}":
      customer: { domain: customer }
      value:
        $.email: email
        $.friends[*]: { domain: customer }
        $.*: { keep: settings }
    "online": { member: { domain: customer } }
    "rank": { member: { domain: customer }, score: { keep: points } }
    "log:{day}":
      day: { keep: a date }
      user: { domain: customer }
      "*": { keep: events }
"""
    DOMAINS = "customer: { mask: permute }"
    MARK = "canary-7f3a"

    def fill_shop(self, n=500):
        mark = self.MARK
        commands = []
        for i in range(1, n + 1):
            commands += [("SET", f"session:{i}", f"{mark}-s{i}"), ("RPUSH", f"list:{i}", "x"),
                         ("SET", f"cart:{i}", f"product {i}", "PXAT", FAR + i),
                         ("HSET", f"user:{i}", "id", i, "email", f"{mark}.{i}@example.com", "name", f"{mark} {i}", "note",
                          f"{mark} note", "theme", "dark"),
                         ("SET", f"profile:{i}", json.dumps({"email": f"{mark}.{i}@example.com", "friends": [i % n + 1, 7],
                                                             "lang": "de"})),
                         ("SADD", "online", i), ("ZADD", "rank", i * 1.5, i),
                         ("XADD", f"log:{i % 3}", f"{i}-1", "user", i, "what", "login")]
        with self.source.client() as c:
            c.pipe(commands)
            c("DEL", *(f"list:{i}" for i in range(1, n + 1)))
            c("XGROUP", "CREATE", "log:0", "readers", "0")
            c("XREADGROUP", "GROUP", "readers", "r1", "COUNT", 5, "STREAMS", "log:0", ">")

    def check_shop(self, pseudonym, n=500):
        """`pseudonym`: of each customer, known from elsewhere."""
        before, after = self.source.keyspace(), self.target.keyspace()
        names = {b"cart", b"user", b"profile", b"online", b"rank", b"log"}
        self.assertEqual({key.split(b":")[0] for key in after}, names)
        self.assertEqual(len(after), len([k for k in before if not k.startswith(b"session:")]))
        for i in range(1, n + 1):
            p = b"%d" % pseudonym[i]
            self.assertEqual(after[b"cart:" + p], before[b"cart:%d" % i])  # value and expiry too
            user, old = after[b"user:" + p][1], before[b"user:%d" % i][1]
            self.assertEqual(set(user), {b"id", b"email", b"name", b"theme"})
            self.assertEqual((user[b"id"], user[b"theme"]), (p, b"dark"))
            self.assertNotEqual(user[b"email"], old[b"email"])
            profile = json.loads(after[b"profile:" + p][1])
            self.assertEqual(profile["friends"], [pseudonym[i % n + 1], pseudonym[7]])
            self.assertEqual(profile["email"].encode(), user[b"email"])
            self.assertEqual(profile["lang"], "de")
        self.assertEqual(after[b"online"][1], sorted(b"%d" % p for p in pseudonym.values()))
        scores = dict(zip(after[b"rank"][1][::2], map(float, after[b"rank"][1][1::2])))
        self.assertEqual(scores, {b"%d" % pseudonym[i]: i * 1.5 for i in range(1, n + 1)})
        for day in range(3):
            new, old = (keys[b"log:%d" % day][1] for keys in (after, before))
            self.assertEqual([e[1][1] for e in new[b"entries"]],
                             [b"%d" % pseudonym[int(e[1][1])] for e in old[b"entries"]])
            self.assertEqual([(e[0], e[1][2:]) for e in new[b"entries"]], [(e[0], e[1][2:]) for e in old[b"entries"]])
            self.assertEqual({k: v for k, v in new.items() if k != b"entries"},
                             {k: v for k, v in old.items() if k != b"entries"})

    def test_joins_with_postgres(self):
        """One domain in two stores: carts, users and members find their customers in PostgreSQL."""
        pg, pg_target = case.pair()
        db = kit.unique("redis")
        self.addCleanup(lambda: [s.psql(f'drop database if exists "{d}" with (force)')
                                 for s in (pg, pg_target) for d in [db] + kit.siblings(s, db)])
        pg.create(db)
        pg.psql("create table customers (id int primary key, nick text);"
                "insert into customers select g, 'n' || g from generate_series(1, 500) g", db)
        job = self.job(self.RULES + """
- { at: shop.public.customers, set: { id: { domain: customer }, nick: { keep: "to find them again" } } }""",
                       domains=self.DOMAINS, stores="shop: { source: env:SHOP, target: env:SHOP_TARGET }")
        self.fill_shop()
        job.refresh(SHOP=pg.url(db), SHOP_TARGET=pg_target.url(db))
        rows = pg_target.psql("select nick, id from customers", db).splitlines()
        pseudonym = {int(nick[1:]): int(id) for nick, id in (row.split("|") for row in rows)}
        self.assertEqual(len(pseudonym), 500)
        self.check_shop(pseudonym)

    def test_cut_in_odd_places(self):
        """Batches of one and of seven rows, few keys in flight: the same pseudonyms."""
        job = self.job(self.RULES, domains=self.DOMAINS)
        self.fill_shop(60)
        job.refresh()
        whole = self.target.keyspace()
        for rows, pipeline in (("1", 1), ("7", 3)):
            job.write(self.RULES, f"pipeline: {pipeline}", self.DOMAINS)
            job.refresh("--lanes", "3", BAUTA_BATCH_ROWS=rows)
            self.assertEqual(self.target.keyspace(), whole)

    def test_canary(self):
        """No clear value of a masked field in the target's memory, its dump, the journal, the folder or the output."""
        job = self.job(self.RULES, domains=self.DOMAINS)
        self.fill_shop()
        done = job.refresh()
        with self.target.client() as c:
            c("SAVE")
        self.assertNotIn(self.MARK, done.stdout + done.stderr)
        self.assertEqual(kit.files_with(job.folder, [self.MARK.encode()]), [])
        for db in range(16):
            for key, (kind, value, _at) in self.target.keyspace(db, ours=True).items():
                self.assertNotIn(self.MARK, repr(key) + repr(value))
        with open(os.path.join(self.target.folder, "dump.rdb"), "rb") as f:
            self.assertNotIn(self.MARK.encode(), f.read())

    # ── policy ──

    def test_uncovered_keys(self):
        """Exit 3, and templates in place of keys."""
        job = self.job(self.RULES, domains=self.DOMAINS)
        self.fill_shop(50)
        with self.source.client() as c:
            for i in range(40):
                c("SET", f"basket:{self.MARK}{i}:total", i)
                c("SET", f"{self.MARK}@example.com{i}", "1")
        done = self.fails(job, 3, "cache.basket:{name}:total", "has no rule", verb="check", lines=0)
        self.assertNotIn(self.MARK, done.stdout + done.stderr)
        with self.target.client() as c:
            self.assertEqual(c("DBSIZE"), 0)

    def test_new_hash_field(self):
        """A hash field without a rule stops the run."""
        job = self.job('- at: cache\n  keys: { "user:{id}": { id: { keep: numbers }, email: email } }')
        with self.source.client() as c:
            for i in range(10):
                c("HSET", f"user:{i}", "email", f"a{i}@example.com", "phone", "1")
        self.fails(job, 3, "user:{id}.phone", "user:{id}.values", verb="check", lines=0)

    def test_init(self):
        job = self.job()
        self.fill_shop(100)
        done = case.bauta("init", "env:SOURCE_URL", "--store", "cache", env=job.environment())
        self.assertEqual(done.returncode, 0, done.stderr)
        for words in ('cache."cart:{id}"', 'cache."user:{id}"', "email: email"):
            self.assertIn(words, done.stdout)
        self.assertNotIn(self.MARK, done.stdout)

    def test_lossy_key(self):
        """A masker that may give two keys one name is refused."""
        job = self.job('- at: cache\n  keys: { "user:{id}": { id: { mask: constant, value: x }, "*": { keep: all } } }')
        with self.source.client() as c:
            c("SET", "user:1", "a")
        self.fails(job, 2, "must stay unique", verb="check", lines=0)

    def test_members_that_collide(self):
        job = self.job('- at: cache\n  keys: { "s:{id}": { id: { keep: ids }, member: { mask: constant, value: x } } }')
        with self.source.client() as c:
            c("SADD", "s:1", "a", "b", "c")
        self.fails(job, 7, "became the same")
        self.assertEqual(self.target.keyspace(), {})

    # ── the switch ──

    def test_switch_and_rollback(self):
        job = self.job()
        with self.source.client() as c:
            c("SET", "a", "1")
        job.refresh()
        first = self.target.keyspace()
        with self.source.client() as c:
            c("SET", "a", "2")
        job.refresh()
        self.assertEqual(self.target.keyspace()[b"a"][1], b"2")
        done = job.run("rollback")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.target.keyspace(), first)
        self.fails(job, 11, "no earlier target", verb="rollback")
        with self.target.client() as c:
            self.assertEqual(c("EXISTS", "bauta:lock"), 0)

    def test_flush(self):
        job = self.job(store="switch: flush")
        with self.source.client() as c:
            fill_every_type(c)
        done = job.run("plan")
        self.assertIn("no way back", " ".join(done.stdout.split()))
        job.refresh()
        self.assertEqual(self.target.keyspace(), self.source.keyspace())
        job.refresh()
        self.assertEqual(self.target.keyspace(), self.source.keyspace())

    def test_guard(self):
        job = self.job()
        with self.target.client() as c, self.source.client() as s:
            c("SET", "precious", "1")
            s("SET", "a", "1")
        self.fails(job, 11, "bauta did not make")
        self.assertEqual(list(self.target.keyspace()), [b"precious"])
        job.target_url = job.source_url
        self.fails(job, 11, "target and source are the same")
        job.target_url = self.target.url()
        job.write(store="allow_replace: true")
        job.refresh()
        self.assertEqual(list(self.target.keyspace()), [b"a"])
        with self.target.client(15) as c:
            c("DEL", "bauta:mark")
        self.fails(job, 11, "spare database")

    def test_lock(self):
        job = self.job()
        with self.source.client() as s, self.target.client() as c:
            s("SET", "a", "1")
            c("CLIENT", "SETNAME", "bauta-other")
            c("SET", "bauta:lock", "bauta-other")
            self.fails(job, 10, "another run")
            c("CLIENT", "SETNAME", "gone")
            job.refresh()  # nobody of that name lives: the lock of a dead run is broken

    # ── what goes wrong ──

    def test_no_server_no_password(self):
        job = self.job()
        closed = servers.free_port()
        job.source_url = f"redis://127.0.0.1:{closed}"
        self.fails(job, 5, "cannot connect to 127.0.0.1")
        job.source_url, job.target_url = self.source.url(), f"redis://127.0.0.1:{closed}"
        self.fails(job, 6, "cannot connect to 127.0.0.1")
        with self.source.client() as c:
            c("SET", "a", "1")
            c("ACL", "SETUSER", "reader", "on", ">secret word", "~*", "+@read", "+ping", "+info", "+select")
        job.target_url = self.target.url()
        job.source_url = self.source.url(account="reader:wrong")
        done = self.fails(job, 5, "password is wrong")
        self.assertNotIn("reader", done.stderr)
        job.source_url = self.source.url(account="reader:secret%20word")
        job.refresh()  # an account that may only read
        self.assertEqual(self.target.keyspace(), self.source.keyspace())
        with self.target.client() as c:
            c("ACL", "SETUSER", "reader", "on", ">x", "~*", "+@read", "+ping", "+info", "+select")
        job.target_url = self.target.url(account="reader:x")
        self.fails(job, 6, "may not do this")

    def test_memory(self):
        """A target that runs full: exit 6, and staging is as before."""
        job = self.job()
        with self.source.client() as s:
            s("SET", "a", "1")
        job.refresh()
        before = self.target.keyspace()
        with self.source.client() as s, self.target.client() as c:
            for i in range(300):
                s("SET", f"big:{i}", os.urandom(50000).hex())
            used = int(redis_server.pairs([p for line in c("INFO", "memory").split(b"\r\n") if b":" in line
                                           for p in line.split(b":", 1)])[b"used_memory"])
            c("CONFIG", "SET", "maxmemory", used + (8 << 20), "maxmemory-policy", "noeviction")
            try:
                self.fails(job, 6, "out of memory")
            finally:
                c("CONFIG", "SET", "maxmemory", 0)
        self.assertEqual(self.target.keyspace(), before)

    def test_server_killed(self):
        """The target dies in the middle: exit 6."""
        mortal = redis_server.Redis(case.scratch().path, kit.unique("mortal"))
        self.addCleanup(mortal.close)
        job = Job(self.source, mortal)
        with self.source.client() as s:
            s.pipe([("SET", f"k:{i}", os.urandom(2000).hex()) for i in range(30000)])
        process = case.start_bauta("refresh", "-f", os.path.join(job.folder, "bauta.yaml"), env=job.environment(),
                                   cwd=job.folder)
        with mortal.client(15) as c:
            kit.wait_for(lambda: c("DBSIZE") > 100, "rows to arrive")
        mortal.kill9()
        code, _out, err = kit.finish(process)
        self.assertEqual(code, 6, err)

    def test_stop(self):
        """SIGTERM while a server is silent: the run ends within ten seconds, staging as before."""
        job = self.job()
        with self.source.client() as s:
            s("SET", "a", "1")
        job.refresh()
        before = self.target.keyspace()
        with self.source.client() as s:
            s.send(("DEBUG", "SLEEP", "4"))  # holds the whole server
            process = case.start_bauta("refresh", "-f", os.path.join(job.folder, "bauta.yaml"), env=job.environment(),
                                       cwd=job.folder)
            time.sleep(0.5)
            process.terminate()
            start = time.monotonic()
            code, _out, err = kit.finish(process, 15)
            self.assertEqual(code, 143, err)
            self.assertLess(time.monotonic() - start, 3)
        self.assertEqual(self.target.keyspace(), before)

    def test_tls_and_unix(self):
        folder = case.scratch().path
        authority, other = servers.Authority(folder, "redis-ca"), servers.Authority(folder, "redis-other")
        certificate = authority.issue("redis")
        client = authority.issue("bauta")
        safe = redis_server.Redis(folder, "redis-tls", tls=(authority, *certificate))
        self.addCleanup(safe.close)
        job = Job(safe, self.target)
        with safe.client() as c:
            fill_every_type(c)
        job.source_url = safe.url(tls=True, more=f"?ca={authority.root}&cert={client[0]}&key={client[1]}")
        job.target_url = self.target.unix_url()
        job.refresh("--lanes", "2")
        self.assertEqual(self.target.keyspace(), safe.keyspace())
        job.source_url = safe.url(tls=True, more=f"?ca={other.root}&cert={client[0]}&key={client[1]}")
        self.fails(job, 5, "certificate")
        job.source_url = safe.url(tls=True, more=f"?ca={authority.root}")
        self.fails(job, 5)


if __name__ == "__main__":
    unittest.main()
