"""Padding and crops around a convolution, and what only looks like them."""
import lasagne
import pytest
import theano
import theano.tensor as T
from engine_cases import both, check_close, names, needs_engine, tensor, values
from lasagne_flipconv import layers

pytestmark = needs_engine

SLICES = {"Subtensor", "IncSubtensor"}
KERNEL = (5, 3, 4, 3)


@pytest.fixture(autouse=True)
def float32(monkeypatch):
    monkeypatch.setattr(theano.config, "floatX", "float32")


def border(function):
    """Return how the one convolution of a function pads."""
    op, = [node.op for node in function.maker.fgraph.toposort()
           if type(node.op).__name__ == "Convolution"]
    return op.geometry.border


@pytest.mark.parametrize("options, even", [
    (dict(pad="same"), True), (dict(pad="same", stride=2), True),
    (dict(pad="full"), True), (dict(pad=2), True), (dict(pad=1), False),
    (dict(pad=1, stride=3), True)])
@pytest.mark.parametrize("n", [1, 2])
def test_layers_of_lasagne(n, options, even):
    size = ((4, 3) if even else (5, 3))[:n]
    layer = getattr(lasagne.layers, "Conv%dDLayer" % n)
    net = inputs = lasagne.layers.InputLayer((None, 3, 20, 19)[:n + 2])
    if lasagne.__version__ != "0.1" and options["pad"] == "same" and even:
        size = (5, 3)[:n]  # refuses even sizes
    net = layers.batch_norm(layer(net, 6, size, **options))
    y = lasagne.layers.get_output(net, deterministic=True)
    ours, stock = both([inputs.input_var], y)
    assert not SLICES & set(names(ours))
    assert "Elemwise" not in [
        name for name, node in zip(names(ours),
                                   ours.maker.fgraph.toposort())
        if not any(node.outputs[0].type.broadcastable)
        and node.outputs[0].ndim > 2]
    x = values(2, 3, 20, 19)[(Ellipsis,) + (0,) * (2 - n)]
    check_close(ours(x), stock(x))
    y = lasagne.layers.get_output(net)
    params = lasagne.layers.get_all_params(net, trainable=True)
    ours, stock = both([inputs.input_var], T.grad(
        T.sqr(y).sum(), [inputs.input_var] + params))
    check_close(ours(x), stock(x), 2e-5)


def crops(x, w, first, stop, **options):
    y = T.nnet.conv2d(x, w, border_mode="full", filter_shape=KERNEL,
                      **options)
    return y[:, :, first:x.shape[2] + stop, first:x.shape[3] + stop]


@pytest.mark.parametrize("first, stop, expected", [
    (1, 1, ((2, 1), 1)), (0, 2, ((3, 2), 2)), (2, 2, ((1, 2), (0, 2)))])
def test_slices_of_a_full_convolution(first, stop, expected):
    x, w = tensor(4), tensor(4)
    ours, stock = both([x, w], T.nnet.relu(crops(x, w, first, stop)))
    assert border(ours) == expected
    assert not SLICES & set(names(ours))
    arrays = values(2, 3, 8, 7), values(*KERNEL)
    check_close(ours(*arrays), stock(*arrays))


OTHER_SLICES = {
    "beyond the end": lambda x, w: crops(x, w, 1, 4),
    "backwards": lambda x, w: crops(x, w, 2, 1),
    "from the end": lambda x, w: crops(x, w, -2, 2),
    "stride": lambda x, w: crops(x, w, 1, 1, subsample=(2, 1)),
    "dilation": lambda x, w: crops(x, w, 1, 3, filter_dilation=(1, 2)),
    "size of another axis": lambda x, w: T.nnet.conv2d(
        x, w, border_mode="full", filter_shape=KERNEL)[
            :, :, 1:x.shape[3] + 1, 1:x.shape[2] + 1],
    "size of another array": lambda x, w: T.nnet.conv2d(
        x, w, border_mode="full", filter_shape=KERNEL)[
            :, :, 1:w.shape[2] + 1, 1:w.shape[3] + 1],
    "channels": lambda x, w: T.nnet.conv2d(
        x, w, border_mode="full", filter_shape=KERNEL)[:, 1:3],
    "unknown kernel": lambda x, w: T.nnet.conv2d(
        x, w, border_mode="full")[:, :, 1:x.shape[2] + 1],
    "used elsewhere": lambda x, w: crops(x, w, 1, 1) + T.nnet.conv2d(
        x, w, border_mode="full", filter_shape=KERNEL).sum(),
    "reversed": lambda x, w: T.nnet.conv2d(
        x, w, border_mode="full", filter_shape=KERNEL)[:, :, ::-1],
}


@pytest.mark.parametrize("name", OTHER_SLICES)
def test_other_slices(name):
    x, w = tensor(4), tensor(4)
    ours, stock = both([x, w], OTHER_SLICES[name](x, w))
    for shape in [(2, 3, 8, 7), (1, 3, 1, 1)]:
        arrays = values(*shape), values(*KERNEL)
        check_close(ours(*arrays), stock(*arrays))


def padded(x, value=0, before=(0, 0, 2, 1), more=(0, 0, 3, 3), sizes=None):
    """Put `x` into a larger array, `before` and `more` per axis."""
    sizes = x.shape if sizes is None else sizes
    zeros = T.alloc(T.constant(value, dtype="float32"), *[
        sizes[i] + more[i] for i in range(4)])
    return T.set_subtensor(zeros[tuple(
        slice(before[i], before[i] + sizes[i]) for i in range(4))], x)


@pytest.mark.parametrize("mode, expected", [
    ("valid", ((2, 1), (1, 2))), ((1, 2), ((3, 2), (3, 4))),
    (((0, 2), (1, 0)), ((2, 3), (2, 2)))])
def test_zeros_around_the_input(mode, expected):
    x, w = tensor(4), tensor(4)
    y = T.nnet.conv2d(padded(x), w, border_mode=mode, subsample=(2, 1))
    ours, stock = both([x, w], [T.nnet.relu(y)] + T.grad(
        T.sqr(y).sum(), [x, w]))
    assert border(ours) == expected
    assert "IncSubtensor" not in names(ours)
    arrays = values(2, 3, 8, 7), values(*KERNEL)
    check_close(ours(*arrays), stock(*arrays), 2e-5)


OTHER_ARRAYS = {
    "ones": lambda x: padded(x, value=1),
    "half": lambda x: padded(x),
    "channels": lambda x: padded(x[:, :2], more=(0, 1, 2, 2)),
    "at its end": lambda x: padded(x, before=(0, 0, 2, 2), more=(0, 0, 1, 1)),
    "repeated": lambda x: padded(
        x[:1], sizes=[2] + [x.shape[i] for i in (1, 2, 3)]),
    "added": lambda x: T.inc_subtensor(
        T.zeros_like(padded(x))[:, :, 1:x.shape[2] + 1, 1:x.shape[3] + 1], x),
}


@pytest.mark.parametrize("name", OTHER_ARRAYS)
def test_other_arrays_around_the_input(name):
    x, w = tensor(4), tensor(4)
    y = T.nnet.conv2d(OTHER_ARRAYS[name](x), w,
                      border_mode="half" if name == "half" else "valid")
    ours, stock = both([x, w], T.nnet.relu(y))
    arrays = values(2, 3, 8, 7), values(*KERNEL)
    if name == "at its end":
        for function in (ours, stock):
            with pytest.raises(ValueError):
                function(*arrays)
        return
    check_close(ours(*arrays), stock(*arrays))
