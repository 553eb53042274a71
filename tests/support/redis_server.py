"""A real redis-server for tests, and a small RESP client of our own, so that what bauta wrote is looked at by other eyes.

    server = Redis(scratch.path, "source")
    with server.client(db=1) as c:
        c("SET", "a", "1")
    print(server.url(db=1), server.keyspace(db=1))
"""
import os
import shutil
import signal
import socket
import subprocess
import time

import servers

START_SECONDS = 20


def program():
    path = shutil.which("redis-server")
    if not path:
        raise servers.ServerMissing("redis-server is not installed")
    return path


class Refused(Exception):
    """An error answer."""


class Client:
    """Commands as calls; answers as bytes, int, None or lists; an error answer is raised, inside lists returned."""

    def __init__(self, server, db=0, user=None, password=None):
        if server.port:
            self.socket = socket.create_connection(("127.0.0.1", server.port), 30)
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(server.socket)
        self.file = self.socket.makefile("rb")
        if password:
            self(*(["AUTH", user, password] if user else ["AUTH", password]))
        if db:
            self("SELECT", db)

    @staticmethod
    def bytes_of(word):
        return word if isinstance(word, bytes) else str(word).encode()

    def send(self, *commands):
        out = []
        for words in commands:
            out.append(b"*%d\r\n" % len(words))
            for word in map(self.bytes_of, words):
                out += [b"$%d\r\n" % len(word), word, b"\r\n"]
        self.socket.sendall(b"".join(out))

    def answer(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the server closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest
        if kind == b"-":
            return Refused(rest.decode())
        if kind == b":":
            return int(rest)
        n = int(rest)
        if n < 0:
            return None
        if kind == b"$":
            return self.file.read(n + 2)[:-2]
        return [self.answer() for _ in range(n)]

    def __call__(self, *words):
        self.send(words)
        answer = self.answer()
        if isinstance(answer, Refused):
            raise answer
        return answer

    def pipe(self, commands, each=1000):
        out = []
        for at in range(0, len(commands), each):
            some = commands[at:at + each]
            self.send(*some)
            out += [self.answer() for _ in some]
        return out

    def close(self):
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Redis:
    """One server in dir/name, gone with close(). `conf`: lines of redis.conf; `tls`: (authority, certificate, key)."""

    def __init__(self, dir, name, conf=(), tls=None, password=None):
        self.folder = os.path.join(os.path.abspath(dir), name)
        os.mkdir(self.folder)
        who = servers.account()
        if who:
            os.chown(self.folder, who.pw_uid, who.pw_gid)
        self.name, self.tls, self.password, self.conf = name, tls, password, list(conf)
        self.socket = os.path.join(self.folder, "s")
        self.log = os.path.join(self.folder, "log")
        self.process = self.port = self.tls_port = None
        servers._open.append(self)
        self.start()

    def start(self):
        self.port = self.port or servers.free_port()
        words = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", self.folder, "--unixsocket", self.socket,
                 "--save", "", "--appendonly", "no", "--daemonize", "no"]
        if self.password:
            words += ["--requirepass", self.password]
        if self.tls:
            authority, certificate, key = self.tls
            self.tls_port = self.tls_port or servers.free_port()
            for path in (certificate, key, authority.root):
                os.chmod(path, 0o644)
            words += ["--tls-port", str(self.tls_port), "--tls-cert-file", certificate, "--tls-key-file", key,
                      "--tls-ca-cert-file", authority.root, "--tls-auth-clients", "yes"]
        for line in self.conf:
            words += ["--" + line.split()[0]] + line.split()[1:]
        self.launch([program(), *words])

    def launch(self, words):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            cwd=self.folder, start_new_session=True, **servers.as_account())
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                with self.client() as c:
                    c("PING")
                return
            except (OSError, Refused, ConnectionError) as problem:
                if self.process.poll() is not None or time.monotonic() > end:
                    with open(self.log) as f:
                        raise servers.ServerError(f"redis '{self.name}' did not start: {problem}\n{f.read()[-2000:]}")
                time.sleep(0.02)

    def client(self, db=0, **more):
        return Client(self, db, **({"password": self.password} if self.password and not more else more))

    def url(self, db=0, account=None, tls=False, more=""):
        account = (account if account is not None else ":" + self.password if self.password else "")
        at = account + "@" if account else ""
        if tls:
            return f"rediss://{at}127.0.0.1:{self.tls_port}/{db}{more}"
        return f"redis://{at}127.0.0.1:{self.port}/{db}{more}"

    def unix_url(self, db=0):
        return f"redis+unix://{self.socket}?db={db}"

    def running(self):
        return self.process is not None and self.process.poll() is None

    def stop(self):
        if self.running():
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill9()

    def kill9(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        servers._forget(self)
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def keyspace(self, db=0, ours=False):
        """{key: (type, value, expires)} by typed reads; streams with groups, consumers and pending entries."""
        with self.client(db) as c:
            keys = sorted(c("KEYS", "*"))
            if not ours:
                keys = [key for key in keys if not key.startswith(b"bauta:")]
            types = [t.decode() for t in c.pipe([("TYPE", key) for key in keys])]
            reads = {"string": lambda k: ("GET", k), "list": lambda k: ("LRANGE", k, 0, -1),
                     "set": lambda k: ("SMEMBERS", k), "zset": lambda k: ("ZRANGE", k, 0, -1, "WITHSCORES"),
                     "hash": lambda k: ("HGETALL", k), "stream": lambda k: ("XINFO", "STREAM", k, "FULL", "COUNT", 0)}
            values = c.pipe([reads[t](key) for t, key in zip(types, keys)])
            expires = c.pipe([("PEXPIRETIME", key) for key in keys])
        return {key: (t, _plain(t, value), at) for key, t, value, at in zip(keys, types, values, expires)}


class Sentinel(Redis):
    """A sentinel in dir/name: it keeps its configuration in a file. `conf`: lines of sentinel.conf."""

    def start(self):
        self.port = self.port or servers.free_port()
        path = os.path.join(self.folder, "sentinel.conf")
        lines = [f"port {self.port}", "bind 127.0.0.1", f'dir "{self.folder}"', *self.conf]
        if self.password:
            lines += [f"requirepass {self.password}", f"sentinel sentinel-pass {self.password}"]
        with open(path, "w") as f:
            f.write("\n".join(lines) + "\n")
        who = servers.account()
        if who:
            os.chown(path, who.pw_uid, who.pw_gid)
        self.launch([program(), path, "--sentinel"])


def pairs(flat):
    return dict(zip(flat[::2], flat[1::2]))


def _plain(kind, value):
    if kind == "set":
        return sorted(value)
    if kind == "hash":
        return pairs(value)
    if kind == "stream":
        whole = pairs(value)
        whole.pop(b"radix-tree-keys")  # how entries are packed
        whole.pop(b"radix-tree-nodes")
        return whole
    return value
