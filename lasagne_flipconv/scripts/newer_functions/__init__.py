"""Functions of Lasagne 0.2.dev1 for Lasagne 0.1, by their module.

:func:`lasagne_flipconv.install` puts them into Lasagne where it has none of
that name, or one that gives other numbers. One file for each of Lasagne's
modules; ``network`` and ``sampling`` hold what is in several and what is
private.
"""
import lasagne
import theano
from lasagne.theano_extensions import conv, padding

from theano.sandbox import rng_mrg

from ... import layers
from ...layers import parameters
from ...layers.backports import pool
from . import convolution, network, nonlinearity, objective, sampling, update

__all__ = ["methods", "missing", "within"]

_UTILS = {"collect_shared_vars": network.shared_vars_of,
          "compute_norms": network.compute_norms,
          "create_param": parameters.create_param,
          "inspect_kwargs": network.inspect_kwargs,
          "int_types": network.int_types}
_HELPER = {"get_all_params": network.get_all_params,
           "get_output": network.get_output}


def _public(module):
    return {name: getattr(module, name) for name in module.NAMES}


#: Module → what 0.2.dev1 has in it, and which of that 0.1 has otherwise.
_FUNCTIONS = {
    lasagne.nonlinearities: (_public(nonlinearity), ()),
    lasagne.objectives: (
        dict(_public(objective),
             as_theano_expression=lasagne.utils.as_theano_expression),
        objective.CHANGED),
    lasagne.updates: (_public(update), update.CHANGED),
    lasagne.utils: (_UTILS, ("compute_norms", "create_param")),
    lasagne.layers.helper: (_HELPER, tuple(_HELPER)),
    lasagne.layers: (_HELPER, tuple(_HELPER)),
    lasagne.regularization: (
        {"get_all_params": network.get_all_params}, ("get_all_params",)),
    conv: (dict(convolution.FUNCTIONS, int_types=network.int_types),
           tuple(convolution.FUNCTIONS)),
    padding: ({"pad": convolution.pad, "int_types": network.int_types},
              ("pad",)),
}

#: Module → what asks for the class int, which NumPy's integers were of in
#: Python 2; in both versions.
_OF_INTEGERS = {
    lasagne.utils: {"as_tuple": network.as_tuple},
    **{module: {"integer_types": network.int_types} for module in (
        theano.tensor.basic, theano.tensor.var, rng_mrg)}}

#: What ``import *`` of 0.2.dev1 does not bring.
_NOT_STARRED = {"align_targets", "as_theano_expression",
                "get_or_compute_grads"}

#: Functions that take more than those of 0.1, and give the same.
_COMPATIBLE = (lasagne.layers.helper, lasagne.layers, lasagne.regularization,
               conv, padding)

#: What the modules that need a GPU have of their neighbours.
_NEIGHBOURS = {
    "BaseConvLayer": getattr(lasagne.layers.conv, "BaseConvLayer",
                             layers.base.BaseConvLayer),
    "Layer": lasagne.layers.Layer, "as_tuple": network.as_tuple,
    "conv_output_length": lasagne.layers.conv.conv_output_length,
    "pool_output_length": lasagne.layers.pool.pool_output_length,
    "init": lasagne.init, "nonlinearities": lasagne.nonlinearities,
    "theano": theano, "T": theano.tensor}


def _with_base(name):
    """Return what such a module has, with the base class that 0.1 had."""
    return {name: type(name, (lasagne.layers.Layer,), {
        "__module__": __name__}), **_NEIGHBOURS}


#: Submodule of ``lasagne.layers`` → what scripts import from it besides.
_WITHIN = {
    "corrmm": _with_base("MMLayer"), "dnn": _with_base("DNNLayer"),
    "cuda_convnet": _with_base("CCLayer"),
    "conv": {name: getattr(network, name) for name in (
        "conv_input_length", "inspect_kwargs", "int_types")},
    "local": {"Conv2DLayer": layers.Conv2DLayer},
    "normalization": {"int_types": network.int_types},
    "pool": {"pool_2d": network.pool_2d, "pool_3d": network.pool_3d,
             "pool_2d_nxn_regions": pool.pool_2d_nxn_regions},
    "recurrent": {"DenseLayer": layers.DenseLayer,
                  "Layer": lasagne.layers.Layer},
    "shape": {"int_types": network.int_types},
    "special": dict(
        sampling.FUNCTIONS, int_types=network.int_types,
        Layer=lasagne.layers.Layer, MergeLayer=lasagne.layers.MergeLayer,
        NonlinearityLayer=lasagne.layers.NonlinearityLayer,
        as_tuple=network.as_tuple, floatX=lasagne.utils.floatX,
        get_rng=lasagne.random.get_rng),
}


def missing(is_old, numbers_of="0.2.dev1"):
    """Return what the installed Lasagne lacks, or has with other numbers.

    Parameters
    ----------
    is_old : bool
        Whether that is Lasagne 0.1.
    numbers_of : {'0.2.dev1', '0.1'}, default '0.2.dev1'
        Whose numbers are wanted.

    Returns
    -------
    dict of module to dict
        For each module of Lasagne or Theano what is put in, by name.
    """
    found = {module: dict(names) for module, names in _OF_INTEGERS.items()}
    for module, (names, changed) in _FUNCTIONS.items():
        if not is_old or (numbers_of == "0.1" and module not in _COMPATIBLE):
            changed = ()
        new = {name: value for name, value in names.items()
               if name in changed or not hasattr(module, name)}
        if new and hasattr(module, "__all__"):  # also for import *
            new["__all__"] = sorted({*module.__all__, *new} - _NOT_STARRED)
        found.setdefault(module, {}).update(new)
    return found


def methods(is_old, numbers_of="0.2.dev1"):
    """Return what classes of the installed Lasagne lack, or do otherwise.

    Parameters
    ----------
    is_old, numbers_of : object
        As for :func:`missing`.

    Returns
    -------
    dict of type to dict
        For each class the attributes by name.
    """
    wanted = network.METHODS if is_old else {}
    wanted = {cls: {**network.OF_PYTHON2.get(cls, {}), **wanted.get(cls, {})}
              for cls in {**network.OF_PYTHON2, **wanted}}
    return {cls: names for cls, names in wanted.items()
            if cls is not lasagne.layers.InputLayer or numbers_of != "0.1"}


def within(home):
    """Return what a submodule of ``lasagne.layers`` has besides layers.

    Parameters
    ----------
    home : str
        The submodule, as ``"special"``.

    Returns
    -------
    dict of str to object
        By name.
    """
    return _WITHIN.get(home, {})
