"""Files that the real libraries wrote all load, bit for bit."""
import sys

import pytest
from lasagne_flipconv.weights.checkpoint import read

from golden_files import GOLDEN, golden_files

sys.path.insert(0, str(GOLDEN))
import values  # noqa: E402

FILES = golden_files()


def variant_of(path):
    """Return which variant a file holds, by its name."""
    word = path.name.split(".")[0].split("-")[1]
    return {"kernel": "one"}.get(word, word)


def expected(path):
    """Return the arrays that a file holds, in the order of the reader."""
    variant = variant_of(path)
    if variant == "one":
        return [values.kernel()]
    if variant == "keras":
        return None
    arrays = values.flat(variant)
    if path.suffix == ".onnx":
        arrays = [array for array in arrays if array.dtype.kind == "f"]
    return arrays


def same(ours, theirs, order=True):
    """Tell whether two arrays are the same, bit for bit."""
    return (ours.shape == theirs.shape
            and ours.dtype.newbyteorder("=") == theirs.dtype.newbyteorder("=")
            and (not order or ours.dtype == theirs.dtype)
            and ours.tobytes() == theirs.tobytes())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_golden_file_loads_bit_for_bit(path):
    with read(path) as checkpoint:
        arrays = expected(path)
        if arrays is None:
            arrays = [values.kernel("<f4", entry.shape)
                      for entry in checkpoint.entries]
            assert [entry.role for entry in checkpoint.entries] == [
                "W", "b", "W", "b"]
        names = {entry.name: entry.read() for entry in checkpoint.entries}
        if checkpoint.ordered:
            found = list(names.values())
        else:
            keys = sorted(names, key=lambda n: (len(n), n))
            found = [names[key] for key in keys]
            if variant_of(path) == "named":
                keys = list(values.by_name())
                layers = {(e.layer, e.role): e.read()
                          for e in checkpoint.entries}
                found = [layers[tuple(key.split("."))] for key in keys]
            if variant_of(path) in ("nolearn", "config"):
                found = [array for key in values.by_layer()
                         for name, array in names.items()
                         if name.startswith(key)]
    assert len(found) == len(arrays)
    for ours, theirs in zip(found, arrays):
        if "v1" in path.name and ours.ndim == 4:
            ours = ours.reshape(theirs.shape)
        assert same(ours, theirs)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_entries_tell_shape_and_type_before_reading(path):
    with read(path) as checkpoint:
        for entry in checkpoint.entries:
            array = entry.read()
            assert (array.shape, array.dtype) == (entry.shape, entry.dtype)
            assert array.nbytes == entry.nbytes


def test_golden_files_are_there():
    assert len(FILES) > 100


def test_metadata_of_recipes_files():
    metadata = read(GOLDEN / "py2-recipes-p2.pkl").metadata
    assert metadata["synset words"] == ["cat", "dog, hound"]
    assert same(metadata["mean image"], values.kernel())
