"""Recurrent layers: whose numbers, and layers that Lasagne 0.1 pickled."""
import pickle

import lasagne
import numpy as np
import pytest
import theano
from lasagne_flipconv import FlipconvError, install, uninstall, unpickle
from lasagne_flipconv.layers import backports
from lasagne_flipconv.layers.backports.recurrent import gated, plain
from lasagne_flipconv.scripts.installing import (installed,
                                                 installed_meanwhile)

from cases import values
from test_run import run, write

OLD = lasagne.__version__ == "0.1"
only_old = pytest.mark.skipif(not OLD, reason="Lasagne has its own")
X = values((2, 5, 3), 1, theano.config.floatX)
STOCK = {name: getattr(lasagne.layers, name)
         for name in ("LSTMLayer", "GRULayer", "RecurrentLayer")}


def built(cls, **options):
    layer = cls(lasagne.layers.InputLayer(X.shape), 4, **options)
    for seed, param in enumerate(layer.get_params()):
        param.set_value(values(param.get_value().shape, seed, param.dtype))
    return layer


def output(layer):
    return lasagne.layers.get_output(layer, theano.shared(X)).eval()


def lstm(layer, after):
    """Run an LSTM by the formulas, its output gate seeing the cell."""
    p = {param.name: param.get_value() for param in layer.get_params()}

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    cell, hid = (np.repeat(p[name], 2, axis=0)
                 for name in ("cell_init", "hid_init"))
    for x in X.transpose(1, 0, 2):
        i, f, c, o = (x.dot(p["W_in_to_" + g]) + hid.dot(p["W_hid_to_" + g])
                      + p["b_" + g]
                      for g in ("ingate", "forgetgate", "cell", "outgate"))
        i, f = (sigmoid(gate + cell * p["W_cell_to_" + name])
                for gate, name in ((i, "ingate"), (f, "forgetgate")))
        cell = f * cell + i * np.tanh(c)
        seen = cell * p["W_cell_to_outgate"]
        o = sigmoid(o) + seen if after else sigmoid(o + seen)
        hid = o * np.tanh(cell)
    return hid


@pytest.mark.parametrize("after", [False, True])
def test_where_the_output_gate_sees_the_cell(after):
    layer = built(gated.LSTMLayer, only_return_final=True)
    layer.peephole_after = after
    np.testing.assert_allclose(output(layer), lstm(layer, after), 1e-4)


@only_old
@pytest.mark.parametrize("name", STOCK)
def test_what_0_1_pickled_computes_as_it_did(name, tmp_path):
    layer = built(STOCK[name])
    path = tmp_path / "layer.pkl"
    path.write_bytes(pickle.dumps(layer))
    loaded = unpickle(str(path))
    assert type(loaded) is getattr(backports, name)
    np.testing.assert_allclose(output(loaded), output(layer), 1e-5)
    again = pickle.loads(pickle.dumps(loaded))
    np.testing.assert_allclose(output(again), output(layer), 1e-5)


@pytest.mark.skipif(OLD, reason="pickles those of its own")
@pytest.mark.parametrize("name", STOCK)
def test_what_0_1_pickled_computes_so_on_0_2_dev1(name, tmp_path):
    layer = built(STOCK[name])
    wanted = output(layer)[:, -1]
    if name == "LSTMLayer":
        wanted = lstm(layer, after=True)
    for attribute in ("mask_incoming_index", "hid_init_incoming_index",
                      "cell_init_incoming_index", "only_return_final"):
        vars(layer).pop(attribute, None)
    path = tmp_path / "layer.pkl"
    path.write_bytes(pickle.dumps([layer]))
    loaded, = unpickle(str(path))
    assert loaded.output_shape == (2, 5, 4)
    np.testing.assert_allclose(output(loaded)[:, -1], wanted, 1e-4)
    again = pickle.loads(pickle.dumps(loaded))
    np.testing.assert_allclose(output(again)[:, -1], wanted, 1e-4)


@only_old
@pytest.mark.parametrize("numbers_of, ours", [("0.2.dev1", True),
                                              ("0.1", False)])
def test_whose_numbers_install_gives(numbers_of, ours):
    install(numbers_of)
    try:
        for name, stock in STOCK.items():
            assert (getattr(lasagne.layers, name) is not stock) == ours
        adam = lasagne.updates.adam.__module__
        assert adam.startswith("lasagne_flipconv") == ours
        assert lasagne.updates.amsgrad and lasagne.objectives.huber_loss
    finally:
        uninstall()
    assert lasagne.layers.LSTMLayer is STOCK["LSTMLayer"]
    assert "get_output_kwargs" not in vars(lasagne.layers.Layer)


@only_old
@pytest.mark.parametrize("first, second", [("0.2.dev1", "0.1"),
                                           ("0.1", "0.2.dev1")])
def test_other_numbers_are_refused_until_uninstall(first, second):
    install(first)
    adam = lasagne.updates.adam
    try:
        install(first)
        with pytest.raises(FlipconvError, match=(
                "numbers_of='%s', but the layers are installed with those of "
                "'%s'.*uninstall" % (second, first))):
            install(second)
        with installed_meanwhile():
            assert lasagne.updates.adam is adam
        assert installed() and lasagne.updates.adam is adam
    finally:
        uninstall()
    install(second)
    uninstall()


def test_numbers_that_there_are_not():
    with pytest.raises(FlipconvError, match="expected '0.2.dev1'"):
        install("0.3")


def test_a_state_for_each_example_as_in_0_1():
    given = theano.tensor.constant(values((2, 4), 9, theano.config.floatX))
    state = given * 1  # an expression
    layer = built(plain.RecurrentLayer, hid_init=state)
    assert state not in layer.params
    other = built(plain.RecurrentLayer, hid_init=lasagne.layers.InputLayer(
        (2, 4), given))
    found = lasagne.layers.get_output(other, {
        other.input_layers[0]: theano.shared(X)}).eval()
    np.testing.assert_allclose(output(layer), found, 1e-6)


@pytest.mark.parametrize("options, said", [
    (dict(unroll_scan=True, gradient_steps=3), "expected -1"),
])
def test_refused(options, said):
    with pytest.raises(ValueError, match=said):
        built(gated.GRULayer, **options)


@only_old
def test_a_script_that_wants_other_numbers_than_the_command(tmp_path):
    write(tmp_path, "train.py", """
        import lasagne_flipconv
        lasagne_flipconv.install()
        """)
    assert run(tmp_path, "train.py").returncode == 0
    told = run(tmp_path, "--numbers-of", "0.1", "train.py")
    assert told.returncode != 0
    assert "say --numbers-of 0.2.dev1" in told.stderr
