"""Maskers that look at all values before they mask: one numbering for a key and what refers to it, partitions together,
exact marginals, the newest date today; limits end the run before the target is touched."""
import unittest

import case
import kit

SETUP = """
create table customer (id bigint primary key, city text, segment text);
insert into customer select g * 1000 + 7, 'city ' || g, case when g % 3 = 0 then null else 'segment ' || g % 5 end
    from generate_series(1, 5000) g;
create table visit (id int primary key, customer bigint references customer, code text, day date);
insert into visit select g, (g % 5000 + 1) * 1000 + 7, ((g % 5000 + 1) * 1000 + 7)::text, date '2020-01-01' + g % 1500
    from generate_series(1, 9000) g;
create table event (id int, at timestamp) partition by range (id);
create table event_1 partition of event for values from (0) to (1000);
create table event_2 partition of event for values from (1000) to (9000);
insert into event select g, timestamp '2021-03-04 05:06:07' + g * interval '1 hour' from generate_series(1, 3000) g;
"""
RULES = [
    kit.KEEP_ALL,
    "- { at: db.public.customer, set: { id: { mask: sequence, domain: customer },"
    " city: { mask: shuffle, by: id }, segment: { mask: shuffle, by: id } } }",
    "- { at: db.public.visit, set: { code: { mask: sequence, domain: customer }, day: { mask: now_anchor } } }",
    "- { at: db.public.event, set: { at: { mask: now_anchor, to: 2026-01-31 } } }",
]


class FirstPass(unittest.TestCase):
    def job(self, rules, setup=SETUP):
        job = kit.Job(rules=rules)
        self.addCleanup(job.drop)
        job.make(setup)
        return job

    def test_refresh(self):
        job = self.job(RULES)
        job.refresh()
        t = job.in_target
        self.assertEqual(t("select min(id), max(id), count(distinct id) from customer"), "1|5000|5000")
        self.assertEqual(t("select count(*) from visit where code::bigint is distinct from customer"), "0")
        self.assertEqual(t("select count(*) from visit join customer c on c.id = customer"), "9000")
        marginal = "select string_agg(coalesce(city, '') || coalesce(segment, '-') , ',' order by city) from customer"
        cities = "select md5(string_agg(city, ',' order by city)) from customer"
        segments = "select segment, count(*) from customer group by 1 order by 1"
        self.assertEqual(t(cities), job.in_source(cities))
        self.assertEqual(t(segments), job.in_source(segments))
        self.assertNotEqual(t(marginal), job.in_source(marginal))
        self.assertEqual(t("select max(at) from event"), "2026-01-31 05:06:07")
        gaps = "select md5(string_agg((at - (select max(at) from event))::text, ',' order by id)) from event"
        self.assertEqual(t(gaps), job.in_source(gaps))
        self.assertIn(t("select (now() at time zone 'utc')::date - max(day) from visit"), ("0", "1"))

    def test_limit_leaves_the_target(self):
        job = self.job([kit.KEEP_ALL, "- { at: db.public.customer, set: { city: { mask: shuffle, by: id, memory: 64KiB } } }"])
        done = job.run("refresh")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("option 'memory'", done.stderr)
        self.assertIn("public.customer.city", done.stderr)


if __name__ == "__main__":
    case.main()
