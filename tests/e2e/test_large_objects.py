"""Large objects travel only when a rule names them, then as their own dataset: bytes, OIDs, owners, privileges, comments."""
import json
import unittest

import case
import kit

LIST = ("select m.oid, m.lomowner::regrole, m.lomacl, md5(lo_get(m.oid)), length(lo_get(m.oid)),"
        " obj_description(m.oid, 'pg_largeobject') from pg_largeobject_metadata m order by 1")
SETUP = """
create table letter (id int primary key, scan oid);
select lo_create(4001);
select lo_from_bytea(4002, decode(repeat('00ff5c', 9999), 'hex'));
select lo_from_bytea(4003, convert_to('BAUTACANARY of a scan', 'utf8'));
select lo_from_bytea(10000 + g, convert_to('object ' || g, 'utf8')) from generate_series(1, 2500) g;
insert into letter select row_number() over (order by oid), oid from pg_largeobject_metadata;
grant select on large object 4002 to public;
comment on large object 4002 is 'it''s "a" scan';
"""
KEEP = '- { at: db.pg_catalog.pg_largeobject, set: { loid: { keep: keys of scans }, data: { keep: test scans } } }'
HASH = '- { at: db.pg_catalog.pg_largeobject, set: { loid: { keep: keys of scans }, data: hash_token } }'
MISSING = '- { at: db.pg_catalog.pg_largeobject, set: { loid: { keep: keys of scans } } }'


class LargeObjects(unittest.TestCase):
    def job(self, rules, **more):
        job = kit.Job(rules=[kit.KEEP_ALL] + rules, **more)
        self.addCleanup(job.drop)
        job.make(SETUP)
        return job

    def test_stay_behind_without_a_rule(self):
        job = self.job([])
        plan = job.run("plan")
        self.assertIn("stays behind: no rule names it", plan.stdout)
        left = json.loads(job.run("plan", "--json").stdout)["stores"][0]["left_out"]
        self.assertIn("pg_catalog.pg_largeobject", [one["name"] for one in left])
        job.refresh()
        self.assertEqual(job.in_target("select count(*) from pg_largeobject_metadata"), "0")
        self.assertEqual(job.in_target("select count(*) from letter"), "2503")

    def test_survive_under_keep(self):
        job = self.job([KEEP], store="owner: keep")
        job.refresh()
        self.assertEqual(job.in_target(LIST), job.in_source(LIST))
        self.assertEqual(job.in_target("select count(*) from letter where length(lo_get(scan)) is null"), "0")
        self.assertEqual(job.in_target("select nspname from pg_namespace where nspname like 'bauta%'"), "")
        job.refresh()
        self.assertEqual(job.in_target(LIST), job.in_source(LIST))

    def test_are_masked(self):
        job = self.job([HASH])
        job.refresh()
        same = job.in_target("select oid from pg_largeobject_metadata order by 1")
        self.assertEqual(same, job.in_source("select oid from pg_largeobject_metadata order by 1"))
        self.assertEqual(job.in_target("select count(*) from pg_largeobject_metadata"
                                       " where position('CANARY'::bytea in lo_get(oid)) > 0"), "0")
        self.assertEqual(job.in_target("select count(distinct lo_get(oid)) from pg_largeobject_metadata"), "2503")

    def test_need_both_rules(self):
        """With keep for everything else, half a rule is still covered by the wildcard; without it, it is not."""
        job = kit.Job(rules=['- { at: db.public.*, set: { "*": { keep: test data } } }', MISSING])
        self.addCleanup(job.drop)
        job.make(SETUP)
        done = job.run("check")
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("pg_catalog.pg_largeobject.data", done.stdout + done.stderr)

    def test_switch_schema_refuses(self):
        job = self.job([KEEP], store="switch: schema")
        job.target.create(job.db)
        done = job.run("refresh")
        self.assertEqual(done.returncode, 8, done.stderr)
        self.assertIn("large objects", done.stderr)
        self.assertEqual(job.in_target("select count(*) from pg_class where relname = 'letter'"), "0")

    def test_role_without_privilege(self):
        job = self.job([KEEP], store="owner: target")
        role = kit.unique("reader")
        job.in_source(f"create role {role} login; grant select on all tables in schema public to {role}")
        self.addCleanup(job.source.psql, f"drop role {role}")
        self.addCleanup(job.in_source, f"drop owned by {role}")
        done = job.run("refresh", env=job.environment(SOURCE_URL=job.source.url(job.db, user=role)))
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertIn("42501", done.stderr)
        self.assertIn("pg_largeobject", done.stderr)


if __name__ == "__main__":
    case.main()
