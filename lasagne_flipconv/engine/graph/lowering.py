"""Which of Theano's Ops the engine takes over, and what it makes of them.

Each function below gets a node of Theano's and returns new outputs for it.
They are chosen by the exact class of the Op.
"""
import theano.tensor as T
from theano.tensor.nnet import abstract_conv, bn
from theano.tensor.signal import pool

from ..library import MAX_DIMS
from ..ops import conv as ops_conv
from ..ops import norm as ops_norm
from ..ops import pool as ops_pool
from .narrow import idle_axes, with_axes, without
from .orders import shuffled, to_first, to_last
from .padding import unpadded

__all__ = ["LOWER", "is_left_for_float64", "why_not"]


def why_not(node):
    """Tell why the engine leaves a node to Theano; None if it takes it."""
    if type(node.op) not in LOWER:
        return "the engine has no Op for it"
    dtypes = {v.type.dtype for v in node.inputs + node.outputs[:1]
              if v.type.ndim > 1}
    if dtypes != {"float32"}:
        return "it computes in %s, the engine in float32" % " and ".join(
            sorted(dtypes))
    return _CHECKS.get(type(node.op), lambda node: None)(node)


def is_left_for_float64(node):
    """Tell whether a node is a convolution that the engine leaves for that.

    Parameters
    ----------
    node : theano.Apply
        Any node.

    Returns
    -------
    bool
        Whether it is one of Theano's convolutions, in float64.
    """
    return (_CHECKS.get(type(node.op)) is _check_convolution
            and node.outputs[0].type.dtype == "float64")


def _check_convolution(node):
    if node.op.unshared:
        return "its kernel is unshared"
    return None


def _check_pool(node):
    op, ndim = node.op, node.inputs[0].ndim
    if op.ndim not in (1, 2, 3) or ndim != op.ndim + 2:
        return "it pools over %d of %d axes" % (op.ndim, ndim)
    return None


def _check_norm(node):
    ndim = node.inputs[0].ndim
    if ndim > MAX_DIMS:
        return "it has more than %d axes" % MAX_DIMS
    if ndim < 2 or set(node.op.axes) != set(range(ndim)) - {1}:
        return "its statistics are not per channel"
    if type(node.op) is not bn.AbstractBatchNormInference and any(
            v.ndim == ndim and v.broadcastable[1] for v in node.inputs[1:5]
            if not node.inputs[0].broadcastable[1]):
        return "it has one number for all channels"
    return None


def _forward(node):
    axes = idle_axes(node)
    x, kernel = (without(v, axes) for v in node.inputs)
    x, geometry = unpadded(x, _geometry(node, axes))
    y = ops_conv.Convolution(geometry)(to_last(x), kernel)
    return [with_axes(to_first(y), axes)]


def _grad_kernel(node):
    axes = idle_axes(node)
    x, gradient = (without(v, axes) for v in node.inputs[:2])
    x, geometry = unpadded(x, _geometry(node, axes))
    op = ops_conv.ConvolutionGradKernel(geometry)
    size = _kept(node.inputs[2], axes)
    return [with_axes(op(to_last(x), to_last(gradient), size), axes)]


def _grad_input(node):
    axes = idle_axes(node)
    kernel, gradient = (without(v, axes) for v in node.inputs[:2])
    op = ops_conv.ConvolutionGradInput(_geometry(node, axes))
    x = op(kernel, to_last(gradient), _kept(node.inputs[2], axes))
    return [with_axes(to_first(x), axes)]


def _geometry(node, axes):
    return ops_conv.without_axes(ops_conv.geometry_of(node.op), axes)


def _pool(node):
    return _pooled(node, ops_pool.Pool)


def _pool_grad(node):
    return _pooled(node, ops_pool.PoolGrad)


def _pooled(node, kind):
    axes = idle_axes(node)
    arrays = [to_last(without(v, axes)) for v in node.inputs[:-3]]
    sizes = [_kept(v, axes) for v in node.inputs[-3:]]
    op = kind(node.op.ndim - len(axes), node.op.mode, node.op.ignore_border)
    return [with_axes(to_first(op(*arrays, *sizes)), axes)]


def _kept(vector, axes):
    """Return the entries of a vector, one per spatial axis, but for some."""
    if not axes:
        return vector
    kept = [i for i in range(T.get_vector_length(vector))
            if i + 2 not in axes]
    if isinstance(vector, T.TensorConstant):
        return T.constant(vector.data[kept])
    return T.stack([vector[i] for i in kept])


def _vector(x):
    """Return the values of (1, channels, 1, ...) as a vector."""
    axes = [axis for axis in range(x.ndim) if axis != 1]
    return shuffled(T.addbroadcast(x, *axes), [1])


def _spread(vector, ndim):
    """Return a vector as (1, channels, 1, ...)."""
    return vector.dimshuffle(["x", 0] + ["x"] * (ndim - 2))


def _norm(node):
    x, scale, bias, epsilon, factor = node.inputs[:5]
    y, mean, inv_std, variance = ops_norm.Norm()(
        to_last(x), _vector(scale), _vector(bias), epsilon)
    results = [to_first(y), _spread(mean, x.ndim), _spread(inv_std, x.ndim)]
    if len(node.inputs) > 5:  # running mean and variance
        count = T.cast(x.size // x.shape[1], "float32")
        factor = T.cast(factor, "float32")
        batch = [results[1],
                 count / (count - 1) * _spread(variance, x.ndim)]
        results += [old * (1 - factor) + new * factor
                    for old, new in zip(node.inputs[5:], batch)]
    return results


def _norm_grad(node):
    x, gradient, scale, mean, inv_std = node.inputs[:5]
    dx, dscale, dbias = ops_norm.NormGrad()(
        to_last(x), to_last(gradient), _vector(scale), _vector(mean),
        _vector(inv_std))
    return [to_first(dx), _spread(dscale, x.ndim), _spread(dbias, x.ndim)]


def _norm_inference(node):
    # plain arithmetic, which a convolution before it takes in
    x, scale, bias, mean, variance, epsilon = node.inputs
    deviation = T.sqrt(variance + T.cast(epsilon, "float32"))
    return [(x - mean) * (scale / deviation) + bias]


LOWER = {
    abstract_conv.AbstractConv2d: _forward,
    abstract_conv.AbstractConv3d: _forward,
    abstract_conv.AbstractConv2d_gradWeights: _grad_kernel,
    abstract_conv.AbstractConv3d_gradWeights: _grad_kernel,
    abstract_conv.AbstractConv2d_gradInputs: _grad_input,
    abstract_conv.AbstractConv3d_gradInputs: _grad_input,
    pool.Pool: _pool,
    pool.MaxPoolGrad: _pool_grad,
    pool.AveragePoolGrad: _pool_grad,
    bn.AbstractBatchNormTrain: _norm,
    bn.AbstractBatchNormTrainGrad: _norm_grad,
    bn.AbstractBatchNormInference: _norm_inference,
}

_CHECKS = {op: check for check, ops in (
    (_check_convolution, [abstract_conv.AbstractConv2d,
                          abstract_conv.AbstractConv2d_gradWeights,
                          abstract_conv.AbstractConv2d_gradInputs]),
    (_check_pool, [pool.Pool, pool.MaxPoolGrad, pool.AveragePoolGrad]),
    (_check_norm, [bn.AbstractBatchNormTrain, bn.AbstractBatchNormTrainGrad,
                   bn.AbstractBatchNormInference])) for op in ops}
