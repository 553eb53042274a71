"""An archive that expires: shown, then refused, then removed with its key; what later archives need of it stays."""
import json
import os
import time
import unittest

import case
import kit

SECONDS = 4


class Expiry(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        case.needs_postgres()
        cls.job = kit.Job(env={"PASSPHRASE": "a long passphrase"})
        cls.addClassCleanup(cls.job.drop)
        cls.job.make("create table kept (id int primary key, pad text); create table moving (id int primary key, pad text);"
                     "insert into kept select g, md5(g::text) from generate_series(1, 3000) g; insert into moving select * from kept")

    def begin(self, name, expire=None):
        self.place = os.path.join(self.job.folder, name)
        self.write(expire)

    def write(self, expire=None):
        self.job.write(kit.KEEP_ALL, more=f"archive: {{ to: {self.place}, passphrase: env:PASSPHRASE"
                       + (f", expire: {expire}" if expire else "") + " }")

    def snapshot(self, *arguments):
        done = self.job.run("snapshot", "--json", *arguments)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return json.loads(done.stdout.splitlines()[-1])

    def listed(self):
        return {a["name"]: a for a in json.loads(self.job.run("list", "--json").stdout)["archives"]}

    def wait_expired(self, name):
        kit.wait_for(lambda: self.listed()[name]["expired"], "the archive to expire")

    def wrapped(self):
        """Ids whose data key some manifest still carries."""
        ids = set()
        for name in os.listdir(os.path.join(self.place, "archives")):
            with open(os.path.join(self.place, "archives", name, "manifest"), "rb") as f:
                head = f.read()
            length = int.from_bytes(head[12:16], "little")
            ids |= {o["id"] for o in json.loads(head[16:16 + length])["origins"]}
        return ids

    def test_refused_and_pruned(self):
        self.begin("alone", f"{SECONDS}s")
        name = self.snapshot()["archive"]
        before = self.listed()[name]
        self.assertFalse(before["expired"])
        said = self.job.run("list").stdout + self.job.run("inspect").stdout
        self.assertEqual(said.count("expires " + before["expires"]), 2, said)
        self.assertEqual(self.job.run("restore").returncode, 0)
        self.job.in_target("create table mine ()")
        self.wait_expired(name)
        self.assertIn("expired " + before["expires"], self.job.run("list").stdout)
        for words in (("restore",), ("restore", "--update"), ("pull", "--subset", "public.kept: 1%"), ("bundle", "x.bauta")):
            done = self.job.run(*words)
            self.assertEqual(done.returncode, 9, f"{words}: {done.stdout}{done.stderr}")
            self.assertIn(f"archive {name} expired at {before['expires']}", done.stderr)
        self.assertEqual(self.job.in_target("select count(*) from mine"), "0", "the target was not touched")
        self.assertEqual(self.job.run("verify").returncode, 0, "its bytes are whole")
        done = self.job.run("prune", "--dry-run")
        self.assertIn("expired  " + name, done.stdout)
        self.assertEqual(len(self.listed()), 1)
        self.assertEqual(self.job.run("prune").returncode, 0)
        self.assertEqual(self.listed(), {}, "the latest too")
        self.assertEqual([f for _, _, files in os.walk(self.place) for f in files], [])

    def test_what_others_need_stays(self):
        """The next night refers to its chunks, so they and their key stay until that one goes; a night after it has expired
        refers to none of them any more."""
        self.begin("series")
        first = self.snapshot("--expire", f"{SECONDS}s")
        started = time.monotonic()
        self.job.in_source("update moving set pad = 'new'")
        second = self.snapshot()
        self.assertGreater(second["chunks_again"], 0)
        self.assertLess(time.monotonic() - started, SECONDS, "the machine is too slow for this test")
        self.assertNotIn("expires", self.listed()[second["archive"]])
        self.wait_expired(first["archive"])
        self.assertEqual(len(self.wrapped()), 2)
        self.assertEqual(self.job.run("prune").returncode, 0)
        self.assertEqual(set(self.listed()), {second["archive"]})
        self.assertEqual(self.job.run("verify").returncode, 0)
        self.assertEqual(self.job.run("restore").returncode, 0)
        third = self.snapshot()
        self.assertEqual((third["chunks_again"] > 0, third["chunks_again"] < second["chunks"]), (True, True))
        with open(os.path.join(self.place, "archives", third["archive"], "manifest"), "rb") as f:
            head = f.read()
        header = json.loads(head[16:16 + int.from_bytes(head[12:16], "little")])
        self.assertEqual(len(header["origins"]), 2, "itself and the second night: nothing of the expired one")
        self.assertTrue(all("expires" not in o for o in header["origins"]))
        self.assertEqual(self.job.run("verify").returncode, 0)


if __name__ == "__main__":
    unittest.main()
