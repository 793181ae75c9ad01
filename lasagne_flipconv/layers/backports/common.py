"""What the backports share: bases, axes, and text that is written once."""
from numbers import Integral

import lasagne
from lasagne.layers import base as stock

from ..parameters import Layer

__all__ = ["IS_OLD", "axis_of", "bases", "check_rank", "choose", "documented",
           "insert_axes", "kept_sizes", "named_axes"]

#: Whether the installed Lasagne is 0.1, or behaves as it does.
IS_OLD = Layer is not stock.Layer

#: Ours on every Lasagne: what they build, the engine computes in one pass.
_ALWAYS_OURS = ("BatchNormLayer", "batch_norm")

_TEXT = {
    "<incoming>": """incoming : Layer or tuple
        The layer below, or the shape of its output.""",
    "<localization>": """localization_network : Layer
        The layer that computes the transformation of each example.""",
    "<downsample>": """downsample_factor : float or pair of float, default 1
        Divides the height and width of the output; below 1 enlarges it.""",
    "<border_mode>": """border_mode : {'nearest', 'mirror', 'wrap'}
        What is read outside the image: its nearest border pixel, the image
        mirrored at its border, or its opposite side.""",
    "<shared_axes>": """shared_axes : 'auto', int or tuple of int
        Axes along which all positions have the same value; 'auto' means all
        but the second, which gives a value per channel.""",
    "<channels>": """num_units : int
        Number of channels of the output.
    untie_biases : bool, default False
        Whether each location has a bias of its own.""",
    "<pool>": """pool_size : int or tuple of int
        Size of a pooling region, per spatial axis.
    stride : int, tuple of int or None, default None
        Distance between neighbouring regions; None means `pool_size`.
    pad : int or tuple of int, default 0
        Number of values added on both sides of each spatial axis. They never
        win a maximum; whether they count in a mean is up to the mode.
    ignore_border : bool, default True
        Whether to drop regions that reach beyond the input. Has to be true
        where `pad` is not 0.""",
    "<pool mode>": """mode : str, default 'max'
        'max', 'average_inc_pad' (a mean in which padding counts as zeros),
        'average_exc_pad' (a mean without the padding) or 'sum'.""",
    "<upscale>": """scale_factor : int or tuple of int
        How many times as long each spatial axis gets.
    mode : {'repeat', 'dilate'}
        Whether each value is repeated, or followed by zeros.""",
    "<cropping>": """cropping : sequence, optional
        How each axis is cut to the smallest input: 'lower', 'center' or
        'upper' tells which part stays, None leaves the axis. Axes that the
        sequence does not reach are left.""",
    "<sequence>": """incoming : Layer or tuple
        The layer below, or the shape of its output: (batch, steps, ...).""",
    "<recurrent>": """hid_init : array, variable, callable or Layer
        State before the first step: (1, ...), or a layer that computes it.
    backwards : bool, default False
        Whether to begin at the last step.
    learn_init : bool, default False
        Whether the state before the first step is trained.
    gradient_steps : int, default -1
        Number of steps that the gradient goes back; -1 for all.
    grad_clipping : float, default 0
        What the gradient within a step is clipped to; 0 for nothing.
    unroll_scan : bool, default False
        Whether to build each step into the graph, instead of a loop.
    precompute_input : bool, default True
        Whether to do what needs no state for all steps at once.
    mask_input : Layer, optional
        Its output, (batch, steps), is 0 where an example is over.
    only_return_final : bool, default False
        Whether to return the last state alone.""",
    "<kwargs>": """**kwargs : dict
        Passed on to :class:`lasagne.layers.Layer`: ``name``.""",
}


def documented(thing):
    """Fill in the shared text of a docstring.

    Parameters
    ----------
    thing : type or callable
        Its docstring names shared text in angle brackets.

    Returns
    -------
    type or callable
        The same object.
    """
    for mark, text in _TEXT.items():
        thing.__doc__ = thing.__doc__ and thing.__doc__.replace(mark, text)
    return thing


def bases(name, base=Layer):
    """Return the base classes of a backport that extends a class of 0.1.

    Parameters
    ----------
    name : str
        The class of Lasagne 0.1; existing ``isinstance`` checks hold for the
        backport.
    base : type
        Base class in any case.

    Returns
    -------
    tuple of type
        Without the class of Lasagne where it needs no backport.
    """
    return (base, getattr(lasagne.layers, name)) if IS_OLD else (base,)


def choose(name, ours):
    """Return the layer class or function of a name.

    Parameters
    ----------
    name : str
        Its name in ``lasagne.layers``.
    ours : type or callable
        The backport.

    Returns
    -------
    type or callable
        Lasagne's own where the installed Lasagne has it as in 0.2.dev1,
        except for batch normalization.
    """
    if IS_OLD or name in _ALWAYS_OURS:
        return ours
    return getattr(lasagne.layers, name, ours)


def named_axes(axes, ndim, **words):
    """Return axes as a tuple.

    Parameters
    ----------
    axes : str, int or iterable of int
        The axes, or a word for them.
    ndim : int
        Number of axes of the input.
    **words : dict
        Words allowed besides 'auto' (all axes but the second).

    Returns
    -------
    tuple of int
        The axes, counted from the front.

    Raises
    ------
    ValueError
        If the word is not known.
    """
    words.setdefault("auto", (0,) + tuple(range(2, ndim)))
    if isinstance(axes, str):
        if axes not in words:
            raise ValueError("axes %r: not known; expected an int, a tuple of "
                             "int, or one of %s."
                             % (axes, ", ".join(map(repr, sorted(words)))))
        return tuple(words[axes])
    if isinstance(axes, Integral):
        axes = (axes,)
    return tuple(axis + ndim if axis < 0 else axis for axis in axes)


def axis_of(layer, axis, ndim):
    """Return an axis, counted from the front.

    Parameters
    ----------
    layer : Layer
        Whose argument it is.
    axis : int
        The axis; negative from the end.
    ndim : int
        Number of axes of the input.

    Returns
    -------
    int
        At least 0.

    Raises
    ------
    IndexError
        If the input has no such axis.
    """
    if not -ndim <= axis < ndim:
        raise IndexError("%s: axis %d of an input of %d axes; expected one "
                         "from %d to %d." % (type(layer).__name__, axis, ndim,
                                             -ndim, ndim - 1))
    return axis % ndim


def kept_sizes(layer, dropped):
    """Return the input sizes of a layer without some axes.

    Parameters
    ----------
    layer : Layer
        Its ``input_shape`` is read.
    dropped : tuple of int
        Axes that are left out.

    Returns
    -------
    tuple of int
        Shape of a parameter that is the same along the dropped axes.

    Raises
    ------
    ValueError
        If one of the sizes is not known.
    """
    sizes = tuple(size for axis, size in enumerate(layer.input_shape)
                  if axis not in dropped)
    if None in sizes:
        raise ValueError(
            "%s: input shape %r leaves parameter shape %r; the layer needs "
            "specified input sizes on all axes but %r. Name them in the input "
            "layer."
            % (type(layer).__name__, layer.input_shape, sizes, dropped))
    return sizes


def insert_axes(param, axes, ndim):
    """Return a parameter with broadcastable axes put in.

    Parameters
    ----------
    param : theano.Variable
        Without the axes.
    axes : tuple of int
        Where to put axes of length one.
    ndim : int
        Number of axes of the result.

    Returns
    -------
    theano.Variable
        The parameter, ready to be combined with an input of `ndim` axes.
    """
    own = iter(range(param.ndim))
    return param.dimshuffle(["x" if axis in axes else next(own)
                             for axis in range(ndim)])


def check_rank(layer, n):
    """Refuse an input that has not `n` spatial axes.

    Parameters
    ----------
    layer : Layer
        Its ``input_shape`` is read.
    n : int
        Number of spatial axes.

    Raises
    ------
    ValueError
        If the input has another number of axes than `n` plus two.
    """
    if len(layer.input_shape) != n + 2:
        raise ValueError(
            "%s: input shape %r has %d axes; expected %d: (batch, channels, "
            "%d spatial)." % (type(layer).__name__, layer.input_shape,
                              len(layer.input_shape), n + 2, n))
