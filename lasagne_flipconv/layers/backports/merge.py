"""Layers that merge several inputs, cut to one size if asked for."""
import theano.tensor as T

from ..parameters import MergeLayer
from .common import axis_of, bases, documented

__all__ = ["autocrop", "autocrop_array_shapes", "ConcatLayer", "concat",
           "ElemwiseMergeLayer", "ElemwiseSumLayer"]

#: Where the part that stays begins, for what is too much.
_START = {"lower": lambda excess: 0,
          "center": lambda excess: excess // 2,
          "upper": lambda excess: excess}


def _modes(cropping, ranks):
    if len(set(ranks)) > 1:
        raise ValueError("cropping: the inputs have %s axes; expected equal "
                         "numbers of axes." % ", ".join(map(str, ranks)))
    if len(cropping) > ranks[0]:
        raise IndexError("cropping: %r, for inputs of %d axes; expected one "
                         "for each axis, or less." % (cropping, ranks[0]))
    modes = list(cropping) + [None] * (ranks[0] - len(cropping))
    for mode in modes:
        if mode is not None and mode not in _START:
            raise ValueError("cropping: %r is not known; expected None or one "
                             "of %s." % (mode, ", ".join(map(repr, _START))))
    return modes


@documented
def autocrop(inputs, cropping):
    """Cut arrays to the size of the smallest.

    Parameters
    ----------
    inputs : list of theano.Variable
        With equal numbers of axes.
    <cropping>

    Returns
    -------
    list of theano.Variable
        The inputs, cut; as they are if `cropping` is None.

    Raises
    ------
    ValueError
        If numbers of axes differ, or a word is not known.

    Examples
    --------
    >>> x, y = T.constant([1, 2, 3, 4, 5]), T.constant([6, 7, 8])
    >>> autocrop([x, y], ["center"])[0].eval().tolist()
    [2, 3, 4]
    """
    if cropping is None:
        return inputs
    modes = _modes(cropping, [input.ndim for input in inputs])
    columns = [[_part(input.shape[axis], [i.shape[axis] for i in inputs], mode)
                for input in inputs] for axis, mode in enumerate(modes)]
    return [input[parts] for input, parts in zip(inputs, zip(*columns))]


def _part(size, sizes, mode):
    if mode is None:
        return slice(None)
    kept = T.min(T.stack(sizes))
    start = _START[mode](size - kept)
    return slice(start, start + kept)


@documented
def autocrop_array_shapes(input_shapes, cropping):
    """Return the shapes of arrays cut to the size of the smallest.

    Parameters
    ----------
    input_shapes : list of tuple of int or None
        With equal numbers of axes.
    <cropping>

    Returns
    -------
    list of tuple of int or None
        A size that is cut is None if one of the inputs has it unknown.

    Raises
    ------
    ValueError
        If numbers of axes differ, or a word is not known.

    Examples
    --------
    >>> autocrop_array_shapes([(2, 5), (3, 4)], [None, "lower"])
    [(2, 4), (3, 4)]
    """
    if cropping is None:
        return input_shapes
    modes = _modes(cropping, [len(shape) for shape in input_shapes])
    columns = [sizes if mode is None else (_smallest(sizes),) * len(sizes)
               for sizes, mode in zip(zip(*input_shapes), modes)]
    return list(zip(*columns))


def _smallest(sizes):
    return None if None in sizes else min(sizes)


def _common_shape(shapes, free=()):
    """Return what shapes agree on, or raise if they do not."""
    known = [{size for size in sizes if size is not None}
             for sizes in zip(*shapes)]
    differing = [axis for axis, sizes in enumerate(known)
                 if len(sizes) > 1 and axis not in free]
    if differing or len({len(shape) for shape in shapes}) > 1:
        raise ValueError(
            "Mismatch: input shapes %s; expected equal sizes%s. Cut them with "
            "the argument cropping." % (
                ", ".join(map(repr, shapes)),
                " on all axes but %d" % free[0] if free else ""))
    return [min(sizes) if sizes else None for sizes in known]


@documented
class ConcatLayer(*bases("ConcatLayer", MergeLayer)):
    """Join inputs along an axis.

    Parameters
    ----------
    incomings : list of Layer or tuple
        The layers below, or the shapes of their outputs.
    axis : int, default 1
        The axis to join along. It is never cut.
    <cropping>
    <kwargs>

    Examples
    --------
    >>> layer = ConcatLayer([(None, 2, 9), (None, 3, 7)],
    ...                     cropping=[None, None, "center"])
    >>> layer.output_shape
    (None, 5, 7)
    """

    def __init__(self, incomings, axis=1, cropping=None, **kwargs):
        MergeLayer.__init__(self, incomings, **kwargs)
        self.axis = axis
        self.cropping = cropping
        if cropping is not None:
            self.cropping = list(cropping)
            self.cropping[axis:axis + 1 or None] = [None]

    def get_output_shape_for(self, input_shapes):
        shapes = autocrop_array_shapes(input_shapes, self.cropping)
        axis = axis_of(self, self.axis, len(shapes[0]))
        result = _common_shape(shapes, free=(axis,))
        sizes = [shape[axis] for shape in shapes]
        result[axis] = None if None in sizes else sum(sizes)
        return tuple(result)

    def get_output_for(self, inputs, **kwargs):
        return T.concatenate(autocrop(inputs, self.cropping), axis=self.axis)


concat = ConcatLayer


@documented
class ElemwiseMergeLayer(*bases("ElemwiseMergeLayer", MergeLayer)):
    """Merge inputs of equal shape by a function of two arguments.

    Parameters
    ----------
    incomings : list of Layer or tuple
        The layers below, or the shapes of their outputs.
    merge_function : callable
        Takes two Theano expressions; merges the first two inputs, then the
        result with the third, and so on.
    <cropping>
    <kwargs>

    Examples
    --------
    >>> layer = ElemwiseMergeLayer([(None, 2), (5, None)], T.maximum)
    >>> layer.output_shape
    (5, 2)
    """

    def __init__(self, incomings, merge_function, cropping=None, **kwargs):
        MergeLayer.__init__(self, incomings, **kwargs)
        self.merge_function = merge_function
        self.cropping = cropping

    def get_output_shape_for(self, input_shapes):
        return tuple(_common_shape(
            autocrop_array_shapes(input_shapes, self.cropping)))

    def get_output_for(self, inputs, **kwargs):
        first, *others = autocrop(inputs, self.cropping)
        for other in others:
            first = self.merge_function(first, other)
        return first


@documented
class ElemwiseSumLayer(*bases("ElemwiseSumLayer", ElemwiseMergeLayer)):
    """Add inputs of equal shape, each times a coefficient.

    Parameters
    ----------
    incomings : list of Layer or tuple
        The layers below, or the shapes of their outputs.
    coeffs : number or list, default 1
        One coefficient for all inputs, or one for each. Not trainable.
    <cropping>
    <kwargs>

    Raises
    ------
    ValueError
        If there are not as many coefficients as inputs.

    Examples
    --------
    >>> import numpy as np, theano
    >>> layer = ElemwiseSumLayer([(2,), (2,)], coeffs=[1, -1])
    >>> inputs = [theano.shared(np.array(x)) for x in ([7, 7], [1, 2])]
    >>> layer.get_output_for(inputs).eval().tolist()
    [6, 5]
    """

    def __init__(self, incomings, coeffs=1, cropping=None, **kwargs):
        ElemwiseMergeLayer.__init__(self, incomings, T.add, cropping, **kwargs)
        self.coeffs = coeffs
        if not isinstance(coeffs, list):
            self.coeffs = [coeffs] * len(incomings)
        if len(self.coeffs) != len(incomings):
            raise ValueError(
                "Mismatch: %d coeffs for %d inputs; expected one for each."
                % (len(self.coeffs), len(incomings)))

    def get_output_for(self, inputs, **kwargs):
        scaled = [input if coeff == 1 else input * coeff
                  for input, coeff in zip(inputs, self.coeffs)]
        return ElemwiseMergeLayer.get_output_for(self, scaled, **kwargs)
