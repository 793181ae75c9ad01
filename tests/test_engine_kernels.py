"""What the engine keeps of a kernel from call to call is never out of date."""
import numpy as np
import pytest
import theano
import theano.tensor as T
from engine_cases import (MODE, both, check_close, names, needs_engine,
                          tensor, values)
from theano.tensor.nnet.abstract_conv import conv2d_grad_wrt_inputs

pytestmark = needs_engine

SHAPE = (24, 16, 3, 3)


def negate(w):
    w *= -1


def change_one(w):
    w[5, 7, 1, 2] += 0.25


def change_last(w):
    w[-1, -1, -1, -1] += 0.25


def swap_two(w):
    w[0, 0, 0, 0], w[9, 3, 2, 1] = w[9, 3, 2, 1], w[0, 0, 0, 0]


def swap_signs(w):
    w[0, 0, 0, :2] *= -1


def swap_signs_far_apart(w):
    # the highest bit of a word, and both signs of the word that the digest
    # takes into the same state after it
    w.ravel()[[1, 64, 65]] *= -1


def reverse(w):
    w[...] = w[:, :, ::-1, ::-1].copy()


CHANGES = [negate, change_one, change_last, swap_two, swap_signs,
           swap_signs_far_apart, reverse]


def forward(w):
    x = tensor(4)
    return both([x], T.nnet.conv2d(x, w)), values(2, 16, 9, 8)


def transposed(w):
    y = tensor(4)
    return both([y], conv2d_grad_wrt_inputs(
        y, w, (None, 16, 11, 10), SHAPE)), values(2, 24, 9, 8)


@pytest.mark.parametrize("kind", [forward, transposed])
@pytest.mark.parametrize("change", CHANGES)
def test_changed_in_place(change, kind):
    w = theano.shared(values(*SHAPE))
    (ours, stock), image = kind(w)
    for _ in range(4):
        before = ours(image)
        check_close(before, stock(image))
        assert np.array_equal(ours(image), before)  # from what was kept
        change(w.get_value(borrow=True))
        assert not np.allclose(ours(image), before, atol=1e-4)
        check_close(ours(image), stock(image))


def test_changed_at_each_call_and_then_no_more():
    w = theano.shared(values(*SHAPE))
    (ours, stock), image = forward(w)
    for _ in range(10):
        w.get_value(borrow=True)[...] *= 1.1
        check_close(ours(image), stock(image))
    for _ in range(150):
        y = ours(image)
    check_close(y, stock(image))
    change_one(w.get_value(borrow=True))
    check_close(ours(image), stock(image))


def test_other_array():
    w = theano.shared(values(*SHAPE))
    (ours, stock), image = forward(w)
    ours(image)
    for seed, order in ((1, "C"), (2, "F"), (1, "C")):
        w.set_value(np.array(values(*SHAPE, seed=seed), order=order),
                    borrow=True)
        check_close(ours(image), stock(image))


def test_same_memory_in_another_order():
    # 16 kernels of 16 channels: all that changes is how they are read
    memory = values(16, 16, 3, 3)
    w, x = tensor(4), tensor(4)
    ours, stock = both([x, w], T.nnet.conv2d(x, w))
    image = values(1, 16, 8, 8)
    for kernel in (memory, memory.transpose(1, 0, 2, 3),
                   memory.transpose(0, 1, 3, 2), memory[::-1], memory):
        check_close(ours(image, kernel), stock(image, kernel))


def test_scale_that_changes():
    w, scale = theano.shared(values(*SHAPE)), theano.shared(values(24))
    x = tensor(4)
    ours, stock = both([x], T.nnet.conv2d(x, w)
                       * scale.dimshuffle("x", 0, "x", "x"))
    assert "Elemwise" not in names(ours)
    image = values(2, 16, 9, 8)
    for place in (0, 23):
        check_close(ours(image), stock(image))
        scale.get_value(borrow=True)[place] *= -3
        check_close(ours(image), stock(image))


def test_size_that_changes():
    # oneDNN wants this kernel in another order for images of three pixels
    w, x = theano.shared(values(64, 16, 3, 3)), tensor(4)
    ours, stock = both([x], T.nnet.conv2d(x, w, border_mode="half"))
    for change in (False, True):
        for batch, size in [(1, 3), (1, 9), (8, 9), (1, 3), (2, 4)] * 2:
            image = values(batch, 16, size, size)
            check_close(ours(image), stock(image))
            if change:
                change_one(w.get_value(borrow=True))


def test_update_in_place():
    w, x = theano.shared(values(*SHAPE)), tensor(4)
    y = T.nnet.conv2d(x, w)
    step = theano.function([x], y, updates=[(w, w * np.float32(0.5))],
                           mode=MODE)
    image = values(2, 16, 9, 8)
    first = step(image)
    for power in range(1, 8):
        np.testing.assert_allclose(step(image), first * 0.5 ** power,
                                   rtol=1e-5, atol=1e-6)
