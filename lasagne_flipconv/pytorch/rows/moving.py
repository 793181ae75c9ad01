"""What leaves values as they are: views, copies, pieces, repetitions."""
import math

import torch
from theano.compile.ops import (
    DeepCopyOp,
    OutputGuard,
    Rebroadcast,
    SpecifyShape,
    ViewOp,
)
from theano.gradient import (
    ConsiderConstant,
    DisconnectedGrad,
    GradClip,
    GradScale,
    ZeroGrad,
)
from theano.tensor.basic import (
    Alloc,
    AllocEmpty,
    ARange,
    Eye,
    Flatten,
    Join,
    Reshape,
    ScalarFromTensor,
    Split,
    TensorFromScalar,
    Tile,
)
from theano.tensor.elemwise import DimShuffle
from theano.tensor.extra_ops import CpuContiguous
from theano.tensor.opt import Assert, MakeVector

from .table import TYPES, row

__all__ = ["allocate", "join", "shuffle"]


@row(DimShuffle)
def shuffle(op, node, device):
    """Reorder axes, drop those of length one, add some."""
    order = tuple(axis for axis in op.new_order if axis != "x")
    dropped = tuple(op.drop)
    kept = tuple(op.new_order)
    same_axes = not dropped and "x" not in kept
    moved = None if list(order) == sorted(order) else order + dropped
    if moved:
        kept = tuple("x" if a == "x" else order.index(a) for a in kept)

    def shuffled(x):
        shape = x.shape
        for axis in dropped:
            if shape[axis] != 1:
                raise ValueError(_DROPPED % (tuple(shape), dropped))
        if moved:
            x = x.permute(moved)
            shape = x.shape
        if same_axes:
            return x
        # axes of length one come and go in any layout
        return x.view([1 if a == "x" else shape[a] for a in kept])
    return shuffled


_DROPPED = ("DimShuffle: shape %s; expected length 1 on the axes %s that are "
            "dropped")


@row(Reshape, host=(1,))
def reshape(op, node, device):
    """Give the elements another shape."""
    def reshaped(x, shape):
        if len(shape) != op.ndim:
            raise ValueError("Reshape: shape %s; expected %d numbers" % (
                shape, op.ndim))
        # of negative numbers, NumPy takes any for the length that is left
        return x.reshape([max(n, -1) for n in shape])
    return reshaped


@row(Flatten)
def flatten(op, node, device):
    """Join the last axes."""
    kept = op.outdim - 1
    return lambda x: x.reshape(*x.shape[:kept], math.prod(x.shape[kept:]))


@row(Alloc, host=lambda node: range(1, len(node.inputs)))
def allocate(op, node, device):
    """Repeat a value to a shape; not where it is longer than one itself."""
    value = node.inputs[0]
    once = [not one for one in value.broadcastable]

    def allocated(x, *shape):
        if min(shape, default=0) < 0:  # PyTorch would keep a length for -1
            raise ValueError("Alloc: shape %s; expected no negative lengths"
                             % (shape,))
        last = shape[len(shape) - x.ndim:]
        if any(fixed and n != m for fixed, n, m in zip(once, x.shape, last)):
            if any(n != m and n != 1 for n, m in zip(x.shape, last)):
                raise ValueError("Alloc: a value of shape %s for %s; expected "
                                 "equal lengths, or 1" % (tuple(x.shape),
                                                          shape))
        return x.expand(shape)
    return allocated


@row(AllocEmpty, host=lambda node: range(len(node.inputs)))
def allocate_empty(op, node, device):
    """Return an array of a shape; zeros, as nothing is said of its values."""
    dtype = TYPES[op.dtype]
    return lambda *shape: torch.zeros(shape, dtype=dtype, device=device)


@row(Join, host=(0,))
def join(op, node, device):
    """Put arrays one after the other along an axis."""
    dtype = TYPES[node.outputs[0].dtype]
    ndim = node.outputs[0].ndim
    skipped = op.view != -1

    def joined(axis, *parts):
        if not -ndim <= axis < ndim:
            raise IndexError("Join: axis %d of arrays of %d" % (axis, ndim))
        if skipped and not parts[op.view].numel():
            parts = [x for i, x in enumerate(parts) if i != op.view] or parts
        return torch.cat([x.to(dtype) for x in _alike(parts, axis)], axis)
    return joined


def _alike(parts, axis):
    """Return the parts; PyTorch would skip an empty one of another shape."""
    shapes = {tuple(n for i, n in enumerate(x.shape) if i != axis % x.ndim)
              for x in parts}
    if len(shapes) > 1:
        raise ValueError("Join: shapes %s; expected equal lengths beside axis "
                         "%d" % ([tuple(x.shape) for x in parts], axis))
    return parts


@row(Split, host=(1, 2))
def split(op, node, device):
    """Cut an array along an axis into pieces of given lengths."""
    def pieces(x, axis, lengths):
        if len(lengths) != op.len_splits or sum(lengths) != x.shape[axis] or (
                min(lengths, default=0) < 0):
            raise ValueError("Split: pieces of %s; expected %d whose sum is "
                             "%d" % (lengths, op.len_splits, x.shape[axis]))
        return tuple(x.split(list(lengths), axis))
    return pieces if op.len_splits > 1 else lambda *a: pieces(*a)[0]


@row(Rebroadcast)
def rebroadcast(op, node, device):
    """Check that axes have the length one that is promised."""
    axes = [axis for axis, one in op.axis.items() if one]

    def checked(x):
        for axis in axes:
            if x.shape[axis] != 1:
                raise ValueError("Dimension %d in Rebroadcast's input was "
                                 "supposed to be 1 (got %d instead)" % (
                                     axis, x.shape[axis]))
        return x
    return checked


@row(SpecifyShape, host=(1,))
def specify_shape(op, node, device):
    """Check that an array has the shape that is promised."""
    def checked(x, shape):
        if tuple(x.shape) != tuple(shape):
            raise AssertionError("SpecifyShape: shape %s; expected %s" % (
                tuple(x.shape), tuple(shape)))
        return x
    return checked


@row(Assert, host=lambda node: range(1, len(node.inputs)))
def ensure(op, node, device):
    """Raise unless all conditions are true."""
    def checked(x, *conditions):
        for condition in conditions:
            true = all(condition) if isinstance(condition, tuple) else (
                condition)
            if not true:
                raise AssertionError(op.msg)
        return x
    return checked


@row(DeepCopyOp, ViewOp, OutputGuard, CpuContiguous, ConsiderConstant,
     DisconnectedGrad, GradClip, GradScale, ZeroGrad)
def same(op, node, device):
    """Return what is given; nothing here is ever written into."""
    return lambda x: x


@row(TensorFromScalar, ScalarFromTensor)
def same_number(op, node, device):
    """Return a number as an array without axes, or back."""
    return lambda x: x


@row(MakeVector)
def make_vector(op, node, device):
    """Return numbers as a vector."""
    dtype = TYPES[node.outputs[0].dtype]
    if not node.inputs:
        return lambda: torch.empty((0,), dtype=dtype, device=device)
    return lambda *numbers: torch.stack([x.to(dtype) for x in numbers])


@row(ARange, host=(0, 1, 2))
def arange(op, node, device):
    """Count, as NumPy does."""
    dtype = TYPES[node.outputs[0].dtype]

    def counted(start, stop, step):
        if (stop - start) * step <= 0 and step:
            return torch.empty((0,), dtype=dtype, device=device)
        return torch.arange(start, stop, step, dtype=dtype, device=device)
    return counted


@row(Eye, host=(0, 1, 2))
def eye(op, node, device):
    """Return ones on a diagonal."""
    dtype = TYPES[node.outputs[0].dtype]

    def ones(rows, columns, offset):
        at = torch.arange(columns, device=device)
        return (torch.arange(rows, device=device)[:, None] + offset == at
                ).to(dtype)
    return ones


@row(Tile, host=(1,))
def tile(op, node, device):
    """Repeat an array along its axes."""
    return lambda x, times: x.repeat(
        [1] * (x.ndim - len(times)) + list(times))
