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
        cls.place = os.path.join(cls.job.folder, "place")

    def test_round_trip(self):
        self.job.write(kit.KEEP_ALL, "owner: keep", more=archive(self.place))
        refused = self.job.run("snapshot")
        self.assertEqual(refused.returncode, 3, refused.stderr)
        self.assertIn("must be sealed", refused.stderr)
        self.assertEqual(objects(self.place) if os.path.exists(self.place) else {}, {})
        self.job.write(kit.KEEP_ALL, "owner: keep", more=archive(self.place, "passphrase: env:PASSPHRASE"))
        done = self.job.run("snapshot")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        done = self.job.run("verify")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        done = self.job.run("restore", env=self.job.environment(SOURCE_URL="postgres://nobody@127.0.0.1:1/none",
                                                                BAUTA_KEY="x"))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        difference = torture.differences(torture.dump(self.source, "torture"), torture.dump(self.target, "torture"))
        self.assertEqual(difference, "", "\n" + difference)
        before, after = torture.checksums(self.source, "torture"), torture.checksums(self.target, "torture")
        self.assertEqual({n: (before.get(n), after.get(n)) for n in before.keys() | after.keys()
                          if before.get(n) != after.get(n)}, {})


if __name__ == "__main__":
    unittest.main()
