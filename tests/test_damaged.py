"""Damaged files: only our own errors come out, nothing hangs.

Golden files are cut at, and changed in, every byte of their begin and end,
and at many between. Where a change is not noticed it is one of the values, or
of a text.
"""
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
sys.path.insert(0, str(TESTS))
import fuzz  # noqa: E402
from golden_files import golden_files  # noqa: E402
from lasagne_flipconv.formats import FORMATS, HEAD, format_of  # noqa: E402

#: What is done to one byte.
CHANGES = (lambda byte: byte ^ 0xFF, lambda byte: byte ^ 1)

#: How many bytes at the begin and end of a file are all tried, as headers and
#: tables are there; and how many between.
EDGE, BETWEEN = 128, 64


def files():
    """Return name, format and bytes of the golden files of each kind.

    Of the pickles that differ in nothing but the Python that wrote them, and
    of those in which compression hides the rest, a few are enough.
    """
    found = {}
    for path in golden_files():
        data = path.read_bytes()
        form = format_of(data[:HEAD], path.name)
        kind = path.name.partition("-")[2] if form in (
            "pickle", "gzip", "bz2", "npz", "npy") else path.name
        found[kind] = (path.name, form, data)
    return list(found.values())


FILES = files()


def places(size):
    """Return which bytes of a file are tried: all of a small one."""
    return sorted({*range(min(size, EDGE)), *range(max(0, size - EDGE), size),
                   *range(0, size, max(1, size // BETWEEN))})


def ids(row):
    """Return the name of a file."""
    return row[0]


@pytest.mark.parametrize("row", FILES, ids=ids)
def test_truncated_file_is_refused(row):
    name, form, data = row
    kept = [n for n in places(len(data)) if not fuzz.tried(form, data[:n])]
    # a model of Caffe is its layers one after the other, with no end
    assert len(kept) <= (2 if form == "caffe" else 0)


@pytest.mark.parametrize("row", FILES, ids=ids)
def test_changed_byte_raises_nothing_else(row):
    name, form, data = row
    refused = 0
    for change in CHANGES:
        for n in places(len(data)):
            damaged = bytearray(data)
            damaged[n] = change(damaged[n])
            refused += fuzz.tried(form, bytes(damaged))
    assert refused


CORPUS = sorted(path for path in fuzz.CORPUS.rglob("*") if path.is_file())


@pytest.mark.parametrize("path", CORPUS, ids=[
    "%s-%s" % (path.parent.name, path.name[:8]) for path in CORPUS])
def test_what_fuzzing_kept_raises_nothing_else(path):
    form = path.parent.name
    assert fuzz.tried(form, path.read_bytes()) in (True, False)


def test_every_format_is_damaged():
    assert {row[1] for row in files()} == set(FORMATS)
