"""The table of Theano's nodes: class of an Op → what parts it is."""
import math

import theano.scalar as S
import theano.tensor as T
from theano.compile.ops import Shape_i, SpecifyShape, ViewOp
from theano.gradient import ConsiderConstant, DisconnectedGrad, ZeroGrad
from theano.printing import Print
from theano.tensor import elemwise, subtensor
from theano.tensor.blas import BatchedDot
from theano.tensor.extra_ops import CpuContiguous, CumOp, DiffOp
from theano.tensor.nnet import abstract_conv, bn, nnet
from theano.tensor.signal.pool import AveragePoolGrad, MaxPoolGrad, Pool
from theano.tensor.sort import ArgSortOp, SortOp

from ...axes import CONVOLUTION, CORRELATION, SPATIAL, Convention
from ...kernels import convert_kernel
from ..errors import LeavingError
from ..record import measured
from . import choosing
from .elements import ELEMENTWISE, NARROW, elementwise, is_float, same
from .setting import subset
from .sizes import elements_of, largest_of, length_of
from .unpooling import spread, unpool

__all__ = ["NODES", "rule_of"]


def dimshuffle(walk, node):
    """Say an order of axes."""
    order = tuple(node.op.new_order)
    value, ndim = walk.value_of(node.inputs[0]), node.inputs[0].ndim
    if order == tuple(range(ndim)) or not isinstance(value, str):
        return value
    return walk.add("dimshuffle", value, pattern=order, ndim=ndim)


def reshape(walk, node):
    """Say a new shape; the size that is not known, if there is one, is -1."""
    sizes = elements_of(walk, node.inputs[1])
    if sizes is None:
        return None
    unknown = [size for size in sizes if isinstance(size, str)]
    if len(unknown) == 1 and -1 not in sizes:
        sizes, unknown = [-1 if isinstance(size, str) else size
                          for size in sizes], []
    return walk.add("reshape", walk.value_of(node.inputs[0]), *unknown,
                    dims=tuple(None if isinstance(size, str) else int(size)
                               for size in sizes))


def size(walk, node):
    """Say the length of an axis."""
    return length_of(walk, node.inputs[0], node.op.i)


_REDUCTIONS = {S.Add: "sum", S.Mul: "prod", S.OR: "max", S.AND: "min"}
_REDUCTIONS.update({op: {"maximum": "max", "minimum": "min"}[kind]
                    for op, kind in ELEMENTWISE.items()
                    if kind in ("maximum", "minimum")})


def reduction(walk, node):
    """Say a sum, product, largest or smallest over axes."""
    kind, x = _REDUCTIONS.get(type(node.op.scalar_op)), node.inputs[0]
    if kind == "prod" and x.dtype.startswith("int") and x.ndim == 1:
        sizes = elements_of(walk, x)
        if sizes is not None:
            return _product(walk, sizes)
    if isinstance(node.op.scalar_op, (S.OR, S.AND)) and x.dtype != "bool":
        return None  # of the bits of integers
    return kind and _reduced(walk, node, kind)


def _reduced(walk, node, kind):
    """Say a reduction; that of integers is one of int64, as Theano's.

    As float32, those beyond 2 ** 24 would be rounded.
    """
    (x,), made = node.inputs, node.outputs[0]
    value = walk.value_of(x)
    if is_float(made) and not is_float(x):
        value = walk.add("cast", value, dtype="float32")
    elif x.dtype in ("bool", "int32"):
        value = walk.add("cast", value, dtype="int64")
    value = walk.add(kind, value, axes=_axes(node.op.axis, x.ndim),
                     keepdims=False)
    if made.dtype == "bool":
        return walk.add("cast", value, dtype="bool")
    return walk.add("wrap", value, dtype=made.dtype) if (
        made.dtype in NARROW and kind in ("sum", "prod")) else value


def running(walk, node):
    """Say sums or products of all up to each, along one axis."""
    (x,), axis = node.inputs, node.op.axis
    if x.dtype == "bool" or x.dtype in NARROW:  # that may not hold them
        return None
    value = walk.value_of(x)
    if x.dtype == "int32":
        value = walk.add("cast", value, dtype="int64")
    if axis is None:
        value, axis = walk.add("reshape", value, dims=(-1,)), 0
    return walk.add({"add": "cumsum", "mul": "cumprod"}[node.op.mode], value,
                    axis=axis % x.ndim)


def _product(walk, sizes):
    """Say the number of elements that sizes make."""
    total = 1
    for size in sizes:
        if isinstance(size, str) or isinstance(total, str):
            total = size if total == 1 else walk.add("mul", total, size)
        else:
            total *= size
    return total


def _axes(axes, ndim):
    if axes is None:
        return tuple(range(ndim))
    return tuple(axis % ndim for axis in (
        axes if isinstance(axes, (tuple, list)) else (axes,)))


def largest(walk, node):
    """Say the largest values; where they are has a node of its own."""
    size = largest_of(walk, node.inputs[0])
    return _reduced(walk, node, "max") if size is None else size


def where_largest(walk, node):
    """Say the index of the first of the largest values along one axis."""
    axes = _axes(node.op.axis, node.inputs[0].ndim)
    if len(axes) != 1:
        return None
    value = walk.value_of(node.inputs[0])
    if node.inputs[0].dtype == "bool":
        value = walk.add("cast", value, dtype="float32")
    return walk.add("argmax", value, axis=axes[0])


def max_and_argmax(walk, node):
    """Say the output of the node that is wanted."""
    wanted = node.outputs.index(walk.wanted)
    return (largest, where_largest)[wanted](walk, node)


def dot(walk, node):
    """Say a product with a matrix, or of two of them."""
    x, y = node.inputs
    if x.ndim > 2 or y.ndim > 2 or x.ndim < 1 or y.ndim < 1:
        return None
    return walk.add("matmul", walk.value_of(x), walk.value_of(y))


def batched_dot(walk, node):
    """Say a product for each sample, of matrices or vectors."""
    x, y = node.inputs
    row, column = walk.value_of(x), walk.value_of(y)
    if x.ndim == 2:
        row = walk.add("dimshuffle", row, pattern=(0, "x", 1), ndim=2)
    if y.ndim == 2:
        column = walk.add("dimshuffle", column, pattern=(0, 1, "x"), ndim=2)
    product = walk.add("matmul", row, column)
    kept = (0,) + (1,) * (x.ndim == 3) + (2,) * (y.ndim == 3)
    if len(kept) == 3:
        return product
    return walk.add("dimshuffle", product, pattern=kept, ndim=3)


def join(walk, node):
    """Say a concatenation."""
    axis, *inputs = node.inputs
    if not walk.is_fixed(axis):
        return None
    return walk.add("concat", *map(walk.value_of, inputs),
                    axis=int(walk.array_of(axis)) % inputs[0].ndim)


def alloc(walk, node):
    """Say an array of one value, if it is as large as needed anyway."""
    value, *sizes = node.inputs
    values = [walk.value_of(each) for each in sizes]
    unknown = [each for each in values if isinstance(each, str)]
    whole = measured(unknown, walk.part_of)
    return walk.add(
        "full", walk.value_of(value), *unknown,
        *([] if whole is None else [whole]),
        dims=tuple(None if isinstance(each, str) else int(each)
                   for each in values))


def split(walk, node):
    """Say the piece that is wanted of an array."""
    x, axis, lengths = node.inputs
    if not (walk.is_fixed(axis) and walk.is_fixed(lengths)):
        return None
    ends = [0, *walk.array_of(lengths).cumsum().tolist()]
    place = node.outputs.index(walk.wanted)
    return walk.add("slice", walk.value_of(x), slices=((
        int(walk.array_of(axis)) % x.ndim, *ends[place:place + 2], 1),))


def difference(walk, node):
    """Say what each value along an axis is more than the one before."""
    (x,), value = node.inputs, walk.value_of(node.inputs[0])
    if x.dtype == "bool" or x.dtype in NARROW:  # that may not hold them
        return None
    axis = node.op.axis % x.ndim
    for _ in range(node.op.n):
        value = walk.add("sub", *(
            walk.add("slice", value, slices=((axis, *ends, 1),))
            for ends in ((1, None), (None, -1))))
    return value


def batch_norm(walk, node):
    """Say batch normalization with statistics that are given."""
    x, scale, shift, mean, variance, epsilon = map(walk.value_of, node.inputs)
    deviation = walk.add("sqrt", walk.add("add", variance, epsilon))
    value = walk.add("div", walk.add("sub", x, mean), deviation)
    return walk.add("add", walk.add("mul", value, scale), shift)


def softmax(walk, node):
    """Say a softmax over the last axis of two."""
    return walk.add("softmax", walk.value_of(node.inputs[0]), axis=1)


def log_softmax(walk, node):
    """Say the logarithm of a softmax."""
    return walk.add("log_softmax", walk.value_of(node.inputs[0]), axis=1)


def detached(walk, node):
    """Pass on a value, and no gradient."""
    value = walk.value_of(node.inputs[0])
    if isinstance(value, str) and is_float(node.outputs[0]):
        return walk.add("detach", value)
    return value


def convolution(walk, node):
    """Say a convolution whose kernel is fixed, as a correlation."""
    x, kernel = node.inputs[:2]
    op, n = node.op, node.inputs[0].ndim - 2
    if not walk.is_fixed(kernel) or getattr(op, "unshared", False):
        return None
    W = _correlation(op, walk.array_of(kernel), n)
    return walk.add(
        "conv", walk.value_of(x), arrays={"W": W}, stride=tuple(op.subsample),
        pad=_border(op.border_mode, W.shape[2:], op.filter_dilation),
        dilation=tuple(op.filter_dilation), groups=op.num_groups,
        trained=walk.is_trained(kernel))


def adjoint(walk, node):
    """Say the adjoint of a convolution whose kernel is fixed."""
    kernel, top, shape = node.inputs[:3]
    op, n = node.op, top.ndim - 2
    sizes = elements_of(walk, shape) if walk.is_fixed(kernel) else None
    tops = [length_of(walk, top, axis + 2) for axis in range(n)]
    if sizes is None or not all(isinstance(s, int) for s in sizes + tops):
        return None
    W = _correlation(op, walk.array_of(kernel), n)
    pad = _border(op.border_mode, W.shape[2:], op.filter_dilation)
    least = [(t - 1) * s + (k - 1) * d + 1 - sum(p) for t, s, k, d, p in zip(
        tops, op.subsample, W.shape[2:], op.filter_dilation, pad)]
    return walk.add(
        "conv_transpose", walk.value_of(top), arrays={"W": W}, pad=pad,
        stride=tuple(op.subsample), dilation=tuple(op.filter_dilation),
        groups=op.num_groups, trained=walk.is_trained(kernel),
        extra=tuple(a - b for a, b in zip(sizes, least)))


def _correlation(op, kernel, n):
    """Return the kernel of an Op as one that correlates."""
    axes = "OI" + SPATIAL[n]
    return convert_kernel(kernel, Convention(
        axes, CONVOLUTION if op.filter_flip else CORRELATION),
        Convention(axes, CORRELATION))


def _border(mode, sizes, dilation):
    """Return the padding of an Op as pairs."""
    extent = [(size - 1) * d + 1 for size, d in zip(sizes, dilation)]
    if isinstance(mode, str):
        each = {"valid": lambda e: 0, "full": lambda e: e - 1,
                "half": lambda e: e // 2}[mode]
        return tuple((each(e), each(e)) for e in extent)
    mode = (mode,) * len(extent) if isinstance(mode, int) else mode
    return tuple(p if isinstance(p, tuple) else (p, p) for p in mode)


def pool(walk, node):
    """Say pooling without partial regions."""
    x, *rest = node.inputs
    if not node.op.ignore_border or x.ndim > node.op.ndim + 2 or not all(
            map(walk.is_fixed, rest)):
        return None
    size, stride, pad = (tuple(walk.array_of(each).tolist()) for each in rest)
    if 0 in size + stride:  # by which Theano and ONNX divide
        raise LeavingError(
            "%s: pools regions of %r that move by %r; expected at least 1 "
            "each. Give the layer larger images." % (walk.scope.layer, size,
                                                     stride))
    more, value = len(size) + 2 - x.ndim, walk.value_of(x)
    if more > 0:  # ONNX has samples and channels before what it pools
        value = walk.add("dimshuffle", value, ndim=x.ndim,
                         pattern=("x",) * more + tuple(range(x.ndim)))
    value = _pooled(walk, value, node.op.mode, size, stride, pad)
    return value if more <= 0 else walk.add(
        "dimshuffle", value, ndim=more + x.ndim,
        pattern=tuple(range(more, more + x.ndim)))


def _pooled(walk, value, mode, size, stride, pad):
    """Say pooling; a sum is a mean of as many as a region has."""
    value = walk.add(
        "max_pool" if mode == "max" else "average_pool", value, size=size,
        stride=stride, pad=pad, ceil=False, rest=(0,) * len(size),
        include_pad=mode in ("average_inc_pad", "sum"))
    return value if mode != "sum" else walk.add(
        "mul", value, float(math.prod(size)))


#: Class of an Op → its rule; a class below one of these counts as it.
NODES = {
    elemwise.Elemwise: elementwise, elemwise.DimShuffle: dimshuffle,
    elemwise.CAReduce: reduction, CumOp: running, T.Reshape: reshape,
    Shape_i: size,
    subtensor.Subtensor: choosing.part,
    subtensor.AdvancedSubtensor1: choosing.take,
    subtensor.AdvancedSubtensor: choosing.gather,
    T.basic.ARange: choosing.counted,
    SortOp: choosing.sort, ArgSortOp: choosing.order,
    T.Argmax: where_largest, T.MaxAndArgmax: max_and_argmax, T.Dot: dot,
    BatchedDot: batched_dot,
    T.Join: join, T.Alloc: alloc, nnet.Softmax: softmax,
    nnet.LogSoftmax: log_softmax, abstract_conv.AbstractConv2d: convolution,
    abstract_conv.AbstractConv3d: convolution,
    abstract_conv.AbstractConv2d_gradInputs: adjoint,
    abstract_conv.AbstractConv3d_gradInputs: adjoint, Pool: pool,
    MaxPoolGrad: unpool, AveragePoolGrad: spread,
    subtensor.IncSubtensor: subset, DisconnectedGrad: detached,
    ZeroGrad: detached, ConsiderConstant: detached, ViewOp: same, Print: same,
    SpecifyShape: same, CpuContiguous: same, T.Split: split,
    DiffOp: difference, bn.AbstractBatchNormInference: batch_norm,
    T.Rebroadcast: same, T.TensorFromScalar: same, T.ScalarFromTensor: same}


def rule_of(op):
    """Return the rule of an Op, None if it has none.

    Parameters
    ----------
    op : theano.gof.Op
        Of a node.

    Returns
    -------
    callable or None
        Takes the walk and the node, returns the name of its output.
    """
    for cls in type(op).__mro__:
        if cls in NODES:
            return NODES[cls]
    return None
