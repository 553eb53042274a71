"""What end-to-end tests share: the program, a pair of servers, and marks for long tests and missing servers."""
import functools
import os
import subprocess
import unittest

import servers

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BAUTA = os.environ.get("BAUTA", os.path.join(ROOT, "build", "bauta"))
KEY = "5a0f3c91d7e2486bb1c94f07a86d3e52f913bc5704e8ad26917f40c3de5b8a61"  # of tests only


def long(test):
    """Marks a test or a class that runs only under --long."""
    test.long = True
    return test


def needs_postgres(major=None):
    """Skips the calling test where this server is not installed and cannot be fetched. Under CI=true it must be there: a
    skip nobody reads would end what is promised about other versions."""
    try:
        servers.postgres_bindir(major)
    except servers.ServerMissing as missing:
        if os.environ.get("CI") == "true":
            raise
        raise unittest.SkipTest(str(missing))


@functools.lru_cache(maxsize=None)
def scratch():
    """One scratch folder for the whole run; gone with the process."""
    return servers.Scratch("bauta-e2e")


@functools.lru_cache(maxsize=None)
def pair():
    """(source, target): two clusters, started when first asked for and shared by all tests. Make databases of your
    own in them with create(); stop, restart or kill only servers you started yourself."""
    needs_postgres()
    return servers.Postgres(scratch().path, "source"), servers.Postgres(scratch().path, "target")


def environment(source=None, target=None, key=KEY, **more):
    """The environment bauta gets: SOURCE_URL, TARGET_URL and BAUTA_KEY as the tests' project files name them."""
    env = servers.clean_environment()
    if "POSTGRES_MAJOR" in env:
        env["BAUTA_PG_BIN"] = servers.postgres_bindir()
    for name, value in dict(more, SOURCE_URL=source, TARGET_URL=target, BAUTA_KEY=key).items():
        if value is not None:
            env[name] = value
    return env


def bauta(*arguments, env=None, cwd=None, timeout=300, stdin=""):
    """Run bauta to its end: .returncode, .stdout, .stderr as text. `stdin`: text it reads."""
    return subprocess.run([BAUTA, *arguments], env=env or environment(), cwd=cwd or scratch().path, timeout=timeout,
                          input=stdin, capture_output=True, text=True)


def start_bauta(*arguments, env=None, cwd=None):
    """Start bauta and return its Popen: for tests that signal or kill it."""
    return subprocess.Popen([BAUTA, *arguments], env=env or environment(), cwd=cwd or scratch().path,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
