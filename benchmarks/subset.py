#!/usr/bin/env python3
"""What choosing the rows of a subset costs, beside reading the same key columns once and beside reading all data once.

    ./dev bench subset                                   2 million customers, 22 million rows
    ./dev bench subset -- --customers 200000 --rounds 5

One interleaved run, two lanes or two psql processes each; 1 % of the customers start, by keyed sample:

    choose      bauta plan: connects, reads keys, works the closure out (what a refresh does before it writes)
    keys        COPY (SELECT key columns) TO STDOUT (FORMAT binary) of the same tables, to /dev/null
    data        COPY table TO STDOUT (FORMAT binary) of the same tables, to /dev/null
    refresh     bauta refresh of the subset, indexes and constraints included

The last lines give the median over rounds of the ratio within a round, with its minimum and maximum.
"""
import argparse
import json
import os
import queue
import resource
import statistics
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "support"))
from servers import Postgres, Scratch  # noqa: E402

BAUTA = os.environ.get("BAUTA", os.path.join(HERE, "..", "build", "bauta"))
KEY = "8f3a1c5e7d9b2046a1b2c3d4e5f60718293a4b5c6d7e8f90a0b1c2d3e4f5061f"
SERVER = {"shared_buffers": "1GB", "jit": "off", "autovacuum": "off", "max_wal_size": "16GB", "checkpoint_timeout": "1h",
          "max_parallel_workers_per_gather": "0"}
TABLES = {  # rows for ten customers, key columns
    "products": (1, "id"), "customers": (10, "id"), "orders": (25, "id, customer"), "items": (40, "id, ord, product"),
    "payments": (10, "id, ord"), "addresses": (10, "id, customer"), "sessions": (10, "id, customer"), "reviews": (5, "id, customer, product"),
}
SQL = """
create table products (id bigint, name text, price numeric);
create table customers (id bigint, name text, mail text, note text);
create table orders (id bigint, customer bigint, placed timestamptz, note text);
create table items (id bigint, ord bigint, product bigint, n int, price numeric);
create table payments (id bigint, ord bigint, amount numeric, ref text);
create table addresses (id bigint, customer bigint, street text, town text);
create table sessions (id bigint, customer bigint, agent text, at timestamptz);
create table reviews (id bigint, customer bigint, product bigint, words text);
insert into products select g, 'product ' || g, g % 1000 from generate_series(1, {n} / 10) g;
insert into customers select g, 'name ' || g, 'c' || g || '@example.com', repeat('n', 60) from generate_series(1, {n}) g;
insert into orders select g, 1 + g * 7907 % {n}, now(), 'an order of the shop' from generate_series(1::bigint, {n}::bigint * 5 / 2) g;
insert into items select g, 1 + g * 7919 % ({n} * 5 / 2), 1 + g % ({n} / 10), 2, 19.99 from generate_series(1::bigint, {n}::bigint * 4) g;
insert into payments select g, 1 + g * 104729 % ({n} * 5 / 2), 12.5, md5(g::text) from generate_series(1::bigint, {n}::bigint) g;
insert into addresses select g, 1 + g * 7919 % {n}, 'a street of length', 'town' from generate_series(1::bigint, {n}::bigint) g;
insert into sessions select g, 1 + g * 104729 % {n}, repeat('agent ', 8), now() from generate_series(1::bigint, {n}::bigint) g;
insert into reviews select g, 1 + g * 31 % {n}, 1 + g % ({n} / 10), repeat('words ', 20) from generate_series(1::bigint, {n}::bigint / 2) g;
"""
KEYS = """
alter table {t} add primary key (id);
"""
REFERENCES = """
alter table orders add foreign key (customer) references customers; alter table items add foreign key (ord) references orders;
alter table items add foreign key (product) references products; alter table payments add foreign key (ord) references orders;
alter table addresses add foreign key (customer) references customers; alter table sessions add foreign key (customer) references customers;
alter table reviews add foreign key (customer) references customers; alter table reviews add foreign key (product) references products;
vacuum analyze;
"""
PROJECT = """version: 1
key: { from: env:BAUTA_KEY, mode: stable }
stores:
  perf: { source: env:PERF_SOURCE, target: env:PERF_TARGET, owner: target, allow_replace: true }
rules:
  - { at: perf.**, set: { "*": { keep: nothing here is about anybody } } }
subset:
  from: [ { perf.public.customers: all, limit: 1% } ]
"""


def copy_all(server, columns):
    """Two psql processes over halves of the tables, largest first."""
    work = queue.Queue()
    for table, (_rows, keys) in sorted(TABLES.items(), key=lambda t: -t[1][0]):
        blocks = int(server.psql(f"select relpages from pg_class where relname = '{table}'", db="perf"))
        for low, high in ((0, blocks // 2), (blocks // 2, blocks + 1)):
            where = f"where ctid >= '({low},0)' and ctid < '({high},0)'"
            work.put(f"copy (select {keys if columns else '*'} from {table} {where}) to stdout (format binary)")

    def worker():
        while True:
            try:
                sql = work.get_nowait()
            except queue.Empty:
                return
            subprocess.run([server.tool("psql"), "-XAtqc", sql, server.url("perf", socket=True)], stdout=subprocess.DEVNULL, check=True)

    threads = [threading.Thread(target=worker) for _ in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=2000000)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    with Scratch() as scratch, Postgres(scratch.path, "source", conf=SERVER) as source, Postgres(scratch.path, "target", conf=SERVER) as target:
        source.create("perf")
        source.psql(SQL.format(n=args.customers) + "".join(KEYS.format(t=t) for t in TABLES) + REFERENCES, db="perf", timeout=7200)
        print("source:", source.psql("select pg_size_pretty(sum(pg_table_size(oid))), sum(reltuples)::bigint from pg_class"
                                     " where relkind = 'r' and relnamespace = 'public'::regnamespace", db="perf").replace("|", ", "), "rows", flush=True)
        with open(scratch.file("bauta.yaml"), "w") as f:
            f.write(PROJECT)
        env = dict(os.environ, BAUTA_KEY=KEY, PERF_SOURCE=source.url("perf", socket=True), PERF_TARGET=target.url("staging", socket=True),
                   XDG_STATE_HOME=scratch.file("state"))

        def bauta(verb):
            done = subprocess.run([BAUTA, verb, "-f", scratch.file("bauta.yaml"), "--lanes", "2", "--json", "--log", "json"], env=env,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            if done.returncode != 0:
                sys.exit(f"{verb} failed: {done.stderr[-2000:]}")
            return json.loads(done.stdout)

        contenders = {"choose": lambda: bauta("plan"), "keys": lambda: copy_all(source, True), "data": lambda: copy_all(source, False),
                      "refresh": lambda: bauta("refresh")}
        times = {name: [] for name in contenders}
        for number in range(args.rounds + 1):  # the first warms caches and is not counted
            for name, run in contenders.items():
                start = time.monotonic()
                run()
                wall = time.monotonic() - start
                if number:
                    times[name].append(wall)
                    print(f"  round {number} {name:8} {wall:7.2f} s", flush=True)
        rows = sum(args.customers * per // 10 for per, _ in TABLES.values())
        plan = contenders["choose"]()["stores"][0]
        kept = sum(d["subset"]["kept"] for d in plan["datasets"] if "kept" in d.get("subset", {}))
        print(f"\n{rows} rows, {kept} kept; choose {rows / statistics.median(times['choose']) / 1e6:.2f} M rows/s; largest client process"
              f" {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10} MiB")
        for over in ("keys", "data"):
            ratios = [a / b for a, b in zip(times["choose"], times[over])]
            print(f"choose / {over}: {statistics.median(ratios):.3f} ({min(ratios):.3f}-{max(ratios):.3f})")
        ratios = [a / b for a, b in zip(times["refresh"], times["data"])]
        print(f"refresh / data: {statistics.median(ratios):.3f} ({min(ratios):.3f}-{max(ratios):.3f})")


if __name__ == "__main__":
    main()
