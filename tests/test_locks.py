"""The locks that ``make install`` installs: whole, hashed, as constrained."""
import importlib.metadata
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LOCKS = sorted((ROOT / "locks").glob("*.txt"))
PYTHONS = [path for path in LOCKS if path.name.startswith("python")]
ENTRY = re.compile(r"([\w.-]+)==([\w.]+)( ; .*?)? \\\n"
                   r"(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+")


def entries(path):
    """Return name → version of a lock; all of its text has to be entries."""
    text = path.read_text().split("\n", 1)[1]
    assert not ENTRY.sub("", text).strip()
    return {m.group(1).lower(): m.group(2) for m in ENTRY.finditer(text)}


def constraints(python):
    """Return name → version of what is pinned on one Python."""
    pinned = {}
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        found = re.match(r'([\w.-]+)==([\w.]+)(?:; python_version (<|>=) '
                         r'"3\.(\d+)")?$', line)
        if found and (not found.group(3) or (found.group(3) == "<") == (
                python < int(found.group(4)))):
            pinned[found.group(1).lower()] = found.group(2)
    return pinned


def test_there_is_one_for_each_python():
    text = (ROOT / "setup.py").read_text()
    told = re.findall(r"Python :: (3\.\d+)", text)
    assert told and [p.stem for p in PYTHONS] == sorted(
        "python" + version for version in told)


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_every_line_has_hashes(path):
    assert entries(path)


@pytest.mark.parametrize("path", PYTHONS, ids=lambda path: path.stem)
def test_versions_are_those_that_are_tested(path):
    pinned = constraints(int(path.stem.rsplit(".")[-1]))
    locked = entries(path)
    both = set(pinned) & set(locked)
    assert {"numpy", "theano", "lasagne", "pytest", "h5py"} <= both
    assert {name: locked[name] for name in both} == {
        name: pinned[name] for name in both}


@pytest.mark.parametrize("path", PYTHONS, ids=lambda path: path.stem)
def test_all_that_the_tests_need_is_there(path):
    needed = {re.match(r"[\w.-]+", line).group().lower()
              for line in importlib.metadata.requires("lasagne-flipconv")
              if "extra ==" not in line or re.search("extra == .test.", line)}
    assert {"theano", "hypothesis"} <= needed <= set(entries(path))
