"""The backports against the layers of Lasagne 0.2.dev1 themselves.

Runs where ``LASAGNE_SOURCE`` names a checkout; see ``conftest.py``.
"""
import inspect
import os

import lasagne
import numpy as np
import pytest
import theano
from lasagne_flipconv.layers import backports

import backport_cases as cases

if not os.environ.get("LASAGNE_SOURCE"):
    pytest.skip("LASAGNE_SOURCE does not name a checkout of Lasagne 0.2.dev1",
                allow_module_level=True)

NAMES = sorted(cases.IMPLEMENTATIONS)
FLAGS = [{}, {"deterministic": True},
         {"batch_norm_use_averages": True, "deterministic": False},
         {"batch_norm_update_averages": True, "deterministic": True}]


def flags_for(case):
    """Return the options of ``get_output_for`` that make a difference."""
    if case.name == "BatchNormLayer":
        return FLAGS
    return FLAGS[:2] if "Rectifier" in case.name or \
        case.name == "DropoutLayer" else FLAGS[:1]


@pytest.mark.parametrize("name", NAMES)
def test_lasagne_s_own_is_used(name):
    used, stock = getattr(backports, name), getattr(lasagne.layers, name)
    if name == "batch_norm":
        assert used is cases.IMPLEMENTATIONS[name]
    elif name == "BatchNormLayer":
        assert used is cases.IMPLEMENTATIONS[name] and stock in used.__bases__
    else:
        assert used is stock


@pytest.mark.parametrize("name", NAMES)
def test_signature(name):
    ours = inspect.signature(cases.IMPLEMENTATIONS[name]).parameters
    stock = inspect.signature(getattr(lasagne.layers, name)).parameters
    assert list(ours) == list(stock)
    for parameter in ours:
        assert (plain(ours[parameter].default)
                == plain(stock[parameter].default)), parameter


def plain(default):
    """Return a default value in a form that can be compared."""
    if isinstance(default, lasagne.init.Initializer):
        return type(default), {k: v for k, v in vars(default).items()
                               if isinstance(v, (int, float, str))}
    if isinstance(default, lasagne.layers.Gate):
        return {name: plain(value) for name, value in vars(default).items()}
    return tuple(default) if isinstance(default, list) else default


@pytest.mark.parametrize("floatX", ["float64", "float32"])
@pytest.mark.parametrize("case", cases.CASES, ids=cases.name_of)
def test_same_numbers(case, floatX):
    with theano.configparser.change_flags(floatX=floatX):
        inputs = cases.inputs_of(case)
        for flags in flags_for(case):
            ours = cases.build(case)
            stock = cases.build(case, getattr(lasagne.layers, case.name))
            assert type(ours) is not type(stock)
            copy_values(stock, ours)
            y, expected = (cases.run(layer, inputs, **flags)
                           for layer in (ours, stock))
            assert y.dtype == expected.dtype
            tolerance = 2e-4 if floatX == "float32" else 1e-12
            np.testing.assert_allclose(y, expected, tolerance, tolerance)
            for p, q in zip(ours.get_params(), stock.get_params()):
                np.testing.assert_allclose(p.get_value(), q.get_value(), 1e-6)


@pytest.mark.parametrize("flags", FLAGS + [
    {"batch_norm_use_averages": False, "deterministic": True},
    {"batch_norm_update_averages": False}], ids=str)
@pytest.mark.parametrize("case", [case for case in cases.CASES if case.name
                                  == "BatchNormLayer"], ids=cases.name_of)
def test_same_gradients(case, flags):
    x, = cases.inputs_of(case)
    ours, stock = (gradients(cases.build(case, cls), x, flags) for cls in (
        cases.IMPLEMENTATIONS[case.name], lasagne.layers.BatchNormLayer))
    for a, b in zip(ours, stock):
        np.testing.assert_allclose(a, b, 1e-7, 1e-7)
    assert len(ours) == len(stock)


def gradients(layer, x, flags):
    """Return the gradients of a layer's input and trained parameters."""
    variable = theano.shared(x)
    y = layer.get_output_for(variable, **flags)
    weight = cases.values(x.shape, 9).astype(y.dtype)
    wrt = [variable] + layer.get_params(trainable=True)
    run = theano.function([], theano.grad((y * y * weight).sum(), wrt),
                          mode=cases.MODE)
    return run() + [p.get_value() for p in layer.get_params()]


def copy_values(source, target):
    """Give a layer the parameter values of another."""
    for p, q in zip(source.get_params(), target.get_params()):
        q.set_value(p.get_value())


@pytest.mark.parametrize("case", cases.CASES, ids=cases.name_of)
def test_same_parameters_and_shape(case):
    ours, stock = described(case), described(
        case, getattr(lasagne.layers, case.name))
    assert ours == stock


def described(case, cls=None):
    """Return the output shape, and names, shapes and tags of parameters."""
    layer = cases.build(case, cls)
    return layer.output_shape, [
        (p.name, p.get_value().shape, p.broadcastable, sorted(tags))
        for p, tags in layer.params.items()]


CHAINS = [("batch_norm", {}), ("batch_norm", {"name": "own", "gamma": None}),
          ("instance_norm", {}), ("instance_norm", {"learn_scale": False}),
          ("instance_norm", {"learn_bias": False, "name": "own"}),
          ("layer_norm", {}), ("layer_norm", {"epsilon": .1}),
          ("prelu", {}), ("prelu", {"shared_axes": "all", "name": "own"}),
          ("rrelu", {"upper": .9})]


@pytest.mark.parametrize("below", [{}, {"b": None}, {"nonlinearity": None},
                                   {"name": "fc"}], ids=str)
@pytest.mark.parametrize("name, options", CHAINS, ids=str)
def test_same_chain(name, options, below):
    ours, stock = [
        chain(function(lasagne.layers.NINLayer((None, 3, 4), 2, **below),
                       **options))
        for function in (cases.IMPLEMENTATIONS[name],
                         getattr(lasagne.layers, name))]
    assert ours == stock
    assert len(ours) > 1


def chain(top):
    """Return what a stack of layers is, each with its parameters."""
    return [(type(layer).__name__, layer.name,
             getattr(getattr(layer, "nonlinearity", None), "__name__", None),
             [(p.name, sorted(tags)) for p, tags in layer.params.items()])
            for layer in lasagne.layers.get_all_layers(top)]
