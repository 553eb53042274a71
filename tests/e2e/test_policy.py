"""What a run refuses, with which exit code and sentence, and that the old staging serves untouched afterwards."""
import os
import threading
import unittest

import case
import kit
import servers

PEOPLE = """
create table people (id int primary key, email text, note text);
insert into people values (1, 'a@example.com', 'x'), (2, 'b@example.com', null);
"""
MARKER = "create table marker as select 'old staging' as what"
RULES = """- { at: db.public.people, set: { id: { keep: a number }, email: email, note: redact } }"""
CANARY = "pwCANARY4711"


class Refusal(unittest.TestCase):
    def job(self, rules=RULES, refreshed=True, sql=PEOPLE, **more):
        """A project whose staging was made by bauta and holds a marker since."""
        job = kit.Job(rules=rules, **more)
        self.addCleanup(job.drop)
        job.make(sql)
        if refreshed:
            job.refresh()
            job.in_target(MARKER)
        return job

    def refused(self, job, code, *words, verb="refresh", env=None, touched=False):
        done = job.run(verb, env=env)
        text = done.stdout + done.stderr
        self.assertEqual(done.returncode, code, text)
        for word in words:
            self.assertIn(word, text)
        self.assertNotIn("Traceback", text)
        if not touched:
            self.assertEqual(job.in_target("select what from marker"), "old staging")
            self.assertEqual(job.siblings("new"), [])
        return text


class Policy(Refusal):
    def test_new_column(self):
        job = self.job()
        job.in_source("alter table people add column phone_number text default '+49 30 1'")
        text = self.refused(job, 3, "db.public.people.phone_number")
        self.assertRegex(text, r"at: db\.public\.people, set: \{ phone_number: ")
        self.refused(job, 3, "db.public.people.phone_number", verb="check")
        job.write(RULES + "\n- { at: db.public.people, set: { phone_number: phone } }")
        job.in_source("update people set phone_number = '+493012345678'")
        job.refresh()
        self.assertEqual(job.in_target("select count(phone_number) from people where phone_number <> '+493012345678'"), "2")

    def test_new_table(self):
        job = self.job()
        job.in_source("create table staff (id int primary key, salary numeric)")
        text = self.refused(job, 3, "db.public.staff.id", "db.public.staff.salary")
        self.assertNotIn("db.public.people.email", text)

    def test_no_row_is_read_before_a_refusal(self):
        job = self.job()
        job.in_source("alter table people add column later int; select pg_stat_reset()")
        self.refused(job, 3)
        self.assertEqual(job.in_source("select coalesce(sum(seq_tup_read + idx_tup_fetch), 0) from pg_stat_user_tables"
                                       " where relname = 'people'"), "0")

    def test_keep_needs_a_reason_and_expires(self):
        job = self.job()
        job.write(RULES.replace("a number", '""'))
        self.refused(job, 2, "bauta.yaml:6:")
        job.write(RULES.replace("{ keep: a number }", "{ keep: a number, until: 2020-01-01 }"))
        self.refused(job, 3, "bauta.yaml:6:", "2020-01-01")


class ProjectFile(Refusal):
    def place(self, text, line):
        self.assertRegex(text, rf"bauta\.yaml:{line}:\d+")

    def test_rule_that_matches_nothing(self):
        job = self.job()
        job.write(RULES + "\n- { at: db.public.peple, set: { id: { keep: row number } } }")
        self.place(self.refused(job, 2, "db.public.peple"), 7)
        job.write(RULES + "\n- { at: db.public.people, set: { emial: email } }")
        self.place(self.refused(job, 2, "emial"), 7)

    def test_equal_weight(self):
        job = self.job()
        job.write(RULES + "\n- { at: db.public.people, set: { note: { keep: other } } }")
        text = self.refused(job, 2, "db.public.people.note")
        self.place(text, 6)
        self.place(text, 7)

    def test_unknown_names(self):
        job = self.job()
        for wrong, right, near in ((": redact", ": redcat", "redact"), ("set:", "sett:", "set"), ("keep:", "kepe:", "keep")):
            job.write(RULES.replace(wrong, right))
            with self.subTest(right):
                self.place(self.refused(job, 2, near), 6)

    def test_broken_yaml(self):
        job = self.job()
        for text in ("version: 1\nstores: {\n", "version: 1\nkey: [\n", "version: 1\nversion: 1\n", "", "- a\n- b\n",
                     "version: 2\n", "version: 1\n\tstores: x\n", "\0", "version: 1\nkey: &a { from: *a }\n"):
            job.write_text(text)
            with self.subTest(text):
                self.assertRegex(self.refused(job, 2), r"bauta\.yaml:\d+:\d+")
        os.unlink(job.file)
        self.refused(job, 2, "bauta.yaml")

    def test_literal_password(self):
        job = self.job()
        text = open(job.file).read()
        job.write_text(text.replace("env:SOURCE_URL", f'"postgres://app:{CANARY}@127.0.0.1/x"'))
        self.assertNotIn(CANARY, self.place_and_text(job))
        job.write_text(text.replace("env:BAUTA_KEY", case.KEY))
        self.assertNotIn(case.KEY, self.place_and_text(job))

    def place_and_text(self, job):
        text = self.refused(job, 2)
        self.assertRegex(text, r"bauta\.yaml:\d+:\d+")
        return text

    def test_key(self):
        job = self.job()
        for key in ("", "00", "0" * 64, "zz" * 32, case.KEY[:-2]):
            with self.subTest(key):
                text = self.refused(job, 2, env=job.environment(BAUTA_KEY=key))
                if len(key) > 2:
                    self.assertNotIn(key, text)
        env = job.environment()
        del env["BAUTA_KEY"]
        self.refused(job, 2, "BAUTA_KEY", env=env)

    def test_names_with_dashes(self):
        job = self.job()
        text = open(job.file).read()
        job.write_text(text.replace("env:SOURCE_URL", "env:NF_MY-DATABASE_POSTGRES-URI"))
        self.refused(job, 2, "NF_MY-DATABASE_POSTGRES-URI")
        env = job.environment()
        env["NF_MY-DATABASE_POSTGRES-URI"] = env.pop("SOURCE_URL")
        self.assertEqual(job.run(env=env).returncode, 0)

    def test_secret_from_file_and_command(self):
        job = self.job()
        text = open(job.file).read()
        path = os.path.join(job.folder, "url")
        with open(path, "w") as f:
            f.write(job.source_url + "\n")
        os.chmod(path, 0o600)
        for reference in (f"file:{path}", f"command:cat {path}"):
            job.write_text(text.replace("env:SOURCE_URL", f'"{reference}"'))
            with self.subTest(reference):
                job.refresh()
        job.in_target(MARKER)
        job.write_text(text.replace("env:SOURCE_URL", "file:/nonexistent/url"))
        self.refused(job, 2, "/nonexistent/url")


class Ends(Refusal):
    """Source or target not there, not allowed, or not the right one."""

    def test_absent_servers(self):
        job = self.job()
        nowhere = f"postgres://postgres@127.0.0.1:{servers.free_port()}/{job.db}"
        self.refused(job, 5, "db", env=job.environment(SOURCE_URL=nowhere))
        self.refused(job, 6, "db", env=job.environment(TARGET_URL=nowhere))
        self.refused(job, 5, env=job.environment(SOURCE_URL=job.source.url("nosuchdb")))
        self.refused(job, 5, env=job.environment(SOURCE_URL="postgres://x@nosuchhost.invalid/x"))

    def test_wrong_password(self):
        with servers.Postgres(case.scratch().path, "locked", password=CANARY) as locked:
            job = self.job()
            locked.create(job.db)
            locked.psql(PEOPLE, job.db)
            for url in (locked.url(job.db, password="wrong" + CANARY[:-1]), locked.url(job.db, user="nobody")):
                text = self.refused(job, 5, "db", env=job.environment(SOURCE_URL=url))
                self.assertNotIn("CANARY", text)
            text = self.refused(job, 6, "db", env=job.environment(TARGET_URL=locked.url(job.db, password="wrongCANARY")))
            self.assertNotIn("CANARY", text)

    def test_password_shows_nowhere(self):
        """Not on any command line while it runs, pg_dump's included, and not in what is printed or left behind."""
        with servers.Postgres(case.scratch().path, "secret", password=CANARY) as locked:
            job = kit.Job(locked, locked)
            locked.create(job.db)
            locked.psql(kit.GATE + PEOPLE + "alter table people add check (gate(id))", job.db)
            job.target_url = locked.url(job.db + "_staging")
            job.write(kit.KEEP_ALL)
            seen, over = set(), threading.Event()

            def watch(pid):
                while not over.is_set():
                    for each in kit.process_tree(pid):
                        seen.add(kit.read_bytes(f"/proc/{each}/cmdline"))
                    over.wait(0.002)

            with kit.Gate(locked) as gate:
                process = job.start("refresh", "--lanes", "2")
                watcher = threading.Thread(target=watch, args=(process.pid,))
                watcher.start()
                gate.wait_reached()
                gate.open()
                code, out, err = kit.finish(process)
            over.set()
            watcher.join()
            self.assertEqual(code, 0, out + err)
            self.assertTrue(any(b"pg_dump" in line for line in seen), seen)
            self.assertFalse([line for line in seen if CANARY.encode() in line])
            self.assertNotIn(CANARY, out + err)
            self.assertEqual(kit.files_with(job.folder, [CANARY.encode()]), [])
            self.assertNotIn(CANARY, locked.log_text())

    def test_missing_privilege(self):
        job = self.job()
        role = kit.unique("weak")
        job.source.psql(f"create role {role} login")
        self.addCleanup(job.source.psql, f"drop role {role}")
        text = self.refused(job, 5, "people", env=job.environment(SOURCE_URL=job.source.url(job.db, user=role)))
        self.assertRegex(text, "(?i)privilege|permission|42501|SELECT")
        job.in_source(f"grant select on people to {role}")
        self.addCleanup(job.in_source, f"drop owned by {role}")
        job.write(RULES, "owner: target")
        job.refresh(env=job.environment(SOURCE_URL=job.source.url(job.db, user=role)))

    def test_row_security_does_not_hide_rows(self):
        job = self.job()
        role = kit.unique("weak")
        job.source.psql(f"create role {role} login")
        self.addCleanup(job.source.psql, f"drop role {role}")
        job.in_source(f"grant select on people to {role}; alter table people enable row level security;"
                      " create policy one on people using (id = 1)")
        self.addCleanup(job.in_source, f"drop owned by {role}")
        text = self.refused(job, 5, env=job.environment(SOURCE_URL=job.source.url(job.db, user=role)))
        self.assertIn("people", text)

    def test_target_without_rights(self):
        job = self.job()
        role = kit.unique("weak")
        job.target.psql(f"create role {role} login")
        self.addCleanup(job.target.psql, f"drop role {role}")
        self.refused(job, 6, env=job.environment(TARGET_URL=job.target.url(job.db, user=role)))

    def test_target_is_the_source(self):
        job = self.job()
        for target in (job.source_url, job.source.url(job.db, socket=True), job.source_url + "?application_name=other"):
            with self.subTest(target):
                text = self.refused(job, 11, env=job.environment(TARGET_URL=target))
                self.assertRegex(text, "(?i)source")
        job.write(RULES, "allow_replace: true")
        self.refused(job, 11, env=job.environment(TARGET_URL=job.source_url))
        self.assertEqual(job.in_source("select count(*) from people"), "2")

    def test_target_with_content(self):
        job = self.job(refreshed=False)
        job.target.create(job.db)
        job.in_target(MARKER)
        self.refused(job, 11, "allow_replace")
        job.write(RULES, "allow_replace: true")
        job.refresh()
        self.assertEqual(job.in_target("select count(*) from people"), "2")
        job.write(RULES)
        job.refresh()  # marked by now

    def test_empty_target(self):
        job = self.job(refreshed=False)
        job.target.create(job.db)
        job.refresh()
        self.assertEqual(job.in_target("select count(*) from people"), "2")

    def test_owner_that_is_missing(self):
        """A role of the source that the target lacks is named; `owner: target` does without; a waiver accepts it."""
        job = self.job()
        role = kit.unique("onlysource")
        job.source.psql(f"create role {role}")
        self.addCleanup(job.source.psql, f"drop role {role}")
        job.in_source(f"create view owned as select 1 as a; alter view owned owner to {role}")
        self.addCleanup(job.in_source, "drop view owned")
        job.write(RULES, "owner: keep")
        done = job.run()
        text = done.stdout + done.stderr
        self.assertEqual(done.returncode, 8, text)
        self.assertIn(role, text)
        self.assertEqual(job.in_target("select what from marker"), "old staging")
        job.write(RULES, "owner: target")
        job.refresh()
        self.assertEqual(job.in_target("select a from owned"), "1")

    def test_object_that_cannot_be_made(self):
        """One report names it and the run fails; a waiver by name accepts it."""
        job = self.job()
        job.in_source("create function broken() returns int language c as '$libdir/plpgsql', 'plpgsql_call_handler';"
                      " update pg_proc set probin = '$libdir/nowhere' where proname = 'broken'")
        done = job.run()
        text = done.stdout + done.stderr
        self.assertEqual(done.returncode, 8, text)
        self.assertIn("broken", text)
        self.assertEqual(job.in_target("select what from marker"), "old staging")
        job.write(RULES, 'waive: ["public.broken()"]')
        done = job.refresh()
        self.assertIn("broken", done.stdout + done.stderr)
        self.assertEqual(job.in_target("select count(*) from people"), "2")

    def test_rows_of_a_table_that_is_waived(self):
        """They stay behind, and what belongs to the table goes with it."""
        job = self.job()
        job.in_source("create function broken() returns int language c as '$libdir/plpgsql', 'plpgsql_call_handler';"
                      "create table w (id int primary key, a int default broken() check (a > 0), unique (a));"
                      "create index w_index on w (a, id); comment on table w is 'waived';"
                      "insert into w select g, g from generate_series(1, 50) g;"
                      "update pg_proc set probin = '$libdir/nowhere' where proname = 'broken'")
        rules = RULES + '\n- { at: db.public.w, set: { "*": { keep: test data } } }'
        job.write(rules, 'waive: ["public.broken()", "TABLE public.w"]')
        done = job.run()
        self.assertEqual(done.returncode, 8, done.stdout + done.stderr)
        self.assertIn("w_index", done.stderr)
        job.write(rules, 'waive: ["public.broken()", "TABLE public.w", "INDEX public.w_index"]')
        done = job.refresh()
        self.assertEqual(job.in_target("select count(*) from people"), "2")
        self.assertEqual(job.in_target("select to_regclass('w') is null"), "t")


class Lock(Refusal):
    def test_two_at_a_time(self):
        job = self.job(sql=kit.GATE + PEOPLE + "alter table people add check (gate(id))")
        with kit.Gate(job.target) as gate:
            first = job.start()
            gate.wait_reached()
            done = job.run(timeout=30)
            self.assertEqual(done.returncode, 10, done.stdout + done.stderr)
            self.assertIn("another run", done.stderr)
            self.assertEqual(job.in_target("select what from marker"), "old staging")
            gate.open()
            code, out, err = kit.finish(first)
        self.assertEqual(code, 0, out + err)
        self.assertEqual(job.in_target("select count(*) from people"), "2")
        self.assertEqual(job.siblings("new"), [])
