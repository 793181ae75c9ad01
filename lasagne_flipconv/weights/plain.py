"""Values that are no kernels: matrices of dense layers, variances, others."""
import re
from itertools import dropwhile

import numpy as np

from ..axes import ORIENTATIONS
from ..conventions import OPEN_AXES, convention_of, convention_told
from ..errors import CheckpointError, ConventionError
from ..formats.common.record import is_kernel, is_one_by_one
from .networks import is_a, is_dense
from .orientation.words import (check_square, dense_axes, is_from_elsewhere,
                                rows_told)
from .telling import AS_IN_NETWORK, DATA_FORMATS, told_of

__all__ = ["as_depthwise", "as_parameter", "check_computed", "check_plain",
           "check_source", "computes_matrix"]

#: A layer whose W is looked up.
_TABLE = "EmbeddingLayer"

#: Parameters of batch normalization, which other libraries have in another
#: order.
_NORM = ("beta", "gamma", "mean", "inv_std")

#: Names of arrays from which PyTorch computes a weight or a bias: of what was
#: parametrized, pruned or has a spectral norm, of PEFT; and of weight norm.
_SOURCE = re.compile(
    r"(.*\.)?(parametrizations\.\w+\..+|\w*(weight|bias)\w*_orig"
    r"|base_layer\.\w+)", re.DOTALL)
_OF_NORM = re.compile(r"(.*\.)?weight\w*_[gv]", re.DOTALL)


def computes_matrix(slot):
    """Tell whether a layer computes its matrix W from a parameter.

    Parameters
    ----------
    slot : lasagne_flipconv.weights.networks.Slot
        The parameter.

    Returns
    -------
    bool
        Whether it is a matrix of a dense layer whose W is another.
    """
    return (slot.attribute != "W" and slot.param.ndim == 2
            and is_dense(slot.layer) and slot.layer.W is not slot.param)


def as_parameter(slot, entry, options):
    """Return an array without the axes of length 1 that only others give it.

    These are the positions of a kernel that has a single one, where the
    network has a NINLayer, and the one slope of a rectifier for all channels.

    Parameters
    ----------
    slot : lasagne_flipconv.weights.networks.Slot
        The parameter.
    entry : Entry
        The array in the file.
    options : lasagne_flipconv.weights.planning.Options
        What the user says.

    Returns
    -------
    Entry
        The same, if it has no such axes.
    """
    if slot.attribute == "alpha" and (slot.shape, entry.shape) == ((), (1,)):
        return _reshaped(entry, ())
    if slot.attribute in ("alpha", "b") and entry.convention == "onnx":
        return _in_line(slot, entry)
    if slot.attribute == "alpha" and "unknown" in (
            entry.columns, rows_told(options, slot, entry)):
        return _slopes(slot, entry, told_of(options.data_format, slot, entry,
                                            "data_format"))
    if not (slot.attribute == "W" and is_a(slot.layer, "NINLayer")
            and len(slot.shape) == 2 and is_kernel(entry)
            and 3 <= len(entry.shape) <= 5) or entry.kind == "transposed":
        return entry
    told = entry.convention or told_of(options.orientation, slot, entry)
    if told in (None, AS_IN_NETWORK, "OI", "IO"):
        told = ORIENTATIONS[0]
    if told in OPEN_AXES:
        return entry
    axes = convention_told(told, len(entry.shape) - 2).axes
    if not is_one_by_one(entry, axes):
        return entry
    order = "".join(axis for axis in axes if axis in "OI")
    return _reshaped(entry, tuple(entry.shape[axes.index(axis)]
                                  for axis in order)
                     )._replace(kind="dense", convention=order)


def as_depthwise(slot, entry):
    """Return a kernel with the axes of a depthwise one, if it can be no other.

    Keras 3 calls it as all kernels, and a file of weights alone has no class.

    Parameters
    ----------
    slot : lasagne_flipconv.weights.networks.Slot
        The kernel in the network.
    entry : Entry
        The kernel in the file.

    Returns
    -------
    Entry
        The same, unless it has axes (…, input channels, multiplier), of more
        channels than one, and the network has one group for each.
    """
    if entry.kind is not None or entry.convention != "keras" or (
            len(entry.shape) < 3):
        return entry
    *spatial, channels, more = entry.shape
    shape, n = (channels * more, 1, *spatial), len(spatial)
    if channels == 1 or slot.shape != shape or (
            convention_of(slot.layer).axes[:2] != "OI"):
        return entry
    return entry._replace(
        shape=shape, kind="conv", convention=convention_told("onnx", n),
        read=lambda: entry.read().transpose(n, n + 1, *range(n)).reshape(
            shape))


def _in_line(slot, entry):
    """Return an array of ONNX, which meets the last axes of activations, in
    the shape of a parameter that has the same axes."""
    shape, axes = tuple(entry.shape), _full_shape(slot)
    given = (1,) * (len(axes) - len(shape)) + shape
    if len(given) > len(axes) or given[0] != 1 == axes[0]:
        # for activations with axes of 1 that the network lacks
        given = (1,) + tuple(dropwhile((1).__eq__, shape))
        while given[-1] == 1 and len(given) > 2:
            given = given[:-1]
        axes = (1,) + slot.shape
    if given != axes:
        raise CheckpointError(
            "%s → %s: has shape %r, which meets the last axes of activations "
            "there; expected %r for a parameter of shape %r. Set it by hand."
            % (entry.name, slot.name, shape, axes, slot.shape))
    return _reshaped(entry, slot.shape)


def _full_shape(slot):
    """Return a parameter's shape as it meets its layer's output, with 1 in
    the axes that it has in common."""
    axes = len(slot.layer.output_shape)
    shared = getattr(slot.layer, "shared_axes", None)
    if shared is None:  # a bias: of units in the last axis, of maps before
        lead = axes - 1 if is_a(slot.layer, "DenseLayer") else 1
        return ((1,) * lead + slot.shape + (1,) * axes)[:axes]
    sizes = iter(slot.shape)
    return tuple(1 if i in shared else next(sizes) for i in range(axes))


def _slopes(slot, entry, data_format):
    """Return slopes of which it is not known where the channels are, by their
    shape if the user does not say it."""
    moved = entry.shape[-1:] + entry.shape[:-1]
    if len(entry.shape) < 2 or moved != slot.shape or (
            data_format == DATA_FORMATS[0]):
        return entry
    if entry.shape == slot.shape and set(moved) != {1} and (
            data_format is None):
        raise ConventionError(
            "%s → %s: has shape %r, and the file does not say whether the "
            "first of these axes is of channels, or the last; expected to be "
            "told. Pass data_format=%r or %r, or load the file of the whole "
            "model." % (entry.name, slot.name, entry.shape, *DATA_FORMATS))
    return entry._replace(shape=moved, read=lambda: np.moveaxis(
        entry.read(), -1, 0))


def _reshaped(entry, shape):
    return entry._replace(shape=shape,
                          read=lambda: entry.read().reshape(shape))


def check_computed(plans, expressions, where, options):
    """Refuse what other parameters were computed from, in other ways.

    Parameters
    ----------
    plans : list of lasagne_flipconv.weights.planning.Plan
        What goes where.
    expressions : dict of SharedVariable to str
        As `networks.expressions_in` returns it.
    where : str
        Name of the file.
    options : lasagne_flipconv.weights.planning.Options
        What the user says.

    Raises
    ------
    ConventionError
        If the file says that of a value.
    """
    for slot, entry in (plan[:2] for plan in plans):
        # where it is in none, it is used alone, as half of what was tied
        ours = expressions.get(slot.param)
        if ours and entry.computes not in (None, ours) and (
                told_of(options.orientation, slot, entry) != AS_IN_NETWORK):
            raise ConventionError(
                "%s in %s → %s: is what a parameter is computed from, by "
                "another expression than here; expected the same on both "
                "sides. Build the network like the one that was saved, or "
                "pass orientation={%r: 'as in network'} if it computes the "
                "same." % (entry.name, where, slot.name, slot.name))


def check_source(slot, entry, name, options):
    """Refuse what PyTorch computes a value from in place of the value.

    Parameters
    ----------
    slot : lasagne_flipconv.weights.networks.Slot
        The parameter.
    entry : Entry
        The array in the file.
    name : str
        Of both, for error texts.
    options : lasagne_flipconv.weights.planning.Options
        What the user says.

    Raises
    ------
    ConventionError
        If its name says that it is one, and the network has the value.
    """
    if entry.name in options.names:
        return
    if _SOURCE.fullmatch(entry.name) or _OF_NORM.fullmatch(entry.name) and (
            not slot.readers and not computes_matrix(slot)):
        raise ConventionError(
            "%s: is, by its name, what PyTorch computes a value from "
            "(pruning, spectral or weight norm, another parametrization, "
            "LoRA); expected the value itself. Before torch.save, call "
            "prune.remove, remove_spectral_norm, remove_weight_norm, "
            "parametrize.remove_parametrizations or merge_and_unload; or "
            "pass names={%r: %r} to have it as it lies." % (
                name, entry.name, slot.name))


def check_plain(slot, entry, name, options):
    """Refuse what may be a kernel on one side, or a matrix of unknown axes.

    Parameters
    ----------
    slot : lasagne_flipconv.weights.networks.Slot
        The parameter.
    entry : Entry
        The array in the file.
    name : str
        Of both, for error texts.
    options : lasagne_flipconv.weights.planning.Options
        What the user says.

    Raises
    ------
    CheckpointError, ConventionError
        If it is one.
    """
    if entry.kind in ("conv", "transposed"):
        raise CheckpointError("%s: is a convolution kernel in the file, not "
                              "in the network; expected the same." % name)
    if slot.attribute in _NORM and entry.role is None and (
            is_from_elsewhere(options, slot, entry)):
        raise ConventionError(
            "%s: is of another library, where batch normalization has gamma, "
            "beta, mean and variance, in Lasagne beta, gamma, mean and "
            "inv_std, and its name does not say which it is; expected to be "
            "told. Pass names={%r: '%s.gamma'} or .beta, .mean, .variance, "
            "for all arrays." % (name, entry.name, slot.group))
    axes = slot.param.ndim
    told = told_of(options.orientation, slot, entry)
    if slot.unsure and told != AS_IN_NETWORK and (
            told is not None or entry.reader != slot.reader):
        raise ConventionError(
            "%s: has %d axes and may be a kernel, or what one is computed "
            "from, but %s has no known convention for it; expected the W of "
            "a known layer. Declare the class with "
            "lasagne_flipconv.conventions.register if it is W, or pass "
            "orientation={%r: 'as in network'} if the file is from such a "
            "network." % (name, axes, type(slot.layer).__name__, slot.name))
    known = slot.attribute == "W" and (is_dense(slot.layer)
                                       or is_a(slot.layer, _TABLE))
    if axes == 2 and not known:
        check_square(slot, entry, name, options, by_name=False)
    if axes == 2 and not known and dense_axes(slot, entry, options) == "OI":
        raise ConventionError(
            "%s: is a matrix with axes (output, input) in such files, and "
            "what %s does with it is not known; expected the W of a "
            "DenseLayer or NINLayer. Set it by hand."
            % (name, type(slot.layer).__name__))
