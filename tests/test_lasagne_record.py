"""Lasagne 0.1 under install() against what Lasagne 0.2.dev1 gave.

On Lasagne 0.2.dev1 itself, these tests check the record.
"""
import importlib
import json

import lasagne
import numpy as np
import pytest
from lasagne_flipconv import install, uninstall

import lasagne_record as record

RECORD = json.loads(record.PATH.read_text())
OLD = lasagne.__version__ == "0.1"

#: Arguments that ours take besides.
MORE = {"BaseConvLayer": ["dilation"]}

ROWS = [(kind, name) for kind, (rows, _) in record.KINDS.items()
        for name in rows]


@pytest.fixture(scope="module", autouse=True)
def under_install():
    if OLD:
        install()
    yield
    uninstall()


@pytest.fixture(scope="module")
def found(under_install):
    return record.signatures()


@pytest.mark.parametrize("name", sorted(RECORD["signatures"]))
def test_signature(name, found):
    expected = RECORD["signatures"][name]
    assert name in found
    more = MORE.get(name.split(".")[-1], [])
    if expected is not None:
        found = [pair for pair in found[name] if pair[0] not in more]
        assert [pair[0] for pair in found] == [pair[0] for pair in expected]
        for (_, ours), (argument, default) in zip(found, expected):
            assert ours == default or default == "-", argument


@pytest.mark.parametrize("floatX", ["float64", "float32"])
@pytest.mark.parametrize("kind, name", ROWS)
def test_numbers(kind, name, floatX):
    expected = RECORD["numbers"][floatX][kind][name]
    compare(record.numbers(kind, name, floatX), expected,
            2e-5 if floatX == "float32" else 1e-9)


def compare(found, expected, tolerance):
    """Compare nested lists, numbers by their distance."""
    if isinstance(expected, list):
        assert len(found) == len(expected), (found, expected)
        for one, other in zip(found, expected):
            compare(one, other, tolerance)
    elif isinstance(expected, float):
        np.testing.assert_allclose(found, expected, tolerance, tolerance)
    else:
        assert found == expected


@pytest.mark.parametrize("kind", ["objectives", "updates"])
def test_all_that_computes_has_a_row(kind):
    rows = {name.split()[0] for name in record.KINDS[kind][0]} | {
        name.split()[0].rpartition(".")[2] for name in record.OTHERS}
    names = importlib.import_module("lasagne." + kind).__all__
    assert set(names) - rows <= {"apply_momentum", "apply_nesterov_momentum"}


def test_all_layers_have_a_row():
    rows = {name.split()[0] for name in record.LAYERS} | {
        "Deconv2DLayer", "Deconv3DLayer"}
    names = [name.split(".")[1] for name in RECORD["signatures"]
             if name.startswith("layers.") and name.count(".") == 1]
    assert {name for name in names if name.endswith("Layer")} <= rows
