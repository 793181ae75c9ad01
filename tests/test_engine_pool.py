"""The engine's pooling and batch normalization against Theano's own."""
import numpy as np
import pytest
import theano
import theano.tensor as T
from engine_cases import (MODE, both, check_close, names, needs_engine,
                          tensor, values)
from lasagne_flipconv import engine
from theano.tensor.nnet.bn import batch_normalization_test as bn_inference
from theano.tensor.nnet.bn import batch_normalization_train as bn_train
from theano.tensor.signal.pool import Pool, pool_2d

pytestmark = needs_engine

POOLS = [(2, "max", True), (2, "sum", True), (2, "average_inc_pad", True),
         (2, "average_exc_pad", True), (2, "max", False),
         (2, "average_inc_pad", False), (3, "max", True),
         (3, "average_exc_pad", True)]


def pool_functions(n, mode, ignore_border):
    x, window, stride, pad = tensor(n + 2), *(T.lvector() for _ in range(3))
    y = Pool(ndim=n, mode=mode, ignore_border=ignore_border)(
        x, window, stride, pad)
    g = tensor(n + 2)
    dx = T.grad(None, x, known_grads={y: g})
    return (both([x, window, stride, pad], y),
            both([x, window, stride, pad, g], dx))


@pytest.mark.parametrize("n, mode, ignore_border", POOLS)
def test_pool(n, mode, ignore_border):
    forward, gradient = pool_functions(n, mode, ignore_border)
    assert "Pool" in names(forward[0])
    assert "PoolGrad" in names(gradient[0])
    rng = np.random.RandomState(0)
    for case in range(25):
        window = rng.randint(1, 4, n)
        stride = rng.randint(1, 4, n)
        pad = rng.randint(0, window) if ignore_border else 0 * window
        x = values(2, rng.randint(1, 40), *rng.randint(4, 9, n), seed=case)
        if case % 3 == 0:  # many equal maxima
            x = np.maximum(x, 0).round(1)
        y = forward[0](x, window, stride, pad)
        np.testing.assert_array_equal(
            y, forward[1](x, window, stride, pad))
        g = values(*y.shape, seed=case)
        if mode == "average_exc_pad" and pad.any():
            continue  # Theano has no such gradient
        check_close(gradient[0](x, window, stride, pad, g),
                    gradient[1](x, window, stride, pad, g), 1e-6)


def test_pool_of_nothing_and_of_views():
    x = tensor(4)
    ours, stock = both([x], pool_2d(x, (2, 3), ignore_border=True))
    for shape in [(0, 3, 4, 6), (2, 0, 4, 6), (2, 3, 1, 6)]:
        got, expected = ours(values(*shape)), stock(values(*shape))
        assert got.shape == expected.shape
    x = values(2, 3, 8, 9)[:, ::-1, ::2, ::-1]
    check_close(ours(x), stock(np.ascontiguousarray(x)))


def test_pool_refuses():
    forward, gradient = pool_functions(2, "max", True)
    x = values(1, 2, 5, 5)
    with pytest.raises(ValueError, match="less than the window"):
        forward[0](x, [2, 2], [1, 1], [2, 0])
    with pytest.raises(ValueError, match="at least 1"):
        forward[0](x, [2, 2], [0, 1], [0, 0])
    with pytest.raises(ValueError, match="2 numbers"):
        forward[0](x, [2, 2, 2], [1, 1], [0, 0])
    with pytest.raises(ValueError, match="expected \\(1, 4, 4, 2\\)"):
        gradient[0](x, [2, 2], [1, 1], [0, 0], values(1, 2, 4, 5))


def test_pool_over_other_axes_stays_with_theano():
    x = tensor(3)
    run = theano.function([x], pool_2d(x, (2, 2), ignore_border=True),
                          mode=MODE)
    line, = engine.report(run)
    assert (line.runs_on, line.reason) == ("Theano", "it pools over 2 of 3 "
                                           "axes")


# --- batch normalization ----------------------------------------------------

def norm_functions(ndim, axes="spatial", **options):
    x, g = tensor(ndim), tensor(ndim)
    gamma, beta = (T.TensorType("float32", [i != 1 for i in range(ndim)])()
                   for _ in range(2))
    y, mean, inv_std = bn_train(x, gamma, beta, axes, **options)[:3]
    gradients = T.grad(None, [x, gamma, beta], known_grads={y: g})
    return both([x, gamma, beta, g], [y, mean, inv_std] + gradients)


@pytest.mark.parametrize("ndim", [4, 5])
def test_norm(ndim):
    ours, stock = norm_functions(ndim, epsilon=1e-4)
    assert names(ours).count("Norm") == names(ours).count("NormGrad") == 1
    for batch, channels in [(2, 3), (5, 16), (1, 33), (2, 3)]:
        shape = (batch, channels) + (3, 4, 5)[:ndim - 2]
        params = [values(1, channels, *[1] * (ndim - 2), seed=i)
                  for i in range(2)]
        arrays = [3 * values(*shape) + 2] + params + [values(*shape, seed=2)]
        check_close(ours(*arrays), stock(*arrays), 2e-5)
        turned = [arrays[0][::-1]] + params + [arrays[3][..., ::-1]]
        plain = [np.ascontiguousarray(a) for a in turned]
        check_close(ours(*turned), stock(*plain), 2e-5)


def test_norm_of_vectors():
    x, g = tensor(2), tensor(2)
    gamma, beta = T.frow(), T.frow()
    y, mean, inv_std = bn_train(x, gamma, beta, (0,))
    ours, stock = both([x, gamma, beta, g], [y, mean, inv_std] + T.grad(
        None, [x, gamma, beta], known_grads={y: g}))
    assert "Norm" in names(ours)
    for shape in [(7, 5), (128, 64)]:
        arrays = [values(*shape), values(1, shape[1]), values(1, shape[1]),
                  values(*shape, seed=1)]
        check_close(ours(*arrays), stock(*arrays), 2e-5)


def test_norm_of_nothing():
    ours, _ = norm_functions(4)
    y, mean, inv_std, dx, dgamma, dbeta = ours(
        values(0, 3, 4, 5), values(1, 3, 1, 1), values(1, 3, 1, 1),
        values(0, 3, 4, 5))
    assert y.shape == dx.shape == (0, 3, 4, 5)
    assert np.isnan(mean).all() and np.isnan(inv_std).all()
    assert not dgamma.any() and not dbeta.any()


def test_norm_refuses():
    ours, _ = norm_functions(4)
    vector = values(1, 3, 1, 1)
    with pytest.raises(ValueError, match="expected \\(4,\\)"):
        ours(values(2, 4, 3, 3), vector, vector, values(2, 4, 3, 3))
    with pytest.raises(ValueError, match="the gradient has shape"):
        ours(values(2, 3, 3, 3), vector, vector, values(2, 3, 3, 4))


def test_norm_per_activation_stays_with_theano():
    x = tensor(4)
    gamma = T.TensorType("float32", (True, False, False, False))()
    run = theano.function([x, gamma], bn_train(
        x, gamma, gamma, "per-activation")[0], mode=MODE)
    assert "Norm" not in names(run)


def test_running_statistics():
    x = tensor(4)
    params = [T.TensorType("float32", (True, False, True, True))()
              for _ in range(4)]
    ours, stock = both([x] + params, bn_train(
        x, *params[:2], axes="spatial", running_average_factor=.3,
        running_mean=params[2], running_var=params[3]))
    arrays = [values(4, 3, 5, 6)] + [values(1, 3, 1, 1, seed=i)
                                     for i in range(4)]
    check_close(ours(*arrays), stock(*arrays))


def test_inference_norm_is_part_of_the_convolution():
    x, w = tensor(4), tensor(4)
    params = [T.TensorType("float32", (True, False, True, True))()
              for _ in range(4)]
    y = bn_inference(T.nnet.conv2d(x, w), *params, axes="spatial")
    ours, stock = both([x, w] + params, y)
    assert names(ours).count("Convolution") == 1
    big = [node for node in ours.maker.fgraph.toposort()
           if type(node.op).__name__ == "Elemwise"
           and not any(node.outputs[0].broadcastable)
           and node.outputs[0].ndim == 4]
    assert not big
    arrays = [values(2, 3, 7, 8), values(5, 3, 3, 2)] + [
        values(1, 5, 1, 1, seed=i) for i in range(3)] + [
        values(1, 5, 1, 1, seed=4) ** 2 + .1]
    check_close(ours(*arrays), stock(*arrays))
