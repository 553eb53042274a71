"""Real servers in a scratch folder, for tests, the demo and the benchmarks. Standard library only, Python 3.9.

    with Scratch("demo") as scratch:
        source = Postgres(scratch.path, "source", conf={"wal_level": "minimal", "max_wal_senders": 0})
        source.psql("create table t (a int)")
        print(source.url())

Servers listen on a free loopback port and on a socket in their own folder. As root they run under an unprivileged
account, because PostgreSQL refuses root. Whatever is still up when the process ends, SIGTERM included, is stopped, and
scratch folders are removed. fsync is off unless `conf` turns it on: a commit survives kill9(), not a power cut.
"""
import atexit
import functools
import glob
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from urllib.parse import quote

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
START_SECONDS = 60
STOP_SECONDS = 30
FETCH_SECONDS = 180
POLL_SECONDS = 0.05
SOCKET_PATH_MAX = 107  # sun_path without its terminator
DEFAULTS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": 60,
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %a ",
}

_open = []  # servers and scratch folders in the order they were made


class ServerError(Exception):
    """A server did not start, stop or answer, or a statement failed."""


class ServerMissing(ServerError):
    """The programs of a server (or of one major version of it) are not installed."""


# Clean-up when the process ends


def _close_all():
    while _open:
        thing = _open.pop()
        try:
            thing.close()
        except Exception as problem:  # the others still have to go
            print(f"clean-up: {problem}", file=sys.stderr)


def _on_signal(number, _frame):
    sys.exit(128 + number)  # through atexit


def _forget(thing):
    if thing in _open:
        _open.remove(thing)


atexit.register(_close_all)
if threading.current_thread() is threading.main_thread():
    for _number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(_number) is signal.SIG_DFL:
            signal.signal(_number, _on_signal)


# Accounts, ports, programs


def account():
    """The account servers run under: None for the current one, a pwd entry when the current one is root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ServerError("running as root, and there is neither an account 'postgres' nor 'nobody'")


def as_account():
    """Arguments of subprocess that drop root."""
    who = account()
    return {} if who is None else {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}


def _passable(folder):
    """Can the servers' account reach it? Some systems give root a private $TMPDIR."""
    folder = os.path.abspath(folder)
    return account() is None or (os.stat(folder).st_mode & 0o001 and
                                 (folder == "/" or _passable(os.path.dirname(folder))))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def clean_environment():
    """The environment without settings of PostgreSQL's clients and with fixed messages."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
    env.update(LC_ALL="C.UTF-8", TZ="UTC")
    return env


def _major_of(bindir):
    try:
        text = subprocess.run([os.path.join(bindir, "postgres"), "--version"], capture_output=True, text=True,
                              check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.search(r"\) (\d+)", text)
    return int(found.group(1)) if found else None


def postgres_installations():
    """{major: folder of initdb, postgres, psql …} of the system."""
    folders = glob.glob("/usr/lib/postgresql/*/bin") + glob.glob("/usr/pgsql-*/bin")
    try:
        folders.append(subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True,
                                      check=True).stdout.strip())
    except (OSError, subprocess.CalledProcessError):
        pass
    found = {}
    for folder in folders:
        major = _major_of(folder)
        if major and os.access(os.path.join(folder, "initdb"), os.X_OK):
            found.setdefault(major, folder)
    return found


def postgres_bindir(major=None):
    """Folder of the given major version, else of the one in POSTGRES_MAJOR, else of the newest the system has. A version the system has not is
    unpacked beside it the first time it is asked for, which takes the network. ServerMissing when that fails."""
    found = postgres_installations()
    wanted = major or int(os.environ.get("POSTGRES_MAJOR", 0)) or max(found, default=None)
    if wanted is None:
        raise ServerMissing("PostgreSQL server is not installed")
    return found.get(wanted) or _postgres_beside(wanted)


def _postgres_beside(major):
    bindir, problem = _fetched(major)
    if problem:
        raise ServerMissing(f"PostgreSQL {major} is not installed and could not be fetched: {problem}")
    return bindir


@functools.lru_cache(maxsize=None)  # of a failure too: without a network each try takes its time
def _fetched(major):
    """(bindir, None) of what other_postgres.sh makes, or (None, why not). It lies in the build folder, unless servers run
    under another account that cannot reach it."""
    folder = os.path.join(ROOT, "build") if _passable(ROOT) else "/var/cache/bauta"
    try:
        done = subprocess.run([os.path.join(HERE, "other_postgres.sh"), str(major), folder], capture_output=True,
                              text=True, timeout=FETCH_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as problem:
        return None, str(problem)
    if done.returncode != 0:
        lines = done.stderr.splitlines() or ["no reason given"]
        return None, next((line for line in lines if line.startswith("E: ")), lines[-1])
    return os.path.join(folder, f"postgresql-{major}", "usr/lib/postgresql", str(major), "bin"), None


class Scratch:
    """A folder under $TMPDIR that vanishes with the process, unless kept."""

    def __init__(self, name="bauta", keep=False):
        parent = tempfile.gettempdir()
        self.path = tempfile.mkdtemp(prefix=name + "-", dir=parent if _passable(parent) else "/tmp")
        self.keep = keep
        os.chmod(self.path, 0o711)  # servers under another account pass through, and cannot list it
        _open.append(self)

    def file(self, *parts):
        return os.path.join(self.path, *parts)

    def close(self):
        _forget(self)
        if not self.keep:
            shutil.rmtree(self.path, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Authority:
    """A certificate authority of our own; `root` is the path of its certificate."""

    def __init__(self, dir, name):
        self._start = os.path.join(dir, name)
        self.root = self._start + ".crt"
        self._openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=" + name,
                      "-keyout", self._start + ".key", "-out", self.root)

    def issue(self, name, names="IP:127.0.0.1"):
        """(certificate, key) as paths, for the given common name and alternative names."""
        certificate, key = (f"{self._start}-{name}.{kind}" for kind in ("crt", "key"))
        self._openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=" + name, "-addext", "subjectAltName=" + names,
                      "-keyout", key, "-out", certificate + ".req")
        self._openssl("x509", "-req", "-in", certificate + ".req", "-days", "2", "-CA", self.root, "-CAkey",
                      self._start + ".key", "-CAcreateserial", "-copy_extensions", "copy", "-out", certificate)
        os.chmod(key, 0o600)
        return certificate, key

    @staticmethod
    def _openssl(*arguments):
        done = subprocess.run(["openssl", *arguments], capture_output=True, text=True)
        if done.returncode != 0:
            raise ServerError(f"openssl {arguments[0]}: {done.stderr.strip()}")


class Postgres:
    """One cluster: made and started by the constructor, gone with close().

    dir       folder that exists; the cluster lives in dir/name
    conf      settings of postgresql.conf on top of DEFAULTS
    password  of the superuser `postgres`: TCP and socket then ask for it (scram-sha-256), else everything is trusted
    major     version wanted; the newest of the system when None
    bindir    folder of the programs, when they are not to be looked for
    """

    def __init__(self, dir, name, conf=None, locale="C.UTF-8", encoding="UTF8", password=None, major=None,
                 bindir=None, standby_of=None):
        self.name = name
        self.bindir = standby_of.bindir if standby_of else bindir or postgres_bindir(major)
        self.major = _major_of(self.bindir)
        self.password = password
        self.folder = os.path.join(os.path.abspath(dir), name)
        self.data = os.path.join(self.folder, "data")
        self.log = os.path.join(self.folder, "log")
        self.process = None
        self.port = None
        self.conf = dict(DEFAULTS, **(conf or {}))
        self._make_folders()
        if standby_of:
            self._copy(standby_of)
        else:
            self._initdb(locale, encoding)
        _open.append(self)
        self.start()

    # Life

    def start(self):
        """Start and wait until connections are accepted. A port that someone else took meanwhile is replaced."""
        for attempt in range(5):
            self.port = self.port or free_port()
            self._write_conf()
            with open(self.log, "ab") as log:
                self.process = subprocess.Popen([self.tool("postgres"), "-D", self.data], stdin=subprocess.DEVNULL,
                                                stdout=log, stderr=log, env=clean_environment(), cwd=self.folder,
                                                start_new_session=True, **as_account())
            if self._wait_ready():
                return
            if attempt == 4 or "could not bind" not in self.log_tail():
                raise ServerError(f"postgres '{self.name}' did not start:\n{self.log_tail()}")
            self.port = None

    def stop(self):
        """Fast shutdown; harder when it takes too long."""
        if not self.running():
            return
        for number, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)):
            self.process.send_signal(number)
            try:
                self.process.wait(seconds)
                return
            except subprocess.TimeoutExpired:
                continue
        raise ServerError(f"postgres '{self.name}' (process {self.process.pid}) does not end")

    def kill9(self):
        """Postmaster and every backend, at once; start() then recovers from the log."""
        pids = [self.process.pid] + self.children()
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        _until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids), STOP_SECONDS,
               f"backends of '{self.name}' to end")

    def restart(self):
        self.stop()
        self.start()

    def running(self):
        return self.process is not None and self.process.poll() is None

    def children(self):
        """Process ids of the backends and helpers."""
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        try:
            with open(path) as f:
                return [int(pid) for pid in f.read().split()]
        except OSError:
            return []

    def leave(self):
        """Let the server outlive this process."""
        _forget(self)

    def close(self):
        _forget(self)
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        if not self.sockets.startswith(self.folder):
            shutil.rmtree(self.sockets, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # Use

    def tool(self, name):
        """Path of psql, pg_dump … of this server's version."""
        return os.path.join(self.bindir, name)

    def url(self, db="postgres", user="postgres", password=None, socket=False):
        """postgres:// of a database. With a socket, libpq takes its folder as the host."""
        password = password if password is not None else self.password
        login = quote(user, safe="") + (":" + quote(password, safe="") if password else "")
        if socket:
            return f"postgres://{login}@/{quote(db, safe='')}?host={quote(self.sockets, safe='')}&port={self.port}"
        return f"postgres://{login}@127.0.0.1:{self.port}/{quote(db, safe='')}"

    def psql(self, sql, db="postgres", user="postgres", timeout=600, options=()):
        """Run statements, return what they print: unaligned, tuples only, no last newline."""
        return self._psql(["-f", "-", *options], db, user, timeout, sql)

    def psql_file(self, path, db="postgres", user="postgres", timeout=600, options=()):
        return self._psql(["-f", path, *options], db, user, timeout, None)

    def create(self, db, template="template0"):
        """A new empty database; returns its url."""
        name = '"' + db.replace('"', '""') + '"'
        self.psql(f"create database {name} template {template}")
        return self.url(db)

    def backends(self, application="%"):
        """Process ids of client backends whose application_name is LIKE the given one."""
        text = self.psql("select pid from pg_stat_activity where backend_type = 'client backend'"
                         f" and pid <> pg_backend_pid() and application_name like '{application}'")
        return [int(pid) for pid in text.split()]

    def standby(self, name, dir=None, conf=None):
        """A hot standby that streams from this server."""
        return Postgres(dir or os.path.dirname(self.folder), name, conf=dict(self.conf, **(conf or {})),
                        password=self.password, standby_of=self)

    def log_text(self):
        with open(self.log, errors="replace") as f:
            return f.read()

    def log_tail(self, lines=15):
        return "\n".join(self.log_text().splitlines()[-lines:])

    def require_tls(self, authority, certificate, key, method="trust"):
        """From now on TCP connections need TLS; clients that log in by certificate (method cert) need one of `authority`."""
        for name, path, mode in (("root.crt", authority.root, 0o644), ("own.crt", certificate, 0o644), ("own.key", key, 0o600)):
            shutil.copy(path, os.path.join(self.data, name))
            self._give(os.path.join(self.data, name), mode)
        with open(os.path.join(self.data, "pg_hba.conf"), "w") as f:
            f.write(f"local all all trust\nhostssl all all 127.0.0.1/32 {method}\n")
        self.conf.update(ssl="on", ssl_ca_file="root.crt", ssl_cert_file="own.crt", ssl_key_file="own.key")
        self.restart()

    # Inside

    def _psql(self, arguments, db, user, timeout, text):
        env = clean_environment()
        if self.password:
            env["PGPASSWORD"] = self.password
        command = [self.tool("psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", self.sockets, "-p", str(self.port),
                   "-U", user, "-d", db, *arguments]
        done = subprocess.run(command, input=text, capture_output=True, text=True, env=env, timeout=timeout)
        if done.returncode != 0:
            raise ServerError(f"psql on '{self.name}', database '{db}': {done.stderr.strip()}")
        return done.stdout.rstrip("\n")

    def _make_folders(self):
        os.makedirs(self.folder)
        self.sockets = os.path.join(self.folder, "s")
        if len(os.path.join(self.sockets, ".s.PGSQL.65535.lock")) > SOCKET_PATH_MAX:
            self.sockets = tempfile.mkdtemp(prefix="bauta-", dir="/tmp")
        os.makedirs(self.sockets, exist_ok=True)
        os.chmod(self.sockets, 0o755)
        who = account()
        if who:
            os.chown(self.folder, who.pw_uid, who.pw_gid)
            os.chown(self.sockets, who.pw_uid, who.pw_gid)

    def _initdb(self, locale, encoding):
        command = [self.tool("initdb"), "-D", self.data, "-U", "postgres", "-E", encoding, "--locale", locale, "-N"]
        if not self.password:
            self._run(command + ["-A", "trust"])
            return
        pwfile = os.path.join(self.folder, "pwfile")
        with open(pwfile, "w") as f:
            f.write(self.password + "\n")
        self._give(pwfile, 0o600)
        self._run(command + ["-A", "scram-sha-256", "--pwfile", pwfile])
        os.unlink(pwfile)

    def _copy(self, primary):
        self._run([self.tool("pg_basebackup"), "-D", self.data, "-R", "-N", "-c", "fast", "-d",
                   primary.url(socket=True)])

    def _run(self, command):
        done = subprocess.run(command, capture_output=True, text=True, env=clean_environment(), cwd=self.folder,
                              timeout=300, **as_account())
        if done.returncode != 0:
            raise ServerError(f"{os.path.basename(command[0])} for '{self.name}': {done.stderr.strip()}")

    def _write_conf(self):
        """Our settings go to a file of their own, so a restart with another port or conf just writes it again."""
        own = os.path.join(self.data, "bauta.conf")
        settings = dict(self.conf, port=self.port, unix_socket_directories=self.sockets)
        with open(own, "w") as f:
            f.writelines("{} = '{}'\n".format(k, str(v).replace("'", "''")) for k, v in settings.items())
        self._give(own, 0o600)
        include = "include 'bauta.conf'\n"
        with open(os.path.join(self.data, "postgresql.conf"), "r+") as f:
            if include not in f.read():
                f.write(include)

    def _give(self, path, mode):
        os.chmod(path, mode)
        who = account()
        if who:
            os.chown(path, who.pw_uid, who.pw_gid)

    def _wait_ready(self):
        command = [self.tool("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port), "-t", "5"]
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self.process.poll() is not None:
                return False
            # Only our own server has our process id in its lock file: another one on this port is not an answer.
            if self._lock_pid() == self.process.pid and \
                    subprocess.run(command, env=clean_environment()).returncode == 0:
                return True
            time.sleep(POLL_SECONDS)
        self.stop()
        return False

    def _lock_pid(self):
        try:
            with open(os.path.join(self.data, "postmaster.pid")) as f:
                return int(f.readline())
        except (OSError, ValueError):
            return None


def _until(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise ServerError(f"waited {seconds} s for {what}")
        time.sleep(POLL_SECONDS)
