"""Every line to type on the pages and in the README is typed and compared.

Python examples are doctests. A line of a ``console`` block that begins with
``$ lasagne-flipconv`` is run, and what it prints compared in the same way if
the page shows it, else it just has to succeed. Python code with a caption is
the file of that name. All examples of a page run in
their order, in an empty folder of its own.
"""
import contextlib
import doctest
import io
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from lasagne_flipconv.cli import main

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(path for path in (ROOT / "docs").rglob("*.rst")
               if not {"generated", "_build"} & set(path.parts))
PAGES = [ROOT / "README.rst"] + PAGES

OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS

_BLOCK = re.compile(r"^\.\. code-block:: console\n\n((?:(?:   .*)?\n)+)",
                    re.M)


_FILE = re.compile(r"^\.\. code-block:: python\n   :caption: (\S+)\n\n"
                   r"((?:(?:   .*)?\n)+)", re.M)


def write_files(text, folder):
    """Write the files that a page shows."""
    for file in _FILE.finditer(text):
        lines = [row[3:] for row in file[2].splitlines()]
        (folder / file[1]).write_text("\n".join(lines), encoding="utf-8")


def commands(text):
    """Yield the commands of console blocks as examples."""
    for block in _BLOCK.finditer(text):
        line = text.count("\n", 0, block.start(1))
        shown = None
        for row in block[1].splitlines():
            if row.startswith("   $ "):
                if shown:
                    yield as_example(*shown)
                shown = (row[5:], [], line)
            elif shown and row:
                shown[1].append(row[3:])
            line += 1
        if shown:
            yield as_example(*shown)


def as_example(command, printed, line):
    """Return a command, and the lines that it prints, as an example."""
    source = "type_in(%r, shown=%r)\n" % (command, bool(printed))
    return doctest.Example(source, "".join(row + "\n" for row in printed),
                           None, line)


def type_in(line, shown):
    """Run a command of ours as a shell would; leave other programs alone."""
    program, *arguments = shlex.split(line)
    if program != "lasagne-flipconv":
        return
    # what a script imports and installs is not to stay in this process
    if {">", ">>", "|", "run", "export"} & set(arguments):
        line = line.replace(program, "%s -m lasagne_flipconv" % (
            shlex.quote(sys.executable)), 1)
        done = subprocess.run(line, shell=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        print(done.stdout.decode(), end="")
        assert done.returncode == 0
        return
    out = io.StringIO()
    with contextlib.redirect_stderr(out), contextlib.redirect_stdout(out):
        code = exit_code_of(arguments)
    assert shown or code == 0, out.getvalue()
    sys.stdout.write(out.getvalue() if shown else "")


def exit_code_of(arguments):
    """Return the exit code of the command, which may stop by an exception."""
    try:
        return main(arguments)
    except SystemExit as stop:
        return stop.code


def examples_of(text):
    """Return Python examples and commands in the order of their lines."""
    found = doctest.DocTestParser().get_examples(text) + list(commands(text))
    return sorted(found, key=lambda example: example.lineno)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_examples_print_what_the_page_shows(page, tmp_path, monkeypatch):
    text = page.read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "80")
    write_files(text, tmp_path)
    test = doctest.DocTest(examples_of(text), {"type_in": type_in},
                           page.name, str(page), 0, text)
    report = []
    result = doctest.DocTestRunner(optionflags=OPTIONS).run(
        test, out=report.append)
    assert not result.failed, "".join(report)


def test_commands_are_found_with_what_they_print():
    text = ("Look:\n\n.. code-block:: console\n\n   $ lasagne-flipconv\n"
            "   usage\n\n   more\n   $ make demo\n\nEnd.\n\n>>> 1\n1\n")
    assert [(e.source, e.want, e.lineno) for e in examples_of(text)] == [
        ("type_in('lasagne-flipconv', shown=True)\n", "usage\nmore\n", 4),
        ("type_in('make demo', shown=False)\n", "", 8), ("1\n", "1\n", 12)]


def test_a_page_with_a_wrong_output_fails(tmp_path, monkeypatch):
    page = tmp_path / "wrong.rst"
    page.write_text(".. code-block:: console\n\n"
                    "   $ lasagne-flipconv --version\n   flipconv 99\n")
    with pytest.raises(AssertionError, match="flipconv 99"):
        test_examples_print_what_the_page_shows(page, tmp_path, monkeypatch)


def test_there_are_pages():
    names = {path.stem for path in PAGES}
    assert {"README", "index", "why_flipped", "errors"} <= names
