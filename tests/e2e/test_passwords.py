"""The test password's hashes, checked by libraries that others wrote: passlib, argon2-cffi, hashlib."""
import base64
import functools
import hashlib
import hmac
import subprocess
import unittest

import case

WORD = "bauta-test"

# What passlib verifies: samples of each format, of other passwords.
PASSLIB = {
    "argon2": ["$argon2id$v=19$m=256,t=1,p=1$c29tZXNhbHQ$jcTm4Jk8X1Yx0Xyk0vRBvQ",
               "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA",
               "$argon2d$v=19$m=256,t=1,p=1$c29tZXNhbHQ$jcTm4Jk8X1Yx0Xyk0vRBvQ"],
    "scrypt": ["$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E"],
    "django_pbkdf2_sha256": ["pbkdf2_sha256$10000$s1w0UXDd00XB$+4ORmyvVWAQvoAEWlDgN34vlaJx1ZTZpa1pCSRey2Yk="],
    "django_pbkdf2_sha1": ["pbkdf2_sha1$10000$KZKWwvqb8BfL$jw5pWsjEU4YrZAQhHTCO+u0f5Y4="],
    "phpass": ["$P$8ohUJ.1sdFw09/bMaAQPTGDNi2BIUt1", "$H$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0"],
    "apr_md5_crypt": ["$apr1$Qmn5Bi7r$bHk4ZvlqFcDXu8DDbHXhw0"],
    "mysql41": ["*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19"],
    "bcrypt": ["$2b$08$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"],
}

VERIFY = """
import sys
from passlib import hash
for line in sys.stdin:
    name, value = line.rstrip('\\n').split(' ', 1)
    print(name, getattr(hash, name).verify(sys.argv[1], value))
"""


@functools.lru_cache(maxsize=None)
def python():
    """An interpreter that has the libraries: the system's, where another comes first on the path."""
    for name in ("python3", "/usr/bin/python3"):
        if subprocess.run([name, "-c", "import passlib, argon2, bcrypt"], capture_output=True).returncode == 0:
            return name
    raise AssertionError("no python3 with passlib, argon2 and bcrypt: python3-passlib python3-argon2 python3-bcrypt")


def masked(values):
    done = subprocess.run([case.BAUTA, "try", "password"], input="".join(v + "\n" for v in values), text=True,
                          capture_output=True, env=case.environment(), timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


class Passwords(unittest.TestCase):
    def test_passlib_verifies(self):
        names = [name for name, values in PASSLIB.items() for _ in values]
        hashes = masked([value for values in PASSLIB.values() for value in values])
        done = subprocess.run([python(), "-c", VERIFY, WORD], text=True, capture_output=True, timeout=120,
                              input="".join(f"{n} {h}\n" for n, h in zip(names, hashes)))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.splitlines(), [f"{name} True" for name in names])

    def test_scrypt_of_frameworks(self):
        for sample in ("scrypt$16384$abc$8$1$AAAA", "scrypt:32768:8:1$abc$00ff"):
            value = masked([sample])[0]
            if value.startswith("scrypt$"):
                _, n, salt, r, p, key = value.split("$")
                want = base64.b64decode(key)
            else:
                head, salt, key = value.split("$")
                _, n, r, p = head.split(":")
                want = bytes.fromhex(key)
            self.assertEqual(hashlib.scrypt(WORD.encode(), salt=salt.encode(), n=int(n), r=int(r), p=int(p),
                                            maxmem=1 << 27, dklen=len(want)), want)

    def test_scram(self):
        sample = "SCRAM-SHA-256$4096:QUJD$QUJD:QUJD"
        _, salted, keys = masked([sample])[0].split("$")
        rounds, salt = salted.split(":")
        stored, server = (base64.b64decode(key) for key in keys.split(":"))
        password = hashlib.pbkdf2_hmac("sha256", WORD.encode(), base64.b64decode(salt), int(rounds))
        client = hmac.digest(password, b"Client Key", "sha256")
        self.assertEqual(hashlib.sha256(client).digest(), stored)
        self.assertEqual(hmac.digest(password, b"Server Key", "sha256"), server)


if __name__ == "__main__":
    unittest.main()
