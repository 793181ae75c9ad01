"""Values of the golden files; for Python 2.7 and 3, NumPy 1 and 2."""
from collections import OrderedDict

import numpy as np

#: NaNs with a payload, negative zero, infinity, the smallest number.
BITS = [0x7fc00001, 0xffc12345, 0x7f800001, 0x80000000, 0x7f800000, 1]


def kernel(dtype="<f4", shape=(4, 3, 2, 5)):
    """Return distinct values."""
    count = int(np.prod(shape))
    return ((np.arange(count) * 7) % count - 3.5).astype(dtype).reshape(shape)


def specials():
    """Return arrays that careless readers change."""
    return [
        kernel(), np.array(BITS, "<u4").view("<f4"),
        kernel(">f8", (3, 2)), np.asfortranarray(kernel("<f4", (3, 4))),
        np.asfortranarray(kernel(">f4", (2, 3, 4))),
        np.zeros((0, 3), "<f4"), np.array(-2.5, "<f8"),
        kernel("<f2", (5,)), kernel("<i8", (2, 2)),
        np.array([True, False, True]), kernel("|u1", (7,)),
        kernel("<f4", (1, 1, 6)),
    ]


def plain():
    """Return those of them that every format has."""
    return [array for array in specials()
            if array.dtype.str in ("<f4", "<f8", "<f2", "<i8")]


def by_layer():
    """Return lists of arrays by layer, one of them without any."""
    return OrderedDict([
        ("input", []), ("conv1", [kernel(), kernel("<f4", (4,))]),
        ("pool1", []), ("dense", [kernel("<f4", (6, 5)),
                                  kernel("<f4", (5,))])])


def by_name():
    """Return arrays by the names of parameters."""
    return OrderedDict([
        ("conv1.W", kernel()), ("conv1.b", kernel("<f4", (4,))),
        ("dense.W", kernel("<f4", (6, 5))),
        ("dense.b", kernel("<f4", (5,)))])


def halves():
    """Return lists of float16 arrays by layer."""
    return OrderedDict((name, [array.astype("<f2") for array in arrays])
                       for name, arrays in by_layer().items())


def variants():
    """Return what is pickled: by variant."""
    return {
        "list": specials(),
        "recipes": {"param values": specials(), "mean image": kernel(),
                    "synset words": ["cat", "dog, hound"]},
        "nolearn": by_layer(),
        "named": by_name(),
        "numbered": dict(("param%d" % i, array)
                         for i, array in enumerate(specials())),
        "lists": (specials()[:2], specials()[2:]),
        "config": ({"name": "fc", "units": 3}, halves()),
    }


def flat(variant):
    """Return the arrays of a variant in order, as the reader should."""
    if variant in ("nolearn", "config"):
        layers = halves() if variant == "config" else by_layer()
        return [array for arrays in layers.values() for array in arrays]
    if variant == "named":
        return list(by_name().values())
    if variant == "plain":
        return plain()
    return specials()
