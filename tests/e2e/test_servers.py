"""The servers the other tests stand on: they start, answer, survive a crash, ask for passwords and go without a trace."""
import os
import signal
import subprocess
import sys
import unittest

import servers
from case import needs_postgres, pair, scratch

HOLD = """
import sys
sys.path.insert(0, {support!r})
import servers
scratch = servers.Scratch("bauta-held")
server = servers.Postgres(scratch.path, "held")
print(scratch.path, server.process.pid, flush=True)
sys.stdin.read()
"""


def answers(server, url):
    return subprocess.run([server.tool("psql"), "-XAtc", "select 1", url], capture_output=True).returncode == 0


class Servers(unittest.TestCase):
    def setUp(self):
        needs_postgres()

    def test_pair_is_two_clusters(self):
        source, target = pair()
        identity = "select system_identifier from pg_control_system()"
        self.assertNotEqual(source.psql(identity), target.psql(identity))

    def test_odd_names(self):
        source, _ = pair()
        name = 'we"ird däta base'
        self.assertTrue(answers(source, source.create(name)))
        self.assertTrue(answers(source, source.url(name, socket=True)))
        self.assertEqual(source.psql("select current_database()", name), name)

    def test_crash_and_restart(self):
        with servers.Postgres(scratch().path, "crash") as server:
            server.psql("create table t as select 1 as a")
            port = server.port
            server.kill9()
            self.assertFalse(server.running())
            server.start()
            self.assertEqual(server.psql("select a from t"), "1")
            server.restart()
            self.assertEqual(server.port, port)
        self.assertFalse(os.path.exists(server.folder))

    def test_password(self):
        with servers.Postgres(scratch().path, "password", password="s3 cret/@") as server:
            self.assertTrue(answers(server, server.url()))
            self.assertFalse(answers(server, server.url(password="wrong")))

    def test_standby(self):
        with servers.Postgres(scratch().path, "primary") as primary, primary.standby("standby") as standby:
            self.assertEqual(standby.psql("select pg_is_in_recovery()"), "t")

    def test_missing_version(self):
        with self.assertRaises(servers.ServerMissing):
            servers.postgres_bindir(99)

    def test_nothing_left_after_sigterm(self):
        code = HOLD.format(support=os.path.dirname(os.path.abspath(servers.__file__)))
        with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True) as holder:
            path, pid = holder.stdout.readline().split()
            holder.send_signal(signal.SIGTERM)
            self.assertEqual(holder.wait(60), 128 + signal.SIGTERM)
        self.assertFalse(os.path.exists(path))
        self.assertFalse(os.path.exists(f"/proc/{pid}"))
