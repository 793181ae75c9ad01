"""Every attack file is refused with its one right error, nothing executed.

`make safety` watches the same files for time as well; here the machine may be
busy, so that only a reader that hangs fails.
"""
import csv
import importlib.util
import json
import sys
from collections import Counter
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
ATTACKS = TESTS / "attacks"
sys.path[:0] = [str(TESTS), str(ATTACKS)]
import make_attacks  # noqa: E402
import safety  # noqa: E402

#: What each public advisory is about, at least one file each.
ADVISORIES = (
    "picklescan CVE-2025-1716", "picklescan GHSA-769v-p64c-89pr",
    "picklescan GHSA-7q5r-7gvp-wc82", "picklescan GHSA-w8jq-xcqf-f792",
    "picklescan CVE-2025-10155", "picklescan CVE-2025-10156",
    "picklescan CVE-2025-10157", "picklescan GHSA-9gvj-pp9x-gcfr",
    "picklescan GHSA-vvpj-8cmc-gx39", "picklescan CVE-2026-56315",
    "picklescan issue 22", "fickling GHSA-r7v6-mfhq-g3m2",
    "fickling CVE-2026-22608", "fickling CVE-2026-22612",
    "fickling GHSA-mhc9-48gj-9gp3", "CVE-2025-32434", "CVE-2026-24747",
    "ONNX CVE-2022-25882", "ONNX CVE-2024-27318", "Keras CVE-2024-3660",
    "Keras CVE-2025-1550", "Keras CVE-2025-9906", "Keras CVE-2025-12060")

HAS_H5PY = importlib.util.find_spec("h5py") is not None


def manifest():
    """Return all rows of the manifest."""
    with open(str(safety.MANIFEST), encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


@pytest.fixture(scope="module")
def results():
    """Return what happened to each file, and whether any was executed."""
    found, executed = safety.run(attempts=1)
    return {result.file: result for result in found}, executed


@pytest.mark.parametrize("row", safety.rows(), ids=lambda row: row["file"])
def test_attack_is_refused_with_its_error(row, results):
    result = results[0][row["file"]]
    assert result.right, result.error
    assert result.events == []
    assert result.memory <= safety.MEMORY
    assert result.seconds <= safety.SECONDS


def test_nothing_was_executed(results):
    assert not results[1]


def test_watch_notices_what_it_watches_for(tmp_path):
    """The harness itself can fail: wrong text, wrong class, an event."""
    (tmp_path / "bad.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    row = dict(file="bad.pkl", error="unsafe", text="asks for os.system")
    assert not safety.faults(safety.in_child(row, tmp_path))
    for wrong in (dict(row, text="something else"),
                  dict(row, error="broken")):
        assert safety.faults(safety.in_child(wrong, tmp_path))

    def opens(path):
        open(str(tmp_path / "made"), "w").close()
        bytearray(4 * safety.MEMORY)

    told = safety.in_child(row, tmp_path, opens)
    assert any("made" in event for event in told.events)
    assert "MemoryError" in told.error


def test_manifest_names_every_file_and_each_is_there():
    named = [row["file"] for row in manifest()]
    assert sorted(named) == sorted(
        path.name for path in (ATTACKS / "files").iterdir())
    assert len(named) == len(set(named)) >= 100
    assert all(row["text"] and row["kind"] for row in manifest())


def test_advisories_are_covered():
    told = Counter(row["advisory"] for row in manifest())
    assert [name for name in ADVISORIES if not told[name]] == []


def rebuilt():
    """Return what the generator makes, but for what h5py writes.

    The bytes of HDF5 files depend on the version of libhdf5.
    """
    return make_attacks.attacks([
        group for group in make_attacks.GROUPS
        if group is not make_attacks.hdf5s])


@pytest.mark.parametrize("attack", rebuilt(), ids=lambda attack: attack.file)
def test_generator_makes_the_same_bytes(attack):
    assert (ATTACKS / "files" / attack.file).read_bytes() == attack.data


@pytest.mark.skipif(not HAS_H5PY, reason="needs h5py")
def test_generator_and_manifest_agree():
    rows = [attack._asdict() for attack in make_attacks.attacks()]
    for row in rows:
        del row["data"]
    assert json.loads(json.dumps(rows)) == manifest()
