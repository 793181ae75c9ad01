"""The engine's convolutions against the slow oracle and Theano's own."""
import cases
import numpy as np
import pytest
import reference
import theano
import theano.tensor as T
from engine_cases import (MODE, both, check_close, names, needs_engine,
                          tensor, values)
from lasagne_flipconv import engine
from theano.tensor.nnet import abstract_conv

pytestmark = needs_engine

CONV = {2: abstract_conv.AbstractConv2d, 3: abstract_conv.AbstractConv3d}


def arguments(geometry, n):
    """Return the arguments of Theano's convolution, and what they mean."""
    options = dict(cases.GEOMETRIES[geometry](n))
    size = options.get("filter_size", cases.FILTER_SIZE[n])
    stride = options.get("stride", (1,) * n)
    dilation = options.get("dilation", (1,) * n)
    pad = cases.pairs(options.get("pad", 0), size, dilation)
    groups = options.get("num_groups", 1)
    border = tuple(a if a == b else (a, b) for a, b in pad)
    if "pad" in options and isinstance(options["pad"], str):
        border = {"same": "half"}.get(options["pad"], options["pad"])
    return size, (stride, pad, dilation), dict(
        border_mode=border, subsample=stride, filter_dilation=dilation,
        num_groups=groups)


def asymmetric(options):
    border = options["border_mode"]
    return any(isinstance(p, tuple) for p in border
               if not isinstance(border, str))


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("n", [2, 3])
@pytest.mark.parametrize("geometry", cases.GEOMETRIES)
def test_against_definition(geometry, n, flip):
    size, (stride, pad, dilation), options = arguments(geometry, n)
    if n == 3 and asymmetric(options):
        options["border_mode"] = tuple(b for b, _ in pad)
        pad = [(b, b) for b, _ in pad]
    x, w, g = tensor(n + 2), tensor(n + 2), tensor(n + 2)
    y = CONV[n](filter_flip=flip, **options)(x, w)
    forward = theano.function([x, w], y, mode=MODE)
    gradients = theano.function(
        [x, w, g], T.grad(None, [x, w], known_grads={y: g}), mode=MODE)
    assert "Convolution" in names(forward)
    assert {"ConvolutionGradInput", "ConvolutionGradKernel"} <= set(
        names(gradients))

    groups = options["num_groups"]
    image = cases.values((2, 6) + cases.INPUT_SIZE[n], 1, "float32")
    kernel = cases.values((4, 6 // groups) + size, 2, "float32")
    slid = kernel if not flip else reference.reverse(kernel, range(2, n + 2))
    expected = reference.correlate(image, slid, stride, pad, dilation, groups)
    check_close(forward(image, kernel), expected.astype("float32"))

    output = cases.values(expected.shape, 3, "float32")
    dx, dw = gradients(image, kernel, output)
    check_close(dx, reference.adjoint(
        output, slid, stride, pad, dilation, image.shape[2:],
        groups).astype("float32"))
    # the convolution is linear in its kernel, so one product tells all
    other = cases.values(kernel.shape, 4, "float32")
    turned = other if not flip else reference.reverse(other, range(2, n + 2))
    moved = reference.correlate(image, turned, stride, pad, dilation, groups)
    np.testing.assert_allclose((dw * other).sum(), (moved * output).sum(),
                               rtol=1e-4, atol=1e-4)


def conv_functions(n=2, **options):
    x, w, g = tensor(n + 2), tensor(n + 2), tensor(n + 2)
    y = CONV[n](**options)(x, w)
    outputs = [y] + T.grad(None, [x, w], known_grads={y: g})
    return both([x, w, g], outputs)


def test_shapes_that_change():
    ours, stock = conv_functions(border_mode=(1, 0), subsample=(2, 1))
    for channels in (1, 3, 16, 20):
        for batch, height, width in [(1, 5, 9), (3, 12, 4), (1, 5, 9),
                                     (4, 3, 31)]:
            x = values(batch, channels, height, width)
            w = values(7, channels, 3, 2)
            g = values(batch, 7, (height - 1) // 2 + 1, width - 1)
            check_close(ours(x, w, g), stock(x, w, g))


@pytest.mark.parametrize("pad, stride, dilation, groups, shapes", [
    ((12, 50), (1, 2), (2, 5), 3, ((1, 3, 3, 7), (3, 1, 7, 11))),
    ((10, 30), (1, 5), (1, 3), 1, ((5, 4, 3, 2), (1, 4, 11, 11))),
    ((26, 16), (3, 5), (5, 3), 1, ((1, 5, 2, 5), (1, 5, 5, 5)))])
def test_where_onednn_has_only_its_reference(pad, stride, dilation, groups,
                                             shapes):
    ours, stock = conv_functions(
        border_mode=pad, subsample=stride, filter_dilation=dilation,
        num_groups=groups)
    x, w = values(*shapes[0]), values(*shapes[1])
    size = [(i + 2 * p - (k - 1) * d - 1) // s + 1 for i, p, k, d, s in zip(
        x.shape[2:], pad, w.shape[2:], dilation, stride)]
    g = values(len(x), len(w), *size)
    check_close(ours(x, w, g), stock(x, w, g))


@pytest.mark.parametrize("shapes", [
    ((0, 3, 6, 5), (4, 3, 3, 2), (0, 4, 4, 4)),
    ((2, 0, 6, 5), (4, 0, 3, 2), (2, 4, 4, 4)),
    ((2, 3, 6, 5), (0, 3, 3, 2), (2, 0, 4, 4))])
def test_nothing(shapes):
    x, w, g = tensor(4), tensor(4), tensor(4)
    y = CONV[2]()(x, w)
    run = theano.function([x, w, g], [y] + T.grad(
        None, [x, w], known_grads={y: g}), mode=MODE)
    output, dx, dw = run(*[values(*shape) for shape in shapes])
    assert output.shape == shapes[2]
    assert dx.shape == shapes[0]
    assert dw.shape == shapes[1]
    assert not output.any() and not dx.any() and not dw.any()


def test_any_strides():
    ours, stock = conv_functions()
    x, w, g = values(2, 3, 8, 9), values(5, 3, 2, 3), values(2, 5, 7, 7)
    turned = [x[:, :, ::-1], w[::-1, :, :, ::-1], g[..., ::-1]]
    spread = [np.broadcast_to(x[:1], x.shape).copy()[:, ::-1],
              np.asfortranarray(w), g.transpose(0, 3, 2, 1)[:, :5].copy()]
    spread[2] = np.ascontiguousarray(values(2, 7, 7, 5)).transpose(0, 3, 1, 2)
    doubled = [np.repeat(x, 2, 3)[..., ::2], np.repeat(w, 2, 0)[::2],
               np.repeat(g, 2, 1)[:, ::2]]
    for arrays in (turned, spread, doubled):
        plain = [np.ascontiguousarray(a) for a in arrays]
        check_close(ours(*arrays), stock(*plain))


@pytest.mark.parametrize("shapes, text", [
    (((2, 3, 6, 5), (4, 2, 3, 2)), "3 channels"),
    (((2, 3, 2, 5), (4, 3, 3, 2)), "kernel to fit")])
def test_wrong_shapes(shapes, text):
    x, w = tensor(4), tensor(4)
    run = theano.function([x, w], CONV[2]()(x, w), mode=MODE)
    with pytest.raises(ValueError, match=text):
        run(*[values(*shape) for shape in shapes])
    assert run(values(1, 2, 3, 3), values(1, 2, 3, 3)).shape == (1, 1, 1, 1)


def test_wrong_gradient_shapes():
    g, x, w, size = tensor(4), tensor(4), tensor(4), T.lvector()
    of_kernel = theano.function(
        [x, g, size], abstract_conv.AbstractConv2d_gradWeights()(x, g, size),
        mode=MODE)
    of_input = theano.function(
        [w, g, size], abstract_conv.AbstractConv2d_gradInputs()(w, g, size),
        mode=MODE)
    with pytest.raises(ValueError, match="expected \\(2, 4, 4, 4\\)"):
        of_kernel(values(2, 3, 6, 5), values(2, 4, 4, 5), [3, 2])
    with pytest.raises(ValueError, match="expected \\(2, 4, 4, 4\\)"):
        of_input(values(4, 3, 3, 2), values(2, 4, 9, 4), [6, 5])
    with pytest.raises(ValueError, match="2 numbers"):
        of_input(values(4, 3, 3, 2), values(2, 4, 4, 4), [6, 5, 1])


def test_what_has_the_wrong_shape_is_named_as_what_it_is():
    x, w, r = tensor(4), tensor(4), tensor(4)
    added = theano.function([x, w, r], T.nnet.relu(CONV[2]()(x, w) + r),
                            mode=MODE)
    with pytest.raises(ValueError, match="^sum of a convolution and its "
                       "residual: the residual has shape"):
        added(values(1, 3, 8, 8), values(4, 3, 3, 3), values(1, 4, 6, 5))
    transposed = theano.function(
        [x, w], abstract_conv.AbstractConv2d_gradInputs()(w, x, [8, 8]),
        mode=MODE)
    with pytest.raises(ValueError, match=r"\(of a transposed layer: the "
                       r"input\) has shape"):
        transposed(values(1, 4, 5, 6), values(4, 3, 3, 3))


@pytest.mark.parametrize("follow", [
    lambda y, v: y + v, lambda y, v: v * y, lambda y, v: T.nnet.relu(y - v),
    lambda y, v: y / v, lambda y, v: (y + 1) * v])
@pytest.mark.parametrize("ndim", [1, 2])
def test_a_vector_of_one_number_is_none_for_each_channel(follow, ndim):
    x, w, v = tensor(ndim + 2), tensor(ndim + 2), T.fvector()
    one = T.TensorType("float32", (True,))()
    y = CONV[2]()(x, w) if ndim == 2 else T.nnet.abstract_conv.conv2d(
        x.dimshuffle(0, 1, 2, "x"), w.dimshuffle(0, 1, 2, "x"))
    run, for_all = (
        theano.function([x, w, each], follow(
            y, each.dimshuffle("x", 0, "x", "x")), mode=MODE)
        for each in (v, one))
    given = values(2, 3, 6, 5)[(...,) + (0,) * (2 - ndim)]
    kernel = values(4, 3, 2, 3)[(...,) + (0,) * (2 - ndim)]
    for length in (1, 3, 5):
        with pytest.raises(ValueError, match="expected|mis-match"):
            run(given, kernel, values(length) + 3)
    number = np.full(1, 2, "f")
    assert np.array_equal(for_all(given, kernel, number),
                          run(given, kernel, np.full(4, 2, "f")))
    assert np.array_equal(for_all(given, kernel[:1], number),
                          run(given, kernel[:1], number))


@pytest.mark.parametrize("dtype", ["float64"])
def test_other_types_stay_with_theano(dtype):
    x, w = tensor(4, dtype), tensor(4, dtype)
    run = theano.function([x, w], CONV[2]()(x, w), mode=MODE)
    assert "CorrMM" in names(run)
    line, = engine.report(run)
    assert (line.runs_on, "float64" in line.reason) == ("Theano", True)


def test_unshared_stays_with_theano():
    x, w = tensor(4), tensor(6)
    run = theano.function([x, w], CONV[2](unshared=True)(x, w), mode=MODE)
    line, = engine.report(run)
    assert (line.runs_on, line.reason) == ("Theano", "its kernel is unshared")


def test_gradients_numerically():
    y = CONV[2](border_mode="half", num_groups=2, filter_dilation=(2, 1))
    theano.gradient.verify_grad(
        lambda x, w: y(x, w), [values(2, 4, 5, 6), values(6, 2, 3, 3)],
        mode=MODE, rng=np.random.RandomState(0), eps=1e-2, abs_tol=1e-2,
        rel_tol=1e-2)


@pytest.mark.parametrize("taps, pad, stride, depth", [
    (4, 3, 2, 4), (5, 3, 2, 3), (5, 4, 3, 5), (5, 4, 2, 2)])
def test_kernel_gradient_with_stride_and_padding_of_the_depth(
        taps, pad, stride, depth):
    # an implementation of oneDNN is left out for this
    op = abstract_conv.AbstractConv3d_gradWeights(
        border_mode=(pad, 1, 0), subsample=(stride, 1, 1), num_groups=3)
    x, g = tensor(5), tensor(5)
    ours, stock = both([x, g], op(x, g, T.constant([taps, 3, 2])))
    steps = (depth + 2 * pad - taps) // stride + 1
    arrays = values(2, 9, depth, 5, 3), values(2, 48, steps, 5, 2)
    check_close(ours(*arrays), stock(*arrays))
