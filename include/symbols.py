"""The version script of libbauta: every function and object that the headers declare, nothing else.

usage: symbols.py OUTPUT HEADER…
"""
import re
import sys


def declared(text):
    """Names of the functions without a body and of the extern objects in one header."""
    text = re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.DOTALL)
    text = re.sub(r"\\\n", " ", text)
    text = re.sub(r"(?m)^\s*#.*$", " ", text)
    text = re.sub(r'extern "C" \{', " ", text)
    names = []
    while "{" in text:  # bodies of structs, enums and inline functions, from the inside out; `;` ends each
        text = re.sub(r"\{[^{}]*\}", ";", text)
    for piece in text.split(";"):
        words = " ".join(piece.split())
        if words.startswith(("static", "typedef")):
            continue
        function = re.search(r"\b(bau_\w+) ?\(", words)
        thing = re.match(r"extern .*?\b(bau_\w+) ?(?:\[|$)", words)
        if thing:
            names.append(thing.group(1))
        elif function:
            names.append(function.group(1))
    return names


def main():
    names = sorted({name for path in sys.argv[2:] for name in declared(open(path, encoding="utf-8").read())})
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        out.write("{\nglobal:\n" + "".join(f"    {name};\n" for name in names) + "local:\n    *;\n};\n")


if __name__ == "__main__":
    main()
