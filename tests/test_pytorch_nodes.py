"""Pooling, convolution, normalization and random numbers on PyTorch.

They are compared with Theano's C code, which differs from its NumPy code here
and there.
"""
import itertools

import numpy as np
import pytest
import theano.tensor as T
from pytorch_cases import FAST_RUN, check, tensor, values
from theano.sandbox.rng_mrg import MRG_RandomStreams
from theano.tensor.nnet import abstract_conv as conv
from theano.tensor.nnet import bn, nnet
from theano.tensor.signal.pool import pool_2d, pool_3d

POOLS = [
    dict(ws=(2, 3)), dict(ws=(3, 2), stride=(2, 2)),
    dict(ws=(3, 3), stride=(2, 1), ignore_border=False),
    dict(ws=(2, 2), stride=(3, 4), ignore_border=False),
    dict(ws=(3, 4), stride=(2, 2), pad=(1, 2)),
    dict(ws=(2, 2), stride=(3, 3)),
]


def pools(x):
    """Return each pooling with its gradient, in each mode."""
    outputs = []
    for mode, options in itertools.product(
            ("max", "sum", "average_inc_pad", "average_exc_pad"), POOLS):
        if mode == "average_exc_pad" and "pad" in options:
            continue
        options = dict(dict(ignore_border=True), **options)
        out = pool_2d(x, mode=mode, **options)
        outputs += [out, T.grad((out ** 2).sum(), x)]
    return outputs


def test_pooling_with_equal_maxima_and_not_a_number():
    """After a ReLU, windows of zeros are everywhere."""
    x = tensor("float32", 4)
    outputs = pools(x)
    f = check([x], outputs, np.maximum(values("float32", 2, 3, 8, 9), 0),
              mode=FAST_RUN, limit=2e-6)
    assert f.maker.fgraph
    given = values("float32", 2, 3, 8, 9)
    given[:, :, 2:6:3, 1::2] = np.nan
    given[1, :, 0] = -np.inf
    check([x], [o for o in outputs[:10:2]], given, mode=FAST_RUN)


def test_pooling_without_any_window():
    """The window is longer than the image, with what is around it."""
    x = tensor("float32", 4)
    for shape in ((2, 3, 3, 9), (0, 3, 8, 9), (2, 3, 0, 9)):
        for mode in ("max", "sum", "average_inc_pad"):
            out = pool_2d(x, (6, 2), ignore_border=True, stride=(5, 2),
                          pad=(1, 0), mode=mode)
            check([x], [out, T.grad(out.sum(), x)], values("float32", *shape),
                  mode=FAST_RUN)


def test_pooling_over_three_axes():
    x = tensor("float32", 5)
    outputs = []
    for mode in ("max", "average_inc_pad"):
        out = pool_3d(x, (2, 1, 3), ignore_border=True, stride=(1, 2, 2),
                      mode=mode)
        outputs += [out, T.grad((out ** 2).sum(), x)]
    check([x], outputs, values("float32", 2, 2, 5, 4, 6), mode=FAST_RUN,
          limit=2e-6)


GEOMETRIES = [
    dict(), dict(border_mode="half"), dict(border_mode="full"),
    dict(border_mode=(1, 2), subsample=(2, 1)),
    dict(filter_dilation=(2, 1)), dict(filter_flip=False, border_mode=1),
    dict(border_mode=((1, 0), (0, 2))), dict(num_groups=2),
    dict(subsample=(2, 3), filter_flip=False),
]


@pytest.mark.parametrize("options", GEOMETRIES, ids=str)
def test_convolution_and_gradients(options):
    x, w = tensor("float32", 4), tensor("float32", 4)
    out = T.nnet.conv2d(x, w, **options)
    groups = options.get("num_groups", 1)
    check([x, w], [out, *T.grad((out ** 2).sum(), [x, w])],
          values("float32", 2, 4, 9, 8), values("float32", 6, 4 // groups, 3,
                                                2), mode=FAST_RUN, limit=4e-6)


@pytest.mark.parametrize("options", GEOMETRIES, ids=str)
def test_a_convolution_of_images_without_channels(options):
    """Its sums are of nothing, of as many channels as the kernel says."""
    x, w, b = (tensor("float32", n) for n in (4, 4, 1))
    out = T.nnet.conv2d(x, w, **options)
    biased = out + b.dimshuffle("x", 0, "x", "x")
    for batch in (2, 0):
        check([x, w, b], [out, biased, *T.grad((biased ** 2).sum(), [x, w])],
              values("float32", batch, 0, 9, 8), values("float32", 6, 0, 3, 2),
              values("float32", 6), mode=FAST_RUN)


def kinds(function):
    """Return the classes of the nodes of a function."""
    return [type(node.op).__name__ for node in
            function.maker.fgraph.apply_nodes]


def joined(function):
    """Return how many nodes give both gradients of a convolution."""
    return kinds(function).count("ConvolutionGradients")


@pytest.mark.parametrize("options", GEOMETRIES, ids=str)
def test_a_convolution_adds_its_bias(options):
    x, w, b = (tensor("float32", n) for n in (4, 4, 1))
    out = T.nnet.conv2d(x, w, **options) + b.dimshuffle("x", 0, "x", "x")
    kernel = values("float32", 6, 4 // options.get("num_groups", 1), 3, 2)
    for batch in (2, 0):
        f = check([x, w, b], [out, *T.grad((out ** 2).sum(), [x, w, b])],
                  values("float32", batch, 4, 9, 8), kernel,
                  values("float32", 6), mode=FAST_RUN, limit=4e-6)
    assert kinds(f).count("BiasedConvolution") == 1
    for length in (1, 5):
        with pytest.raises(ValueError):
            f(values("float32", 2, 4, 9, 8), kernel, values("float32", length))


def test_a_bias_that_a_convolution_does_not_add():
    """It is no vector over channels, or the sums are read elsewhere."""
    x, w, b, u = (tensor("float32", n) for n in (4, 4, 1, 6))
    first, second, third = (T.nnet.conv2d(x, w, subsample=(n, 1))
                            for n in (1, 2, 3))
    vector = b.dimshuffle("x", 0, "x", "x")
    unshared = conv.conv2d(x, u, unshared=True, border_mode="valid")
    f = check([x, w, b, u], [
        first + vector, first.sum(), second + b.dimshuffle("x", "x", "x", 0),
        third + third, unshared + vector],
        values("float32", 2, 2, 5, 6), values("float32", 3, 2, 2, 4),
        values("float32", 3), values("float32", 3, 4, 4, 2, 2, 3),
        mode=FAST_RUN, limit=4e-6, left=["AbstractConv2d"])
    assert "BiasedConvolution" not in kinds(f)


def test_a_convolution_over_three_axes_adds_its_bias():
    x, w, b = (tensor("float64", n) for n in (5, 5, 1))
    out = b.dimshuffle("x", 0, "x", "x", "x") + T.nnet.conv3d(x, w)
    f = check([x, w, b], out, values("float64", 2, 2, 5, 6, 4),
              values("float64", 3, 2, 3, 2, 2), values("float64", 3),
              mode=FAST_RUN)
    assert kinds(f) == ["BiasedConvolution"]


def test_both_gradients_of_a_convolution_are_one_node():
    x, w, g = (tensor("float32", 4) for _ in range(3))
    out = T.nnet.conv2d(x, w, subsample=(2, 2))
    grads = T.grad((out ** 2).sum(), [x, w])
    given = values("float32", 2, 3, 8, 8), values("float32", 4, 3, 3, 3)
    assert joined(check([x, w], grads, *given, mode=FAST_RUN, limit=4e-6)) == 1
    assert joined(check([x, w], grads[1], *given, mode=FAST_RUN,
                        limit=4e-6)) == 0
    # a kernel of another shape fits the same output
    other = conv.conv2d_grad_wrt_weights(x, g, (4, 3, 4, 4),
                                         subsample=(2, 2))
    ours = T.grad(None, x, known_grads={out: g})
    assert joined(check([x, w, g], [out, other, ours], *given, values(
        "float32", 2, 4, 3, 3), mode=FAST_RUN, limit=4e-6)) == 1


def test_gradients_of_which_one_follows_from_the_other_stay_apart():
    w, g = tensor("float32", 4), tensor("float32", 4)
    x = 2 * conv.conv2d_grad_wrt_inputs(g, w, (None, None, 8, 8))
    kernel = conv.conv2d_grad_wrt_weights(x, g, (None, None, 3, 3))
    f = check([w, g], [T.nnet.conv2d(x, w), kernel],
              values("float32", 4, 3, 3, 3), values("float32", 2, 4, 6, 6),
              mode=FAST_RUN, limit=4e-6)
    assert joined(f) == 0


def test_convolution_over_three_axes():
    x, w = tensor("float32", 5), tensor("float32", 5)
    out = T.nnet.conv3d(x, w, border_mode=(1, 0, 2), subsample=(1, 2, 1))
    check([x, w], [out, *T.grad((out ** 2).sum(), [x, w])],
          values("float32", 2, 2, 5, 6, 4), values("float32", 3, 2, 3, 2, 2),
          mode=FAST_RUN, limit=4e-6)


def test_convolution_that_is_unshared_stays_with_theano():
    x, w = tensor("float32", 4), tensor("float32", 6)
    out = conv.conv2d(x, w, unshared=True, border_mode="valid")
    check([x, w], [out * 2, T.grad(out.sum(), w)],
          values("float32", 2, 2, 5, 6), values("float32", 3, 4, 4, 2, 2, 3),
          mode=FAST_RUN, limit=4e-6,
          left=["AbstractConv2d", "AbstractConv2d_gradWeights"])


@pytest.mark.parametrize("axes", ["per-activation", "spatial"])
def test_batch_normalization(axes):
    x = tensor("float32", 4)
    shape = (1, 3, 1, 1) if axes == "spatial" else (1, 3, 4, 5)
    pattern = tuple(n == 1 for n in shape)
    scale, bias, mean, var = (T.TensorType("float32", pattern)()
                              for _ in range(4))
    train = bn.batch_normalization_train(
        x, scale, bias, axes, running_mean=mean, running_var=var)
    infer = bn.batch_normalization_test(x, scale, bias, mean, var, axes)
    outputs = [*train, infer, *T.grad((train[0] ** 3).sum(),
                                      [x, scale, bias])]
    given = [values("float32", *shape, seed=i) for i in range(4)]
    given[3] = np.abs(given[3])
    check([x, scale, bias, mean, var], outputs, values("float32", 6, 3, 4, 5),
          *given, mode=FAST_RUN, limit=2e-5)


@pytest.mark.parametrize("axes", [(0,), (0, 2, 3), (2,), (0, 1, 2, 3)])
def test_batch_normalization_by_a_mean_of_another_batch(axes):
    """The gradient does not take it for granted that the rest has mean 0."""
    x, above = tensor("float64", 4), tensor("float64", 4)
    shape = [1 if a in axes else n for a, n in enumerate((6, 3, 4, 5))]
    scale, mean, inverse, bias = (T.TensorType(
        "float64", [n == 1 for n in shape])() for _ in range(4))
    outputs = bn.AbstractBatchNormTrainGrad(axes)(
        x, above, scale, mean, inverse)
    other = bn.AbstractBatchNormTrain(axes)(x * 2, scale, bias)[1:]
    by_other = bn.AbstractBatchNormTrainGrad(axes)(x, above, scale, *other)
    check([x, above, scale, mean, inverse, bias], [*outputs, *by_other], *(
        values("float64", *(shape if i > 1 else (6, 3, 4, 5)), seed=i)
        for i in range(6)), limit=1e-9)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(7,), (3, 40), (300, 400)])
def test_random_numbers_bit_for_bit(shape, dtype):
    """More than streams and fewer, and again from the state after."""
    def draws(stream):
        return [stream.uniform(shape, dtype=dtype) for _ in range(2)] + [
            stream.binomial(shape, p=.7, dtype=dtype)]
    from pytorch_cases import on_torch
    import theano
    ours = on_torch([], draws(MRG_RandomStreams(5)))
    theirs = theano.function([], draws(MRG_RandomStreams(5)), mode=FAST_RUN)
    for _ in range(3):
        for a, b in zip(ours(), theirs()):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)
    assert not ours.fn.program.untranslated


def test_normal_numbers():
    import theano
    from pytorch_cases import on_torch, same
    made = [f([], MRG_RandomStreams(9).normal((5, 7))) for f in (
        on_torch, lambda *a: theano.function(*a, mode=FAST_RUN))]
    same(made[0](), made[1](), 2e-6)


def test_operands_of_two_types():
    """Images of float64 before kernels of float32 were refused, and a loss
    came in the type of its bias.
    """
    x, w = tensor("float64", 4), tensor("float32", 4)
    kernel, images = values("float32", 3, 2, 3, 3), values(
        "float64", 2, 2, 8, 9)
    above = values("float32", 2, 3, 6, 7)
    check([x, w], [T.nnet.conv2d(x, w), T.nnet.conv2d(x, w) + x.sum()],
          images, kernel, mode=FAST_RUN)
    check([x, w], conv.conv2d_grad_wrt_weights(x, w, kernel.shape), images,
          above, mode=FAST_RUN, limit=2e-6)
    check([x, w], conv.conv2d_grad_wrt_inputs(w, x, images.shape),
          kernel.astype("float64"), above, mode=FAST_RUN, limit=2e-6)
    x, b, y = tensor("float32", 2), tensor("float64", 1), T.ivector()
    p = T.nnet.softmax(x)
    check([x, b, y], [*nnet.crossentropy_softmax_argmax_1hot_with_bias(
        x, b, y), nnet.softmax_with_bias(x, b), nnet.softmax_grad(x + b, p)],
        values("float32", 3, 4), values("float64", 4), np.int32([0, 3, 1]))
