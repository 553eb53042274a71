"""Pictures and PDFs that maskers make, read by programs that others wrote: Pillow, pdfinfo, file."""
import functools
import glob
import os
import struct
import subprocess
import unittest

import case

MASK = os.path.join(os.path.dirname(case.BAUTA), "tests", "unit", "mask_bytes")
CORPUS = os.path.join(case.ROOT, "tests", "fuzz", "corpus", "image")

# Prints format, size, colour of the middle, metadata and pixels' digest of each file.
LOOK = """
import hashlib, sys
from PIL import Image
Image.MAX_IMAGE_PIXELS = None
for path in sys.argv[1:]:
    with Image.open(path) as image:
        notes = sorted(k for k in image.info if k not in ('jfif', 'jfif_version', 'jfif_unit', 'jfif_density', 'duration',
                       'loop', 'background', 'transparency', 'version', 'extension', 'progressive', 'progression',
                       'dpi', 'compression', 'timestamp', 'icc_profile'))
        exif = len(image.getexif())
        frames = getattr(image, 'n_frames', 1)
        image.load()
        grey = image.convert('RGBA').getpixel((image.width // 2, image.height // 2))
        print(image.format, image.width, image.height, frames, exif, ','.join(notes) or '-',
              ':'.join(map(str, grey)), hashlib.sha256(image.convert('RGB').tobytes()).hexdigest())
"""


@functools.lru_cache(maxsize=None)
def python():
    """An interpreter that has Pillow: the system's, where another comes first on the path."""
    for name in ("python3", "/usr/bin/python3"):
        if subprocess.run([name, "-c", "import PIL"], capture_output=True).returncode == 0:
            return name
    raise AssertionError("no python3 with Pillow: package python3-pil")


def masked(masker, data):
    return subprocess.run([MASK, masker], input=data, capture_output=True, timeout=60)


def look(data):
    path = os.path.join(case.scratch().path, "picture")
    with open(path, "wb") as f:
        f.write(data)
    done = subprocess.run([python(), "-c", LOOK, path], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    words = done.stdout.split()
    return {"format": words[0], "size": (int(words[1]), int(words[2])), "frames": int(words[3]), "exif": int(words[4]),
            "notes": words[5], "grey": words[6], "pixels": words[7]}


def samples():
    for path in sorted(glob.glob(os.path.join(CORPUS, "*"))):
        with open(path, "rb") as f:
            yield os.path.basename(path), f.read()


class Pictures(unittest.TestCase):
    def test_placeholder_has_format_and_size(self):
        for name, data in samples():
            with self.subTest(name):
                done = masked("image_placeholder", data)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertNotIn(b"SECRET", done.stdout)
                if name.endswith(".svg"):
                    self.assertIn(b'width="64" height="48"', done.stdout)
                    continue
                was, now = look(data), look(done.stdout)
                self.assertEqual((now["format"], now["size"]), (was["format"], was["size"]))
                self.assertEqual(now["exif"], 0)
                self.assertNotEqual(now["pixels"], was["pixels"])

    def test_placeholder_of_any_size(self):
        maker = ("import sys; from PIL import Image; "
                 "Image.new('L', (int(sys.argv[2]), int(sys.argv[3]))).save(sys.stdout.buffer, sys.argv[1])")
        for kind in ("PNG", "JPEG", "GIF", "WEBP", "BMP"):
            for width, height in ((1, 1), (7, 9), (8, 8), (257, 3), (1, 300), (640, 480)):
                with self.subTest(f"{kind} {width} x {height}"):
                    made = subprocess.run([python(), "-c", maker, kind, str(width), str(height)], capture_output=True)
                    self.assertEqual(made.returncode, 0, made.stderr)
                    done = masked("image_placeholder", made.stdout)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.assertLessEqual(len(done.stdout), 64 * 1024)
                    now = look(done.stdout)
                    self.assertEqual((now["format"], now["size"]), (kind, (width, height)))

    def test_placeholder_of_a_large_picture(self):
        maker = "import sys; from PIL import Image; Image.new('L', (8, 8)).save(sys.stdout.buffer, 'PNG')"
        small = subprocess.run([python(), "-c", maker], capture_output=True, check=True).stdout
        for said, made in (((4000, 3000), (4000, 3000)), ((20000, 15000), (5000, 3750)), ((2**31 - 1, 1), (2**25 - 1, 1))):
            done = masked("image_placeholder", small[:16] + struct.pack(">II", *said) + small[24:])
            self.assertLessEqual(len(done.stdout), 64 * 1024)
            self.assertEqual(struct.unpack(">II", done.stdout[16:24]), made)
            if made[0] < 4001:
                self.assertEqual(look(done.stdout)["size"], made)

    def test_strip_keeps_the_picture_only(self):
        for name, data in samples():
            with self.subTest(name):
                done = masked("exif_strip", data)
                if name.endswith(".svg"):
                    self.assertEqual(done.returncode, 1)
                    continue
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertNotIn(b"SECRET", done.stdout)
                was, now = look(data), look(done.stdout)
                for same in ("format", "size", "frames", "pixels"):
                    self.assertEqual(now[same], was[same], same)
                self.assertEqual((now["exif"], now["notes"]), (0, "-"))

    def test_strip_fails_closed(self):
        for name, data in samples():
            for cut in (10, len(data) // 2, len(data) - 1):
                with self.subTest(f"{name} cut at {cut}"):
                    if name.startswith("trailing") and cut > 970:
                        continue
                    done = masked("exif_strip", data[:cut])
                    self.assertEqual(done.returncode, 1)
                    self.assertEqual(done.stdout, b"")

    def test_pdf(self):
        path = os.path.join(case.scratch().path, "page.pdf")
        done = masked("pdf_placeholder", b"%PDF-1.7 secret")
        with open(path, "wb") as f:
            f.write(done.stdout)
        info = subprocess.run(["pdfinfo", path], capture_output=True, text=True)
        self.assertEqual((info.returncode, info.stderr), (0, ""))
        self.assertRegex(info.stdout, r"Pages: +1\n")
        self.assertEqual(masked("pdf_placeholder", b"PK\x03\x04").returncode, 1)


if __name__ == "__main__":
    unittest.main()
