"""Memory stays bounded: by lanes and batches on many rows, by the largest values on huge ones."""
import re
import time
import unittest

import case
import kit
from case import long

MIB = 1024  # kB, as /proc counts
BASE = 128 * MIB  # what two lanes may hold whatever the table

KEEP = '- { at: db.**, set: { "*": { keep: made of numbers } } }\n'


class Memory(unittest.TestCase):
    def peak(self, job):
        """Peak resident memory in kB of a refresh with two lanes, which must succeed."""
        process = job.start("refresh", "--lanes", "2")
        highest = 0
        while process.poll() is None:
            try:
                with open(f"/proc/{process.pid}/status") as status:
                    found = re.search(r"VmHWM:\s+(\d+)", status.read())
            except OSError:
                break
            highest = max(highest, int(found.group(1)) if found else 0)
            time.sleep(0.01)  # between two readings of a value that only rises; nothing waits for it
        code, out, err = kit.finish(process, 600)
        self.assertEqual(code, 0, out + err)
        self.assertGreater(highest, 0)
        return highest

    def many_rows(self, rows):
        job = kit.Job(*case.pair(), KEEP + "- { at: db.public.many, set: { id: permute, email: email } }", store="part_bytes: 8MiB")
        self.addCleanup(job.drop)
        job.make(f"create table many as select i as id, 'user' || i || '@mail.example' as email from generate_series(1, {rows}) i")
        self.assertLess(self.peak(job), BASE)

    def huge_rows(self, mib):
        """Two tables, so that both lanes hold huge rows at once; one column masked, one not."""
        rules = KEEP + "".join(f"- {{ at: db.public.huge{i}, set: {{ masked: redact }} }}\n" for i in (1, 2))
        job = kit.Job(*case.pair(), rules)
        self.addCleanup(job.drop)
        job.make("".join(f"""create table huge{i} (id int, kept text, masked text);
            alter table huge{i} alter kept set storage external, alter masked set storage external;
            insert into huge{i} select n, case when n % 2 = 0 then repeat(chr(65 + n), {mib} * 1024 * 1024) end,
                case when n % 2 = 1 then repeat(chr(65 + n), {mib} * 1024 * 1024) end from generate_series(1, 4) n;
            """ for i in (1, 2)))
        self.assertLess(self.peak(job), BASE + 2 * 3 * mib * MIB)

    def test_many_rows(self):
        self.many_rows(1_000_000)

    def test_huge_rows(self):
        self.huge_rows(30)

    @long
    def test_ten_million_rows(self):
        self.many_rows(10_000_000)

    @long
    def test_rows_of_100_mib(self):
        self.huge_rows(100)
