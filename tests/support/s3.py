"""Real S3 services (Ceph's gateway over a cluster of one monitor and one memory store; MinIO), and a proxy before them that does
scripted harm.

    with servers.Scratch("s3") as scratch:
        ceph = Ceph(scratch.path)
        ceph.bucket("nightly")
        proxy = Harm(ceph.port)
        proxy.next("GET", "status", code="SlowDown", status=503)

Ceph needs the Debian packages ceph-mon, ceph-osd and radosgw; it starts in about three seconds and keeps objects in
memory. The proxy passes on what no script wants, Host header included, so that signatures hold.
"""
import http.client
import http.server
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
import uuid
from email.utils import formatdate

import servers

PROGRAMS = ("ceph", "ceph-mon", "ceph-osd", "ceph-authtool", "monmaptool", "radosgw", "radosgw-admin")
ACCESS, SECRET = "AKBAUTATEST", "bauta+test/secret"  # of tests only
CONF = """[global]
fsid = {fsid}
mon_host = [v2:127.0.0.1:{mon_port}]
public_addr = 127.0.0.1
ms_bind_msgr1 = false
keyring = {dir}/keyring
mon_data = {dir}/mon
osd_data = {dir}/osd
rgw_data = {dir}/rgw
run_dir = {dir}
admin_socket =
pid_file =
log_file = {dir}/$name.log
osd_objectstore = memstore
memstore_device_bytes = 1073741824
osd_crush_chooseleaf_type = 0
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 1000
mon_data_avail_crit = 1
mon_data_avail_warn = 1
paxos_propose_interval = 0.05
rgw_num_rados_handles = 1
rgw_thread_pool_size = 32
rgw_run_sync_thread = false
rgw_enable_gc_threads = false
rgw_enable_lc_threads = false
rgw_enable_quota_threads = false
"""


class Ceph:
    """`port` of the gateway on 127.0.0.1; ACCESS and SECRET are let in."""

    odd_names = ("n/", "n/ü ñ<&>\"'+%41\n.txt", "n//double", "n/../up")  # of objects that it takes

    def __init__(self, dir):
        missing = [name for name in PROGRAMS if not shutil.which(name)]
        if missing:
            raise servers.ServerMissing("not installed: " + ", ".join(missing))
        self.dir = os.path.join(os.path.abspath(dir), "ceph")
        for name in ("mon", "osd", "rgw"):
            os.makedirs(os.path.join(self.dir, name))
        self.conf = os.path.join(self.dir, "ceph.conf")
        self.processes = []
        self.port = servers.free_port()
        servers._open.append(self)
        self._make_cluster()
        self._run("radosgw-admin", "user", "create", "--uid=bauta", "--display-name=bauta", "--access-key", ACCESS,
                  "--secret-key", SECRET)
        self._spawn("radosgw", "-n", "client.admin", f"--rgw-frontends=beast endpoint=127.0.0.1:{self.port}")
        servers._until(self._answers, servers.START_SECONDS, "Ceph's gateway")

    def environment(self):
        return {"AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET}

    def close(self):
        servers._forget(self)
        for process in reversed(self.processes):
            process.kill()  # all of it lies in memory
            process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def _make_cluster(self):
        fsid, keys, map_file = str(uuid.uuid4()), os.path.join(self.dir, "keyring"), os.path.join(self.dir, "monmap")
        mon_port = servers.free_port()
        with open(self.conf, "w") as f:
            f.write(CONF.format(fsid=fsid, mon_port=mon_port, dir=self.dir))
        for i, (name, caps) in enumerate((("mon.", ["mon"]), ("client.admin", ["mon", "osd"]), ("osd.0", ["mon", "osd"]))):
            grants = [word for cap in caps for word in ("--cap", cap, "allow *")]
            self._run("ceph-authtool", *([] if i else ["--create-keyring"]), keys, "--gen-key", "-n", name, *grants)
        self._run("monmaptool", "--create", "--fsid", fsid, "--addv", "a", f"[v2:127.0.0.1:{mon_port}]", map_file)
        self._run("ceph-mon", "-i", "a", "--mkfs", "--monmap", map_file, "--keyring", keys)
        self._spawn("ceph-mon", "-i", "a")
        osd = str(uuid.uuid4())
        self._run("ceph", "--connect-timeout", "30", "osd", "new", osd)
        self._run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd)
        self._spawn("ceph-osd", "-i", "0")

    def _run(self, *command):
        done = subprocess.run([*command, "-c", self.conf], capture_output=True, text=True, timeout=90, cwd=self.dir)
        if done.returncode != 0:
            raise servers.ServerError(f"{command[0]}: {done.stderr.strip()}")

    def _spawn(self, *command):
        with open(os.path.join(self.dir, command[0] + ".out"), "ab") as out:
            self.processes.append(subprocess.Popen([*command, "-f", "-c", self.conf], stdin=subprocess.DEVNULL, stdout=out,
                                                   stderr=out, cwd=self.dir, start_new_session=True))

    def _answers(self):
        for process in self.processes:
            if process.poll() is not None:
                raise servers.ServerError(f"{process.args[0]} ended with {process.returncode}")
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as s:
                s.sendall(b"GET / HTTP/1.0\r\n\r\n")
                return s.recv(12).endswith(b"200")
        except OSError:
            return False


class Minio:
    """MinIO's server over a folder; what Ceph above offers. Built by Go the first time (minio.sh)."""

    odd_names = Ceph.odd_names[:2]  # it refuses the others, as a file system would

    def __init__(self, dir):
        try:
            made = subprocess.run([os.path.join(servers.HERE, "minio.sh"), os.path.join(servers.ROOT, "build")], capture_output=True,
                                  text=True, timeout=1800)
        except OSError as problem:
            raise servers.ServerMissing(f"MinIO: {problem}")
        if made.returncode != 0:
            raise servers.ServerMissing("MinIO could not be built: " + (made.stderr.strip().splitlines() or ["no reason given"])[-1])
        self.dir = os.path.join(os.path.abspath(dir), "minio")
        os.makedirs(self.dir)
        self.port = servers.free_port()
        servers._open.append(self)
        environment = dict(os.environ, MINIO_ROOT_USER=ACCESS, MINIO_ROOT_PASSWORD=SECRET, MINIO_CI_CD="1", MINIO_UPDATE="off",
                           MINIO_BROWSER="off", HOME=self.dir)
        with open(os.path.join(self.dir, "out"), "ab") as out:
            self.process = subprocess.Popen([made.stdout.strip(), "server", os.path.join(self.dir, "data"), "--address",
                                             f"127.0.0.1:{self.port}"], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                            env=environment, start_new_session=True)
        servers._until(self._answers, servers.START_SECONDS, "MinIO")

    def environment(self):
        return {"AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET}

    def close(self):
        servers._forget(self)
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def _answers(self):
        if self.process.poll() is not None:
            raise servers.ServerError(f"MinIO ended with {self.process.returncode}")
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as s:
                s.sendall(b"GET /minio/health/ready HTTP/1.0\r\n\r\n")
                return s.recv(12).endswith(b"200")
        except OSError:
            return False


def boto(port):
    """Amazon's own client: the independent one. From Debian's python3-boto3 or the interpreter's own packages."""
    try:
        import boto3
        from botocore.config import Config
    except ImportError:
        sys.path.append("/usr/lib/python3/dist-packages")
        import boto3
        from botocore.config import Config
    return boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1", aws_access_key_id=ACCESS,
                        aws_secret_access_key=SECRET, config=Config(s3={"addressing_style": "path"}))


class Harm:
    """A proxy before 127.0.0.1:`port`. next() queues one piece of harm; each is done to the first request that fits.

    status   answers `status` with an <Error> of `code`, without asking the service; `headers` go with it
    cut      passes on half of the answer's body, then closes         short   one byte less, in a sound answer
    hang     says nothing for as long as the client waits             lose    lets the service do it, then closes
    more     a hundred bytes more than asked for                      shift  the right length from another place
    `seen` is the list of (method, target, headers) that came in.
    """

    def __init__(self, port, tls=None):
        self.upstream, self.script, self.seen, self.lock = port, [], [], threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def handle_any(self):
                outer._handle(self)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.block_on_close = False
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_port
        self.closing = threading.Event()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        servers._open.append(self)

    def close(self):
        servers._forget(self)
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()

    def next(self, method, kind, part="", **more):
        self.script.append(dict(more, method=method, kind=kind, part=part))

    def clear(self):
        del self.script[:], self.seen[:]

    def _take(self, method, target):
        with self.lock:
            for i, harm in enumerate(self.script):
                if harm["method"] == method and harm["part"] in target:
                    return self.script.pop(i)
        return None

    def _handle(self, handler):
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        target = handler.path
        if target.startswith("http://"):  # as a proxy of the client's choice
            target = "/" + target.split("/", 3)[3]
        self.seen.append((handler.command, target, dict(handler.headers)))
        harm = self._take(handler.command, target) or {"kind": "none"}
        if harm["kind"] == "status":
            return self._error(handler, harm)
        if harm["kind"] == "hang":
            self.closing.wait(20)
            handler.close_connection = True
            return None
        status, headers, answer = self._ask(handler, target, body)
        if harm["kind"] == "lose":
            handler.close_connection = True
            return None
        return self._answer(handler, status, headers, answer, harm["kind"])

    def _ask(self, handler, target, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.upstream, timeout=60)
        connection.putrequest(handler.command, target, skip_host=True, skip_accept_encoding=True)
        for name, value in handler.headers.items():
            if name.lower() not in ("connection", "proxy-connection", "content-length"):
                connection.putheader(name, value)
        if handler.command in ("PUT", "POST"):
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body or None)
        reply = connection.getresponse()
        answer = reply.read()
        connection.close()
        return reply.status, reply.getheaders(), answer

    def _answer(self, handler, status, headers, answer, kind):
        if kind == "short":
            answer = answer[:-1]
        if kind == "more":
            answer += b"x" * 100
        handler.send_response_only(status)
        for name, value in headers:
            if kind == "shift" and name.lower() == "content-range":
                value = value.replace("bytes ", "bytes 1", 1)
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                handler.send_header(name, value)
        length = dict((name.lower(), value) for name, value in headers).get("content-length")
        handler.send_header("Content-Length", length if handler.command == "HEAD" and length else str(len(answer)))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(answer[:len(answer) // 2] if kind == "cut" else answer)
        handler.close_connection = handler.close_connection or kind == "cut"

    def _error(self, handler, harm):
        body = f"<?xml version=\"1.0\"?>\n<Error><Code>{harm['code']}</Code><Message>no</Message></Error>" if "code" in harm else ""
        handler.send_response_only(harm["status"])
        handler.send_header("Date", formatdate(time.time(), usegmt=True))
        for name, value in harm.get("headers", {}).items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body.encode())
