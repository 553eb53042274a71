#!/usr/bin/env python3
"""How long does a masked refresh take beside the same refresh unmasked, and beside what people use today?

    ./dev bench refresh                       2.8 GB of heap, 5 rounds
    ./dev bench refresh -- --scale 0.1 --rounds 3

One interleaved run: in every round each contender copies the same source into an empty target once, in turn (A B C … A B C …),
so that drift of the machine hits all alike. Beside the wall time stand the CPU seconds of source server, target server and client,
which are the steadier figure. Equal server settings for all; every contender includes indexes and constraints unless it says data only.
The last table gives the median over rounds of the ratio within a round, with its minimum and maximum.
"""
import argparse
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "support"))
from servers import Postgres, Scratch  # noqa: E402

BAUTA = os.environ.get('BAUTA', os.path.join(HERE, '..', 'build', 'bauta'))
KEY = "8f3a1c5e7d9b2046a1b2c3d4e5f60718293a4b5c6d7e8f90a0b1c2d3e4f5061f"
SERVER = {"shared_buffers": "1GB", "jit": "off", "autovacuum": "off", "work_mem": "64MB", "maintenance_work_mem": "512MB",
          "max_wal_size": "16GB", "checkpoint_timeout": "1h"}

KEEP = """version: 1
key: { from: env:BAUTA_KEY, mode: stable }
stores:
  perf: { source: env:PERF_SOURCE, target: env:PERF_TARGET, owner: target, allow_replace: true }
rules:
  - { at: perf.**, set: { "*": { keep: nothing here is about anybody } } }
"""
MASKED = KEEP + """  - at: perf.public.customers
    set:
      name: person_name
      email: email
      phone: phone
      address: { mask: hash_token, bytes: 12 }
      birth: { mask: date_shift, days: 30, by: id }
      balance: { mask: noise, relative: 0.1 }
      profile: { $.ip: { mask: hash_token, bytes: 10, encoding: base32 }, $.name: person_name, $.email: email, $.**: { keep: settings } }
  - { at: perf.public.notes, set: { body: { mask: redact } } }
"""


def cpu_of(server):
    """CPU seconds of a postmaster, its live children and those it has reaped."""
    total = 0
    for pid in [server.process.pid] + server.children():
        try:
            with open(f"/proc/{pid}/stat") as f:
                fields = f.read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += sum(int(fields[i]) for i in ((11, 12, 13, 14) if pid == server.process.pid else (11, 12)))
    return total / os.sysconf("SC_CLK_TCK")


def client_cpu():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Bench:
    def __init__(self, scratch, args):
        conf = dict(SERVER)
        conf.update(pair.split("=", 1) for pair in args.set)
        self.scratch, self.args = scratch, args
        self.source = Postgres(scratch.path, "source", conf=conf)
        self.target = Postgres(scratch.path, "target", conf=conf)
        self.results = {}
        for name, text in (("keep", KEEP), ("masked", MASKED)):
            with open(scratch.file(name + ".yaml"), "w") as f:
                f.write(text)

    def load(self):
        self.source.create("perf")
        self.source.psql_file(os.path.join(HERE, "refresh.sql"), db="perf", timeout=3600, options=["-v", f"scale={self.args.scale}"])
        size = self.source.psql("select pg_size_pretty(sum(pg_table_size(c.oid))), pg_size_pretty(pg_database_size('perf')) from pg_class c"
                                " where relkind = 'r' and relnamespace = 'public'::regnamespace", db="perf")
        print("source: heap and whole database", size.replace("|", ", "), flush=True)

    def fresh_target(self, create):
        for name in self.target.psql("select datname from pg_database where datname like 'staging%'").split():
            self.target.psql(f'drop database "{name}" with (force)')
        if create:
            self.target.psql("create database staging template template0")
        self.target.psql("checkpoint")

    def time(self, name, command, create=True, env=None):
        self.fresh_target(create)
        before = cpu_of(self.source), cpu_of(self.target), client_cpu()
        start = time.monotonic()
        done = subprocess.run(command, shell=isinstance(command, str), env=dict(os.environ, **(env or {})),
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        wall = time.monotonic() - start
        time.sleep(0.5)  # ended backends are counted once the postmaster has reaped them
        if done.returncode != 0:
            sys.exit(f"{name} failed: {done.stderr[-2000:]}")
        after = cpu_of(self.source), cpu_of(self.target), client_cpu()
        row = [wall] + [b - a for a, b in zip(before, after)]
        self.results.setdefault(name, []).append(row)
        print(f"  {name:28} wall {row[0]:6.1f} s   CPU s: source {row[1]:5.1f}  target {row[2]:5.1f}  client {row[3]:5.1f}", flush=True)

    def bauta(self, name, rules, db):
        self.time(name, [BAUTA, "refresh", "-f", self.scratch.file(rules + ".yaml"), "--lanes", "2", "--log", "json"],
                  env={"BAUTA_KEY": KEY, "PERF_SOURCE": self.source.url(db, socket=True), "PERF_TARGET": self.target.url("staging", socket=True),
                       "BAUTA_STATE": self.scratch.file("state")}, create=False)

    def contenders(self):
        s, t = self.source.url("perf", socket=True), self.target.url("staging", socket=True)
        tool, out = self.source.tool, self.scratch.file("dump")
        peers = {
            "masked": lambda n: self.bauta(n, "masked", "perf"),
            "unmasked": lambda n: self.bauta(n, "keep", "perf"),
            "masked, data only": lambda n: self.bauta(n, "masked", "perf_data"),
            "unmasked, data only": lambda n: self.bauta(n, "keep", "perf_data"),
            "pg_dump | psql": lambda n: self.time(n, f"{tool('pg_dump')} '{s}' | {tool('psql')} -q '{t}'"),
            "pg_dump -Fd, pg_restore": lambda n: self.time(
                n, f"rm -rf {out}; {tool('pg_dump')} -Fd -j2 -f {out} '{s}' && {tool('pg_restore')} -j2 -d '{t}' {out}"),
            "pg_dump -Fd -Z0, pg_restore": lambda n: self.time(
                n, f"rm -rf {out}; {tool('pg_dump')} -Fd -Z0 -j2 -f {out} '{s}' && {tool('pg_restore')} -j2 -d '{t}' {out}"),
        }
        if shutil.which("pgcopydb"):
            work = self.scratch.file("pgcopydb")
            peers["pgcopydb"] = lambda n: self.time(
                n, f"rm -rf {work}; PATH={self.source.bindir}:$PATH pgcopydb clone --source '{s}' --target '{t}' --dir {work} --table-jobs 2 --index-jobs 2")
        else:
            print("pgcopydb is not installed: left out")
        only = self.args.only.split(",") if self.args.only else None
        return {n: run for n, run in peers.items() if not only or any(n.startswith(o) for o in only)}

    def report(self):
        def cell(numbers, form="{:6.2f}"):
            return " ".join(form.format(f(numbers)) for f in (statistics.median, min, max))
        print("\nmedian, min, max over", self.args.rounds, "rounds")
        for name, rows in self.results.items():
            print(f"  {name:28} wall {cell([r[0] for r in rows])}   CPU source {statistics.median(r[1] for r in rows):6.1f}"
                  f"  target {statistics.median(r[2] for r in rows):6.1f}  client {statistics.median(r[3] for r in rows):6.1f}")
        print("\nwall of `masked` over each, within a round: median, min, max")
        ratios = {}
        for base, over in [("masked", n) for n in self.results if n != "masked" and "data" not in n] + \
                          [("masked, data only", "unmasked, data only")]:
            if base in self.results and over in self.results:
                ratios[f"{base} / {over}"] = [a[0] / b[0] for a, b in zip(self.results[base], self.results[over])]
                print(f"  {base + ' / ' + over:50} {cell(ratios[f'{base} / {over}'], '{:5.3f}')}")
        return ratios


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="1: 17.8 million rows")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", help="contenders by the start of their name, comma separated")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a server setting, for both servers")
    parser.add_argument("--json", metavar="FILE", help="write the figures")
    args = parser.parse_args()
    with Scratch("bench") as scratch:
        bench = Bench(scratch, args)
        bench.load()
        contenders = bench.contenders()
        print("warm-up, not counted", flush=True)
        bench.bauta("warm-up", "keep", "perf")
        bench.results.clear()
        for number in range(args.rounds):
            print(f"round {number + 1}", flush=True)
            for name, run in contenders.items():
                run(name)
        ratios = bench.report()
        if args.json:
            with open(args.json, "w") as f:
                json.dump({"machine": platform.processor() or platform.machine(), "cores": os.cpu_count(), "scale": args.scale,
                           "settings": bench.source.conf, "runs": bench.results, "ratios": ratios}, f, indent=1)


if __name__ == "__main__":
    main()
