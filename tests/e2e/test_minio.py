"""test_s3 again, against MinIO. Long: Go builds MinIO first, which takes minutes."""
import functools
import unittest

import case
import s3
import servers
import test_archive
import test_s3

before = {}


@functools.lru_cache(maxsize=None)
def minio():
    return s3.Minio(case.scratch().path)


@case.long
class OverMinio(unittest.TestCase):
    """Each class of test_s3, one test a class: what it says is told by the sub-tests."""

    @classmethod
    def setUpClass(cls):
        try:
            minio()
        except servers.ServerMissing as missing:
            raise unittest.SkipTest(str(missing))
        before.update({name: getattr(test_s3, name) for name in ("ceph", "boto", "harm")})
        test_s3.ceph = minio
        test_s3.boto = functools.lru_cache(maxsize=None)(lambda: s3.boto(minio().port))
        test_s3.harm = functools.lru_cache(maxsize=None)(lambda: s3.Harm(minio().port))

    @classmethod
    def tearDownClass(cls):
        for name, value in before.items():
            setattr(test_s3, name, value)

    def again(self, cls):
        suite = unittest.defaultTestLoader.loadTestsFromTestCase(cls)
        result = unittest.TestResult()
        suite.run(result)
        self.assertGreater(result.testsRun, 0)
        for test, text in result.failures + result.errors:
            with self.subTest(str(test)):
                self.fail(text)

    def test_service(self):
        self.again(test_s3.Service)

    def test_doors(self):
        self.again(test_s3.Doors)

    def test_harmed(self):
        self.again(test_s3.Harmed)

    def test_archives(self):
        self.again(test_s3.Archives)

    def test_torture(self):
        class InBucket(test_archive.Torture):
            def place(self, name):
                self.job.env.update(minio().environment(), PLACE=test_s3.uri(test_s3.bucket(), name))
                return "env:PLACE"

        self.again(InBucket)


if __name__ == "__main__":
    unittest.main()
