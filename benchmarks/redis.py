#!/usr/bin/env python3
"""What masking costs between two Redis servers, what another client of the source feels of it, and the memory it takes.

    redis.py [--keys 1000000] [--lanes 2] [--rounds 3] [--big-mb 200]

Each round, one after the other over the same mixed keys (60 % JSON strings, 25 % hashes, lists, sets, sorted sets, 1 % streams):
    idle     nothing for two seconds: what the other client feels of the machine itself
    copy     this script: SCAN and pipelined PEXPIRETIME + DUMP, RESTORE of what came, reading and writing overlapped
    kept     a refresh that keeps everything
    masked   a refresh that masks
At the end a list of --big-mb MB joins the keys and one more masked refresh shows its memory. Goals: masked / copy at most 1.2, p99 of
the other client's GET under 2 ms, memory under 128 MiB.
"""
import argparse
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "tests", "support")]
import redis_server  # noqa: E402
import servers  # noqa: E402

BAUTA = os.environ.get("BAUTA", os.path.join(os.path.dirname(HERE), "build", "bauta"))
KEEP = '"*": { keep: benchmark data }'
MASKED = {
    "profile:{id}": "id: { domain: customer }, value: { $.email: email, $.*: { keep: benchmark data } }",
    "user:{id}": f"id: {{ domain: customer }}, email: email, name: person_name, {KEEP}",
    "list:{id}": f"id: {{ domain: customer }}, {KEEP}",
    "set:{id}": "id: { domain: customer }, member: { domain: customer }",
    "zset:{id}": f"id: {{ domain: customer }}, member: {{ domain: customer }}, {KEEP}",
    "stream:{id}": f"id: {{ domain: customer }}, user: {{ domain: customer }}, {KEEP}",
}


def commands(n):
    random.seed(1)
    for i in range(n):
        kind = i % 100
        if kind < 60:
            yield ("SET", f"profile:{i}", json.dumps({"email": f"person.{i}@example.com", "text": "x" * 110, "n": i}))
        elif kind < 85:
            yield ("HSET", f"user:{i}", "email", f"person.{i}@example.com", "name", "Ada Lovelace", "theme", "dark", "n", i,
                   "city", "Venezia", "lang", "it")
        elif kind < 90:
            yield ("RPUSH", f"list:{i}", *range(i, i + 20))
        elif kind < 95:
            yield ("SADD", f"set:{i}", *range(i, i + 20))
        elif kind < 99:
            yield ("ZADD", f"zset:{i}", *(w for k in range(10) for w in (k, i + k)))
        else:
            yield ("XADD", f"stream:{i}", "*", "user", i, "what", "login")


class Other(threading.Thread):
    """Another client of the source: a GET every millisecond."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.over, self.times = server, False, []

    def run(self):
        with self.server.client() as c:
            while not self.over:
                start = time.perf_counter()
                c("GET", "profile:0")
                self.times.append(time.perf_counter() - start)
                time.sleep(0.001)

    def p99_ms(self):
        self.over = True
        self.join()
        return sorted(self.times)[len(self.times) * 99 // 100] * 1000


# ── the copy ──

def pipelined(*commands):
    return b"".join(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(w), w) for w in words) for words in commands)


def scanned(file):
    """An answer of SCAN: cursor and keys."""
    file.readline()
    file.readline()
    cursor = file.readline()[:-2]
    keys = []
    for _ in range(int(file.readline()[1:])):
        keys.append(file.read(int(file.readline()[1:]) + 2)[:-2])
    return cursor, keys


def dumped(file, keys, out):
    """RESTORE commands of the keys whose answers come next; how many."""
    n = 0
    for key in keys:
        at = int(file.readline()[1:])
        length = int(file.readline()[1:])
        if length < 0:
            continue
        payload = file.read(length + 2)[:-2]
        out.append(pipelined((b"RESTORE", key, b"%d" % max(at, 0), payload, b"REPLACE", b"ABSTTL")))
        n += 1
    return n


def drain(to, expected):
    """Reads the target's answers until as many came as the other end of the pipe says at last."""
    got, wanted = 0, None
    while wanted is None or got < wanted:
        some = to.recv(1 << 16)
        if not some or b"-" in some:
            os._exit(1)
        got += some.count(b"\n")
        if wanted is None and os.get_blocking(expected) is False:
            try:
                wanted = int(os.read(expected, 20))
            except BlockingIOError:
                pass
    os._exit(0)


def copy(source, target):
    """The whole of it in a process of its own; answers of the target are read by another one."""
    to = socket.create_connection(("127.0.0.1", target.port))
    to.sendall(pipelined((b"FLUSHALL",)))
    to.recv(100)
    to.sendall(pipelined((b"PING",)))  # the drain waits for one answer more than there are keys
    from_pipe, pipe = os.pipe()
    os.set_blocking(from_pipe, False)
    drainer = os.fork()
    if drainer == 0:
        drain(to, from_pipe)
    at = socket.create_connection(("127.0.0.1", source.port))
    file = at.makefile("rb", 1 << 18)
    cursor, keys, total, first = b"0", [], 1, True
    while first or cursor != b"0" or keys:
        more = first or cursor != b"0"
        ask = [(b"SCAN", cursor, b"COUNT", b"100")] if more else []
        for key in keys:
            ask += [(b"PEXPIRETIME", key), (b"DUMP", key)]
        at.sendall(pipelined(*ask))
        before, keys, first = keys, [], False
        if more:
            cursor, keys = scanned(file)
        out = []
        total += dumped(file, before, out)
        to.sendall(b"".join(out))
    os.write(pipe, b"%d" % total)
    to.sendall(pipelined((b"PING",)))  # wakes the drain once more
    _pid, status = os.waitpid(drainer, 0)
    os._exit(1 if status else 0)


def cpu_of(server):
    with server.client() as c:
        return sum(float(line.split(b":")[1]) for line in c("INFO", "cpu").split(b"\r\n")
                   if line.startswith((b"used_cpu_user:", b"used_cpu_sys:")))


def timed(start, source, target):
    """Seconds, the other client's p99 in ms, peak MiB of the process that `start` gives, CPU seconds of it and of both servers.
    `start` may give what the process says, too."""
    other, before = Other(source), cpu_of(source) + cpu_of(target)
    other.start()
    began = time.monotonic()
    pid, errors = start()
    _pid, status, used = os.wait4(pid, 0)
    seconds = time.monotonic() - began
    if status:
        sys.exit(errors() if errors else "the copy failed")
    p99 = other.p99_ms()
    return (seconds, p99, used.ru_maxrss / 1024,
            used.ru_utime + used.ru_stime, cpu_of(source) + cpu_of(target) - before)


def start_copy(source, target):
    pid = os.fork()
    if pid == 0:
        copy(source, target)
    return pid, None


def start_refresh(folder, rules, source, target, lanes):
    file = os.path.join(folder, "bauta.yaml")
    with open(file, "w") as f:
        f.write("version: 1\nkey: { from: env:BAUTA_KEY, mode: stable }\nstores: { cache: { source: env:SOURCE, target: "
                "env:TARGET, allow_replace: true } }\ndomains: { customer: { mask: permute } }\nrules:\n  - at: cache\n"
                "    keys:\n" + "".join(f'      "{name}": {{ {body} }}\n' for name, body in rules.items()))
    env = dict(os.environ, SOURCE=source.url(), TARGET=target.url(), BAUTA_KEY="5a0f3c91d7e2486bb1c94f07a86d3e52" * 2,
               HOME=folder, XDG_STATE_HOME=folder)
    log = os.path.join(folder, "log")
    with open(log, "wb") as f:
        process = subprocess.Popen([BAUTA, "refresh", "-f", file, "--lanes", str(lanes)], env=env, stdout=f, stderr=f)
    return process.pid, lambda: open(log).read()


def fill(source, keys):
    with source.client() as c:
        some = []
        for command in commands(keys):
            some.append(command)
            if len(some) == 1000:
                c.pipe(some)
                some = []
        c.pipe(some)


def empty(target):
    """Nothing of an earlier contender lies in the target's memory."""
    with target.client() as c:
        c("FLUSHALL")


def spread(values, digits=2):
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def add_big(source, megabytes):
    with source.client() as c:
        for _ in range(megabytes):
            c("RPUSH", "big:1", *("x" * 1000 for _ in range(1000)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--keys", type=int, default=1000000)
    parser.add_argument("--lanes", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--big-mb", type=int, default=200, help="size of the list of the last run; 0: no such run")
    options = parser.parse_args()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    scratch = servers.Scratch("bench-redis")
    source, target = redis_server.Redis(scratch.path, "source"), redis_server.Redis(scratch.path, "target")
    fill(source, options.keys)
    folder = tempfile.mkdtemp(dir=scratch.path)
    masked = dict(MASKED, **{"big:{id}": "id: { keep: ids }, member: redact"})
    kept = {name: KEEP for name in masked}
    contenders = {"idle": lambda: (subprocess.Popen(["sleep", "2"]).pid, None),
                  "copy": lambda: start_copy(source, target),
                  "kept": lambda: start_refresh(folder, kept, source, target, options.lanes),
                  "masked": lambda: start_refresh(folder, masked, source, target, options.lanes)}
    runs = {name: [] for name in contenders}
    for _ in range(options.rounds):
        for name, start in contenders.items():
            empty(target)
            runs[name].append(timed(start, source, target))
    print(f"{options.keys} keys, {options.lanes} lanes, {options.rounds} rounds: median (least–most)")
    for name, figures in runs.items():
        seconds, p99, memory, own, servers_cpu = zip(*figures)
        print(f"{name:7} {spread(seconds)} s  {0 if name == 'idle' else options.keys / statistics.median(seconds) / 1000:6.1f} k keys/s   other client's "
              f"p99 {spread(p99)} ms   {max(memory):.0f} MiB   CPU {statistics.median(own):.1f} s own, "
              f"{statistics.median(servers_cpu):.1f} s both servers")
    for over in ("copy", "kept"):
        print(f"masked / {over:5} {spread([m[0] / o[0] for m, o in zip(runs['masked'], runs[over])])}")
    if options.big_mb:
        add_big(source, options.big_mb)
        empty(target)
        seconds, p99, memory, _own, _servers = timed(contenders["masked"], source, target)
        print(f"masked with a list of {options.big_mb} MB: {seconds:.2f} s, p99 {p99:.2f} ms, {memory:.0f} MiB")


if __name__ == "__main__":
    main()
