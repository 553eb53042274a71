#!/usr/bin/env python3
"""The demo: two PostgreSQL servers in a scratch folder, a generated shop, one masked refresh from one to the other.

Run it as ./dev demo [--keep]. It needs build/bauta and PostgreSQL, nothing else, and leaves nothing behind unless told
to keep the servers.
"""
import argparse
import os
import secrets
import shlex
import shutil
import subprocess
import sys
import time
import unicodedata

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
sys.dont_write_bytecode = True
import servers  # noqa: E402

BAUTA = os.path.join(ROOT, "build", "bauta")
PROJECT = os.path.join(HERE, "bauta.yaml")
WIDTH = 100
HALF = 48
SETTINGS = {"shared_buffers": "256MB", "max_wal_size": "4GB", "wal_level": "minimal", "max_wal_senders": 0,
            "maintenance_work_mem": "256MB"}

# One customer of ten countries each. Country and created_at are kept by the rules, so both sides pick the same ones.
PEOPLE = """
    select full_name, email, coalesce(phone, '-'), coalesce(birth_date::text, '-'), country
    from (select distinct on (country) * from customers where phone is not null and birth_date is not null
          order by country, created_at, credit desc) c
    order by country limit 10"""
PROFILE = "select profile from customers where profile->'phones' <> '[]' order by created_at limit 1"
WHOLE = """
    select count(*) from orders o join customers c on c.id = o.customer_id
    join audit_log a on a.customer_id = c.id and a.payload->>'email' = c.email"""
TABLES = """
    select count(*), sum((xpath('/row/n/text()', query_to_xml(format('select count(*) n from %I.%I', nspname, relname),
        false, true, '')))[1]::text::bigint)
    from pg_class c join pg_namespace n on n.oid = relnamespace
    where relkind = 'r' and nspname = 'public'"""


def main():
    parser = argparse.ArgumentParser(prog="./dev demo", description=__doc__.splitlines()[0])
    parser.add_argument("--keep", action="store_true", help="leave the servers running, and say how to stop them")
    keep = parser.parse_args().keep

    began = time.monotonic()
    scratch = servers.Scratch("bauta-demo", keep=keep)
    title(f"Two servers in {scratch.path}")
    source = servers.Postgres(scratch.path, "production", conf=SETTINGS)
    target = servers.Postgres(scratch.path, "staging", conf=SETTINGS)
    source.create("shop")
    target.create("shop")
    say(f"PostgreSQL {source.major}: production on port {source.port}, staging on port {target.port}")

    title("A shop, generated")
    start = time.monotonic()
    source.psql_file(os.path.join(HERE, "shop.sql"), "shop", options=["-1"])
    source.psql("vacuum analyze", "shop")
    tables, rows = (int(n) for n in source.psql(TABLES, "shop").split("|"))
    megabytes = int(source.psql("select pg_database_size('shop')")) / 1e6
    say(f"{tables} tables, {rows:,} rows, {megabytes:,.0f} MB in {time.monotonic() - start:.1f} s")

    environment = dict(os.environ, PROD_SHOP_URL=source.url("shop"), STAGING_SHOP_URL=target.url("shop"),
                       BAUTA_KEY=secrets.token_hex(32))
    title("bauta init: a project file from the catalog alone, to start from")
    bauta(["init", source.url("shop")], environment, cwd=scratch.path)
    title("The demo's own project file is deploy/demo/bauta.yaml")
    for verb in ("check", "plan"):
        bauta([verb, "-f", PROJECT], environment)
    start = time.monotonic()
    bauta(["refresh", "-f", PROJECT], environment)
    seconds = time.monotonic() - start

    title("Ten customers: production on the left, staging on the right")
    side_by_side(source.psql(PEOPLE, "shop"), target.psql(PEOPLE, "shop"))
    title("One document: production, then staging")
    for server in (source, target):
        say(cut(server.psql(PROFILE, "shop"), 4 * WIDTH))

    title("Figures")
    landed = int(target.psql(TABLES, "shop").split("|")[1])
    say(f"rows          {rows:,} read, {landed:,} in staging")
    say(f"time          {seconds:.1f} s with indexes, constraints and foreign keys")
    say(f"rate          {rows / seconds:,.0f} rows/s, {megabytes / seconds:,.1f} MB/s of database size")
    say(f"one customer  is one customer everywhere: {source.psql(WHOLE, 'shop')} rows join orders, customers and")
    say(f"              documents of the audit log in production, {target.psql(WHOLE, 'shop')} in staging")
    say(f"whole demo    {time.monotonic() - began:.0f} s")
    if landed != rows:
        sys.exit("staging does not hold the rows of production")
    if keep:
        look_around(scratch, source, target, environment)
    else:
        say("\nServers and data are gone again. ./dev demo --keep leaves them up to look around.")


def bauta(arguments, environment, cwd=ROOT):
    shown = [os.path.relpath(a, ROOT) if a.startswith(ROOT) else a for a in arguments]
    say("\n$ bauta " + " ".join(shown))
    status = subprocess.run([BAUTA, *arguments], env=environment, cwd=cwd, check=False).returncode
    if status != 0:
        sys.exit(f"bauta {arguments[0]} ended with exit code {status}")


def look_around(scratch, source, target, environment):
    for server in (source, target):
        server.leave()
    title("Look around")
    psql = shutil.which("psql") or source.tool("psql")
    say(f"{psql} '{source.url('shop')}'    # production")
    say(f"{psql} '{target.url('shop')}'    # staging")
    say("\nRefresh again, or put the previous staging back:")
    names = ("PROD_SHOP_URL", "STAGING_SHOP_URL", "BAUTA_KEY")
    say("export " + " ".join(f"{name}={shlex.quote(environment[name])}" for name in names))
    say(f"{os.path.relpath(BAUTA)} refresh -f {os.path.relpath(PROJECT)}")
    say(f"{os.path.relpath(BAUTA)} rollback -f {os.path.relpath(PROJECT)}")
    say("\nStop and remove everything:")
    say(f"kill -INT {source.process.pid} {target.process.pid}")
    say(f"rm -rf {shlex.quote(scratch.path)}")


# Printing


def say(text):
    print(text, flush=True)


def title(text):
    say("\n" + text + "\n" + "─" * min(len(text), WIDTH))


def width(text):
    """Columns of a terminal: CJK takes two, combining marks none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def cut(text, columns):
    if width(text) <= columns:
        return text
    while width(text) > columns - 1:
        text = text[:-1]
    return text + "…"


def cell(text, columns):
    text = cut(text, columns)
    return text + " " * (columns - width(text))


def side_by_side(before, after):
    """Two lines a customer: name, birth date and country, then address and telephone."""
    for number, (left, right) in enumerate(zip(before.splitlines(), after.splitlines())):
        if number:
            say("─" * HALF + "─┼─" + "─" * HALF)
        halves = [line.split("|") for line in (left, right)]
        for pick in ((0, 3, 4), (1, 2)):
            say(" │ ".join(half(fields, pick) for fields in halves).rstrip())


def half(fields, pick):
    if len(pick) == 3:
        name, born, country = (fields[i] for i in pick)
        return cell(name, 33) + cell(born, 13) + cell(country, HALF - 46)
    email, phone = (fields[i] for i in pick)
    return cell(email, 31) + " " + cell(phone, HALF - 32)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
    except servers.ServerError as problem:
        sys.exit(f"demo: {problem}")
