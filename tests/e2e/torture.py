"""The torture database: makes it, and tells two copies of it apart.

    bindir = installation(scratch.path, 15)        PostgreSQL with one extension of ours, nothing written to the system
    load(source, "torture"); roles(target)
    differences(dump(source, "torture"), dump(target, "torture"))     of servers of one major; else restore() makes
                                                                      what the target is to be compared with
    checksums(source, "torture") == checksums(target, "torture")
"""
import difflib
import functools
import os
import re
import shutil
import subprocess

import servers

HERE = os.path.dirname(os.path.abspath(__file__))
ROLE_SECRET = "ROLESECRETMARK"
SECRETS = ("FDWSECRETMARK", "SUBSECRETMARK", "HOSTSECRETMARK", ROLE_SECRET)
CONTROL = "comment = 'configuration tables with rows of the user'\ndefault_version = '1.0'\nrelocatable = true\n"
SCRIPT = """
create table bt_config (id int primary key, note text, mood text);
insert into bt_config values (1, 'of the extension', null), (2, 'of the extension too', null);
create table bt_all (id int, note text);
create sequence bt_serial;
create function bt_seed() returns int language sql as 'select 1';
select pg_extension_config_dump('bt_config', 'where id >= 100');
select pg_extension_config_dump('bt_all', '');
select pg_extension_config_dump('bt_serial', '');
"""


@functools.lru_cache(maxsize=None)
def installation(folder, major):
    """Programs of `major` in a folder of our own, with the extension bauta_torture: PostgreSQL looks for its files
    relative to its program, so nothing has to be written where the system's packages live. Returns the bindir."""
    real = servers.postgres_bindir(major)
    asked = subprocess.run([os.path.join(real, "pg_config"), "--bindir", "--sharedir", "--pkglibdir"],
                           capture_output=True, text=True, check=True).stdout.split()
    root = real[:-len(asked[0])]  # older ones tell the place they were packaged for, not the one they are in
    share, library = root + asked[1], root + asked[2]
    prefix = os.path.commonpath([real, share, library])
    own = os.path.join(folder, f"postgresql-{major}")

    def place(path):
        return os.path.join(own, os.path.relpath(path, prefix))

    os.makedirs(place(real))
    for name in os.listdir(real):
        if name in ("postgres", "initdb"):  # they ask where they are, links followed
            shutil.copy2(os.path.join(real, name), place(real))
        else:
            os.symlink(os.path.join(real, name), os.path.join(place(real), name))
    os.makedirs(os.path.dirname(place(library)), exist_ok=True)
    os.symlink(library, place(library))
    os.makedirs(place(share))
    for name in os.listdir(share):
        if name != "extension":
            os.symlink(os.path.join(share, name), os.path.join(place(share), name))
    extensions = os.path.join(place(share), "extension")
    shutil.copytree(os.path.join(share, "extension"), extensions)
    for name, text in (("bauta_torture.control", CONTROL), ("bauta_torture--1.0.sql", SCRIPT)):
        with open(os.path.join(extensions, name), "w") as f:
            f.write(text)
    return place(real)


def roles(server, secret):
    server.psql_file(os.path.join(HERE, "torture", "roles.sql"), options=("-v", "secret=" + secret))


def load(server, db):
    server.create(db)
    server.psql(statements(server.major), db)


def statements(major):
    """torture.sql and its parts as `major` can run them: "/*15[*/new/*|old]*/" is new from 15 on and old before, and may
    lack the old part."""
    def choose(match):
        since, new, old = match.groups()
        return new if major >= int(since) else old or ""

    text = read("torture.sql")
    text = re.sub(r"^\\ir (.*)$", lambda match: read(match.group(1)), text, flags=re.M)
    return re.sub(r"/\*(\d+)\[\*/(.*?)/\*(?:\|(.*?))?\]\*/", choose, text, flags=re.S)


def read(name):
    with open(os.path.join(HERE, name)) as f:
        return f.read()


# Contents

TABLES = """
select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'm') and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg_toast%'
order by n.nspname collate "C", c.relname collate "C"
"""
STATEMENTS = """
select format('select count(*) || '' '' || coalesce(sum(hashtextextended(row(%s)::text, 0)::numeric), 0) from only %I.%I t;',
    (select string_agg(format(case atttypid when 18 then 't.%I::int' else 't.%I' end, attname), ', ' order by attname collate "C") from pg_attribute
     where attrelid = c.oid and attnum > 0 and not attisdropped), n.nspname, c.relname)
from""" + TABLES.partition("from")[2].replace("order by", "and c.relispopulated order by") + """;
"""
SESSION = """
set datestyle = 'ISO, YMD'; set intervalstyle = 'postgres'; set timezone = 'UTC'; set extra_float_digits = 1;
set bytea_output = 'hex'; set xmloption = 'content'; set search_path = pg_catalog; set row_security = off;
set lc_monetary = 'C';
"""


def checksums(server, db):
    """{table or materialised view: "rows sum-of-hashes"}; None for a view that holds nothing. Neither the order of rows
    nor that of columns matters (pg_dump itself reorders inherited ones); values are compared as text, every setting
    that spells them fixed. But for "char", which servers before 15 spell otherwise."""
    names = records(server.psql(SESSION + TABLES, db, options=("-0",)))
    empty = set(records(server.psql(SESSION + TABLES.replace("order by", "and not c.relispopulated order by"), db,
                                    options=("-0",))))
    statements = records(server.psql(SESSION + STATEMENTS, db, options=("-0",)))
    sums = records(server.psql(SESSION + "\n".join(statements), db, options=("-0",)))
    result = dict(zip((name for name in names if name not in empty), sums))
    result.update((name, None) for name in empty)
    return result


def sequences(server, db):
    names = records(server.psql(SESSION + TABLES.replace("('r', 'm')", "('S')"), db, options=("-0",)))
    rows = records(server.psql("\n".join(f"select last_value, is_called from {name};" for name in names), db,
                               options=("-0",)))
    return dict(zip(names, rows))


def large_objects(server, db):
    return server.psql("select oid, lomowner::regrole, lomacl, md5(lo_get(oid)) from pg_largeobject_metadata order by 1", db)


def records(text):
    return [line for line in text.split("\0") if line != ""]


# Schema


def raw_dump(server, db, program):
    env = dict(servers.clean_environment(), PGOPTIONS="-c lc_messages=C")
    done = subprocess.run([program, "--schema-only", "--create", "-d", server.url(db)], env=env, capture_output=True,
                          text=True)
    if done.returncode != 0:
        raise servers.ServerError("pg_dump: " + done.stderr)
    return done.stdout


def dump(server, db):
    """pg_dump --schema-only --create, by the statement, less what must not travel and what tells one server from
    another."""
    return normal(raw_dump(server, db, server.tool("pg_dump")))


def restore(source, db, server):
    """What PostgreSQL's own tools make of the schema on another server, pg_dump being the other server's."""
    server.psql(raw_dump(source, db, server.tool("pg_dump")))


def normal(text):
    text = re.sub(r"^\\(un)?restrict .*\n", "", text, flags=re.M)
    text = re.sub(r"^-- Dumped (from|by) .*\n", "", text, flags=re.M)
    text = re.sub(r"^-- Started on .*\n|^-- Completed on .*\n", "", text, flags=re.M)
    text = re.sub(r"^ALTER DATABASE \S+ SET \"?bauta\.mark\"? .*\n", "", text, flags=re.M)
    text = re.sub(r"^ALTER DATABASE \S+ SET \"bauta\.mark\" .*\n", "", text, flags=re.M)
    # Credentials do not travel: user mappings, options of servers, subscriptions.
    text = re.sub(r"^(CREATE SERVER [^;]*?) OPTIONS \(.*?^\);", r"\1;", text, flags=re.M | re.S)
    parts = re.split(r"^--\n-- (?=Name: .*; Type: )", text, flags=re.M)
    kept = settled(parts)
    return "".join(part for part in kept if not re.match(r"Name: .*; Type: (USER MAPPING|SUBSCRIPTION)\b", part))


SETTING = re.compile(r"^SET (default_\w+) = .*\n\n?", re.M)


def settled(parts):
    """The parts with the settings that pg_dump changes on its way put where they count: before every table."""
    force, result = {}, []
    for part in parts:
        count = re.match(r"Name: .*; Type: TABLE;", part)
        result.append(("".join(force.values()) if count else "") + SETTING.sub("", part).rstrip("\n") + "\n\n")
        force.update((match.group(1), match.group(0)) for match in SETTING.finditer(part))
    return result


def differences(before, after, most=80):
    """Unified diff as text, empty when equal."""
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), "source", "target", "", "", 4, ""))
    return "\n".join(lines[:most]) + (f"\n… {len(lines) - most} more lines" if len(lines) > most else "")
