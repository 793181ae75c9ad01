"""Watch which layers a script builds and what Theano makes of them."""
import functools
from collections import Counter, namedtuple

from theano.compile.function_module import FunctionMaker

from .. import layers
from ..layers.base import BaseConvLayer

__all__ = ["watch"]

#: A convolution layer as it was built.
Built = namedtuple("Built", "cls name output_shape flags")

#: What was built, and how often each implementation of a convolution is in
#: the functions that Theano compiled.
Report = namedtuple("Report", "built implementations")

#: Flags that tell how a kernel is used.
_FLAGS = ("flip_filters", "stride", "pad", "crop", "dilation", "num_groups",
          "untie_biases", "dimshuffle")

#: Parts of the names of Ops that convolve.
_CONVOLUTIONS = ("Conv", "Corr", "conv")


def watch():
    """Record all convolution layers and compilations from now on.

    Returns
    -------
    Report
        Filled as the script runs.

    Examples
    --------
    >>> from lasagne_flipconv.layers import Conv2DDNNLayer
    >>> report = watch()
    >>> layer = Conv2DDNNLayer((None, 3, 9, 9), 4, 3, name="conv1")
    >>> report.built[0].cls, report.built[0].flags["flip_filters"]
    ('Conv2DDNNLayer', False)
    """
    report = Report([], Counter())
    depth = [0]
    for cls in {getattr(layers, name) for name in layers.__all__}:
        if isinstance(cls, type) and issubclass(cls, BaseConvLayer):
            _watch_constructor(cls, report.built, depth)
    create = FunctionMaker.create

    @functools.wraps(create)
    def counted(maker, *args, **kwargs):
        report.implementations.update(_convolutions(maker.fgraph))
        return create(maker, *args, **kwargs)

    FunctionMaker.create = counted
    return report


def _watch_constructor(cls, built, depth):
    construct = cls.__init__

    @functools.wraps(construct)
    def __init__(self, *args, **kwargs):
        depth[0] += 1
        try:
            construct(self, *args, **kwargs)
        finally:
            depth[0] -= 1
        if not depth[0]:  # else it is the constructor of a base
            built.append(_described(self))

    cls.__init__ = __init__


def _described(layer):
    flags = {name: getattr(layer, name) for name in _FLAGS
             if hasattr(layer, name)}
    return Built(type(layer).__name__, layer.name, layer.output_shape, flags)


def _convolutions(graph):
    for node in graph.apply_nodes:
        name = type(node.op).__name__
        if any(part in name for part in _CONVOLUTIONS):
            yield name
