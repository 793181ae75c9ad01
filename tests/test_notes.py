"""What a file of ours records about an array, and values that are no such."""
import json
import zipfile

import numpy as np
import pytest
from lasagne_flipconv import load, read, save
from lasagne_flipconv.errors import CheckpointError, UnsafeFileError
from lasagne_flipconv.formats.common.notes import OURS, note_of
from lasagne_flipconv.weights.checkpoint import Checkpoint, Entry, write

import files

NOT_A_NUMBER = float("nan")
KINDS = "'conv' or 'transposed' or 'dense'"
COLUMNS = "'channels_last' or 'unknown'"
ROWS = "'channels_last' or 'moved' or 'unknown' or 'either'"
ONE_OF = "axes and orientation such as .*one of convolution, correlation, "

BAD = [
    ("kind", "Conv", "kind='Conv'", KINDS),
    ("kind", "", "kind=''", KINDS),
    ("kind", 3, "kind=3", KINDS),
    ("kind", ["conv"], r"kind=\['conv'\]", KINDS),
    ("epsilon", NOT_A_NUMBER, "epsilon=nan", "a number, 0 or more"),
    ("epsilon", float("inf"), "epsilon=inf", "a number, 0 or more"),
    ("epsilon", 10 ** 309, "epsilon=10+", "a number, 0 or more"),
    ("epsilon", -1e-5, "epsilon=-1e-05", "a number, 0 or more"),
    ("epsilon", True, "epsilon=True", "a number, 0 or more"),
    ("epsilon", "1e-5", "epsilon='1e-5'", "a number, 0 or more"),
    ("rows", "channels_first", "rows='channels_first'", ROWS),
    ("rows", 0, "rows=0", ROWS),
    ("columns", "channels_first", "columns='channels_first'", COLUMNS),
    ("convention", "pytorch", "convention='pytorch'", ONE_OF),
    ("convention", 5, "convention=5", ONE_OF),
    ("convention", ["OIHW"], r"convention=\['OIHW'\]", ONE_OF),
    ("convention", ["OIHX", "correlation"],
     r"convention=\['OIHX', 'correlation'\]", ONE_OF),
    ("convention", ["OIHW", "flipped"],
     r"convention=\['OIHW', 'flipped'\]", ONE_OF),
    ("layer", 1, "layer=1", "a text"),
    ("role", {"W": 1}, r"role=\{'W': 1\}", "a text"),
]
IDS = ["%s=%.12r" % row[:2] for row in BAD]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "weights.npz"


def record(path, change):
    """Change what the file records about its first array."""
    with zipfile.ZipFile(path) as archive:
        comment = archive.comment
        members = [(info, archive.read(info)) for info in archive.infolist()]
    note = json.loads(members[0][0].comment)
    members[0][0].comment = json.dumps(change(note)).encode()
    with zipfile.ZipFile(path, "w") as archive:
        archive.comment = comment
        for info, data in members:
            archive.writestr(info, data)
    files.without_checksum(path)


@pytest.mark.parametrize("key, value, said, expected", BAD, ids=IDS)
def test_such_values_are_refused(path, key, value, said, expected):
    save(path, files.network())
    record(path, lambda note: {**note, key: value})
    net = files.network()
    before = files.values_of(net)
    with pytest.raises(CheckpointError, match=(
            "arr_0 in .*weights.npz: is recorded with %s; expected %s.*[.] "
            "The file was changed .*save it again[.]$" % (said, expected))):
        load(path, net)
    assert files.unchanged(net, before)


@pytest.mark.parametrize("key, value, said, expected", BAD, ids=IDS)
def test_such_values_are_not_written(path, key, value, said, expected):
    path.write_bytes(b"before")
    array = np.arange(4.)
    entry = Entry("bn.var", array.shape, array.dtype, lambda: array
                  )._replace(**{key: value})
    with pytest.raises(CheckpointError, match=(
            "^bn.var: would be recorded with %s; expected %s"
            % (said, expected))):
        write(path, Checkpoint("here", "npz", (entry,)))
    assert path.read_bytes() == b"before"
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("change, said", [
    (lambda note: {}, "KeyError: 'name'"),
    (lambda note: [note], "TypeError"),
    (lambda note: None, "TypeError"),
])
def test_a_record_without_a_name_is_refused(path, change, said):
    save(path, files.network())
    record(path, change)
    with pytest.raises(CheckpointError, match=(
            "arr_0 in .*: carries a record that cannot be read .%s" % said)):
        read(path)


@pytest.mark.parametrize("told", [
    {"kind": "dense", "convention": "OI", "rows": "unknown"},
    {"kind": "conv", "convention": ["HWIO", None]},
    {"kind": "transposed", "convention": "keras-theano"},
    {"epsilon": 0}, {"epsilon": 1e-3}, {"kind": None, "epsilon": None},
    {"unknown": "what a later version may add"},
], ids=str)
def test_all_that_is_known_is_read(path, told):
    save(path, files.network())
    record(path, lambda note: {**note, "kind": None, "convention": None,
                               **told})
    with read(path) as checkpoint:
        entry = checkpoint.entries[0]
    told.pop("unknown", None)
    if isinstance(told.get("convention"), list):
        told["convention"] = tuple(told["convention"])
    assert {key: getattr(entry, key) for key in told} == told


def test_a_file_of_ours_holds_no_objects(tmp_path):
    path = tmp_path / "net.npz"
    held = np.empty(2, object)
    held[:] = [np.ones(2), np.ones(3)]
    np.savez(path, held)
    data = path.read_bytes()
    comment = OURS.encode() + b" 1"
    path.write_bytes(data[:-2] + len(comment).to_bytes(2, "little") + comment)
    with pytest.raises(UnsafeFileError, match="elements of type"):
        read(path)


@pytest.mark.parametrize("told", [
    "torch", "keras-theano", ["HWIO", "correlation"], ["OIHW", None]],
    ids=str)
def test_what_was_told_of_a_file_is_read(path, told):
    save(path, files.network())
    record(path, lambda note: {**note, "told": told})
    with read(path) as checkpoint:
        assert checkpoint.entries[0].told == (
            told if isinstance(told, str) else tuple(told))


@pytest.mark.parametrize("told", [
    "correlation", "OI", "keras-1", "pytorch", 3, ["OIHW"]], ids=str)
def test_what_was_told_of_a_file_is_a_word_for_all_of_it(path, told):
    save(path, files.network())
    record(path, lambda note: {**note, "told": told})
    with pytest.raises(CheckpointError, match="is recorded with told="):
        read(path)


def shared_by(count, layer):
    """Return a kernel that many layers share."""
    return Entry("conv.W", (2, 1, 1, 1), np.dtype("f4"),
                 lambda: np.ones((2, 1, 1, 1), "f4"), layer, "W", "conv",
                 ("OIHW", "correlation"),
                 shared=(("conv", ("OIHW", "correlation")),) * count)


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_no_record_is_written_that_is_too_long_to_be_read(tmp_path, suffix):
    path = tmp_path / ("w" + suffix)
    entry = shared_by(1000, "")
    entry = shared_by(1000, "x" * ((1 << 16) - 1 - len(note_of(entry))))
    write(path, Checkpoint("w", "test", (entry,)))
    before = path.read_bytes()
    with read(path) as checkpoint:
        assert checkpoint.entries[0].shared == entry.shared
    for longer in (entry._replace(layer=entry.layer + "x"),
                   shared_by(2000, "conv")):
        with pytest.raises(CheckpointError, match="would be recorded in .*"
                           "numpy.savez"):
            write(path, Checkpoint("w", "test", (longer,)))
        assert path.read_bytes() == before
