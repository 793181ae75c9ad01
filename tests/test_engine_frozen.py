"""Kernels promised to stay as they are: kept, and watched a little."""
import numpy as np
import pytest
import theano
import theano.tensor as T
from engine_cases import MODE, check_close, needs_engine, tensor, values
from lasagne_flipconv import engine
from lasagne_flipconv.engine.ops.conv import Convolution

pytestmark = needs_engine

SHAPE = (64, 32, 3, 3)


def are_frozen(function):
    """Return for each of the engine's convolutions whether it is."""
    return [node.op.frozen for node in function.maker.fgraph.toposort()
            if type(node.op) is Convolution]


def both(inputs, outputs, **options):
    """Compile with frozen kernels, and without the engine."""
    with engine.frozen():
        ours = theano.function(inputs, outputs, mode=MODE, **options)
    with engine.disabled():
        return ours, theano.function(inputs, outputs, mode=MODE, **options)


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("flip", [True, False])
def test_the_same_at_each_call_and_size(size, flip):
    x, w = tensor(4), theano.shared(values(64, 32, size, size))
    ours, stock = both([x], T.nnet.conv2d(x, w, filter_flip=flip))
    assert are_frozen(ours) == [True]
    for batch, height in ((1, 9), (1, 9), (3, 17), (1, 9)):
        image = values(batch, 32, height, 8)
        check_close(ours(image), stock(image))


def scaled(x, w, scale):
    y = T.nnet.conv2d(x, w, border_mode="half")
    return T.nnet.relu(y * scale.dimshuffle("x", 0, "x", "x"))


def test_a_scale_is_part_of_it():
    x, w = tensor(4), theano.shared(values(*SHAPE))
    scale = theano.shared(values(64))
    ours, stock = both([x], scaled(x, w, scale))
    assert are_frozen(ours) == [True]
    image = values(2, 32, 9, 8)
    for _ in range(2):
        check_close(ours(image), stock(image))
    scale.set_value(values(64, seed=1))
    with pytest.raises((RuntimeError, ValueError), match="engine.frozen"):
        ours(image)


def test_an_infinite_input_is_as_ever():
    x, w = tensor(4), theano.shared(values(*SHAPE))
    y = scaled(x, w, theano.shared(values(64)))
    ours, _ = both([x], y)
    plain = theano.function([x], y, mode=MODE)
    image = values(2, 32, 9, 8)
    infinite = image.copy()
    infinite[0, 0, 4, 4] = np.inf
    assert not np.isfinite(plain(infinite)).all()
    for array in (image, infinite, image, infinite):
        np.testing.assert_array_equal(ours(array), plain(array))


def set_another(w):
    w.set_value(values(*SHAPE, seed=1))


def train(w):
    theano.function([], updates=[(w, w * np.float32(.9))])()


def write(w):
    w.get_value(borrow=True)[...] *= 2


def reverse(w):
    w.set_value(w.get_value()[:, :, ::-1, ::-1])


@pytest.mark.parametrize("change", [set_another, train, write, reverse])
def test_a_changed_kernel_is_an_error(change):
    x, w = tensor(4), theano.shared(values(*SHAPE))
    ours, stock = both([x], T.nnet.conv2d(x, w))
    image = values(1, 32, 9, 8)
    before = ours(image)
    change(w)
    for _ in range(2):
        with pytest.raises((RuntimeError, ValueError), match="another|frozen"):
            ours(image)
    again, stock = both([x], T.nnet.conv2d(x, w))
    check_close(again(image), stock(image))
    assert not np.allclose(again(image), before, atol=1e-3)


# what a kernel is computed from, and whether it can be frozen
KERNELS = {
    "a constant": (lambda v: T.constant(values(*SHAPE)), [True]),
    "computed": (lambda v: theano.shared(values(*SHAPE)) * 2 + 1, [True]),
    "a view": (lambda v: theano.shared(values(*SHAPE))[::-1], [True]),
    "an input": (lambda v: v, [False]),
    "of an input": (lambda v: theano.shared(values(*SHAPE)) * v, [False]),
}


@pytest.mark.parametrize("name", sorted(KERNELS))
def test_what_it_is_computed_from(name):
    make, expected = KERNELS[name]
    x, v = tensor(4), tensor(4)
    ours, stock = both([x, v], T.nnet.conv2d(x, make(v)),
                       on_unused_input="ignore")
    assert are_frozen(ours) == expected
    for seed in range(2):
        arrays = [values(1, 32, 9, 8), values(*SHAPE, seed=seed)]
        check_close(ours(*arrays), stock(*arrays))


def test_a_scale_from_an_input():
    x, w, scale = tensor(4), theano.shared(values(*SHAPE)), tensor(1)
    ours, stock = both([x, scale], scaled(x, w, scale))
    assert are_frozen(ours) == [False]
    for seed in range(2):
        arrays = [values(1, 32, 9, 8), values(64, seed=seed)]
        check_close(ours(*arrays), stock(*arrays))


def test_not_where_the_function_changes_values():
    x, w = tensor(4), theano.shared(values(*SHAPE))
    y = T.nnet.conv2d(x, w)
    with engine.frozen():
        ours = theano.function([x], y, updates=[(w, w * np.float32(.9))],
                               mode=MODE)
    assert are_frozen(ours) == [False]
    image = values(1, 32, 9, 8)
    np.testing.assert_allclose(ours(image) * .9, ours(image), rtol=1e-4,
                               atol=1e-5)


def test_only_in_the_context():
    x, w = tensor(4), theano.shared(values(*SHAPE))
    with engine.frozen():
        with engine.frozen():
            pass
        inner = theano.function([x], T.nnet.conv2d(x, w), mode=MODE)
    outer = theano.function([x], T.nnet.conv2d(x, w), mode=MODE)
    assert are_frozen(inner) == [True] and are_frozen(outer) == [False]


def test_within_a_loop_nothing_is_frozen():
    x, w = tensor(4), theano.shared(values(32, 32, 3, 3))
    y, _ = theano.scan(lambda state, w: T.nnet.conv2d(
        state, w, border_mode="half"), outputs_info=x, non_sequences=w,
        n_steps=2)
    ours, stock = both([x], y)
    loop, = [node.op for node in ours.maker.fgraph.toposort()
             if type(node.op).__name__ == "Scan"]
    assert are_frozen(loop.fn) == [False]
    image = values(1, 32, 9, 8)
    check_close(ours(image), stock(image))
