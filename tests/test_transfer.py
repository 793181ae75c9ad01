"""Transfer between layers and networks: equal outputs, or nothing changed."""
import functools
import itertools

import lasagne
import numpy as np
import pytest
import theano
from lasagne.layers import (DenseLayer, InputLayer, get_all_param_values,
                            get_all_params, get_output)
from lasagne_flipconv import (conventions, convert_file, inspect_file, layers,
                              load, save, transfer)
from lasagne_flipconv.errors import ConventionError
from lasagne_flipconv.layers import (Conv2DDNNLayer, Conv2DLayer,
                                     Conv2DMMLayer, TransposedConv2DLayer)
from lasagne_flipconv.weights.networks import slots_of
from theano.sandbox.rng_mrg import MRG_RandomStreams
from theano.tensor.shared_randomstreams import RandomStreams

import cases

IMAGE = (None, 4, 9, 8)


def floats(shape, seed):
    return cases.values(shape, seed, theano.config.floatX)


def one(cls, shape=None, **options):
    shape = shape or (None, 4) + (9, 8, 5)[:cls.n]
    options = dict({"num_filters": 16, "filter_size": 3,
                    "b": lambda s: floats(s, 3)}, **options)
    return cls(shape, W=lambda s: floats(s, 1), **options)


#: Layers that can hold the same kernel: class and arguments.
FAMILIES = {
    "1-D": [(layers.Conv1DLayer, {"flip_filters": f}) for f in (0, 1)],
    "2-D": [(layers.Conv2DCCLayer, {"dimshuffle": d, "flip_filters": f})
            for d in (0, 1) for f in (0, 1)] +
           [(c, {"flip_filters": f}) for f in (0, 1)
            for c in (Conv2DLayer, Conv2DMMLayer, Conv2DDNNLayer)] +
           [(layers.DilatedConv2DLayer, {})],
    "3-D": [(c, {"flip_filters": f}) for f in (0, 1) for c in (
        layers.Conv3DLayer, layers.Conv3DMMLayer, layers.Conv3DDNNLayer)],
    "transposed 1-D": [(layers.TransposedConv1DLayer, {"flip_filters": f})
                       for f in (0, 1)],
    "transposed 2-D": [(TransposedConv2DLayer, {"flip_filters": f})
                       for f in (0, 1)],
    "transposed 3-D": [(layers.TransposedConv3DLayer, {"flip_filters": f})
                       for f in (0, 1)],
    "local": [(layers.LocallyConnected2DLayer, {"flip_filters": f})
              for f in (0, 1)],
}
STOCK = [(getattr(lasagne.layers, name), {})
         for name in ("Conv2DLayer", "DilatedConv2DLayer")
         if hasattr(lasagne.layers, name)]
PAIRS = [pair for family in FAMILIES.values()
         for pair in itertools.permutations(family, 2)]
PAIRS += [pair for stock in STOCK for ours in FAMILIES["2-D"]
          for pair in ((stock, ours), (ours, stock))]


def described(pair):
    return "-".join(
        cls.__module__.split(".")[0][7:] + cls.__name__
        + "".join("%s%d" % (k[0], v) for k, v in sorted(options.items()))
        for cls, options in pair)


def built(cls, options):
    options = {k: bool(v) for k, v in options.items()}
    n = getattr(cls, "n", None) or 2
    shape = (None, 4) + (9, 8, 5)[:n]
    if options.get("dimshuffle") is False:
        shape = shape[1:] + shape[:1]
    return one(cls, shape, **options)


def output(layer, x):
    """Return the output for x, both with the batch first."""
    c01b = getattr(layer, "dimshuffle", True) is False
    x = np.ascontiguousarray(x.transpose(1, 2, 3, 0)) if c01b else x
    y = cases.run(layer, x)
    return y.transpose(3, 0, 1, 2) if c01b else y


@pytest.mark.parametrize("pair", PAIRS, ids=described)
def test_every_pair_computes_the_same_after_transfer(pair):
    source, target = built(*pair[0]), built(*pair[1])
    target.W.set_value(target.W.get_value() * 0)
    record = transfer(source, target)
    n = source.W.ndim - 2 if source.W.ndim < 6 else 2
    x = cases.values((2, 4) + (9, 8, 5)[:n], 2, source.W.dtype)
    expected = output(source, x)
    np.testing.assert_allclose(output(target, x), expected, atol=1e-5)
    assert np.abs(expected).max() > 0.1
    flips = [getattr(x, "flip_filters", True) for x in (source, target)]
    assert bool(record.turned) == (flips[0] != flips[1])
    assert len(record.copied) == 2 - bool(record.turned or record.permuted)


def network(conv, extra=(), shape=IMAGE):
    net = InputLayer(shape)
    net = conv(net, 6, 3, name="c1")
    net = conv(net, 5, (2, 3), name="c2", b=None)
    net = conv(net, 3, 1, name="one")
    for layer in extra:
        net = layer(net)
    return DenseLayer(net, 4, name="fc")


def predicted(net, x):
    symbol = lasagne.layers.get_all_layers(net)[0].input_var
    return theano.function([symbol], get_output(net, deterministic=True))(x)


def test_networks():
    x = floats((3, 4, 9, 8), 5)
    source, target = network(Conv2DLayer), network(Conv2DDNNLayer)
    naive = network(Conv2DDNNLayer)
    lasagne.layers.set_all_param_values(naive, get_all_param_values(source))
    record = transfer(source, target)
    assert record.turned == ("c1.W", "c2.W")
    assert record.copied == ("c1.b", "one.W", "one.b", "fc.W", "fc.b")
    np.testing.assert_allclose(predicted(target, x), predicted(source, x),
                               atol=1e-5)
    assert np.abs(predicted(naive, x) - predicted(source, x)).max() > 1e-2


def test_twice_is_once_more():
    source, target = network(Conv2DLayer), network(Conv2DDNNLayer)
    transfer(source, target)
    first = get_all_param_values(target)
    transfer(source, target)
    for a, b in zip(first, get_all_param_values(target)):
        np.testing.assert_array_equal(a, b)


def test_just_one_layer():
    source, target = network(Conv2DLayer), network(Conv2DDNNLayer)
    before = get_all_param_values(target.input_layer)
    record = transfer(source, target, deep=False)
    assert record.copied == ("fc.W", "fc.b")
    for a, b in zip(before, get_all_param_values(target.input_layer)):
        np.testing.assert_array_equal(a, b)


def check_refused(said, source, target):
    """Check that transfer refuses and changes no parameter, bit for bit."""
    before = [v.copy() for v in get_all_param_values(target)]
    with pytest.raises(ConventionError, match=said):
        transfer(source, target)
    for a, b in zip(before, get_all_param_values(target)):
        assert a.tobytes() == b.tobytes()


def test_a_value_that_does_not_fit_changes_nothing():
    small, big = network(Conv2DLayer), network(Conv2DDNNLayer)
    wide = DenseLayer(big.input_layer, 7, name="fc")
    check_refused(r"fc.W → fc.W: has shape \(72, 4\); expected \(72, 7\)",
                  small, wide)
    check_refused("7 parameters, the target 5.*position 5: fc.W.*nothing",
                  small, big.input_layer)


def test_what_computes_other_things_is_refused():
    check_refused("compute different things", one(Conv2DLayer, filter_size=3),
                  one(TransposedConv2DLayer, num_filters=16))
    check_refused("num_groups is 1 in the source, 2",
                  one(Conv2DLayer), one(Conv2DLayer, num_groups=2))
    check_refused("not a convolution kernel|is a convolution kernel",
                  one(Conv2DLayer, b=None),
                  DenseLayer(IMAGE, 16, b=None))


def test_parameters_of_other_roles_are_refused():
    source = DenseLayer((None, 5), 5)
    target = DenseLayer((None, 5), 5)
    target.gamma, target.b = target.b, None
    check_refused("one is b of a DenseLayer, the other gamma", source, target)


def test_values_that_the_dtype_cannot_hold_are_refused():
    source, target = one(Conv2DLayer), one(Conv2DLayer)
    source.b.set_value(source.b.get_value() + 1e30)
    half = theano.shared(np.zeros(16, "float16"))
    del target.params[target.b]
    target.b = target.add_param(half, (16,), name="b")
    check_refused("expected what fits into float16", source, target)


def test_a_kernel_for_what_one_is_computed_from_is_refused():
    source = one(Conv2DLayer)
    W = theano.shared(floats((16, 4, 3, 3), 1))
    target = Conv2DLayer(IMAGE, 16, 3, W=2 * W, name="conv5")
    check_refused("the W of Conv2DLayer 'conv5' is computed from it", source,
                  target)


def test_an_expression_of_a_layer_that_is_not_known_is_refused():
    source, target = (Base(InputLayer(IMAGE), 16, 3, n=2, name="own",
                           W=2 * theano.shared(floats((16, 4, 3, 3), seed)))
                      for seed in range(2))
    check_refused("own.W: is the expression", source, target)


def autoencoder(holds=True):
    """Return one with tied weights, and a layer whose weights are masked."""
    first = DenseLayer(InputLayer((None, 6)), 4, name="in")
    net = cases.computing(DenseLayer(first, 6, name="out"), first.W.T)
    V = theano.shared(floats((6, 3), 3), "V")
    net = cases.computing(DenseLayer(net, 3, name="masked"), V * np.tri(6, 3))
    if holds:
        net.V = V
    return net


@pytest.mark.parametrize("holds", [True, False])
def test_matrices_that_are_expressions(holds, tmp_path):
    """What they are computed from is copied, once."""
    x, source = floats((5, 6), 4), autoencoder(holds)
    names = ("in.W", "in.b", "out.b", "masked.V", "masked.b")
    target = autoencoder(holds)
    for slot in slots_of(target):
        slot.param.set_value(slot.param.get_value() + 1)
    assert transfer(source, target).copied == names
    np.testing.assert_allclose(predicted(target, x), predicted(source, x))
    save(tmp_path / "tied.npz", source)
    fresh = autoencoder(holds)
    for slot in slots_of(fresh):
        slot.param.set_value(slot.param.get_value() + 1)
    assert load(tmp_path / "tied.npz", fresh).copied == names
    np.testing.assert_allclose(predicted(fresh, x), predicted(source, x))


def convolutional(flip, dnn=False, mask=False):
    """Return an autoencoder whose second kernel is computed of the first."""
    conv = Conv2DDNNLayer if dnn else Conv2DLayer
    first = conv(InputLayer(IMAGE), 3, (3, 2), flip_filters=flip, name="in")
    W = first.W.dimshuffle(1, 0, 2, 3)[:, :, ::-1, ::-1]
    if mask:
        W = W * theano.shared(floats((4, 3, 1, 1), 3), "mask", broadcastable=(
            False, False, True, True))
    return conv(first, 4, (3, 2), pad="full", flip_filters=flip, W=W,
                name="out")


@pytest.mark.parametrize("mask", [False, True])
@pytest.mark.parametrize("flip", [False, True])
def test_kernels_that_are_expressions(flip, mask, tmp_path):
    """What they are computed from is copied if it need not be turned."""
    names = ("in.W", "in.b") + ("out.mask",) * mask + ("out.b",)
    x, source = floats((2, 4, 9, 8), 4), convolutional(flip, mask=mask)
    save(tmp_path / "tied.npz", source)
    for copy in (lambda to: transfer(source, to),
                 lambda to: load(tmp_path / "tied.npz", to)):
        target = convolutional(flip, mask=mask)
        for slot in slots_of(target):
            slot.param.set_value(slot.param.get_value() + 1)
        assert copy(target).copied == names
        np.testing.assert_allclose(predicted(target, x), predicted(source, x))
        other, before = convolutional(not flip, mask=mask), floats(3, 1)
        other.b.set_value(np.concatenate([before, before[:1]]))
        with pytest.raises(ConventionError, match="computes? (its W|a W) "):
            copy(other)
        assert np.array_equal(other.b.get_value()[:3], before)


def test_a_matrix_for_what_one_is_computed_from_is_refused():
    plain = DenseLayer(InputLayer((None, 6)), 3, name="masked")
    target = cases.computing(
        DenseLayer(InputLayer((None, 6)), 3, name="masked"),
        theano.shared(floats((6, 3), 3), "V") * 2)
    for pair in ((plain, target), (target, plain)):
        with pytest.raises(ConventionError, match="a parameter from of a De"):
            transfer(*pair)


def computing(n, W, holds):
    """Return a dense layer, or a convolution, that computes its W."""
    layer = Conv2DLayer(InputLayer(IMAGE), 4, (3, 2), b=None, name="conv") if (
        n) else DenseLayer(InputLayer((None, 6)), 6, b=None, name="in")
    if not holds:  # as weight normalization: W is no parameter any more
        layer.V, layer.W = layer.W, W(layer.W)
        return layer
    return cases.computing(layer, W(theano.shared(layer.W.get_value(), "V")))


@pytest.mark.parametrize("n", [0, 2])
@pytest.mark.parametrize("ours, theirs, holds", [
    (lambda V: 2 * V, lambda V: 3 * V, True),
    (lambda V: V[::-1], lambda V: V[:, ::-1], True),
    (lambda V: V * V, lambda V: V + V, False),
    (lambda V: V * theano.shared(floats(2, 1))[0],
     lambda V: V * theano.shared(floats(2, 2))[0], False),
])
def test_what_is_computed_otherwise_is_refused(n, ours, theirs, holds):
    source, other, target = (computing(n, each, holds)
                             for each in (ours, theirs, ours))
    before = [slot.param.get_value() for slot in slots_of(other)]
    with pytest.raises(ConventionError, match="(conv|in) → .*: a parameter is "
                       "computed as .* in the source, as .* here"):
        transfer(source, other)
    assert all(np.array_equal(slot.param.get_value(), value)
               for slot, value in zip(slots_of(other), before))
    assert transfer(source, target).copied


@pytest.mark.parametrize("one, other", [("a", "b"), ("net.A", "net/b")])
def test_names_contradict_an_order(one, other):
    def towers(*names):
        image = InputLayer((None, 6))
        return [DenseLayer(image, 4, name=name) for name in names]

    source, target = towers("a", "b"), towers(other, one)
    before = [layer.W.get_value() for layer in target]
    with pytest.raises(ConventionError, match="a.W → .*b.W: the source has a "
                       "'b' elsewhere"):
        transfer(source, target)
    assert all(np.array_equal(layer.W.get_value(), value)
               for layer, value in zip(target, before))
    for deep, to in ((False, target), (True, target[::-1]),
                     (True, towers(None, None)), (True, towers("u", "v"))):
        transfer(source, to, deep=deep)
        assert all(np.array_equal(mine.W.get_value(), yours.W.get_value())
                   for mine, yours in zip(source, to))


def hidden(n, W):
    """Return a layer that computes its W from a parameter it has instead."""
    layer = computing(n, W, holds=False)
    layer.params[layer.V] = layer.params.pop(layer.V, {"trainable"})
    return layer


@pytest.mark.parametrize("n", [0, 2])
@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
@pytest.mark.parametrize("ours, theirs", [
    (lambda V: 2 * V, lambda V: 3 * V),
    (lambda V: V[::-1], lambda V: V[:, ::-1]),
    (lambda V: V * V, lambda V: V + V)])
def test_what_was_computed_otherwise_is_not_loaded(n, suffix, ours, theirs,
                                                   tmp_path):
    path, source = tmp_path / ("net" + suffix), hidden(n, ours)
    save(path, source)
    target = hidden(n, ours)
    assert load(path, target).copied
    assert np.array_equal(target.V.get_value(), source.V.get_value())
    other = hidden(n, theirs)
    before = [slot.param.get_value() for slot in slots_of(other)]
    with pytest.raises(ConventionError, match="by another expression than"):
        load(path, other)
    assert all(np.array_equal(slot.param.get_value(), value)
               for slot, value in zip(slots_of(other), before))
    load(path, other, orientation="as in network")


def test_the_encoder_of_an_autoencoder_is_loaded_alone(tmp_path):
    first, other = (DenseLayer((None, 6), 6, name="in") for _ in range(2))
    save(tmp_path / "net.npz", cases.computing(
        DenseLayer(first, 6, b=None, name="out"), first.W.T))
    load(tmp_path / "net.npz", other)
    assert np.array_equal(other.W.get_value(), first.W.get_value())


@pytest.mark.parametrize("n", [0, 2])
@pytest.mark.parametrize("streams, holds", [
    (RandomStreams, True), (RandomStreams, False), (MRG_RandomStreams, False)])
def test_random_numbers_are_computed_alike(streams, holds, n, tmp_path):
    """Of noise that is added to a matrix, the state is no parameter."""
    source, target = (computing(n, lambda V, seed=seed: V + streams(
        seed).normal(V.get_value().shape, dtype=V.dtype), holds)
        for seed in (1, 2))
    save(tmp_path / "net.npz", source)
    for copied in (transfer(source, target).copied,
                   load(tmp_path / "net.npz", target).copied):
        assert copied == ("%s.V" % ("conv" if n else "in"),)


def test_a_tied_matrix_is_tied_in_the_same_way():
    nets = []
    for tie in (lambda W: W.T, lambda W: W[::-1]):
        first = DenseLayer(InputLayer((None, 6)), 6, name="in")
        nets.append(cases.computing(DenseLayer(first, 6, name="out"),
                                    tie(first.W)))
    with pytest.raises(ConventionError, match="out → out: a parameter is "
                       "computed as in.W.T in the source, as .* here"):
        transfer(*nets)


class Keeping(Conv2DLayer):
    """Keep what it was given under another name, which comes first."""

    def __init__(self, incoming, num_filters, filter_size, W, **kwargs):
        self.given = W
        super().__init__(incoming, num_filters, filter_size, W=W, **kwargs)


@pytest.mark.parametrize("flip", [True, False])
def test_a_kernel_has_its_name_whatever_else_holds_it(flip):
    source, target = (
        Keeping(IMAGE, 16, 3, theano.shared(floats((16, 4, 3, 3), seed)),
                flip_filters=each) for seed, each in enumerate([True, flip]))
    record = transfer(source, target)
    assert record.turned == (() if flip else ("Keeping#0.W",))
    x = floats((2, 4, 9, 8), 2)
    np.testing.assert_allclose(cases.run(target, x), cases.run(source, x),
                               atol=1e-5)


def normalized(conv, holder="conv"):
    """Return a network whose W is computed, as weight normalization does."""
    layer = conv(InputLayer(IMAGE), 6, (3, 2), b=None, name="c1")
    net = lasagne.layers.NonlinearityLayer(layer, name="norm")
    layer.W_param, layer.W = layer.W, layer.W / layer.W.norm(2)
    if holder == "norm":
        del layer.params[layer.W_param]
        net.W = net.add_param(layer.W_param, (6, 4, 3, 2), name="W")
    return net


@pytest.mark.parametrize("holder", ["conv", "norm"])
def test_a_kernel_that_is_computed_is_not_turned(holder):
    x = floats((3, 4, 9, 8), 5)
    source = normalized(Conv2DLayer, holder)
    check_refused("(c1.W_param|norm.W): is .*'convolution'.*computes its W",
                  source, normalized(Conv2DDNNLayer, holder))
    target = normalized(lambda *args, **kwargs: Conv2DMMLayer(
        *args, flip_filters=True, **kwargs), holder)
    assert not transfer(source, target).turned
    np.testing.assert_allclose(predicted(target, x), predicted(source, x),
                               atol=1e-5)
    check_refused("the W of Conv2DLayer 'c1' is computed from it, of "
                  "Conv2DLayer 'c1' it is W itself", source,
                  Conv2DLayer(IMAGE, 6, (3, 2), b=None, name="c1"))


class Own(lasagne.layers.Layer):
    """Slide a kernel as Lasagne's own layers do, under any name."""

    def __init__(self, incoming, flip, name):
        super().__init__(incoming)
        self.flip_filters, self.attribute = flip, name
        setattr(self, name, self.add_param(
            theano.shared(floats((6, 4, 3, 2), 1)), (6, 4, 3, 2), name=name))

    def get_output_for(self, input, **kwargs):
        return theano.tensor.nnet.conv2d(input, getattr(
            self, self.attribute), filter_flip=self.flip_filters)

    def get_output_shape_for(self, input_shape):
        return (input_shape[0], 6, input_shape[2] - 2, input_shape[3] - 1)


class Base(layers.base.BaseConvLayer):
    """Extend what Lasagne's documentation says to extend."""

    def convolve(self, input, **kwargs):
        return theano.tensor.nnet.conv2d(input, self.W,
                                         filter_flip=self.flip_filters)


class Gated(Conv2DLayer):
    """Have a second kernel beside W."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.V = self.add_param(lambda s: floats(s, 2), self.get_W_shape())

    def convolve(self, input, **kwargs):
        return super().convolve(input) * theano.tensor.nnet.conv2d(
            input, self.V, filter_flip=self.flip_filters)


conventions.register(Gated, like=Conv2DLayer)


def from_parts(flip, *shapes):
    """Return a layer whose W is computed from what has another shape."""
    layer = Conv2DLayer(IMAGE, 6, (3, 2), b=None, flip_filters=flip)
    del layer.params[layer.W]
    layer.parts = [layer.add_param(floats(s, 1), s, name="part")
                   for s in shapes]
    layer.W = functools.reduce(theano.tensor.dot, layer.parts).reshape(
        layer.get_W_shape())
    return layer


def computed_from_another(flip):
    """Return a layer whose W is computed from the W of the one below."""
    below = Conv2DLayer(IMAGE, 4, 3, flip_filters=True, name="below")
    net = Conv2DLayer(below, 4, 3, b=None, flip_filters=flip)
    del net.params[net.W]
    net.W = 2 * below.W
    return net


UNSURE = {
    "W of a class of one's own": lambda flip: Own(IMAGE, flip, "W"),
    "another name": lambda flip: Own(IMAGE, flip, "V"),
    "BaseConvLayer": lambda flip: Base(IMAGE, 6, (3, 2), flip_filters=flip),
    "a second kernel": lambda flip: Gated(IMAGE, 6, (3, 2),
                                          flip_filters=flip),
    "two factors": lambda flip: from_parts(flip, (6, 5), (5, 24)),
    "a flat one": lambda flip: from_parts(flip, (144,)),
    "computed from another's": computed_from_another,
}


@pytest.mark.parametrize("build", UNSURE.values(), ids=list(UNSURE))
def test_what_may_be_a_kernel_is_copied_between_equals_only(build):
    x, source = floats((2, 4, 9, 8), 2), build(True)
    check_refused("may be a kernel, but|a W is computed from it", source,
                  build(False))
    target = build(True)
    assert not transfer(source, target).turned
    np.testing.assert_allclose(cases.run(target, x), cases.run(source, x),
                               atol=1e-5)


@pytest.mark.parametrize("build", UNSURE.values(), ids=list(UNSURE))
def test_what_may_be_a_kernel_is_loaded_as_in_network_only(build, tmp_path):
    path, source, target = tmp_path / "own.npz", build(True), build(True)
    np.savez(path, *get_all_param_values(source))
    with pytest.raises(ConventionError, match="convention for it|computes its"
                       " W from it"):
        load(path, target, orientation="correlation")
    load(path, target, orientation="as in network")
    for a, b in zip(*map(get_all_param_values, (source, target))):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("build", UNSURE.values(), ids=list(UNSURE))
def test_what_may_be_a_kernel_is_saved_with_who_reads_it(build, tmp_path):
    path, source = tmp_path / "own.npz", build(True)
    save(path, source)
    target, other = build(True), build(False)
    before = get_all_param_values(other)
    with pytest.raises(ConventionError, match="expected the (W of a|same on)"):
        load(path, other)
    load(path, target)
    for net, values in ((target, get_all_param_values(source)),
                        (other, before)):
        for a, b in zip(get_all_param_values(net), values):
            np.testing.assert_array_equal(a, b)


def test_a_kernel_from_which_another_is_computed_that_reads_it_otherwise(
        tmp_path):
    path, net = tmp_path / "plain.npz", computed_from_another(False)
    np.savez(path, *get_all_param_values(net))
    for told in ("convolution", "correlation"):
        with pytest.raises(ConventionError, match="computes its W from it"):
            load(path, net, orientation=told)
    load(path, net, orientation="as in network")
    load(path, computed_from_another(True), orientation="convolution")


def test_what_may_be_a_kernel_is_converted_with_no_others(tmp_path):
    path, made = tmp_path / "gated.npz", tmp_path / "made.npz"
    save(path, Gated(IMAGE, 6, (3, 2), name="c1"))
    with pytest.raises(ConventionError, match="c1.V in .* may be a kernel"):
        convert_file(path, made, wanted="torch")
    assert not made.exists()
    assert convert_file(path, made).turned == ()
    assert inspect_file(made).arrays[2].orientation == "not recorded"


def tied(flip, flip_back, share=True):
    net = InputLayer(IMAGE)
    enc = Conv2DLayer(net, 6, 3, flip_filters=flip, name="enc")
    W = enc.W if share else lambda s: floats(s, 4)
    return TransposedConv2DLayer(enc, 4, 3, W=W, flip_filters=flip_back,
                                 name="dec")


def test_tied_weights():
    x = floats((3, 4, 9, 8), 5)
    source, target = tied(True, False), tied(False, True)
    assert len(get_all_params(target)) == 3
    assert transfer(source, target).turned == ("enc.W",)
    np.testing.assert_allclose(predicted(target, x), predicted(source, x),
                               atol=1e-5)


def test_tied_weights_that_one_variable_cannot_serve():
    # the encoder has to be turned, the decoder must not be
    check_refused("share one variable", tied(True, False), tied(False, False))


def test_tied_into_untied_and_back():
    x = floats((3, 4, 9, 8), 5)
    source, target = tied(True, False), tied(False, False, share=False)
    assert transfer(source, target).turned == ("enc.W",)
    np.testing.assert_allclose(predicted(target, x), predicted(source, x),
                               atol=1e-5)
    back = tied(True, False)
    transfer(target, back)
    np.testing.assert_array_equal(back.W.get_value(), source.W.get_value())
    target.W.set_value(target.W.get_value() + 1)
    check_refused("share one variable", target, back)


def test_a_variable_that_both_networks_hold():
    source = one(Conv2DLayer)
    same = Conv2DLayer(IMAGE, 16, 3, W=source.W, b=source.b, name="same")
    assert transfer(source, same).left == ("same.W", "same.b")
    other = Conv2DDNNLayer(IMAGE, 16, 3, W=source.W, b=source.b)
    check_refused("both hold the same variable", source, other)
    crossed = DenseLayer((None, 5), 5)
    mixed = DenseLayer((None, 5), 5, b=crossed.b)
    transfer(crossed, mixed)
    assert mixed.b is crossed.b


def test_a_failure_while_setting_restores_everything():
    source, target = network(Conv2DLayer), network(Conv2DDNNLayer)
    before = get_all_param_values(target)
    fail = target.b

    def broken(value, borrow=False):
        type(fail).set_value(fail, before[-1] if value is before[-1]
                             else value, borrow=borrow)
        if not np.array_equal(value, before[-1]):
            raise MemoryError("full")

    source.b.set_value(source.b.get_value() + 1)
    fail.set_value = broken
    with pytest.raises(MemoryError):
        transfer(source, target)
    del fail.set_value
    for a, b in zip(before, get_all_param_values(target)):
        np.testing.assert_array_equal(a, b)
