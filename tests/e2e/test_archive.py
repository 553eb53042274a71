"""The archive: a snapshot and its restore are the same database, for everything PostgreSQL has; what is damaged is told and
changes nothing; what is killed does not exist; a second night writes what changed."""
import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
import unittest

import case
import kit
import servers
import torture

ARCHIVE = "archive: {{ to: {place}{more} }}"


def archive(place, more=""):
    return ARCHIVE.format(place=place, more=", " + more if more else "")


def objects(place):
    """Every file below the folder: relative name → bytes."""
    found = {}
    for folder, _, names in os.walk(place):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as f:
                found[os.path.relpath(path, place)] = f.read()
    return found


class Torture(unittest.TestCase):
    """Everything PostgreSQL has, through a sealed and an open archive."""

    @classmethod
    def setUpClass(cls):
        case.needs_postgres(15)
        folder = case.scratch().path
        cls.programs = torture.installation(folder, 15)
        cls.source = servers.Postgres(folder, "archive-torture-source", bindir=cls.programs)
        cls.addClassCleanup(cls.source.close)
        cls.target = servers.Postgres(folder, "archive-torture-target", bindir=cls.programs)
        cls.addClassCleanup(cls.target.close)
        torture.roles(cls.source, torture.ROLE_SECRET)
        torture.roles(cls.target, "of-the-target")
        torture.load(cls.source, "torture")
        cls.job = kit.Job(cls.source, cls.target, kit.KEEP_ALL, "owner: keep", db="torture",
                          env={"BAUTA_PG_BIN": servers.postgres_bindir(15), "PASSPHRASE": "a long passphrase"})

    def place(self, name):
        """Of an archive, as the project file says it."""
        return os.path.join(self.job.folder, name)

    def test_round_trip(self):
        place = self.place("sealed")
        self.job.write(kit.KEEP_ALL, "owner: keep", more=archive(place))
        refused = self.job.run("snapshot")
        self.assertEqual(refused.returncode, 3, refused.stderr)
        self.assertIn("must be sealed", refused.stderr)
        self.assertFalse(os.path.exists(place) and objects(place))
        self.round_trip(place)

    def test_open_round_trip(self):
        """Not sealed: then a rule must mask something."""
        self.round_trip(self.place("open"), masked="public.a_rows")

    def round_trip(self, place, masked=None):
        """Through an archive at `place`, sealed unless one table is `masked`, without source and key: all else is the same."""
        rules = [f"- {{ at: db.{masked}, set: {{ v: redact }} }}"] if masked else []
        self.job.write(rules + [kit.KEEP_ALL], "owner: keep", more=archive(place, "" if masked else "passphrase: env:PASSPHRASE"))
        for verb in ("snapshot", "verify", "restore"):
            env = self.job.environment(SOURCE_URL="postgres://nobody@127.0.0.1:1/none", BAUTA_KEY="x") if verb == "restore" else None
            done = self.job.run(verb, env=env)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        sealed, = {a["sealed"] for a in json.loads(self.job.run("list", "--json").stdout)["archives"]}
        self.assertEqual(sealed, not masked)
        if not masked:
            difference = torture.differences(torture.dump(self.source, "torture"), torture.dump(self.target, "torture"))
            self.assertEqual(difference, "", "\n" + difference)
        before, after = torture.checksums(self.source, "torture"), torture.checksums(self.target, "torture")
        self.assertEqual({n: (before.get(n), after.get(n)) for n in before.keys() | after.keys()
                          if before.get(n) != after.get(n)}.keys(), {masked} - {None})


SHOP = """
create table customers (id bigint primary key, email text not null unique, city text);
insert into customers select g, 'person' || g || '@mail.example.net', 'city ' || g % 50 from generate_series(1, 20000) g;
create table orders (id bigint primary key, customer bigint not null references customers, placed timestamptz, total numeric(10,2),
    note text);
insert into orders select g, g % 20000 + 1, timestamptz '2024-01-01' + g * interval '3 min', (g % 9973) / 7.0,
    md5(g::text) || md5((g * 7)::text) from generate_series(1, 60000) g;
"""
RULES = [kit.KEEP_ALL, "- { at: db.public.customers, set: { email: email } }"]
BOTH = "select md5(string_agg(c::text, ',' order by id)) from {} c"


class Archive(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.job = kit.Job(rules=RULES)
        cls.addClassCleanup(cls.job.drop)
        cls.job.make(SHOP)

    def setUp(self):
        self.place = os.path.join(self.job.folder, kit.unique("place"))
        self.job.env = {"PASSPHRASE": "a long passphrase"}
        self.job.write(RULES, more=archive(self.place))

    def good(self, verb, *arguments, **more):
        done = self.job.run(verb, *arguments, **more)
        self.assertEqual(done.returncode, 0, f"{verb}: {done.stdout}{done.stderr}")
        return done

    def contents(self, query):
        return [query(BOTH.format(table)) for table in ("customers", "orders")]

    def test_masked(self):
        """What is restored is what a refresh would have brought; nothing in the place is clear text."""
        self.good("refresh")
        direct = self.contents(self.job.in_target)
        self.good("snapshot", "--lanes", "3")
        self.job.target.psql(f'drop database "{self.job.db}" with (force)')
        self.good("restore", "--lanes", "2", env=self.job.environment(BAUTA_KEY=None, SOURCE_URL=None))
        self.assertEqual(self.contents(self.job.in_target), direct)
        self.assertNotEqual(direct[0], self.contents(self.job.in_source)[0])
        self.assertEqual(self.job.in_target("select count(*) from customers where email like '%mail.example.net'"), "0")
        listed = json.loads(self.good("list", "--json").stdout)["archives"]
        self.assertEqual([(a["rows"], a["sealed"], a["stores"]) for a in listed], [(80000, False, ["db"])])
        seen = json.loads(self.good("inspect", "--json").stdout)
        self.assertEqual({d["dataset"]: d["rows"] for d in seen["stores"][0]["datasets"]},
                         {"public.customers": 20000, "public.orders": 60000})
        self.good("verify", "--from", self.place, "--signed-by", seen["signer"])
        wrong = self.job.run("verify", "--signed-by", "0" * 64)
        self.assertEqual(wrong.returncode, 9, wrong.stderr)

    def test_damage_leaves_the_target(self):
        self.good("refresh")
        before = self.contents(self.job.in_target), self.job.in_target("select oid from pg_database where datname = current_database()")
        self.job.write(RULES, more=archive(self.place, "passphrase: env:PASSPHRASE"))
        self.good("snapshot")
        for name, whole in objects(self.place).items():
            path = os.path.join(self.place, name)
            if name.endswith("index"):
                continue  # only the next snapshot uses it
            for damaged in (whole[:len(whole) // 2] + bytes([whole[len(whole) // 2] ^ 4]) + whole[len(whole) // 2 + 1:],
                            whole[:-1], None):
                if damaged is None:
                    os.unlink(path)
                else:
                    with open(path, "wb") as f:
                        f.write(damaged)
                for verb in ("verify", "restore") if damaged is None else ("restore",):
                    done = self.job.run(verb)
                    gone = damaged is None and name.endswith("manifest")
                    self.assertEqual(done.returncode, 5 if gone else 9, f"{verb} {name}: {done.stdout}{done.stderr}")
            with open(path, "wb") as f:
                f.write(whole)
        for reference, word in (("env:OTHER", "is not the one"), (None, "it is sealed")):
            self.job.write(RULES, more=archive(self.place, "passphrase: " + reference if reference else ""))
            done = self.job.run("restore", env=self.job.environment(OTHER="another passphrase"))
            self.assertEqual(done.returncode, 9, done.stderr)
            self.assertIn(word, done.stderr)
        self.assertEqual((self.contents(self.job.in_target),
                          self.job.in_target("select oid from pg_database where datname = current_database()")), before)
        self.assertEqual(self.job.siblings("new"), [])

    def test_passphrase_in_the_variable_of_its_option(self):
        """$BAUTA_PASSPHRASE stands for --passphrase, and is also the likeliest place of the passphrase itself."""
        self.job.env = {"BAUTA_PASSPHRASE": "a long passphrase"}
        self.job.write(RULES, more=archive(self.place, "passphrase: env:BAUTA_PASSPHRASE"))
        self.assertIn(", written\n", self.good("snapshot").stdout)
        self.good("verify")
        self.job.env = {"BAUTA_PASSPHRASE": "another passphrase"}
        done = self.job.run("verify")
        self.assertEqual(done.returncode, 9, done.stdout + done.stderr)
        self.assertNotIn("another", done.stderr)

    def test_recipient(self):
        """The writer has the public key only and cannot read what it wrote."""
        private, public = (os.path.join(self.job.folder, name) for name in ("private.pem", "public.pem"))
        subprocess.run(["openssl", "genpkey", "-algorithm", "X25519", "-out", private], check=True)
        subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-out", public], check=True)
        self.job.write(RULES, more=archive(self.place, f"recipients: [ file:{public} ]"))
        self.good("snapshot")
        done = self.job.run("verify")
        self.assertEqual(done.returncode, 9, done.stderr)
        self.good("verify", "--identity", "file:" + private)
        again = json.loads(self.good("snapshot", "--json").stdout.splitlines()[-1])
        self.assertEqual(again["chunks_again"], again["chunks"])
        self.good("verify", "--all", "--identity", "file:" + private)
        self.good("restore", "--identity", "file:" + private)
        for name, whole in objects(self.place).items():
            self.assertNotIn(b"city 7", whole, name)

    def test_second_night(self):
        """1 % of one table's rows change: under 5 % of the bytes are written, and both nights restore."""
        self.job.write(RULES, more=archive(self.place, "chunk: 128KiB, keep: { last: 1 }"))
        self.job.in_source("insert into orders select g, g % 20000 + 1, '2024-01-01', 1, md5(g::text) || md5((g * 7)::text)"
                           " from generate_series(60001, 200000) g")
        self.addCleanup(self.job.in_source, "delete from orders where id > 60000")
        first = json.loads(self.good("snapshot", "--json").stdout.splitlines()[-1])
        self.job.in_source("update orders set note = md5(note) || md5('x' || note), total = -1 where id between 90001 and 92000")
        size = sum(len(b) for b in objects(self.place).values())
        second = json.loads(self.good("snapshot", "--json").stdout.splitlines()[-1])
        written = sum(len(b) for b in objects(self.place).values()) - size
        print(f"# second night: {written} of {size} bytes, {second['chunks'] - second['chunks_again']} of"
              f" {second['chunks']} chunks")
        self.assertLess(written, size * 0.05)
        self.good("verify", "--all")
        self.good("restore")
        self.assertEqual(self.job.in_target("select count(*) from orders where total = -1"), "2000")
        names = [a["name"] for a in json.loads(self.good("list", "--json").stdout)["archives"]]
        self.assertEqual(names[0], first["archive"])
        self.good("restore", names[0])
        self.assertEqual(self.job.in_target("select count(*) from orders where total = -1"), "0")
        self.good("prune", "--dry-run")
        self.good("verify", "--all")
        self.good("prune", "--debris", "0s")
        self.assertEqual([a["name"] for a in json.loads(self.good("list", "--json").stdout)["archives"]], names[1:])
        self.good("verify", "--all")
        self.good("restore")
        self.assertEqual(self.job.in_target("select count(*) from orders where total = -1"), "2000")

    def test_pull(self):
        """A slice of the archive into a database that no project file names: whole references, the same rows each time."""
        self.job.write(RULES, more=archive(self.place, "chunk: 64KiB"))
        self.good("snapshot")
        db = kit.unique("pulled")
        url = self.job.target.url(db)
        self.addCleanup(lambda: [self.job.target.psql(f'drop database if exists "{name}" with (force)')
                                 for name in [db] + kit.siblings(self.job.target, db)])
        self.assertEqual(self.job.run("pull", "--from", self.place, "--to", url, "--subset", "public.customers: 1.5").returncode, 2)
        seen = []
        for _ in range(2):
            done = self.good("pull", "--to", url, "--subset", "public.customers: 2%", env=self.job.environment(SOURCE_URL=None))
            self.assertIn("of the archive read", done.stdout)
            seen.append(self.job.target.psql("select count(*), md5(string_agg(id::text, ',' order by id)) from customers", db))
        self.assertEqual(seen[0], seen[1])
        self.assertTrue(300 < int(seen[0].split("|")[0]) < 500, seen)
        self.assertEqual(self.job.target.psql("select count(*) from customers c where (select count(*) from orders"
                                              " where customer = c.id) <> 3", db), "0")
        self.assertEqual(self.job.target.psql("select count(*) from customers where email like '%mail.example.net'", db), "0")
        bare = case.bauta("pull", "--from", self.place, "--to", url, "-f", "/nonexistent.yaml", env=self.job.environment(BAUTA_KEY=None))
        self.assertEqual(bare.returncode, 0, bare.stdout + bare.stderr)
        self.assertEqual(self.job.target.psql("select (select count(*) from customers), (select count(*) from orders)", db), "20000|60000")

    def test_bundle(self):
        """One file and back: the same objects; damaged, cut or hostile files bring nothing."""
        self.job.write(RULES, more=archive(self.place, "passphrase: env:PASSPHRASE"))
        self.good("snapshot")
        file, other = os.path.join(self.job.folder, kit.unique("one") + ".bauta"), self.place + "-other"
        self.good("bundle", file)
        self.assertEqual(self.job.run("bundle", file).returncode, 2, "a file that is there is not overwritten")
        with open(file, "rb") as f:
            whole = f.read()
        evil = whole[:20] + b"packs/../../../../../tmp/bauta-escaped-xxxxxxxxxxx"[:47] + whole[67:]
        for damaged in (whole[:-1], whole + b"x", whole[:len(whole) // 2] + b"!" + whole[len(whole) // 2 + 1:], evil, b"", b"x"):
            with open(file, "wb") as f:
                f.write(damaged)
            done = self.job.run("bundle", "--unpack", file, "--from", other)
            self.assertEqual(done.returncode, 9, done.stdout + done.stderr)
            self.assertEqual(self.good("list", "--from", other).stdout, "no archive\n")
        with open(file, "wb") as f:
            f.write(whole)
        shutil.rmtree(other)
        self.good("bundle", "--unpack", file, "--from", other)
        self.assertEqual(objects(other), objects(self.place))
        self.good("verify", "--from", other)

    def test_killed(self):
        """kill -9 while rows are written: nothing to list; prune removes what is left; the next run is not disturbed."""
        process = self.job.start("snapshot", "--rate", "2MB")
        kit.wait_for(lambda: os.path.isdir(os.path.join(self.place, "writing")) and
                     os.listdir(os.path.join(self.place, "writing")), "the snapshot to begin")
        time.sleep(0.5)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        self.assertEqual(self.good("list").stdout, "no archive\n")
        self.assertTrue(objects(self.place))
        done = self.job.run("restore")
        self.assertEqual(done.returncode, 5, done.stderr)
        self.good("prune")
        self.assertTrue(objects(self.place), "a young mark may be a living run's")
        self.good("prune", "--debris", "0s")
        self.assertEqual(objects(self.place), {})
        self.good("snapshot")
        self.good("verify")

    def test_stopped(self):
        """SIGTERM: the run tidies up behind itself."""
        process = self.job.start("snapshot", "--rate", "2MB")
        kit.wait_for(lambda: os.path.isdir(os.path.join(self.place, "writing")) and
                     os.listdir(os.path.join(self.place, "writing")), "the snapshot to begin")
        process.send_signal(signal.SIGTERM)
        _, stderr = process.communicate(timeout=15)
        self.assertEqual(process.returncode, 143, stderr)
        self.assertEqual(objects(self.place), {})


if __name__ == "__main__":
    unittest.main()
