#!/usr/bin/env python3
"""What masking costs between two Redis servers, and what another client of the source feels of it.

    redis.py [--keys 1000000] [--lanes 2]

A masked refresh of mixed keys (60 % JSON strings, 25 % hashes, lists, sets, sorted sets, 1 % streams) over a refresh that
keeps everything (SCAN, pipelined DUMP, RESTORE, reading and writing overlapped). Goals: wall ratio at most 1.2, p99 of the other
client's GET under 2 ms, memory under 128 MiB.
"""
import argparse
import json
import os
import random
import resource
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


def refresh(folder, rules, source, target, lanes):
    file = os.path.join(folder, "bauta.yaml")
    with open(file, "w") as f:
        f.write("version: 1\nkey: { from: env:BAUTA_KEY, mode: stable }\nstores: { cache: { source: env:SOURCE, target: "
                "env:TARGET } }\ndomains: { customer: { mask: permute } }\nrules:\n  - at: cache\n    keys:\n" +
                "".join(f'      "{name}": {{ {body} }}\n' for name, body in rules.items()))
    env = dict(os.environ, SOURCE=source.url(), TARGET=target.url(), BAUTA_KEY="5a0f3c91d7e2486bb1c94f07a86d3e52" * 2,
               HOME=folder, XDG_STATE_HOME=folder)
    other = Other(source)
    other.start()
    start = time.monotonic()
    done = subprocess.run([BAUTA, "refresh", "-f", file, "--lanes", str(lanes)], env=env, capture_output=True, text=True)
    seconds = time.monotonic() - start
    if done.returncode:
        sys.exit(done.stderr)
    return seconds, other.p99_ms()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--keys", type=int, default=1000000)
    parser.add_argument("--lanes", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    scratch = servers.Scratch("bench-redis")
    source, target = redis_server.Redis(scratch.path, "source"), redis_server.Redis(scratch.path, "target")
    with source.client() as c:
        some = []
        for command in commands(options.keys):
            some.append(command)
            if len(some) == 1000:
                c.pipe(some)
                some = []
        c.pipe(some)
    folder = tempfile.mkdtemp(dir=scratch.path)
    kept = {name: KEEP for name in MASKED}
    best = {"kept": (1e9, 0), "masked": (1e9, 0)}
    for _ in range(options.rounds):
        for name, rules in (("kept", kept), ("masked", MASKED)):
            best[name] = min(best[name], refresh(folder, rules, source, target, options.lanes))
    for name, (seconds, p99) in best.items():
        print(f"{name:7} {seconds:6.2f} s  {options.keys / seconds / 1000:6.1f} k keys/s   other client's p99 {p99:.2f} ms")
    print(f"masked / kept   {best['masked'][0] / best['kept'][0]:.2f}")
    print(f"most memory     {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024} MiB (children, servers included)")


if __name__ == "__main__":
    main()
