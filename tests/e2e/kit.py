"""What the tests of refresh share: a job (project file, databases, environment), waiting, gates, and what a staging
database must never show."""
import os
import random
import signal
import string
import subprocess
import tempfile
import time

import case
import servers

DEADLINE = 60.0
POLL = 0.02
KEEP_ALL = '- { at: db.**, set: { "*": { keep: test data } } }'

# For a CHECK that waits at row 1, 1001, 2001 … while rows are written, as long as class Gate keeps its session open.
GATE = """
create function gate(a int) returns boolean language plpgsql as $$
declare
    until timestamptz := clock_timestamp() + '2 min';
begin
    while a % 1000 = 1 and clock_timestamp() < until
        and exists (select from pg_catalog.pg_stat_activity where application_name = 'gate shut') loop
        perform pg_catalog.pg_sleep(0.02), pg_catalog.pg_stat_clear_snapshot();
    end loop;
    return true;
end $$;
"""


def wait_for(condition, what, seconds=DEADLINE):
    """The first true answer of `condition`; an AssertionError when there is none in time."""
    end = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds:.0f} s for {what}")
        time.sleep(POLL)


def unique(prefix):
    return prefix + "_" + "".join(random.choices(string.ascii_lowercase, k=8))


class Job:
    """One project: its own folder, one store named `db`, source and target databases that do not exist anywhere else.

    rules   YAML of the list under `rules:`, a string or a list of lines
    store   YAML of further settings of the store: "owner: keep, keep_previous: 0"
    more    YAML put at the end of the file
    """

    def __init__(self, source=None, target=None, rules=KEEP_ALL, store="", domains="", more="", db=None, env=None):
        if source is None:
            source, target = case.pair()
        self.source, self.target = source, target
        self.folder = tempfile.mkdtemp(prefix="job-", dir=case.scratch().path)
        self.db = db or unique("job")
        self.state = os.path.join(self.folder, "state")
        self.tmp = os.path.join(self.folder, "tmp")
        os.mkdir(self.state)
        os.mkdir(self.tmp)
        self.source_url = source.url(self.db)
        self.target_url = target.url(self.db)
        self.env = env or {}
        self.write(rules, store, domains, more)

    @property
    def file(self):
        return os.path.join(self.folder, "bauta.yaml")

    def write(self, rules=KEEP_ALL, store="", domains="", more=""):
        rules = rules if isinstance(rules, str) else "\n".join(rules)
        text = ["version: 1", "key: { from: env:BAUTA_KEY, mode: stable }", "stores:",
                "  db: { source: env:SOURCE_URL, target: env:TARGET_URL" + (", " + store if store else "") + " }"]
        if domains:
            text += ["domains:"] + ["  " + line for line in domains.strip().splitlines()]
        text += ["rules:"] + ["  " + line for line in rules.splitlines()] + [more]
        self.write_text("\n".join(text) + "\n")

    def write_text(self, text):
        with open(self.file, "w") as f:
            f.write(text)

    def environment(self, **more):
        env = case.environment(self.source_url, self.target_url)
        env.update(self.env, HOME=self.folder, XDG_STATE_HOME=self.state, TMPDIR=self.tmp)
        env.update({name: value for name, value in more.items() if value is not None})
        return env

    def make(self, sql, target=False):
        """The source database with `sql` run in it; the target's stays absent unless asked for."""
        self.source.create(self.db)
        if sql:
            self.source.psql(sql, self.db)
        if target:
            self.target.create(self.db)

    def run(self, verb="refresh", *arguments, env=None, timeout=300):
        return case.bauta(verb, "-f", self.file, *arguments, env=env or self.environment(), cwd=self.folder,
                          timeout=timeout)

    def start(self, verb="refresh", *arguments, env=None):
        return case.start_bauta(verb, "-f", self.file, *arguments, env=env or self.environment(), cwd=self.folder)

    def refresh(self, *arguments, env=None):
        """A refresh that must work."""
        done = self.run("refresh", *arguments, env=env)
        if done.returncode != 0:
            raise AssertionError(f"bauta refresh exited with {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def in_source(self, sql):
        return self.source.psql(sql, self.db)

    def in_target(self, sql):
        return self.target.psql(sql, self.db)

    def siblings(self, role=None):
        return siblings(self.target, self.db, role)

    def drop(self):
        for server in (self.source, self.target):
            for name in [self.db] + siblings(server, self.db):
                server.psql('drop database if exists "{}" with (force)'.format(name.replace('"', '""')))


def siblings(server, db, role=None):
    """Databases beside `db` that bauta made; role: "new" or "prev"."""
    start = (db + "__bauta_" + (role + "_" if role else "")).replace("_", r"\_")
    return server.psql(f"select datname from pg_database where datname like '{start}%' order by 1").splitlines()


class Gate:
    """While shut, rows that pass the CHECK of GATE wait on this server."""

    def __init__(self, server):
        self.server = server
        env = dict(servers.clean_environment(), PGAPPNAME="gate shut")
        if server.password:
            env["PGPASSWORD"] = server.password
        self.process = subprocess.Popen([server.tool("psql"), "-XAtq", server.url("postgres")], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, env=env)
        self.process.stdin.write("select 'shut';\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "shut\n"

    def wait_reached(self):
        """Until a writer stands before the gate."""
        wait_for(lambda: self.server.psql("select 1 from pg_stat_activity where query ilike 'copy %' and state = 'active'"
                                          " and wait_event = 'PgSleep' limit 1"), "a writer at the gate")

    def open(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait(DEADLINE)
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.open()


def process_tree(pid):
    """The process and all its descendants that live."""
    found, todo = [], [pid]
    while todo:
        pid = todo.pop()
        found.append(pid)
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children") as f:
                    todo += [int(child) for child in f.read().split()]
        except OSError:
            continue
    return found


def read_bytes(path):
    try:
        with open(path, "rb") as f:
            return f.read()
    except OSError:
        return b""


def files_with(folder, marks):
    """[(path, mark)] of the files below `folder` that hold one of the marks (bytes)."""
    found = []
    for parent, _folders, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            if os.path.isfile(path):
                data = read_bytes(path)
                found += [(path, mark) for mark in marks if mark in data]
    return found


def finish(process, seconds=DEADLINE):
    """(exit code, stdout, stderr) of a Popen; killed when it takes too long. -n becomes 128 + n as in a shell."""
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate()
        raise AssertionError(f"bauta did not end within {seconds:.0f} s")
    return process.returncode if process.returncode >= 0 else 128 - process.returncode, out, err
