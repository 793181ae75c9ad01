"""Convolution and its two gradients, channels last.

Activations have axes (batch, *spatial, channels); kernels those of Theano,
(output channels, input channels per group, *spatial), in any memory order.
"""
from collections import namedtuple

import theano.tensor as T
from theano import Apply
from theano.tensor.nnet.abstract_conv import get_conv_output_shape

from .op import EngineOp, as_input, as_output, float_bits

__all__ = ["Geometry", "Convolution", "ConvolutionGradKernel",
           "ConvolutionGradInput", "geometry_of", "without_axes"]

#: How a kernel slides: `border` as Theano has it ('valid', 'half', 'full', or
#: an int or pair per axis), `flip` whether the kernel is reversed.
Geometry = namedtuple("Geometry", "axes border stride dilation groups flip")

_BORDERS = {"half": 1, "full": 2}
_ACTIVATIONS = {None: 0, "relu": 1, "elu": 2, "positive": 3}


def geometry_of(op):
    """Return the geometry of one of Theano's abstract convolutions."""
    return Geometry(op.convdim, op.border_mode, op.subsample,
                    op.filter_dilation, op.num_groups, bool(op.filter_flip))


def without_axes(geometry, axes):
    """Return a geometry without some axes, counted with channels first."""
    kept = [i for i in range(geometry.axes) if i + 2 not in axes]

    def pick(values):
        return tuple(values[i] for i in kept)

    border = geometry.border
    return geometry._replace(
        axes=len(kept), stride=pick(geometry.stride),
        dilation=pick(geometry.dilation),
        border=border if isinstance(border, str) else pick(border))


def _pairs(border, axes):
    if isinstance(border, str):  # the library knows half and full by name
        return [(0, 0)] * axes
    return [p if isinstance(p, tuple) else (p, p) for p in border]


class _Slide(EngineOp):
    """Hold the geometry that the three have in common."""

    __props__ = ("geometry",)

    def __init__(self, geometry):
        self.geometry = geometry

    def description(self):
        g = self.geometry
        before, after = zip(*_pairs(g.border, g.axes))
        numbers = [g.axes, g.groups, g.flip, _BORDERS.get(g.border, 0)
                   if isinstance(g.border, str) else 0]
        for values in (g.stride, g.dilation, before, after):
            numbers += values
        return [int(number) for number in numbers]


_NOT_SHORT = """
        if (PyArray_DIM(%(vector)s, 0) == 1
            && PyArray_DIM(%(kernel)s, 0) != 1) {
            PyErr_Format(PyExc_ValueError, "convolution: the %(name)s has "
                "shape (1,); expected (%%ld,).",
                (long)PyArray_DIM(%(kernel)s, 0));
            %(fail)s
        }"""


class Convolution(_Slide):
    """Convolve, and do what follows in the same pass.

    Computes ``activation(scale * convolution + bias + residual)``; `scale` and
    `bias` are vectors, `residual` has the shape of the output.

    Parameters
    ----------
    geometry : Geometry
        How the kernel slides.
    scale, bias, residual : bool
        Whether there is such an input.
    activation : None, 'relu', 'elu' or 'positive'
        What is applied at the end; see :mod:`.activations`.
    slope : float
        Of a leaky ReLU below zero; for an ELU, its factor.
    precision : {'float32', 'bfloat16'}
        What input and kernel are rounded to before they are multiplied.
    frozen : bool
        Whether kernel and scale are those of the first call.
    """

    kind = "convolution"
    __props__ = ("geometry", "scale", "bias", "residual", "activation",
                 "slope", "precision", "frozen")

    def __init__(self, geometry, scale=False, bias=False, residual=False,
                 activation=None, slope=0., precision="float32",
                 frozen=False):
        super().__init__(geometry)
        self.scale, self.bias, self.residual = scale, bias, residual
        self.activation, self.slope = activation, slope
        self.precision, self.frozen = precision, frozen

    def description(self):
        return super().description() + [
            int(self.scale), int(self.bias), int(self.residual),
            _ACTIVATIONS[self.activation], float_bits(self.slope),
            int(self.precision == "bfloat16"), int(self.frozen)]

    def with_options(self, **options):
        """Return the same Op with some options changed."""
        given = {name: getattr(self, name) for name in self.__props__}
        return type(self)(**dict(given, **options))

    def make_node(self, x, kernel, *rest):
        axes = self.geometry.axes + 2
        x, kernel = as_input(x, axes), as_input(kernel, axes)
        ndims = [1] * (self.scale + self.bias) + [axes] * self.residual
        if len(rest) != len(ndims):
            raise TypeError("engine: a convolution got %d inputs; expected %d."
                            % (2 + len(rest), 2 + len(ndims)))
        rest = [as_input(r, ndim) for r, ndim in zip(rest, ndims)]
        pattern = ((x.broadcastable[0],) + (False,) * (axes - 2)
                   + (kernel.broadcastable[0],))
        return Apply(self, [x, kernel] + rest, [as_output(pattern)])

    def c_code(self, node, name, inputs, outputs, sub):
        # the library takes a vector of one number for all channels, as which
        # a number comes; Theano refuses one that just happens to be so short
        checks = [_NOT_SHORT % {"vector": vector, "kernel": inputs[1],
                                "name": role, "fail": sub["fail"]}
                  for vector, variable, role in zip(
                      inputs[2:], node.inputs[2:],
                      ["scale"] * self.scale + ["bias"] * self.bias)
                  if not variable.broadcastable[0]]
        return "\n".join(checks) + super().c_code(node, name, inputs, outputs,
                                                  sub)

    def infer_shape(self, node, shapes):
        g, x, kernel = self.geometry, shapes[0], shapes[1]
        shape = get_conv_output_shape((x[0], x[-1]) + tuple(x[1:-1]), kernel,
                                      g.border, g.stride, g.dilation)
        return [(shape[0],) + tuple(shape[2:]) + (shape[1],)]

    def parts(self, node):
        """Return a node's inputs by name, those not there as None."""
        rest = iter(node.inputs[2:])
        return {name: next(rest) if getattr(self, name) else None
                for name in ("scale", "bias", "residual")}


class ConvolutionGradKernel(_Slide):
    """Compute the gradient of a convolution with respect to its kernel.

    Its inputs are the input, the gradient of the output, and the spatial size
    of the kernel.
    """

    kind = "grad_kernel"

    def make_node(self, x, gradient, size):
        axes = self.geometry.axes + 2
        x, gradient = as_input(x, axes), as_input(gradient, axes)
        size = T.cast(size, "int64")
        pattern = ((gradient.broadcastable[-1], x.broadcastable[-1])
                   + (False,) * (axes - 2))
        return Apply(self, [x, gradient, size], [as_output(pattern)])

    def infer_shape(self, node, shapes):
        x, gradient = shapes[:2]
        size = [node.inputs[2][i] for i in range(self.geometry.axes)]
        return [[gradient[-1], x[-1] // self.geometry.groups] + size]


class ConvolutionGradInput(_Slide):
    """Compute the gradient of a convolution with respect to its input.

    Its inputs are the kernel, the gradient of the output, and the spatial
    size of the input.
    """

    kind = "grad_input"

    def make_node(self, kernel, gradient, size):
        axes = self.geometry.axes + 2
        kernel, gradient = as_input(kernel, axes), as_input(gradient, axes)
        size = T.cast(size, "int64")
        one = kernel.broadcastable[1] and self.geometry.groups == 1
        pattern = ((gradient.broadcastable[0],) + (False,) * (axes - 2)
                   + (one,))
        return Apply(self, [kernel, gradient, size], [as_output(pattern)])

    def infer_shape(self, node, shapes):
        kernel, gradient = shapes[:2]
        size = [node.inputs[2][i] for i in range(self.geometry.axes)]
        return [[gradient[0]] + size + [kernel[1] * self.geometry.groups]]
