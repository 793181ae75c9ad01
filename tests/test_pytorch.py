"""Files of PyTorch made from bytes: what people have, read without PyTorch."""
import sys
from pathlib import Path

import numpy as np
import pytest
from lasagne_flipconv import read
from lasagne_flipconv.errors import CheckpointError, UnsafeFileError
from lasagne_flipconv.limits import LIMITS

sys.path.insert(0, str(Path(__file__).parent / "attacks"))
from containers import LEGACY_HEAD, member, tensor, text, torch_zip  # noqa: E402

NUMBERS = np.arange(6, dtype="<f4")


def a_dict(*pairs):
    """Return the opcodes that make a dict, of keys and values as opcodes."""
    return b"}(" + b"".join(key + value for key, value in pairs) + b"u"


def numbers(count=6, offset=0, shape=b"K\x06\x85", stride=b"K\x01\x85",
            kind=b"FloatStorage"):
    """Return the opcodes of a tensor on storage 0."""
    return tensor(count, offset, shape, stride, kind, b"0")


def written(folder, value, storage=NUMBERS.tobytes(), **options):
    """Write an archive and return its path."""
    path = folder / "net.pt"
    path.write_bytes(torch_zip(b"\x80\x02" + value + b".", storage=storage,
                               **options))
    return path


def legacy(folder, value, storage=NUMBERS.tobytes(), count=6):
    """Write a file in the form before PyTorch 1.6 and return its path."""
    path = folder / "net.pth"
    path.write_bytes(
        LEGACY_HEAD + b"\x80\x02" + value + b".\x80\x02]" + text("0")
        + b"a." + count.to_bytes(8, "little") + storage)
    return path


def values(path):
    """Return all arrays of a file."""
    with read(path) as checkpoint:
        return checkpoint.values()


#: Where people put state dicts, and the name of the one array then.
PLACES = {
    "by number": ([(b"K\x03", numbers())], "3"),
    "model/state_dict": ([(text("model"), a_dict((
        text("state_dict"), a_dict((text("W"), numbers())))))], "W"),
    "params/model": ([(text("params"), a_dict((
        text("model"), a_dict((text("W"), numbers())))))], "W"),
    "g_ema/net": ([(text("g_ema"), a_dict((
        text("net"), a_dict((text("W"), numbers())))))], "W"),
    "beside numbers": ([(text("epoch"), b"K\x07"), (
        text("state_dict"), a_dict((text("W"), numbers())))], "W"),
    "by network": ([(text("netG"), a_dict((text("conv.weight"),
                                           numbers())))],
                   "netG.conv.weight"),
}


@pytest.mark.parametrize("write", [written, legacy])
@pytest.mark.parametrize("place", PLACES)
def test_state_dicts_are_found(place, write, tmp_path):
    pairs, name = PLACES[place]
    found = values(write(tmp_path, a_dict(*pairs)))
    assert list(found) == [name]
    np.testing.assert_array_equal(found[name], NUMBERS)


#: Views of six numbers: opcodes of offset, shape and strides; what they are.
VIEWS = {
    "all": (0, b"K\x06\x85", b"K\x01\x85", NUMBERS),
    "transposed": (0, b"K\x03K\x02\x86", b"K\x01K\x03\x86",
                   NUMBERS.reshape(2, 3).T),
    "every other": (1, b"K\x03\x85", b"K\x02\x85", NUMBERS[1::2]),
    "repeated": (4, b"K\x03K\x02\x86", b"K\x00K\x01\x86",
                 np.tile(NUMBERS[4:], (3, 1))),
    "a number": (5, b")", b")", NUMBERS[5].reshape(())),
    "nothing": (0, b"K\x00K\x05\x86", b"K\x05K\x01\x86",
                np.empty((0, 5), "f4")),
    "nothing, far away": (200, b"K\x00\x85", b"K\x01\x85",
                          np.empty(0, "f4")),
}


@pytest.mark.parametrize("method", [0, 8], ids=["stored", "compressed"])
@pytest.mark.parametrize("view", VIEWS)
def test_views_of_a_storage(view, method, tmp_path):
    offset, shape, stride, expected = VIEWS[view]
    opcodes = a_dict((text("W"), numbers(6, offset, shape, stride)))
    path = written(tmp_path, opcodes, bytes(100) + NUMBERS.tobytes(),
                   method=method)
    with pytest.raises(UnsafeFileError, match="declares 6 elements"):
        read(path)
    found = values(written(tmp_path, opcodes, method=method))["W"]
    np.testing.assert_array_equal(found, expected)
    assert found.shape == expected.shape and found.flags.writeable
    found = values(legacy(tmp_path, opcodes))["W"]
    np.testing.assert_array_equal(found, expected)


def test_compressed_to_just_as_many_bytes(tmp_path):
    """What is compressed is told by the method, not by the sizes."""
    stored = next(data for data in (
        np.random.RandomState(n).bytes(400 - n) + bytes(n)
        for n in range(100)) if len(member("", data, 8)["body"]) == 400)
    path = written(tmp_path, a_dict((text("W"), numbers(
        100, 0, b"K\x64\x85"))), stored, method=8)
    assert values(path)["W"].tobytes() == stored


#: What is stored, by class of storage, and what is read.
STORED = {
    "Double": (np.arange(4, dtype="<f8"),) * 2,
    "Half": (np.arange(4, dtype="<f2"),) * 2,
    "BFloat16": (np.array([0x3F80, 0xC000, 0x7F80, 0x4049], "<u2"),
                 np.array([1, -2, np.inf, 3.140625], "f4")),
    "Long": (np.arange(4, dtype="<i8"),) * 2,
    "Char": (np.arange(-2, 2, dtype="i1"),) * 2,
    "Bool": (np.array([True, False, False, True]),) * 2,
}


@pytest.mark.parametrize("write", [written, legacy])
@pytest.mark.parametrize("kind", STORED)
def test_types(kind, write, tmp_path):
    stored, expected = STORED[kind]
    opcodes = a_dict((text("W"), numbers(
        4, 0, b"K\x04\x85", kind=kind.encode() + b"Storage")))
    options = {"count": 4} if write is legacy else {}
    found = values(write(tmp_path, opcodes, stored.tobytes(), **options))
    np.testing.assert_array_equal(found["W"], expected)
    assert found["W"].dtype == expected.dtype


@pytest.mark.parametrize("write", [written, legacy])
def test_one_number_of_bfloat16(write, tmp_path):
    opcodes = a_dict((text("W"), numbers(1, 0, b")", b")",
                                         b"BFloat16Storage")))
    options = {"count": 1} if write is legacy else {}
    found = values(write(tmp_path, opcodes, b"\x00\xc0", **options))["W"]
    assert found == -2 and found.shape == () and found.dtype == np.float32


def test_part_of_a_storage_as_before_0_4(tmp_path):
    part = numbers(6, 1, b"K\x02\x85").replace(
        b"tQ", b"X\1\0\0\x001K\2K\3\x87tQ")
    found = values(legacy(tmp_path, a_dict((text("W"), part))))
    np.testing.assert_array_equal(found["W"], NUMBERS[3:5])


def test_one_name_by_number_and_by_text(tmp_path):
    path = written(tmp_path, a_dict((b"K\1", numbers()),
                                    (text("1"), numbers())))
    with pytest.raises(CheckpointError, match="'1'"):
        read(path)


def test_pickle_that_is_too_large_is_not_called_truncated(tmp_path):
    path = legacy(tmp_path, a_dict((text("W"), numbers())))
    with pytest.raises(UnsafeFileError, match="more than 150 bytes"):
        read(path, limits=LIMITS._replace(header=150))


@pytest.mark.parametrize("write", [written, legacy])
def test_tied_weights_are_read_twice_and_only_so_often(write, tmp_path):
    pairs = [(text("%d" % i), numbers()) for i in range(50)]
    storage = bytes(24 * 20)
    path = write(tmp_path, a_dict(*[(name, value.replace(
        b"J\6\0\0\0t", b"J\x78\0\0\0t").replace(
            b"K\6\x85", b"K\x78\x85")) for name, value in pairs]), storage,
        **({"count": 120} if write is legacy else {}))
    assert len(values(path)) == 50
    with pytest.raises(UnsafeFileError, match="in 50 tensors until"):
        read(path, limits=LIMITS._replace(floor=49 * len(storage),
                                          expansion=0))


def test_ten_thousand_tensors(tmp_path):
    pairs, others = [], []
    for i in range(10000):
        key = b"%05d" % i
        pairs.append((text("p%d" % i), tensor(
            1, 0, b"K\x01\x85", b"K\x01\x85", b"FloatStorage", b"0").replace(
                b"X\1\0\0\x000", b"X\5\0\0\0" + key)))
        others.append(member("archive/data/" + key.decode(),
                             np.float32(i).tobytes()))
    path = tmp_path / "net.pt"
    path.write_bytes(torch_zip(b"\x80\x02" + a_dict(*pairs) + b".", *others,
                               storage=b""))
    found = values(path)
    assert len(found) == 10000 and found["p9999"] == 9999
