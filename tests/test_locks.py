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
        found = re.match(r"([\w.-]+)==([\w.]+)(?:; (.*))?$", line)
        if found and holds(found.group(3) or "", python):
            pinned[found.group(1).lower()] = found.group(2)
    return pinned


def holds(marker, python):
    """Tell whether a marker of versions of Python holds for 3.`python`."""
    parts = re.findall(r'python_version (<|>=) "3\.(\d+)"', marker)
    assert len(parts) == marker.count("python_version")
    return all((sign == "<") == (python < int(version))
               for sign, version in parts)


def on(path):
    """Return the minor version of Python that a lock is for."""
    return int(path.stem.rsplit(".")[-1])


def test_there_is_one_for_each_python():
    text = (ROOT / "pyproject.toml").read_text()
    told = re.findall(r"Python :: (3\.\d+)", text)
    assert told and [p.stem for p in PYTHONS] == sorted(
        "python" + version for version in told)


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_every_line_has_hashes(path):
    assert entries(path)


@pytest.mark.parametrize("path", PYTHONS, ids=lambda path: path.stem)
def test_versions_are_those_that_are_tested(path):
    pinned = constraints(on(path))
    locked = entries(path)
    both = set(pinned) & set(locked)
    assert {"numpy", "lasagne", "pytest", "onnx"} <= both
    assert ("h5py" in both) == (on(path) < 15)
    assert {name: locked[name] for name in both} == {
        name: pinned[name] for name in both}


@pytest.mark.parametrize("path", PYTHONS, ids=lambda path: path.stem)
def test_all_that_the_tests_need_is_there(path):
    needed = {re.match(r"[\w.-]+", line).group().lower()
              for line in importlib.metadata.requires("lasagne-flipconv")
              if ("extra ==" not in line or re.search("extra == .test.", line))
              and holds(line.replace("'", '"'), on(path))}
    assert {"lasagne", "hypothesis"} <= needed <= set(entries(path))
    # on later ones 'lasagne-flipconv theano' installs it, by its hash
    assert ("theano" in needed) == ("theano" in entries(path)) == (
        on(path) < 12)
