"""Write what commands and examples say of themselves, as reStructuredText."""
import ast
import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from lasagne_flipconv.cli import make_parser

__all__ = ["commands", "examples", "write"]


def commands():
    """Return the help of the command and of each of its sub-commands."""
    os.environ["COLUMNS"] = "79"
    parser = make_parser()
    subs = next(action.choices for action in parser._actions
                if action.choices)
    pages = [section("lasagne-flipconv", _block("text", parser.format_help()))]
    pages += [section("lasagne-flipconv " + name,
                      _block("text", sub.format_help()))
              for name, sub in subs.items()]
    return "\n".join(pages)


def examples():
    """Return the description of each script in ``examples/``."""
    pages = []
    for path in sorted((ROOT / "examples").glob("*.py")):
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        call = re.search(r"(?m)(^    .*\n?)+", text)
        if call is None:  # what the scripts share
            continue
        line = " ".join(call[0].split())
        pages.append(section(path.name, text.replace(
            call[0], _block("text", line) + "\n").strip()))
    return "\n".join(pages)


def section(title, text):
    """Return a text under a title."""
    return "%s\n%s\n\n%s\n" % (title, "-" * len(title), text)


def _block(language, text):
    lines = [("   " + line).rstrip() for line in text.splitlines()]
    return "\n".join([".. code-block:: " + language, ""] + lines)


def write(folder):
    """Write both into files.

    Parameters
    ----------
    folder : pathlib.Path
        Where to; it is there.
    """
    (folder / "commands.txt").write_text(commands(), encoding="utf-8")
    (folder / "examples.txt").write_text(examples(), encoding="utf-8")


if __name__ == "__main__":
    print(commands() + examples())
