"""The engine's pooling against Theano's own."""
import numpy as np
import pytest
import theano
import theano.tensor as T
from engine_cases import (MODE, both, check_close, names, needs_engine,
                          tensor, values)
from lasagne_flipconv import engine
from theano.tensor.signal.pool import MaxPoolGrad, Pool, pool_2d

pytestmark = needs_engine

POOLS = [(2, "max", True), (2, "sum", True), (2, "average_inc_pad", True),
         (2, "average_exc_pad", True), (2, "max", False),
         (2, "average_inc_pad", False), (3, "max", True),
         (3, "average_exc_pad", True), (1, "max", True),
         (1, "average_inc_pad", False)]


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
    with pytest.raises(ValueError, match="nothing to take a maximum of"):
        forward[0](values(1, 2, 0, 5), [2, 2], [1, 1], [1, 1])


def test_pool_over_other_axes_stays_with_theano():
    x = tensor(3)
    run = theano.function([x], pool_2d(x, (2, 2), ignore_border=True),
                          mode=MODE)
    line, = engine.report(run)
    assert (line.runs_on, line.reason) == ("Theano", "it pools over 2 of 3 "
                                           "axes")


def test_pool_with_a_gradient_of_float64_stays_with_theano():
    x, g = tensor(4), tensor(4, "float64")
    y = pool_2d(x, (2, 2), ignore_border=True)
    dx = MaxPoolGrad(ignore_border=True)(x, y, g, (2, 2), (2, 2), (0, 0))
    run = theano.function([x, g], [y, dx], mode=MODE)
    assert "Pool" in names(run)
    assert "MaxPoolGrad" in names(run)
