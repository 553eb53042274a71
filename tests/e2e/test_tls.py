"""Both servers take connections over TLS only: the whole refresh, pg_dump's connection included, verifies who it talks to."""
import unittest

import case
import kit
import servers

ROWS = 20000
PEOPLE = f"""
create table people (id int primary key, email text, note text);
insert into people select g, 'p' || g || '@example.com', case g when {ROWS // 2} then repeat('x', 7) else repeat('x', 200) end
    from generate_series(1, {ROWS}) g;
"""
RULES = "- { at: db.public.people, set: { id: { keep: a number }, email: email, note: redact } }"


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        case.needs_postgres()
        folder = case.scratch().path
        cls.authority, cls.other = servers.Authority(folder, "ca"), servers.Authority(folder, "other-ca")
        certificate = cls.authority.issue("127.0.0.1")  # the common name is what libpq before 15 looks at
        cls.client = cls.authority.issue("postgres")
        cls.source = servers.Postgres(folder, "tls-source")
        cls.addClassCleanup(cls.source.close)
        cls.source.require_tls(cls.authority, *certificate, method="cert")
        cls.target = servers.Postgres(folder, "tls-target")
        cls.addClassCleanup(cls.target.close)
        cls.target.require_tls(cls.authority, *certificate)

    def job(self):
        job = kit.Job(self.source, self.target, RULES)
        self.addCleanup(job.drop)
        job.make(PEOPLE)
        job.source_url = self.url(self.source, job.db)
        job.target_url = self.url(self.target, job.db)
        return job

    def url(self, server, db, mode="verify-full", root=None, client=True):
        more = "&sslcert={}&sslkey={}".format(*self.client) if client and server is self.source else ""
        return f"{server.url(db)}?sslmode={mode}&sslrootcert={root or self.authority.root}{more}"

    def refused(self, job, code, *words, **urls):
        done = job.run(env=job.environment(**urls))
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)
        self.assertEqual(job.siblings(), [])

    def test_refresh(self):
        """Several lanes, a client certificate, and rows enough to fill many TLS records both ways."""
        job = self.job()
        job.write(RULES, "part_bytes: 256KiB")
        for _ in range(2):
            job.refresh("--lanes", "3")
            self.assertEqual(job.in_target("select count(*), count(distinct email) from people"), f"{ROWS}|{ROWS}")
            self.assertEqual(job.in_target("select count(*) from people where email = 'p' || id || '@example.com'"), "0")

    def test_authority_not_trusted(self):
        job = self.job()
        for code, name, server in ((5, "SOURCE_URL", self.source), (6, "TARGET_URL", self.target)):
            self.refused(job, code, "certificate verify failed", **{name: self.url(server, job.db, root=self.other.root)})
            self.refused(job, code, "nowhere.crt", **{name: self.url(server, job.db, root="/nowhere.crt")})

    def test_certificate_of_another_host(self):
        with servers.Postgres(case.scratch().path, "tls-elsewhere") as elsewhere:
            elsewhere.require_tls(self.authority, *self.authority.issue("elsewhere.invalid", "DNS:elsewhere.invalid"))
            job = self.job()
            self.refused(job, 6, "elsewhere.invalid", "127.0.0.1", TARGET_URL=self.url(elsewhere, job.db))
            job.refresh(env=job.environment(TARGET_URL=self.url(elsewhere, job.db, mode="verify-ca")))

    def test_no_client_certificate(self):
        job = self.job()
        self.refused(job, 5, "certificate", SOURCE_URL=self.url(self.source, job.db, client=False))

    def test_not_encrypted(self):
        job = self.job()
        self.refused(job, 6, "no pg_hba.conf entry", TARGET_URL=self.url(self.target, job.db, mode="disable"))

    def test_refused_row(self):
        """A row that the server refuses shows later than without TLS, and is told in the same way. It lies in the middle,
        where no sample for the CHECK sees it."""
        job = self.job()
        job.in_source("alter table people add check (length(note) <> 7 or note like 'xx%')")
        done = job.run()
        self.assertEqual(done.returncode, 7, done.stdout + done.stderr)
        self.assertIn("people_note_check", done.stderr)
        self.assertNotIn("@", done.stderr)
        self.assertEqual(job.siblings(), [])
