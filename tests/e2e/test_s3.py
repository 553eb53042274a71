"""Objects in S3: the place of archives against a real service (Ceph), compared through Amazon's own client, and against a
proxy that does harm. Clocks are set wrong with faketime."""
import functools
import json
import os
import re
import signal
import subprocess
import time
import unittest

import case
import kit
import s3
import servers

PLACE = os.path.join(os.path.dirname(os.path.abspath(case.BAUTA)), "tests", "unit", "place")
PREFIX = "a b+c/(d)&é=~'*!,;:@$"  # of keys; in the URI it is %-encoded
MIB = 1 << 20


def setUpModule():
    try:
        ceph()
    except servers.ServerMissing as missing:
        if os.environ.get("CI") == "true":
            raise
        raise unittest.SkipTest(str(missing))


@functools.lru_cache(maxsize=None)
def ceph():
    return s3.Ceph(case.scratch().path)


@functools.lru_cache(maxsize=None)
def boto():
    return s3.boto(ceph().port)


@functools.lru_cache(maxsize=None)
def harm():
    return s3.Harm(ceph().port)


def bucket():
    name = kit.unique("b").replace("_", "-")
    boto().create_bucket(Bucket=name)
    return name


def uri(of, prefix="", port=None, more="", scheme="http"):
    return f"s3://{of}/{servers.quote(prefix)}?endpoint={scheme}://127.0.0.1:{port or ceph().port}{more}"


def place(*arguments, before=(), **env):
    """The test program; `before`: words put before it."""
    env = dict(dict(servers.clean_environment(), **ceph().environment()), **env)
    return subprocess.run([*before, PLACE, *arguments], capture_output=True, timeout=60,
                          env={name: value for name, value in env.items() if value is not None})


def file(data):
    path = os.path.join(case.scratch().path, kit.unique("object"))
    with open(path, "wb") as f:
        f.write(data)
    return path


class Test(unittest.TestCase):
    def good(self, done):
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return done.stdout.decode(errors="surrogateescape")

    def bad(self, done, code, pattern):
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertRegex(done.stderr.decode(), pattern)
        self.assertEqual(len(done.stderr.splitlines()), 1)
        self.assertNotIn(s3.SECRET.encode(), done.stderr)


class Service(Test):
    def test_objects_come_and_go(self):
        b = bucket()
        at = uri(b, PREFIX)
        data = os.urandom(100000)
        self.assertEqual(self.good(place(at, "put", "m/x.1", file(data))), "made\n")
        self.assertEqual(boto().get_object(Bucket=b, Key=PREFIX + "/m/x.1")["Body"].read(), data)
        self.assertEqual(place(at, "get", "m/x.1", "99990", "10").stdout, data[-10:])
        self.assertEqual(self.good(place(at, "new", "m/x.1", file(b"other"))), "kept\n")
        self.assertEqual(self.good(place(at, "put", "m/x.1", file(b""))), "made\n")
        self.assertRegex(self.good(place(at, "stat", "m/x.1")), r"^0 \d{10}\n$")
        self.assertEqual(self.good(place(at, "get", "m/x.1", "0", "0")), "")
        self.good(place(at, "remove", "m/x.1"))
        self.good(place(at, "remove", "m/x.1"))
        self.assertEqual(self.good(place(at, "stat", "m/x.1")), "none\n")
        self.assertNotIn("Contents", boto().list_objects_v2(Bucket=b))

    def test_what_is_not_there_or_too_short(self):
        b = bucket()
        boto().put_object(Bucket=b, Key="five", Body=b"12345")
        self.bad(place(uri(b), "get", "none", "0", "1"), 9, "object none is not there")
        self.bad(place(uri(b), "get", "none", "0", "0"), 9, "object none is not there")
        for start, n in ((0, 6), (5, 1), (3, 3), (6, 0), (10 ** 12, 4)):
            self.bad(place(uri(b), "get", "five", str(start), str(n)), 9, "object five is shorter")
        self.assertEqual(self.good(place(uri(b), "get", "five", "1", "3")), "234")

    def test_more_than_a_page(self):
        b = bucket()
        at = uri(b, "deep/prefix")
        self.good(place(at, "each", "2100"))
        boto().put_object(Bucket=b, Key="deep/prefix-not/ours", Body=b"")
        for odd in type(ceph()).odd_names:  # of others: they are no names of ours
            boto().put_object(Bucket=b, Key="deep/prefix/" + odd, Body=b"odd")
        lines = [line.split() for line in self.good(place(at, "list")).splitlines()]
        self.assertEqual([line[0] for line in lines], [f"n/{i:08}" for i in range(2100)])
        self.assertEqual({line[1] for line in lines}, {"10"})
        self.assertEqual(len(self.good(place(at, "list", "n/0000201")).splitlines()), 10)
        self.assertEqual(self.good(place(at, "list", "x")), "")

    def test_parts(self):
        b, data = bucket(), os.urandom(40 * MIB + 7)
        at, path = uri(b, PREFIX), file(data)
        self.assertEqual(self.good(place(at, "new", "big", path)), "made\n")
        self.assertEqual(boto().get_object(Bucket=b, Key=PREFIX + "/big")["Body"].read(), data)
        self.assertEqual(place(at, "get", "big", str(17 * MIB), str(3 * MIB)).stdout, data[17 * MIB:20 * MIB])
        self.assertEqual(self.good(place(at, "new", "big", path)), "kept\n")
        self.assertRegex(boto().head_object(Bucket=b, Key=PREFIX + "/big")["ETag"], r'-3"$')

    def test_sweep(self):
        b = bucket()
        for i in range(3):
            boto().create_multipart_upload(Bucket=b, Key=f"ours/{PREFIX}{i}")
        boto().create_multipart_upload(Bucket=b, Key="theirs/x")
        self.assertEqual(self.good(place(uri(b, "ours"), "sweep", "3600")), "0\n")
        self.assertEqual(self.good(place(uri(b, "ours"), "sweep", "0")), "3\n")
        self.assertEqual([u["Key"] for u in boto().list_multipart_uploads(Bucket=b)["Uploads"]], ["theirs/x"])

    def test_killed_in_the_middle(self):
        b, path = bucket(), file(os.urandom(40 * MIB))
        harm().clear()
        harm().next("PUT", "hang", "partNumber=2")
        process = subprocess.Popen([PLACE, uri(b, "p", harm().port), "put", "big", path], env=dict(os.environ, **ceph().environment()))
        kit.wait_for(lambda: any("partNumber=2" in target for _, target, _ in harm().seen), "the second part")
        process.kill()
        process.wait()
        self.assertEqual(self.good(place(uri(b, "p"), "list")), "")
        self.assertEqual(self.good(place(uri(b, "p"), "sweep", "0")), "1\n")
        self.assertNotIn("Uploads", boto().list_multipart_uploads(Bucket=b))

    def test_names_that_are_refused(self):
        b = bucket()
        for name in ("", "/a", "a//b", "a/../b", ".", "a/", "ä", "a b", "x" * 901):
            self.bad(place(uri(b), "put", name, file(b"")), 2, "an object's name may hold")
        self.good(place(uri(b), "put", "/".join(["x" * 99] * 9), file(b"")))

    def test_a_clock_that_is_wrong(self):
        b = bucket()
        for offset in ("-2h", "+3d"):
            self.assertEqual(self.good(place(uri(b), "put", "x", file(b"1"), before=("faketime", "-f", offset))), "made\n")


class Doors(Test):
    def test_who_is_not_let_in(self):
        b = bucket()
        self.bad(place(uri(b), "list", AWS_SECRET_ACCESS_KEY="wrong"), 5,
                 rf"^BAU_E_SOURCE: archive: s3://{b}: the secret key does not belong to the access key \(SignatureDoesNotMatch, 403\)$")
        self.bad(place(uri(b), "put", "x", file(b""), AWS_ACCESS_KEY_ID="nobody"), 6, r"the access key is not known there")
        self.bad(place(uri("no-such-bucket"), "list"), 5, r"s3://no-such-bucket: there is no such bucket \(NoSuchBucket, 404\)")
        self.bad(place(uri(b), "list", AWS_SECRET_ACCESS_KEY=None), 2, "AWS_SECRET_ACCESS_KEY is missing")
        self.bad(place(uri(b, port=servers.free_port(), more="&attempts=2"), "list"), 5, r"connect to server at 127.0.0.1:\d+ \(2 attempts\)")

    def test_uris(self):
        b = bucket()
        for wrong, pattern in ((f"s3://AK:SK@{b}", "keys do not belong into the URI"), ("s3://", "names no bucket"),
                               (f"s3://{b}/%zz", "badly encoded"), (f"s3://{b}/x#y", "fragment"),
                               (f"s3://{b}?endpont=http://x", "did you mean 'endpoint'"),
                               (f"s3://{b}?endpoint=ftp://x", "must start with https"),
                               (f"s3://{b}?endpoint=http://u:p@x", "must look like https://host:port"),
                               (f"s3://{b}?attempts=0", "from 1 to 20"), (f"s3://{b}?region=a/b", "region")):
            self.bad(place(wrong, "list"), 2, pattern)
        env = {"AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{ceph().port}/", "KEY_OF_MINE": s3.ACCESS, "AWS_ACCESS_KEY_ID": None}
        self.good(place(f"s3://{b}/x?access_key=env:KEY_OF_MINE", "put", "x", file(b""), **env))
        self.assertEqual([o["Key"] for o in boto().list_objects_v2(Bucket=b)["Contents"]], ["x/x"])

    def test_tls(self):
        b = bucket()
        authority = servers.Authority(case.scratch().path, kit.unique("ca"))
        tls = s3.Harm(ceph().port, tls=authority.issue("s3"))
        at = uri(b, port=tls.port, scheme="https")
        self.bad(place(at, "list"), 5, "certificate of 127.0.0.1:[0-9]+ cannot be verified; ca_file names")
        self.good(place(at + "&ca_file=" + authority.root, "put", "x", file(b"1")))
        self.good(place(at, "stat", "x", AWS_CA_BUNDLE=authority.root))
        self.bad(place(at + "&ca_file=/nowhere", "list"), 2, "ca_file cannot be read")
        tls.close()

    def test_a_proxy(self):
        b = bucket()
        harm().clear()
        self.good(place(uri(b), "put", "x", file(b"1"), http_proxy=f"http://127.0.0.1:{harm().port}"))
        self.assertIn(("PUT", f"/{b}/x"), [seen[:2] for seen in harm().seen])

    def test_token_travels_signed(self):
        b = bucket()
        harm().clear()
        place(uri(b, port=harm().port), "list", AWS_SESSION_TOKEN="temporary")
        headers = harm().seen[0][2]
        self.assertEqual(headers["x-amz-security-token"], "temporary")
        self.assertIn("x-amz-security-token", headers["Authorization"])

    def test_it_is_no_store(self):
        folder = os.path.join(case.scratch().path, kit.unique("project"))
        os.mkdir(folder)
        with open(os.path.join(folder, "bauta.yaml"), "w") as f:
            f.write("version: 1\nkey: { from: env:BAUTA_KEY }\nstores:\n  files: { source: env:SOURCE_URL, target: env:TARGET_URL }\n"
                    'rules:\n  - { at: files.**, set: { "*": { keep: test } } }\n')
        env = case.environment(source="s3://bucket/x", target="s3://bucket/y")
        for verb, end in (("check", "source"), ("plan", "source"), ("refresh", "source"), ("preview", "source"), ("rollback", "target")):
            done = case.bauta(verb, env=env, cwd=folder)
            self.assertEqual((done.returncode, done.stderr), (2, f"bauta: store files: s3:// is a place for archives, not a store: it cannot be a {end}\n"), verb)
        done = case.bauta("init", "s3://bucket/x", env=env, cwd=folder)
        self.assertEqual(done.returncode, 2)
        self.assertIn("is a place for archives", done.stderr)
        listed = {row["name"]: row for row in json.loads(case.bauta("connectors", "--json").stdout)["connectors"]}
        self.assertEqual(listed["s3"]["can"], ["archives"])
        schema = json.loads(case.bauta("schema").stdout)["properties"]["stores"]["additionalProperties"]["anyOf"]
        self.assertNotIn("s3", [row["title"] for row in schema])


class Harmed(Test):
    """Every harm but the last of its kind heals; with `attempts=1` each is one sentence."""

    def setUp(self):
        self.bucket = bucket()
        self.at = uri(self.bucket, "p", harm().port, "&stall_timeout=1s")
        self.data = os.urandom(1000)
        boto().put_object(Bucket=self.bucket, Key="p/x", Body=self.data)
        harm().clear()

    def get(self, more=""):
        return place(self.at + more, "get", "x", "100", "500")

    def test_reading_heals(self):
        for harm_done in ({"kind": "status", "status": 500}, {"kind": "status", "status": 503, "code": "SlowDown"},
                          {"kind": "status", "status": 429}, {"kind": "status", "status": 400, "code": "RequestTimeout"},
                          {"kind": "cut"}, {"kind": "short"}, {"kind": "lose"}):
            with self.subTest(harm_done):
                harm().next("GET", part="/p/x", **harm_done)
                self.assertEqual(self.get().stdout, self.data[100:600])
                self.assertEqual(harm().script, [])

    def test_what_does_not_heal_is_said(self):
        for harm_done, code, pattern in (
                ({"kind": "status", "status": 500}, 5, r"the server refuses \(HTTP 500\)"),
                ({"kind": "status", "status": 503, "code": "SlowDown"}, 5, r"it asks for fewer requests \(SlowDown, 503\)"),
                ({"kind": "status", "status": 403, "code": "AccessDenied"}, 5, r"the access key may not do this \(AccessDenied, 403\)"),
                ({"kind": "status", "status": 404, "code": "NoSuchBucket"}, 5, "there is no such bucket"),
                ({"kind": "cut"}, 5, "partial file"), ({"kind": "short"}, 5, "sends less than it was asked for"),
                ({"kind": "shift"}, 5, "another range"), ({"kind": "more"}, 5, "sends more than it was asked for"), ({"kind": "lose"}, 5, "(?i)nothing|empty reply"),
                ({"kind": "hang"}, 5, "(?i)timeout")):
            with self.subTest(harm_done):
                for _ in range(2 if harm_done["kind"] == "lose" else 1):  # libcurl itself tries a second time
                    harm().next("GET", part="/p/x", **harm_done)
                self.bad(self.get("&attempts=1"), code, pattern)

    def test_a_hang_heals(self):
        harm().next("GET", "hang", "/p/x")
        self.assertEqual(self.get().stdout, self.data[100:600])

    def test_writing_heals(self):
        for kind in ({"kind": "status", "status": 503, "code": "SlowDown"}, {"kind": "lose"},
                     {"kind": "status", "status": 409, "code": "ConditionalRequestConflict"}):
            name, data = kit.unique("n"), os.urandom(100)
            with self.subTest(kind):
                harm().next("PUT", part=name, **kind)
                self.assertEqual(self.good(place(self.at, "new", name, file(data))), "made\n")  # also when the first try was ours
                self.assertEqual(boto().get_object(Bucket=self.bucket, Key="p/" + name)["Body"].read(), data)

    def test_a_service_without_conditions(self):
        harm().next("PUT", "status", "/p/y", status=501, code="NotImplemented")
        self.assertEqual(self.good(place(self.at, "new", "y", file(b"1"))), "made\n")
        self.assertNotIn("If-None-Match", {name.title() for name in harm().seen[-1][2]})
        harm().next("PUT", "status", "/p/x", status=501, code="NotImplemented")
        self.assertEqual(self.good(place(self.at, "new", "x", file(b"1"))), "kept\n")

    def test_parts_heal_or_leave_nothing(self):
        path = file(os.urandom(40 * MIB))
        harm().next("PUT", "status", "partNumber=2", status=500)
        harm().next("POST", "status", "uploadId", status=200, code="InternalError")
        self.assertEqual(self.good(place(self.at, "put", "big", path)), "made\n")
        self.assertEqual(boto().head_object(Bucket=self.bucket, Key="p/big")["ContentLength"], 40 * MIB)
        harm().next("POST", "lose", "uploadId")
        self.assertEqual(self.good(place(self.at, "put", "big2", path)), "made\n")
        harm().next("PUT", "status", "partNumber=3", status=403, code="AccessDenied")
        self.bad(place(self.at, "put", "big3", path), 6, "the access key may not do this")
        self.assertNotIn("Uploads", boto().list_multipart_uploads(Bucket=self.bucket))
        self.assertEqual(self.good(place(self.at, "stat", "big3")), "none\n")

    def test_redirects(self):
        harm().next("GET", "status", "list-type", status=301, code="PermanentRedirect", headers={"x-amz-bucket-region": "eu-west-9"})
        harm().next("GET", "status", "/p/x", status=307, code="TemporaryRedirect",
                    headers={"Location": f"http://127.0.0.1:{ceph().port}/{self.bucket}/p/x"})
        self.assertEqual(self.get().stdout, self.data[100:600])
        scopes = [re.search(r"Credential=[^/]+/\d{8}/([^/]+)/", headers["Authorization"])[1] for _, _, headers in harm().seen]
        self.assertEqual(scopes, ["us-east-1", "eu-west-9", "eu-west-9"])
        harm().next("GET", "status", "/p/x", status=307, headers={"Location": "ftp://elsewhere/x"})
        self.bad(self.get(), 5, "sends us somewhere else")

    def test_stopped(self):
        harm().next("GET", "hang", "/p/x")
        process = subprocess.Popen([PLACE, self.at.replace("1s", "60s"), "get", "x", "0", "1000"], stderr=subprocess.PIPE,
                                   env=dict(os.environ, **ceph().environment()))
        kit.wait_for(lambda: any("/p/x" in target for _, target, _ in harm().seen), "the request")
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        self.assertEqual((process.wait(10), process.stderr.read()), (130, b"BAU_E_CANCELLED: archive: stopped\n"))
        process.stderr.close()
        self.assertLess(time.monotonic() - start, 3)

    def test_listings_that_are_none(self):
        for status in (200, 502):
            harm().next("GET", "status", "encoding-type", status=status, code="Odd")
            self.bad(place(self.at + "&attempts=1", "list"), 5, "no listing of S3|the server refuses")



class Archives(unittest.TestCase):
    def test_snapshot_restore_pull(self):
        """An archive in a bucket: written, checked, restored, pulled in part; one changed byte is told."""
        job = kit.Job(rules='- { at: db.public.people, set: { mail: email } }\n' + kit.KEEP_ALL,
                      more="archive: { to: env:PLACE, passphrase: env:PASSPHRASE }")
        self.addCleanup(job.drop)
        job.make("create table people (id int primary key, mail text); create table notes (id int primary key, p int references people);"
                 "insert into people select g, 'p' || g || '@clear.example.net' from generate_series(1, 20000) g;"
                 "insert into notes select g, 1 + g % 20000 from generate_series(1, 40000) g")
        name = bucket()
        laptop = kit.unique("laptop")
        job.target.create(laptop)
        self.addCleanup(job.target.psql, f'drop database if exists "{laptop}" with (force)')
        job.env = dict(ceph().environment(), PLACE=uri(name, "nightly"), PASSPHRASE="a long passphrase", LAPTOP=job.target.url(laptop))

        def good(*words):
            done = job.run(*words)
            self.assertEqual(done.returncode, 0, f"{words}: {done.stdout}{done.stderr}")
            return done.stdout

        good("snapshot")
        self.assertIn("60 000 rows", good("list").replace(",", " "))
        good("verify")
        good("restore")
        self.assertEqual(job.in_target("select count(*), count(distinct mail), count(*) filter (where mail like '%clear%') from people"),
                         "20000|20000|0")
        good("pull", "--subset", "db.public.people: 1%", "--to", "env:LAPTOP")
        counts = [int(n) for n in job.target.psql("select (select count(*) from people), (select count(*) from notes)", laptop).split("|")]
        self.assertTrue(100 < counts[0] < 320 and counts[1] == 2 * counts[0], counts)
        listed = boto().list_objects_v2(Bucket=name)["Contents"]
        largest = max(listed, key=lambda o: o["Size"])["Key"]
        body = bytearray(boto().get_object(Bucket=name, Key=largest)["Body"].read())
        self.assertNotIn(b"clear.example", bytes(body))
        body[len(body) // 2] ^= 1
        boto().put_object(Bucket=name, Key=largest, Body=bytes(body))
        done = job.run("verify")
        self.assertEqual(done.returncode, 9, done.stdout + done.stderr)

    def test_resumed_and_updated(self):
        """A pull out of a bucket that is killed goes on with what is left; then only what differs is written; then it expires."""
        job = kit.Job(store="part_bytes: 1MiB", more="archive: { to: env:PLACE, passphrase: env:PASSPHRASE }")
        self.addCleanup(job.drop)
        job.make(kit.GATE + "create table a (id int primary key, pad text);"
                 " insert into a select g, repeat(md5(g::text), 8) from generate_series(1, 20000) g;"
                 " create table b (id int primary key references a, pad text check (gate(id)));"
                 " insert into b select g, md5(g::text) from generate_series(1, 20000) g")
        laptop = kit.unique("laptop")
        self.addCleanup(lambda: [job.target.psql(f'drop database if exists "{name}" with (force)')
                                 for name in [laptop] + kit.siblings(job.target, laptop)])
        job.env = dict(ceph().environment(), PLACE=uri(bucket(), "nightly"), PASSPHRASE="a long passphrase",
                       LAPTOP=job.target.url(laptop))

        def good(*words):
            done = job.run(*words, "--json")
            self.assertEqual(done.returncode, 0, f"{words}: {done.stdout}{done.stderr}")
            return json.loads(done.stdout.splitlines()[-1])

        good("snapshot")
        with kit.Gate(job.target) as gate:
            process = job.start("pull", "--to", "env:LAPTOP", "--lanes", "1")
            gate.wait_reached()
            process.kill()
            kit.finish(process)
            gate.open()
        pulled = good("pull", "--to", "env:LAPTOP", "--resume")
        self.assertGreater(pulled["parts_there"], 1)
        self.assertLess(pulled["read_bytes"], pulled["archive_bytes"] * 0.8)
        job.in_source("update b set pad = 'new' where id % 100 = 0")
        good("snapshot", "--expire", "5s")
        updated = good("pull", "--to", "env:LAPTOP", "--update")
        self.assertEqual(updated["written"], ["public.b"])
        self.assertEqual(job.target.psql("select count(*), count(*) filter (where b.pad = 'new') from b join a on a.id = b.id", laptop),
                         "20000|200")
        kit.wait_for(lambda: good("list")["archives"][1].get("expired"), "the archive to expire")
        self.assertEqual(job.run("pull", "--to", "env:LAPTOP").returncode, 9)
        self.assertEqual(good("prune")["removed"], 1)
        self.assertEqual(job.run("verify").returncode, 0)


if __name__ == "__main__":
    unittest.main()
