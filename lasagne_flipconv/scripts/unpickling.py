"""Load networks that were pickled whole, years ago.

A pickle holds instructions that run when it is loaded. This is for files of
your own; :func:`lasagne_flipconv.load` reads values from files of others.
"""
from __future__ import annotations

import codecs
import importlib
import inspect
import os
import pickle
import re
from typing import Any

import lasagne.layers
import numpy as np
from lasagne.layers import Layer
from theano.compile import SharedVariable

from .. import layers
from ..errors import CheckpointError
from ..layers.backports import recurrent
from ..weights.reading import pickle_in, said_of
from .installing import installed_meanwhile, replacements
from .replace import reachable
from .stand_ins import loading, reconstructed, stand_in

__all__ = ["unpickle"]


def unpickle(path: str | os.PathLike[str], encoding: str = "latin1",
             stand_ins: bool = False) -> Any:
    """Load a pickled network, running whatever the file says.

    **The file can run any program**: load only what you pickled yourself or
    trust as if it were a program. Layers become those of this package where
    it has them, classes are found where they are today, and attributes that
    were introduced since are added. Save the values afterwards in a format
    that runs nothing.

    Parameters
    ----------
    path : str or path-like
        The file, from Python 2 or 3, plain or compressed by gzip or bzip2.
    encoding : str, default 'latin1'
        Of the texts in pickles of Python 2; what NumPy's arrays in there
        need.
    stand_ins : bool, default False
        Whether what cannot be imported, such as a class of a script that is
        gone, is replaced by a class that only keeps its state. A layer of
        such a class keeps its parameters, so that they can be saved, and
        raises an error when it is to compute.

    Returns
    -------
    object
        What was pickled: a layer, a list or dict of layers, a ``NeuralNet``.

    Raises
    ------
    CheckpointError
        If the file is no pickle, is cut, or needs a module or class that is
        not there, or if what it runs fails; or if `encoding` is none.
    UnsafeFileError
        If it unpacks to many times its size.
    OSError
        If it cannot be opened, as where it is not there.

    Examples
    --------
    >>> import os, pickle, tempfile
    >>> from lasagne_flipconv.layers import Conv2DLayer
    >>> path = os.path.join(tempfile.mkdtemp(), "network.pkl")
    >>> with open(path, "wb") as file:
    ...     pickle.dump(Conv2DLayer((None, 3, 9, 9), 4, 3), file)
    >>> unpickle(path).output_shape
    (None, 4, 7, 7)
    """
    _check_encoding(encoding)
    where = os.fsdecode(path)
    with open(where, "rb") as packed:
        file = pickle_in(packed)
        head = file.peek()
        try:
            with installed_meanwhile(), loading():
                found = _Unpickler(file, stand_ins, encoding=encoding).load()
        except Exception as error:  # whatever the file runs may raise
            raise CheckpointError(
                "%s: cannot be unpickled (%s: %s); expected a whole pickle, "
                "of classes that can be imported. %s"
                % (where, type(error).__name__, error,
                   said_of(head) or _way_out(error))) from error
    turned = set()
    for layer in reachable(_layers_in(found)):
        _turn_variance(layer, turned)
        _complete_recurrent(layer)
        _add_attributes(layer)
    return found


#: Modules that need a GPU, of Theano 0.9 and before and of 1.0.
_GPU = ("theano.sandbox.cuda", "pygpu", "pycuda")

#: What is left if a class is lost.
_RESCUE = ("If it is lost, unpickle(path, stand_ins=True) loads the rest; "
           "then lasagne_flipconv.save('weights.npz', network).")


def _check_encoding(encoding):
    """Refuse what is no encoding, or ``'bytes'``, as which texts stay."""
    try:
        encoding == "bytes" or codecs.lookup(encoding)
    except (LookupError, TypeError) as error:
        raise CheckpointError(
            "encoding: got %.80r; expected the name of an encoding of texts, "
            "such as 'latin1'." % (encoding,)) from error


def _way_out(error):
    """Return what to do about an error of unpickling."""
    name = getattr(error, "name", None) or ""
    if name.startswith(_GPU) or "GpuArray" in str(error):
        return ("It holds variables on a GPU of that time. Save the values "
                "where it was made: numpy.savez(path, "
                "*lasagne.layers.get_all_param_values(network)).")
    if isinstance(error, ModuleNotFoundError):
        return ("Install the package %r; if it is a script, put its folder "
                "into sys.path. %s" % (name, _RESCUE))
    if isinstance(error, AttributeError):
        return ("Define or import it there first: a class of a script that "
                "was run is looked for in __main__. " + _RESCUE)
    if isinstance(error, ImportError):
        return ("Install a release of %r that works with the others here. %s"
                % (name.partition(".")[0] or "the package", _RESCUE))
    return ("Get it again if it is cut or damaged, or load it with the "
            "packages that it was made with.")


class _Unpickler(pickle.Unpickler):
    """Find classes where they are today."""

    def __init__(self, file, stand_ins, **options):
        super().__init__(file, **options)
        self._stand_ins = stand_ins
        self._ours = {"lasagne.layers." + home: names
                      for home, names in replacements().items()}

    def find_class(self, module, name):
        """Return a class or function by the names in the file."""
        try:
            return self._find(module, name)
        except Exception:  # whatever the import of a script raises
            if not self._stand_ins:
                raise
            return stand_in(module, name)

    def _find(self, module, name):
        if name == "_reconstructor" and self._stand_ins:
            return reconstructed
        ours = self._ours.get(module, {})
        if name in ours:
            return ours[name]
        if module.split(".")[:2] == ["lasagne", "layers"]:
            return _find_layer(module, name) or super().find_class(module,
                                                                   name)
        try:
            return super().find_class(module, name)
        except ImportError as error:
            if module.startswith(_GPU):
                error.name = module  # not what its tests miss
            raise


def _find_layer(module, name):
    """Return what moved to another module of ``lasagne.layers``, or None."""
    try:
        home = importlib.import_module(module)
    except ImportError:
        home = None
    for place in (home, lasagne.layers, layers):
        if hasattr(place, name):
            return getattr(place, name)
    return None


def _layers_in(thing):
    """Return the layers that a thing is, contains, or has as attributes."""
    found, seen, stack = [], set(), [thing]
    while stack:
        item = stack.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, Layer):
            found.append(item)
        elif isinstance(item, dict):
            stack += item.values()
        elif isinstance(item, (list, tuple, set)):
            stack += item
        elif item is thing:
            stack.append(dict(getattr(item, "__dict__", {})))
    return found


def _turn_variance(layer, turned):
    """Give a batch normalization of 2015, which kept a variance, what it keeps
    today; `turned` are the variables for which that was done."""
    kept, ours = vars(layer).get("var"), layers.BatchNormLayer
    stock = getattr(lasagne.layers, "BatchNormLayer", ours)
    if type(layer).get_output_for not in (
            ours.get_output_for, stock.get_output_for) or hasattr(
            layer, "inv_std") or not isinstance(kept, SharedVariable):
        return
    if kept not in turned:
        turned.add(kept)
        kept.set_value((1 / np.sqrt(kept.get_value() + layer.epsilon)).astype(
            kept.dtype))
        if kept.name:
            kept.name = re.sub(r"\bvar\Z", "inv_std", kept.name)
    layer.inv_std = kept
    del layer.var
    for stored in (layer.mean, kept):
        layer.params.setdefault(stored, set()).add("batch_norm_stat")


def _complete_recurrent(layer):
    """Let a layer that Lasagne 0.1 pickled compute as it did on 0.2.dev1.

    That has an LSTM of other numbers, and its layers look for what 0.1 did
    not keep. Ours complete themselves, on 0.1 while they are loaded.
    """
    cls = type(layer)
    if (cls.__module__ == "lasagne.layers.recurrent"
            and cls.__name__ in recurrent.__all__
            and "mask_incoming_index" not in vars(layer)):
        layer.__class__ = getattr(recurrent, cls.__name__)
        layer.__setstate__(dict(vars(layer)))


#: What constructors of layers take away of what those of their parents set.
_TAKEN_AWAY = {"DilatedConv2DLayer": "stride", "TransposedConv1DLayer": "pad",
               "TransposedConv2DLayer": "pad", "TransposedConv3DLayer": "pad"}


def _add_attributes(layer):
    """Add what a layer lacks: the defaults of the constructors' arguments."""
    lacks = {_TAKEN_AWAY.get(cls.__name__) for cls in type(layer).__mro__}
    for cls in type(layer).__mro__:
        if not issubclass(cls, Layer):
            continue
        for name, argument in inspect.signature(cls).parameters.items():
            plain = isinstance(argument.default,
                               (bool, int, str, tuple, type(None)))
            if plain and name not in lacks and not hasattr(layer, name):
                setattr(layer, name, argument.default)
    if not hasattr(layer, "get_output_kwargs"):
        layer.get_output_kwargs = []
    if getattr(layer, "n", 0) is None and hasattr(layer, "filter_size"):
        layer.n = len(layer.filter_size)
