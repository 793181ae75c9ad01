"""The engine and arrays of any layout: all Ops, all inputs, all layouts.

Each function runs with one of its inputs in each layout, given as an argument
and as a shared variable, and is compared with Theano's own on a plain copy.
"""
import numpy as np
import pytest
import theano
import theano.tensor as T
from engine_cases import (MODE, both, check_close, names, needs_engine,
                          tensor, values)
from layouts import layouts
from lasagne_flipconv import engine
from lasagne_flipconv.engine.ops.op import EngineOp
from theano.tensor.nnet import abstract_conv, bn
from theano.tensor.signal.pool import Pool

pytestmark = needs_engine


def vector_over(ndim):
    """Return a variable of axes (1, channels, 1, ...)."""
    return T.TensorType("float32", [axis != 1 for axis in range(ndim)])()


def convolved(shape, kernel, **options):
    """Return inputs, outputs and arrays of a convolution and its gradients."""
    n = len(shape) - 2
    op = {2: abstract_conv.AbstractConv2d, 3: abstract_conv.AbstractConv3d}[n]
    x, w, g = tensor(n + 2), tensor(n + 2), tensor(n + 2)
    y = op(**options)(x, w)
    size = abstract_conv.get_conv_output_shape(
        shape, kernel, options.get("border_mode", "valid"),
        options.get("subsample", (1,) * n))
    return ([x, w, g], [y] + T.grad(None, [x, w], known_grads={y: g}),
            [values(*shape), values(*kernel), values(*size)])


def over_one_axis():
    x, w, g = tensor(3), tensor(3), tensor(3)
    y = T.nnet.conv2d(x.dimshuffle(0, 1, "x", 2), w.dimshuffle(0, 1, "x", 2),
                      border_mode=(0, 1))[:, :, 0]
    return ([x, w, g], [y] + T.grad(None, [x, w], known_grads={y: g}),
            [values(3, 4, 7), values(5, 4, 3), values(3, 5, 7)])


def followed(channels, filters, size, activation):
    """A convolution with all that it takes in."""
    x, w, residual = tensor(4), tensor(4), tensor(4)
    scale, bias = T.fvector(), vector_over(4)
    y = T.nnet.conv2d(x, w, border_mode=1)
    y = y * scale.dimshuffle("x", 0, "x", "x") + bias + residual
    return ([x, w, residual, scale, bias], activation(y),
            [values(2, channels, size, size), values(filters, channels, 3, 3),
             values(2, filters, size, size), values(filters),
             values(1, filters, 1, 1, seed=1)])


def normed_in_inference():
    x, w = tensor(4), tensor(4)
    vectors = [vector_over(4) for _ in range(4)]
    y = bn.batch_normalization_test(T.nnet.conv2d(x, w), *vectors,
                                    axes="spatial")
    return ([x, w] + vectors, T.nnet.relu(y),
            [values(2, 3, 7, 6), values(5, 3, 3, 2)]
            + [values(1, 5, 1, 1, seed=i) + 1.5 for i in range(4)])


def pooled(n, mode, ignore_border=True, shape=(2, 3, 5, 6, 4)):
    x, g = tensor(n + 2), tensor(n + 2)
    window, stride = [2, 3, 2][:n], [2, 1, 2][:n]
    y = Pool(ndim=n, mode=mode, ignore_border=ignore_border)(
        x, window, stride, [0] * n)
    size = Pool.out_shape(shape[:n + 2], window, ignore_border, stride,
                          [0] * n, n)
    return ([x, g], [y, T.grad(None, x, known_grads={y: g})],
            [values(*shape[:n + 2]).round(1), values(*size)])


def normed(shape, activation=lambda t: t):
    ndim = len(shape)
    x, g = tensor(ndim), tensor(ndim)
    scale, bias = vector_over(ndim), vector_over(ndim)
    outputs = list(bn.batch_normalization_train(
        x, scale, bias, "spatial", epsilon=1e-2)[:3])
    y = activation(outputs[0])
    vector = (1, shape[1]) + (1,) * (ndim - 2)
    return ([x, scale, bias, g], [y] + outputs[1:] + T.grad(
        None, [x, scale, bias], known_grads={y: g}),
        [values(*shape), values(*vector) + 1.5, values(*vector, seed=1),
         values(*shape, seed=2)])


def among_arithmetic():
    """What the engine puts channels last together with its results."""
    x, w, a, b, mask = (tensor(4) for _ in range(5))
    y = T.nnet.conv2d(x, w) * mask
    joined = T.concatenate([T.tanh(y), a], axis=1)
    y = T.set_subtensor(joined[:, :2, 1:], b)
    return ([x, w, a, b, mask], [y, y.sum((0, 2, 3)), y.max(1)],
            [values(2, 3, 6, 5), values(4, 3, 3, 2), values(2, 3, 4, 4),
             values(2, 2, 3, 4), values(2, 4, 4, 4, seed=1)])


SMALL = (1, 272, 20, 19), (176, 272, 3, 3)  # computed in tiles of that size
LARGE = (2, 32, 18, 21), (64, 32, 3, 3)
CASES = {
    "1x1": lambda: convolved((3, 16, 6, 5), (8, 16, 1, 1)),
    "one image": lambda: convolved((1, 3, 6, 5), (2, 3, 1, 2)),
    "one channel": lambda: convolved((2, 1, 6, 5), (1, 1, 3, 2)),
    "small tiles": lambda: convolved(*SMALL, border_mode="half"),
    "large tiles": lambda: convolved(*LARGE, border_mode="half"),
    "5x5": lambda: convolved((3, 4, 9, 8), (6, 4, 5, 5), border_mode="half"),
    "stride": lambda: convolved((2, 6, 9, 8), (7, 6, 3, 2), border_mode=(1, 0),
                                subsample=(2, 1)),
    "groups": lambda: convolved((2, 6, 6, 5), (4, 3, 3, 2), num_groups=2),
    "each channel": lambda: convolved((2, 8, 6, 5), (8, 1, 3, 3),
                                      num_groups=8),
    "volume": lambda: convolved((2, 3, 3, 5, 4), (4, 3, 2, 3, 2)),
    "over one axis": over_one_axis,
    "followed, tiles": lambda: followed(64, 32, 15, T.nnet.elu),
    "followed": lambda: followed(5, 7, 6, T.nnet.relu),
    "normed in inference": normed_in_inference,
    "normed": lambda: normed((3, 5, 4, 3)),
    "normed vectors": lambda: normed((6, 5)),
    "normed volume, activated": lambda: normed((2, 3, 4, 2, 3), T.nnet.relu),
    "among arithmetic": among_arithmetic,
}
for _n, _mode, _ignore in [
        (2, "max", True), (2, "max", False), (2, "sum", True),
        (2, "average_inc_pad", True), (2, "average_exc_pad", True),
        (1, "max", True), (3, "max", True), (3, "average_inc_pad", True)]:
    CASES["%s over %d axes%s" % (_mode, _n, "" if _ignore else ", borders")] \
        = lambda n=_n, mode=_mode, ignore=_ignore: pooled(n, mode, ignore)


def check_all_layouts(arrays, ours, stock):
    """Call `ours` with each array in each layout, `stock` with copies."""
    for position, array in enumerate(arrays):
        for name, lay_out in layouts(array.shape).items():
            given = list(arrays)
            given[position] = lay_out(array)
            plain = list(arrays)
            plain[position] = np.array(given[position], "float32", order="C")
            try:
                check_close(ours(*given), stock(*plain), 2e-5)
            except Exception as error:
                raise AssertionError("input %d, %s" % (position, name)
                                     ) from error


@pytest.mark.parametrize("case", CASES)
def test_arguments(case):
    inputs, outputs, arrays = CASES[case]()
    ours, stock = both(inputs, outputs)
    assert any(isinstance(node.op, EngineOp)
               for node in ours.maker.fgraph.toposort())
    check_all_layouts(arrays, ours, stock)


@pytest.mark.parametrize("case", CASES)
def test_shared_variables(case):
    inputs, outputs, arrays = CASES[case]()
    shared = [theano.shared(array, broadcastable=x.broadcastable)
              for x, array in zip(inputs, arrays)]
    ours = theano.function([], outputs, givens=dict(zip(inputs, shared)),
                           mode=MODE)
    with engine.disabled():
        stock = theano.function(inputs, outputs, mode=MODE)

    def with_values(*given):
        for variable, array in zip(shared, given):
            variable.set_value(array, borrow=True)
        return ours()

    check_all_layouts(arrays, with_values, stock)


def test_not_aligned_is_refused():
    x, w = tensor(4), tensor(4)
    run = theano.function([x, w], T.nnet.conv2d(x, w), mode=MODE)
    memory = np.zeros(4 * 2 * 3 * 5 * 5 + 1, "int8")
    odd = memory[1:].view("float32").reshape(2, 3, 5, 5)
    with pytest.raises(TypeError, match="not aligned"):
        run(odd, values(4, 3, 2, 2))


@pytest.mark.parametrize("axes, runs_on", [(6, "engine"), (7, "Theano")])
def test_many_axes(axes, runs_on):
    shape = (2, 3, 2, 2, 3, 2, 2)[:axes]
    inputs, outputs, arrays = normed(shape)
    ours, stock = both(inputs, outputs)
    assert ("Norm" in names(ours)) == (runs_on == "engine")
    turned = [arrays[0][::-1, ..., ::-1]] + arrays[1:]
    check_close(ours(*turned), stock(*turned), 2e-5)
