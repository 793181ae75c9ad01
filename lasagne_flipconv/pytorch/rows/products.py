"""Products of matrices."""
import torch
from theano.tensor.basic import Dot
from theano.tensor.blas import BatchedDot, Dot22, Dot22Scalar, Gemm, Gemv, Ger

from .table import TYPES, Untranslated, row

__all__ = ["dot"]


@row(Dot, Dot22)
def dot(op, node, device):
    """Multiply matrices, vectors, or numbers with either."""
    _check(node, device)
    dtype = TYPES[node.outputs[0].dtype]
    if 0 in (node.inputs[0].ndim, node.inputs[1].ndim):
        return lambda x, y: x.to(dtype) * y.to(dtype)
    return lambda x, y: torch.matmul(x.to(dtype), y.to(dtype))


@row(BatchedDot)
def batched_dot(op, node, device):
    """Multiply the matrices, or vectors, of two batches in pairs."""
    _check(node, device)
    dtype = TYPES[node.outputs[0].dtype]
    first, second = (v.ndim == 2 for v in node.inputs)

    def multiply(x, y):
        x, y = x.to(dtype), y.to(dtype)
        if x.shape[0] != y.shape[0]:
            raise ValueError("BatchedDot: batches of %d and %d; expected "
                             "equal ones" % (x.shape[0], y.shape[0]))
        result = torch.matmul(x[:, None] if first else x,
                              y[..., None] if second else y)
        result = result.squeeze(-1) if second else result
        return result.squeeze(1) if first else result
    return multiply


@row(Dot22Scalar)
def dot_scaled(op, node, device):
    """Multiply two matrices and a number."""
    return lambda x, y, a: torch.matmul(x, y) * a


@row(Gemm, Gemv)
def add_product(op, node, device):
    """Return b z + a x y; where b is zero, z is not looked at."""
    def add(z, a, x, y, b):
        product = a * torch.matmul(x, y)
        return torch.where(b == 0, product, b * z + product)
    return add


@row(Ger)
def add_outer(op, node, device):
    """Return A + a x yᵀ."""
    return lambda z, a, x, y: z + a * torch.outer(x, y)


def _check(node, device):
    if node.outputs[0].dtype == "bool":
        raise Untranslated("it multiplies truth values")
    if device.type != "cpu" and "float" not in node.outputs[0].dtype:
        raise Untranslated("it multiplies integers, on %s" % device.type)
