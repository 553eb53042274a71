"""libbauta as another engine finds it: installed, through pkg-config, called from C and from Python over Arrow arrays. What it
makes is what the program makes."""
import ctypes
import functools
import glob
import os
import re
import subprocess
import unittest

import case

BUILD = os.path.dirname(os.path.abspath(case.BAUTA))
EXAMPLE = os.path.join(case.ROOT, "tests", "lib", "mask_lines.c")
WORDS = ["ada@example.com", "Ada@Example.com", "grace.hopper@example.org", "x@y.example"]


@functools.lru_cache(maxsize=None)
def installed():
    """The root of a scratch installation."""
    root = os.path.join(case.scratch().path, "installed")
    subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", root], check=True,
                   capture_output=True, text=True)
    return root


def found(pattern):
    paths = sorted(glob.glob(os.path.join(installed(), "**", pattern), recursive=True))
    assert paths, f"nothing installed matches {pattern}"
    return paths[0]


def pkg_config(*arguments):
    env = dict(os.environ, PKG_CONFIG_PATH=os.path.dirname(found("bauta.pc")), PKG_CONFIG_SYSROOT_DIR=installed())
    return subprocess.run(["pkg-config", *arguments, "bauta"], env=env, check=True, capture_output=True, text=True).stdout.split()


def tried(masker, *settings, lines=WORDS):
    done = case.bauta("try", masker, *settings, stdin="".join(line + "\n" for line in lines))
    assert done.returncode == 0, done.stderr
    return done.stdout


class FromC(unittest.TestCase):
    def build(self, name, *flags):
        out = os.path.join(case.scratch().path, name)
        subprocess.run(["cc", "-std=c17", "-Wall", "-Wextra", "-Werror", EXAMPLE, "-o", out, *flags], check=True)
        return out

    def run_example(self, program, yaml, lines=WORDS):
        env = case.environment(LD_LIBRARY_PATH=os.path.dirname(found("libbauta.so.0")))
        return subprocess.run([program, yaml], env=env, input="".join(line + "\n" for line in lines), capture_output=True,
                              text=True)

    def test_shared(self):
        program = self.build("shared", *pkg_config("--cflags", "--libs"))
        for yaml, words in (("email", ["email"]), ("{ mask: redact, keep_first: 2 }", ["redact", "keep_first=2"]),
                            ("{ mask: chain, steps: [ redact, hash_token ] }", ["chain", "steps=[redact, hash_token]"])):
            with self.subTest(yaml):
                done = self.run_example(program, yaml)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertEqual(done.stdout, tried(*words))

    def test_static(self):
        archive = found("libbauta.a")
        flags = [flag for flag in pkg_config("--cflags", "--libs", "--static") if flag != "-lbauta"]
        program = self.build("static", archive, *flags)
        self.assertNotIn("libbauta", subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout)
        self.assertEqual(self.run_example(program, "email").stdout, tried("email"))

    def test_refusals(self):
        program = self.build("refusing", *pkg_config("--cflags", "--libs"))
        done = self.run_example(program, "emial")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("did you mean 'email'?", done.stderr)
        done = self.run_example(program, "permute", ["12", "SECRET"])
        self.assertEqual((done.returncode, done.stdout), (7, ""))
        self.assertNotIn("SECRET", done.stderr)

    def test_every_header_compiles_alone_as_c_and_the_door_as_cpp(self):
        flags = pkg_config("--cflags")
        for path in glob.glob(os.path.join(os.path.dirname(found("bauta.h")), "*.h")):
            header = "bauta/" + os.path.basename(path)
            languages = [("c", "c17")] + ([("c++", "c++17")] if header in ("bauta/bauta.h", "bauta/arrow.h") else [])
            for language, standard in languages:
                with self.subTest(header, language=language):
                    subprocess.run(["cc" if language == "c" else "clang", "-x", language, "-std=" + standard, "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-",
                                    *flags], input=f"#include <{header}>\n", text=True, check=True)

    def test_a_plugin_builds_against_it(self):
        out = os.path.join(case.scratch().path, "upper.so")
        subprocess.run(["cc", "-std=c17", "-shared", "-fPIC", "-o", out,
                        os.path.join(case.ROOT, "tests", "e2e", "plugins", "upper.c"), *pkg_config("--cflags")], check=True)
        self.assertEqual(tried("upper", "--plugin", out, lines=["ada 12"]), "ADA ##\n")


class Symbols(unittest.TestCase):
    def test_only_what_the_headers_declare(self):
        done = subprocess.run(["nm", "-D", "--defined-only", "-P", found("libbauta.so.0.*")], check=True, capture_output=True,
                              text=True)
        names = {line.split()[0] for line in done.stdout.splitlines()}
        text = ""
        for path in glob.glob(os.path.join(os.path.dirname(found("bauta.h")), "*.h")):
            with open(path, encoding="utf-8") as f:
                text += re.sub(r"/\*.*?\*/", " ", f.read(), flags=re.DOTALL)
        for name in names:
            self.assertRegex(text, rf"\b{name}\b", f"{name} is in no header")
        for name in ("bau_treatment_open", "bau_batch_export", "bau_mask_digest", "bau_maskers", "bau_column_make",
                     "bau_arena_take", "bau_error_set"):
            self.assertIn(name, names)

    def test_every_declared_function_is_there(self):
        """A program that takes the address of all of them links."""
        with open(os.path.join(BUILD, "include", "libbauta.map"), encoding="utf-8") as f:
            names = re.findall(r"\bbau_\w+", f.read())
        self.assertGreater(len(names), 60)
        done = subprocess.run(["nm", "-D", "--defined-only", "-P", found("libbauta.so.0.*")], check=True, capture_output=True,
                              text=True)
        self.assertEqual(sorted(names), sorted(line.split()[0] for line in done.stdout.splitlines()))


class Schema(ctypes.Structure):
    pass


Schema._fields_ = [("format", ctypes.c_char_p), ("name", ctypes.c_char_p), ("metadata", ctypes.c_void_p),
                   ("flags", ctypes.c_int64), ("n_children", ctypes.c_int64),
                   ("children", ctypes.POINTER(ctypes.POINTER(Schema))), ("dictionary", ctypes.c_void_p),
                   ("release", ctypes.c_void_p), ("private_data", ctypes.c_void_p)]


class Array(ctypes.Structure):
    pass


RELEASE = ctypes.CFUNCTYPE(None, ctypes.POINTER(Array))
Array._fields_ = [("length", ctypes.c_int64), ("null_count", ctypes.c_int64), ("offset", ctypes.c_int64),
                  ("n_buffers", ctypes.c_int64), ("n_children", ctypes.c_int64), ("buffers", ctypes.POINTER(ctypes.c_void_p)),
                  ("children", ctypes.POINTER(ctypes.POINTER(Array))), ("dictionary", ctypes.c_void_p),
                  ("release", RELEASE), ("private_data", ctypes.c_void_p)]


class With(ctypes.Structure):
    _fields_ = [("bytes", ctypes.c_size_t), ("key", ctypes.c_char_p), ("key_bytes", ctypes.c_size_t),
                ("yaml", ctypes.c_char_p), ("masker", ctypes.c_char_p), ("n_words", ctypes.c_uint32),
                ("words", ctypes.POINTER(ctypes.c_char_p)), ("domain", ctypes.c_char_p), ("schema", ctypes.POINTER(Schema)),
                ("column", ctypes.c_char_p), ("type", ctypes.c_char_p), ("max_chars", ctypes.c_uint32),
                ("n_plugins", ctypes.c_uint32), ("plugins", ctypes.POINTER(ctypes.c_char_p))]


class Error(ctypes.Structure):
    _fields_ = [("code", ctypes.c_int), ("retry", ctypes.c_int), ("sys", ctypes.c_int), ("sqlstate", ctypes.c_char * 6),
                ("len", ctypes.c_uint16), ("text", ctypes.c_char * 490)]


class FromPython(unittest.TestCase):
    """Structs laid out from Arrow's page, not from our header."""

    @classmethod
    def setUpClass(cls):
        cls.lib = ctypes.CDLL(found("libbauta.so.0"), mode=ctypes.RTLD_GLOBAL)

    def setUp(self):
        self.released = 0
        self.kept = []

    def keep(self, thing):
        self.kept.append(thing)
        return thing

    def buffer(self, data):
        return ctypes.cast(self.keep(ctypes.create_string_buffer(bytes(data))), ctypes.c_void_p).value

    def array(self, length, buffers, children=()):
        def release(array):
            self.released += 1
            array.contents.release = RELEASE()
        pointers = self.keep((ctypes.c_void_p * len(buffers))(*[b if b is None else self.buffer(b) for b in buffers]))
        nodes = self.keep((ctypes.POINTER(Array) * max(1, len(children)))(*[ctypes.pointer(child) for child in children]))
        return self.keep(Array(length, -1, 0, len(buffers), len(children), pointers, nodes, None, self.keep(RELEASE(release)),
                               None))

    def schema(self, format, name=b"", children=()):
        nodes = self.keep((ctypes.POINTER(Schema) * max(1, len(children)))(*[ctypes.pointer(child) for child in children]))
        return self.keep(Schema(format, name, None, 2, len(children), nodes, None, None, None))

    def mask(self, schema, array, yaml, **more):
        """The masked array, to be released."""
        given = With(ctypes.sizeof(With), case.KEY.encode(), len(case.KEY), yaml, schema=ctypes.pointer(schema), **more)
        treatment, err, out = ctypes.c_void_p(), Error(), Array()
        status = self.lib.bau_treatment_open(ctypes.byref(given), ctypes.byref(treatment), ctypes.byref(err))
        self.assertEqual(status, 0, err.text)
        status = self.lib.bau_treatment_mask(treatment, ctypes.byref(array), ctypes.byref(out), ctypes.byref(err))
        self.assertEqual(status, 0, err.text)
        self.lib.bau_treatment_close(treatment)
        self.assertEqual(self.released, 0)
        return out

    def texts(self, values):
        offsets, data, bits = [0], b"", 0
        for i, value in enumerate(values):
            data += (value or "").encode()
            offsets.append(len(data))
            bits |= (value is not None) << i
        return self.array(len(values), [bits.to_bytes(len(values) // 8 + 1, "little"), (ctypes.c_int32 * len(offsets))(*offsets),
                                        data])

    def read_texts(self, array):
        offsets = ctypes.cast(array.buffers[1], ctypes.POINTER(ctypes.c_int32))
        valid = ctypes.cast(array.buffers[0], ctypes.POINTER(ctypes.c_uint8)) if array.buffers[0] else None
        return [ctypes.string_at(array.buffers[2] + offsets[i], offsets[i + 1] - offsets[i]).decode()
                if not valid or valid[i // 8] >> (i % 8) & 1 else None for i in range(array.length)]

    def give_back(self, array):
        array.release(ctypes.byref(array))
        self.assertFalse(array.release)

    def test_texts_with_nulls(self):
        values = [WORDS[0], None, *WORDS[1:], None, "a@b.example", None]
        out = self.mask(self.schema(b"u"), self.texts(values), b"email")
        got = self.read_texts(out)
        self.assertEqual([g is None for g in got], [v is None for v in values])
        self.assertEqual("".join(g + "\n" for g in got if g is not None),
                         tried("email", lines=[v for v in values if v is not None]))
        self.give_back(out)

    def test_numbers_agree_with_text(self):
        numbers = [7, 42, 123456789, -5]
        out = self.mask(self.schema(b"l"), self.array(4, [None, (ctypes.c_int64 * 4)(*numbers)]), b"permute")
        got = ctypes.cast(out.buffers[1], ctypes.POINTER(ctypes.c_int64))[:4]
        self.assertEqual("".join(f"{n}\n" for n in got), tried("permute", lines=map(str, numbers)))
        self.give_back(out)

    def test_by_another_column(self):
        """Dates of one subject move together."""
        days = self.array(4, [None, (ctypes.c_int32 * 4)(100, 200, 300, 400)])
        schema = self.schema(b"+s", b"", [self.schema(b"u", b"id"), self.schema(b"tdD", b"born")])
        rows = self.array(4, [None], [self.texts(["a", "b", "a", "b"]), days])
        out = self.mask(schema, rows, b"{ mask: date_shift, days: 30, by: id }", column=b"born")
        got = ctypes.cast(out.buffers[1], ctypes.POINTER(ctypes.c_int32))[:4]
        self.assertEqual((got[2] - got[0], got[3] - got[1]), (200, 200))
        self.assertNotEqual(got[0], 100)
        self.give_back(out)


if __name__ == "__main__":
    case.main()
