"""Rules of the house that a compiler does not check: who may include whom, who allocates, who may name a plug-in."""
import glob
import json
import os
import re
import subprocess
import unittest

import case

# From the bottom up; a folder includes those before it and itself. The contracts in include/bauta lie below them all.
ORDER = ["kernel", "core", "batch", "rule", "subset", "archive", "plan", "arrow", "select", "lane", "refresh", "cli"]
PLUG_INS = {"maskers": {"src/kernel"}, "connectors": {"src/core"}}  # and their own folder

ALLOCATORS = {"malloc", "calloc", "realloc", "reallocarray", "free", "strdup", "strndup", "asprintf", "vasprintf",
              "aligned_alloc", "posix_memalign", "memalign", "valloc", "getline", "getdelim", "open_memstream"}

# Masker names that are also words of another language: a key of the project file, a JSON word, a trait, a type, a step of a run.
OTHER_WORDS = {"keep", "null", "constant", "uuid", "switch"}


def files(*folders):
    for folder in folders:
        for path in sorted(glob.glob(os.path.join(case.ROOT, folder, "**", "*.[ch]"), recursive=True)):
            yield os.path.relpath(path, case.ROOT)


def text_of(path):
    with open(os.path.join(case.ROOT, path), encoding="utf-8") as f:
        return f.read()


def without_comments(text):
    return re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.DOTALL)


def included(path):
    """Folders below src/ that a file includes, as "src/core"."""
    for name in re.findall(r'(?m)^\s*#\s*include\s+"([^"]+)"', text_of(path)):
        here = os.path.join(os.path.dirname(path), name)
        name = here if os.path.exists(os.path.join(case.ROOT, here)) else name
        parts = os.path.normpath(name).split(os.sep)
        if parts[0] in ("src", "maskers", "connectors"):
            yield name, os.sep.join(parts[:2] if parts[0] == "src" else parts[:1])


def registered(kind):
    listing = json.loads(case.bauta(kind, "--json").stdout)
    return [row["name"] for row in (listing["connectors"] if kind == "connectors" else listing)]


class House(unittest.TestCase):
    def test_include_order(self):
        wrong = []
        for path in files("src"):
            folder = path.split(os.sep)[1]
            self.assertIn(folder, ORDER, f"{path}: a folder that ORDER does not know")
            allowed = {os.path.join("src", name) for name in ORDER[:ORDER.index(folder) + 1]}
            wrong += [f"{path} includes {name}" for name, of in included(path) if of not in allowed]
        for kind, allowed in PLUG_INS.items():
            for path in files(kind):
                wrong += [f"{path} includes {name}" for name, of in included(path) if of not in allowed | {kind}]
        for path in files("include"):
            wrong += [f"{path} includes {name}" for name, _ in included(path)]
        self.assertEqual(wrong, [])

    def test_only_mem_allocates(self):
        build = os.path.dirname(os.path.abspath(case.BAUTA))
        objects = [o for o in glob.glob(os.path.join(build, "*.p", "*.o")) if "test" not in os.path.basename(o)]
        self.assertGreater(len(objects), 20, f"no object files below {build}")
        wrong = []
        for path in objects:
            if os.path.basename(path).endswith("core_mem.c.o"):
                continue
            done = subprocess.run(["nm", "-u", "-P", path], capture_output=True, text=True, check=True)
            names = {line.split()[0].split("@")[0] for line in done.stdout.splitlines() if line.strip()}
            wrong += [f"{os.path.basename(path)} calls {name}" for name in sorted(names & ALLOCATORS)]
        self.assertEqual(wrong, [])

    def test_nothing_names_a_plug_in(self):
        words = sorted(set(registered("maskers") + registered("connectors")) - OTHER_WORDS, key=len, reverse=True)
        names = "|".join(map(re.escape, words))
        literal = re.compile(rf'"(?:{names})"|\bmask: (?:{names})\b|\bbau_(?:masker|connector)_(?!find\b|for\b)(?:{names})\b')
        wrong = []
        for path in files("src", "include"):
            wrong += [f"{path}: {hit}" for hit in literal.findall(without_comments(text_of(path)))]
        self.assertEqual(wrong, [])
