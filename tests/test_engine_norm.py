"""The engine's batch normalization against Theano's own."""
import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from engine_cases import (MODE, both, check_close, names, needs_engine,
                          tensor, values)
from theano.tensor.nnet.bn import batch_normalization_test as bn_inference
from theano.tensor.nnet.bn import batch_normalization_train as bn_train

pytestmark = needs_engine


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


def test_one_number_for_all_channels_stays_with_theano():
    """It was refused, where Theano repeats it."""
    x = tensor(4)
    one, beta = (T.TensorType("float32", (True, known, True, True))()
                 for known in (True, False))
    ours, stock = both([x, one, beta], bn_train(x, one, beta, "spatial")[:1])
    arrays = values(2, 3, 4, 5), values(1, 1, 1, 1), values(1, 3, 1, 1)
    check_close(ours(*arrays), stock(*arrays), 2e-5)


def test_norm_makes_no_variable_of_float64():
    """Theano's flag finds variables that are twice as large by mistake."""
    with theano.change_flags(warn_float64="raise", on_opt_error="raise"):
        ours, _ = norm_functions(4, epsilon=np.float32(1e-4))
    assert "Norm" in names(ours)


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


# --- statistics in one pass --------------------------------------------------

#: Theano refuses less than 1e-5, which that itself is in float32.
EPSILON = 1.001e-5


def statistics(x):
    """Return what the engine has for mean and deviation per channel."""
    v = tensor(4)
    ones = T.constant(np.ones((1, x.shape[1], 1, 1), "float32"))
    out = bn_train(v, ones, ones, "spatial", epsilon=EPSILON)[1:3]
    run = theano.function([v], out, mode=MODE)
    assert "Norm" in names(run)
    mean, inverse = run(x)
    return mean.ravel(), 1 / inverse.ravel()


@pytest.mark.parametrize("place", [0, 7, 100, 200])
def test_one_image_far_from_all_others(place):
    # wherever it stands, to the last digits that Theano has
    x = np.random.RandomState(0).normal(size=(201, 5, 4, 4)).astype("f")
    x[place] = 1e6
    of_mean, of_deviation = statistics(x)
    exact = x.astype("float64")
    np.testing.assert_allclose(of_mean, exact.mean((0, 2, 3)), rtol=2e-7)
    np.testing.assert_allclose(of_deviation, exact.std((0, 2, 3)), rtol=2e-7)


HARD = {
    "one image far off": lambda n: np.concatenate(
        [np.full((1, 5, 4, 4), 1e6), n(200, 5, 4, 4)]),
    "two clusters": lambda n: np.concatenate(
        [n(32, 5, 4, 4) + 1e4, n(32, 5, 4, 4) - 1e4]),
    "sorted": lambda n: np.sort(10 * n(64, 5, 4, 4), axis=0),
    "far from zero": lambda n: n(64, 5, 4, 4) + 1e4,
    "small": lambda n: 1e-4 * n(64, 5, 4, 4),
    "constant": lambda n: np.full((64, 5, 4, 4), 3.3)}


@pytest.mark.parametrize("make", HARD.values(), ids=HARD)
def test_gradients_are_as_near_as_theanos(make):
    random = np.random.RandomState(0)
    x = make(lambda *shape: random.normal(size=shape)).astype("f")
    vectors = [random.uniform(.5, 2, (1, 5, 1, 1)).astype("f")
               for _ in range(2)]
    gradient = random.normal(size=x.shape).astype("f")
    ours, stock = norm_functions(4, epsilon=1e-4)
    got = ours(x, *vectors, gradient)
    theirs = stock(x, *vectors, gradient)
    for a, b, exact in zip(got, theirs, exact_norm(x, *vectors, gradient)):
        most = np.abs(b - exact).max()
        assert np.abs(a - exact).max() <= 2 * most + 1e-6 * np.abs(
            exact).max()


def exact_norm(x, gamma, beta, g, epsilon=1e-4):
    """Return in float64 what norm_functions() compute."""
    x, gamma, beta, g = (a.astype("float64") for a in (x, gamma, beta, g))
    axes, n = (0, 2, 3), x.size / x.shape[1]
    mean = x.mean(axes, keepdims=True)
    inverse = 1 / np.sqrt(x.var(axes, keepdims=True) + epsilon)
    t = (x - mean) * inverse
    dgamma = (g * t).sum(axes, keepdims=True)
    dbeta = g.sum(axes, keepdims=True)
    dx = gamma * inverse * (g - dbeta / n - t * dgamma / n)
    return gamma * t + beta, mean, inverse, dx, dgamma, dbeta


@pytest.mark.parametrize("deviation", [1e-4, 1e-2, 1, 1e3])
def test_running_variance_far_from_epsilon(deviation):
    x = tensor(4)
    params = [T.TensorType("float32", (True, False, True, True))()
              for _ in range(4)]
    ours, stock = both([x] + params, bn_train(
        x, *params[:2], axes="spatial", epsilon=1e-2,
        running_average_factor=1., running_mean=params[2],
        running_var=params[3])[3:])
    assert "Norm" in names(ours)
    arrays = [np.float32(deviation) * values(9, 3, 5, 6)] + [
        values(1, 3, 1, 1, seed=i) for i in range(4)]
    for a, b in zip(ours(*arrays), stock(*arrays)):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_mean_of_what_is_infinite():
    ours, stock = norm_functions(4)
    arrays = [values(6, 3, 4, 5), values(1, 3, 1, 1), values(1, 3, 1, 1),
              values(6, 3, 4, 5)]
    arrays[0][0, 0, 0, 0], arrays[0][3, 1, 2, 2] = np.inf, -np.inf
    np.testing.assert_array_equal(ours(*arrays)[1][:, :2],
                                  stock(*arrays)[1][:, :2])


@pytest.mark.parametrize("outlier", [0, 1e4])
@pytest.mark.parametrize("mean", [0, 300, -1e4])
def test_statistics_far_from_zero(mean, outlier):
    x = np.random.RandomState(0).normal(mean, 1, (16, 5, 24, 24)).astype("f")
    x[0, 1, 0, 0] += outlier
    x[3, 2, 1, 1] -= outlier
    of_mean, of_deviation = statistics(x)
    exact = x.astype("float64")
    np.testing.assert_allclose(of_mean, exact.mean((0, 2, 3)), rtol=1e-7,
                               atol=1e-7 * exact.std())
    np.testing.assert_allclose(of_deviation, np.sqrt(
        exact.var((0, 2, 3)) + 1e-5), rtol=5e-6)


def test_statistics_of_constants():
    mean, deviation = statistics(np.full((4, 2, 3, 3), 0.1, "f"))
    np.testing.assert_allclose(mean, 0.1, rtol=1e-6)
    np.testing.assert_allclose(deviation, np.sqrt(EPSILON), rtol=1e-6)


# --- the activation that follows ---------------------------------------------

ACTIVATIONS = {
    "rectify": lasagne.nonlinearities.rectify,
    "leaky": lambda t: np.float32(0.6) * t + np.float32(0.4) * abs(t),
    "maximum of neither": lambda t: 0.75 * t + 0.5 * abs(t)}


def activated(activation, extra=lambda t: 0):
    """Compile a training step of norm, activation and convolution."""
    x, w = tensor(4), tensor(4)
    gamma, beta = (T.TensorType("float32", [True, False, True, True])()
                   for _ in range(2))
    t = bn_train(x, gamma, beta, "spatial", epsilon=1e-4)[0]
    y = T.nnet.conv2d(activation(t), w)
    cost = T.sum(y ** 2) + extra(t)
    return both([x, w, gamma, beta],
                [y] + T.grad(cost, [x, w, gamma, beta]))


def arrays_with_zeros():
    x = values(3, 4, 6, 7)
    x[:, 2] = 0.5  # normalized to zero, and with this bias it stays there
    gamma, beta = values(1, 4, 1, 1), values(1, 4, 1, 1, seed=1)
    beta[0, 2] = 0
    return x, values(5, 4, 3, 3), gamma, beta


@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
def test_activation_is_part_of_the_norm(activation):
    ours, stock = activated(activation)
    lines = [node.op.line for node in ours.maker.fgraph.toposort()
             if type(node.op).__name__ in ("Norm", "NormGrad")]
    assert len(lines) == 2
    assert lines[0] == lines[1] != (1, 0)
    order = names(ours)
    assert "Elemwise" not in order[order.index("ConvolutionGradInput"):
                                   order.index("NormGrad")]
    arrays = arrays_with_zeros()
    check_close(ours(*arrays), stock(*arrays), 2e-5)


@pytest.mark.parametrize("extra", [
    lambda t: T.sum(t ** 2), lambda t: T.sum(T.sgn(t) * t),
    lambda t: T.sum(T.nnet.sigmoid(t))])
def test_activation_stays_where_something_else_uses_what_it_is_of(extra):
    ours, stock = activated(lasagne.nonlinearities.rectify, extra)
    assert all(node.op.line == (1, 0)
               for node in ours.maker.fgraph.toposort()
               if type(node.op).__name__ in ("Norm", "NormGrad"))
    arrays = arrays_with_zeros()
    check_close(ours(*arrays), stock(*arrays), 2e-5)


def test_activation_without_gradient():
    x = tensor(4)
    vector = T.TensorType("float32", [True, False, True, True])()
    y = lasagne.nonlinearities.rectify(bn_train(x, vector, vector,
                                                "spatial")[0])
    ours, stock = both([x, vector], y)
    assert "Elemwise" not in names(ours)[names(ours).index("Norm"):]
    arrays = values(3, 4, 6, 7), values(1, 4, 1, 1)
    check_close(ours(*arrays), stock(*arrays))
