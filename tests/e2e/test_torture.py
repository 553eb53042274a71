"""Everything PostgreSQL has, refreshed with every rule `keep`: the same schema, the same contents, and no credentials."""
import unittest

import case
import kit
import servers
import torture

RULES = '- { at: db.**, set: { "*": { keep: torture test } } }'
DB = "torture"
OLDEST = 15  # what the database's statements need


class Pair:
    """A source with the torture database and a target, each of its own version; loaded and refreshed once a class."""

    majors = (OLDEST, OLDEST)
    dump = None  # major of the pg_dump that bauta finds; the newer server's when None

    @classmethod
    def setUpClass(cls):
        for major in cls.majors:
            case.needs_postgres(major)
        folder = case.scratch().path
        name = "torture-{}-{}".format(*cls.majors)
        programs = {major: installed(major) for major in cls.majors}
        cls.source = servers.Postgres(folder, name + "-source", bindir=programs[cls.majors[0]])
        cls.addClassCleanup(cls.source.close)
        cls.target = servers.Postgres(folder, name + "-target", bindir=programs[cls.majors[1]],
                                      conf={"log_statement": "all", "log_min_messages": "debug1"})
        cls.addClassCleanup(cls.target.close)
        torture.roles(cls.source, torture.ROLE_SECRET)
        torture.roles(cls.target, "of-the-target")
        torture.load(cls.source, DB)
        cls.job = kit.Job(cls.source, cls.target, RULES, "owner: keep", db=DB,
                          env={"BAUTA_PG_BIN": servers.postgres_bindir(cls.dump or max(cls.majors))})
        cls.done = cls.job.run()

    def setUp(self):
        self.assertEqual(self.done.returncode, 0, self.done.stdout + self.done.stderr)

    def expected_schema(self):
        """The source's. Majors spell some things differently; then it is what pg_dump and psql make of it on a third
        server, which has the target's."""
        if self.source.major == self.target.major:
            return torture.dump(self.source, DB)
        with servers.Postgres(case.scratch().path, "reference", bindir=self.target.bindir) as reference:
            torture.roles(reference, "of-the-reference")
            torture.restore(self.source, DB, reference)
            return torture.dump(reference, DB)

    def same_schema(self):
        difference = torture.differences(self.expected_schema(), torture.dump(self.target, DB))
        self.assertEqual(difference, "", "\n" + difference)

    def same_contents(self):
        before, after = torture.checksums(self.source, DB), torture.checksums(self.target, DB)
        different = {name: (before.get(name, "absent"), after.get(name, "absent"))
                     for name in before.keys() | after.keys() if before.get(name, "absent") != after.get(name, "absent")}
        self.assertEqual(different, {})
        self.assertGreater(len(before), 70)

    def test_schema(self):
        self.same_schema()

    def test_contents(self):
        self.same_contents()

    def test_sequences(self):
        self.assertEqual(torture.sequences(self.target, DB), torture.sequences(self.source, DB))

    def test_large_objects(self):
        """They travel under a rule of their own only, and there is none here."""
        self.assertEqual(torture.large_objects(self.target, DB), "")

    def test_database(self):
        provider = ", datlocprovider" if min(self.source.major, self.target.major) >= 15 else ""
        query = f"select pg_encoding_to_char(encoding), datcollate, datctype{provider} from pg_database where datname = '{DB}'"
        self.assertEqual(self.target.psql(query), self.source.psql(query))

    def test_indexes_valid(self):
        query = ("select indexrelid::regclass from pg_index where not indisvalid or not indisready order by 1::text")
        self.assertEqual(self.target.psql(query, DB), self.source.psql(query, DB))

    def test_statistics(self):
        """ANALYZE ran: the planner knows every table that has rows. But for i_two, which has a foreign child: an
        ANALYZE would connect to its server. (Before 14 reltuples did not tell "unknown" from "none".)"""
        self.assertEqual(self.target.psql("select c.oid::regclass from pg_class c where relkind = 'r' and relnatts > 0"
                                          " and relnamespace::regnamespace::text in ('public', 'other')"
                                          " and pg_relation_size(c.oid) > 0 and reltuples < 0", DB), "i_two" if self.target.major >= 14 else "")

    def test_no_credentials(self):
        self.assertEqual(self.target.psql("select count(*) from pg_user_mapping", DB), "0")
        self.assertEqual(self.target.psql("select count(*) from pg_subscription", DB), "0")
        self.assertEqual(self.target.psql("select srvname from pg_foreign_server where srvoptions::text ~"
                                          " 'SECRETMARK|password'", DB), "")
        everything = self.done.stdout + self.done.stderr + self.target.log_text() + torture.dump(self.target, DB)
        for secret in torture.SECRETS:
            self.assertNotIn(secret, everything)
        marks = [secret.encode() for secret in torture.SECRETS]
        self.assertEqual(kit.files_with(self.job.folder, marks), [])
        self.assertEqual(kit.files_with(self.target.data, marks), [])

    def test_roles_stay(self):
        """A role of the target keeps its own password: `of-the-target` still opens it."""
        self.assertEqual(self.target.psql("select count(*) from pg_authid where rolpassword is not null"), "2")
        self.assertNotEqual(self.target.psql("select string_agg(rolpassword, ',' order by rolname) from pg_authid"),
                            self.source.psql("select string_agg(rolpassword, ',' order by rolname) from pg_authid"))

    def test_z_again_in_small_pieces(self):
        """Once more over the first copy, by three lanes, in tiny parts and batches."""
        self.job.write(RULES, "owner: keep, part_bytes: 64KiB")
        self.job.refresh("--lanes", "3", env=self.job.environment(BAUTA_BATCH_ROWS="7"))
        self.same_contents()
        self.same_schema()
        self.assertEqual(self.job.siblings("new"), [])


_installed = {}


def installed(major):
    if major not in _installed:
        _installed[major] = torture.installation(case.scratch().path, major)
    return _installed[major]


class Torture15(Pair, unittest.TestCase):
    pass


class Torture15To17(Pair, unittest.TestCase):
    """The staging server was upgraded first."""
    majors = (OLDEST, 17)


class Torture17(Pair, unittest.TestCase):
    majors = (17, 17)


@case.long
class Torture15To18(Pair, unittest.TestCase):
    majors = (OLDEST, 18)


@case.long
class Torture18(Pair, unittest.TestCase):
    majors = (18, 18)


@case.long
class Torture13ByNewer(Pair, unittest.TestCase):
    """Both servers are older than the pg_dump at hand: the common case of a machine that is upgraded before its servers."""
    majors = (13, 13)
    dump = OLDEST


@case.long
class Torture12To18(Pair, unittest.TestCase):
    majors = (12, 18)


class OlderTarget(unittest.TestCase):
    """What an older server can take is taken, with a warning; the rest is refused before a row is read."""

    def job(self, sql):
        case.needs_postgres(17)
        case.needs_postgres(15)
        folder = case.scratch().path
        source = servers.Postgres(folder, "older-source", major=17)
        self.addCleanup(source.close)
        target = servers.Postgres(folder, "older-target", major=15)
        self.addCleanup(target.close)
        job = kit.Job(source, target, env={"BAUTA_PG_BIN": source.bindir})
        job.make("create table t (id int primary key); insert into t values (1), (2); " + sql)
        return job

    def test_taken(self):
        done = self.job("create view v as select * from t").refresh()
        self.assertIn("the target's server is older than the source's", done.stderr)

    def check_refused(self, job):
        done = job.run()
        self.assertEqual(done.returncode, 8, done.stderr)
        self.assertIn("the target's server is PostgreSQL 15, older than the source's 17", done.stderr)
        self.assertNotIn("dataset done", done.stderr)
        self.assertEqual(job.siblings(), [])
        return done.stderr

    def test_refused(self):
        self.assertIn("COLLATION public.c", self.check_refused(
            self.job("create collation c (provider = builtin, locale = 'C.UTF-8')")))

    def test_refused_for_what_comes_after_the_data(self):
        self.assertIn("EVENT TRIGGER e", self.check_refused(
            self.job("create function f() returns event_trigger language plpgsql as 'begin return; end';"
                     " create event trigger e on login execute function f()")))


class NewerSource(unittest.TestCase):
    """A source newer than every pg_dump of the system."""

    def test_pg_bin(self):
        case.needs_postgres(17)
        case.needs_postgres(OLDEST)
        with servers.Postgres(case.scratch().path, "newer-source", major=17) as source:
            old, nowhere = servers.postgres_bindir(OLDEST), "/nowhere"
            for option, variable, code in ((source.bindir, nowhere, 0), (None, source.bindir, 0), (None, old, 5), (nowhere, old, 5)):
                job = kit.Job(source, source, store=f"pg_bin: {option}" if option else "", env={"BAUTA_PG_BIN": variable})
                job.target_url = source.url(job.db + "_target")
                job.make("create table t as select 1 as a")
                done = job.run()
                self.assertEqual(done.returncode, code, done.stderr)
                if code:
                    self.assertIn(f"no pg_dump of 17 or later in {option or variable};", done.stderr)
                    self.assertNotIn("dataset done", done.stderr)


class Standby(unittest.TestCase):
    def test_hot_standby(self):
        """The source is a hot standby: nothing is written there, and the copy is whole."""
        with servers.Postgres(case.scratch().path, "primary") as primary, primary.standby("standby") as standby, \
                servers.Postgres(case.scratch().path, "beside") as target:
            job = kit.Job(standby, target)
            primary.create(job.db)
            primary.psql("create table t as select g as id, 'x' || g as v from generate_series(1, 5000) g;"
                         " alter table t add primary key (id)", job.db)
            place = primary.psql("select pg_current_wal_lsn()")
            kit.wait_for(lambda: standby.psql(f"select pg_last_wal_replay_lsn() >= '{place}'") == "t", "the standby")
            job.refresh("--lanes", "2")
            self.assertEqual(torture.checksums(target, job.db), torture.checksums(standby, job.db))
