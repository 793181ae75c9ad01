"""Input layers whose axes of length one are known to be so."""
from collections import OrderedDict

import theano
import theano.tensor as T

from ..parameters import Layer
from .common import bases, documented

__all__ = ["InputLayer"]


@documented
class InputLayer(*bases("InputLayer")):
    """Hold the variable that the input of a network is given to.

    Parameters
    ----------
    shape : tuple of int or None
        Shape of the input. An axis of length one can be broadcast.
    input_var : theano.Variable, optional
        The variable; by default a new one.
    <kwargs>

    Raises
    ------
    ValueError
        If a size is not positive, or the variable has another number of axes.

    Examples
    --------
    >>> InputLayer([None, 1, 9]).input_var.broadcastable
    (False, True, False)
    """

    def __init__(self, shape, input_var=None, name=None, **kwargs):
        self.shape = tuple(shape)
        self.name, self.params = name, OrderedDict()
        if any(size is not None and size <= 0 for size in self.shape):
            raise ValueError("InputLayer %r: shape %r; expected positive sizes "
                             "or None." % (name, self.shape))
        if input_var is None:
            kind = T.TensorType(theano.config.floatX,
                                [size == 1 for size in self.shape])
            input_var = kind("%s.input" % name if name else "input")
        elif input_var.ndim != len(self.shape):
            raise ValueError(
                "InputLayer %r: shape %r has %d axes, input_var %d; expected "
                "as many." % (name, self.shape, len(self.shape),
                              input_var.ndim))
        self.input_var = input_var

    @Layer.output_shape.getter
    def output_shape(self):
        return self.shape
