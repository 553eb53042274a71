#!/usr/bin/env python3
"""Size and time of an archive against pg_dump -Fc, -Fd and COPY through zstd: archive.py [--rows N].

One database, one server, one run: a masked snapshot (e-mail and names masked, sealed), pg_dump -Fc (its default
compression), pg_dump -Fd -j2 and COPY TO STDOUT | zstd -3 -T2; then bauta restore against pg_restore -j2. Ratios are
against pg_dump -Fc and pg_restore. Prints one line a way, and JSON at the end.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "tests", "e2e"), os.path.join(HERE, "..", "tests", "support")]
import case
import kit

SETUP = """
create table customers (id bigint primary key, email text not null, name text, city text, born date, created timestamptz);
insert into customers select g, 'u' || g || '@' || (array['example.com','mail.example.net','example.org'])[g % 3 + 1],
    (array['Anna','Ben','Chloe','David','Eva','Frank'])[g % 6 + 1] || ' ' || (array['Meyer','Smith','Rossi','Dubois'])[(g * 7) % 4 + 1],
    'city ' || (g * 31) % 400, date '1950-01-01' + ((g * 7919) % 20000)::int, timestamptz '2020-01-01' + g * interval '71 s'
    from generate_series(1::bigint, {customers}) g;
create table orders (id bigint primary key, customer bigint references customers, placed timestamptz, total numeric(10,2),
    status text, note text);
insert into orders select g, (g * 7919) % {customers} + 1, timestamptz '2021-01-01' + g * interval '13 s',
    ((g * 104729) % 100000) / 100.0, (array['new','paid','sent','back'])[(g * 13) % 4 + 1],
    'order ' || g || ' of ' || (g * 17) % 1000 || ' ' || substr(md5(g::text), 1, 12) from generate_series(1::bigint, {orders}) g;
vacuum analyze;
"""
RULES = [kit.KEEP_ALL, "- { at: db.public.customers, set: { email: email, name: person_name } }"]


def size_of(path):
    if os.path.isfile(path):
        return os.path.getsize(path)
    return sum(os.path.getsize(os.path.join(d, f)) for d, _, fs in os.walk(path) for f in fs)


def timed(command, env):
    start = time.monotonic()
    done = subprocess.run(command, env=env, capture_output=True, text=True, shell=isinstance(command, str))
    if done.returncode != 0:
        sys.exit(f"{command}: {done.stdout}{done.stderr}")
    return time.monotonic() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=8_000_000, help="orders; 8 million are about 1.2 GB")
    rows = parser.parse_args().rows
    job = kit.Job(rules=RULES)
    job.make(SETUP.format(customers=rows // 5, orders=rows))
    env = job.environment(PGPASSWORD=job.source.password, PASSPHRASE="a long passphrase")
    place = os.path.join(job.folder, "place")
    job.write(RULES, more="archive: { to: %s, passphrase: env:PASSPHRASE }" % place)
    tool, url = job.source.tool, job.source_url
    out = {name: os.path.join(job.folder, name) for name in ("fc", "fd", "copy.zst")}
    results = {}

    def note(name, seconds, size):
        results[name] = {"seconds": round(seconds, 2), "bytes": size}
        base = results["pg_dump -Fc"] if "pg_dump -Fc" in results else None
        print(f"{name:28} {seconds:8.2f} s {size / 1e6:9.1f} MB" +
              (f"   time {seconds / base['seconds']:.2f}   size {size / base['bytes']:.2f}" if base and size else ""), flush=True)

    note("pg_dump -Fc", timed([tool("pg_dump"), "-Fc", "-f", out["fc"], url], env), size_of(out["fc"]))
    note("pg_dump -Fd -j2", timed([tool("pg_dump"), "-Fd", "-j2", "-f", out["fd"], url], env), size_of(out["fd"]))
    copy = "; ".join(f"""{tool("psql")} -Xqc "copy {t} to stdout" "{url}" """ for t in ("customers", "orders"))
    note("COPY | zstd -3 -T2", timed(f"({copy}) | zstd -q -3 -T2 -o {out['copy.zst']}", env), size_of(out["copy.zst"]))
    note("bauta snapshot", timed([case.BAUTA, "snapshot", "-q", "-f", job.file], env), size_of(place))
    note("bauta snapshot, again", timed([case.BAUTA, "snapshot", "-q", "-f", job.file], env), size_of(place))
    job.target.create(job.db)
    restore = timed([job.target.tool("pg_restore"), "-j2", "--no-owner", "-d", job.target_url, out["fc"]],
                    dict(env, PGPASSWORD=job.target.password or ""))
    print(f"{'pg_restore -j2':28} {restore:8.2f} s")
    job.target.psql(f'drop database "{job.db}" with (force)')
    ours = timed([case.BAUTA, "restore", "-q", "--lanes", "2", "-f", job.file], env)
    print(f"{'bauta restore --lanes 2':28} {ours:8.2f} s   time {ours / restore:.2f}")
    results["restore"] = {"pg_restore -j2": round(restore, 2), "bauta": round(ours, 2)}
    print(json.dumps({"rows": rows, "results": results}))
    job.drop()
    shutil.rmtree(job.folder, ignore_errors=True)


if __name__ == "__main__":
    main()
