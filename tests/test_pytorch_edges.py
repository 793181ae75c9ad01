"""What PyTorch has otherwise than Theano, at the ends of what numbers can be.

Each row was a difference once.
"""
import pickle

import numpy as np
import pytest
import theano
import theano.tensor as T
from pytorch_cases import (
    FAST_RUN,
    PLAIN,
    check,
    on_torch,
    same,
    tensor,
    untranslated,
    values,
)
from theano.ifelse import ifelse
from theano.tensor.opt import Assert

FAST = theano.Mode("cvm", "fast_compile")
FLOATS = ("float32", "float64")
NUMBERS = [0, 1, -1, 2.5, -2.5, 7, -7, 1e-42, 1e30, float("nan"),
           float("inf"), -float("inf")]


@pytest.mark.parametrize("dtype", FLOATS)
def test_division_and_what_is_left(dtype):
    """-1 // inf is -1, and the smallest of float32 leave something."""
    x, y = tensor(dtype, 1), tensor(dtype, 1)
    pairs = np.array([(a, b) for a in NUMBERS for b in NUMBERS], dtype)
    check([x, y], [x // y, x % y], *pairs.T.copy(), mode=FAST)


@pytest.mark.parametrize("dtype", FLOATS)
def test_rounding_next_to_a_half(dtype):
    x = tensor(dtype, 1)
    given = np.array([.49999997, -.49999997, .49999999999999994, .5, -.5, 1.5,
                      2.5, -2.5, 8388609, 4503599627370497], dtype)
    check([x], T.round(x, "half_away_from_zero"), given, mode=FAST, limit=0)


def test_fast_sigmoid_of_not_a_number():
    x = tensor("float32", 1)
    check([x], T.nnet.ultra_fast_sigmoid(x), np.float32(NUMBERS), mode=FAST)


def test_truth_values():
    x, y, z = (T.TensorType("bool", (False,) * n)() for n in (1, 1, 2))
    check([x, y, z], [x // y, x % y, abs(x), z.argmax(1)],
          np.array([True, False]), np.array([True, True]),
          np.array([[False, True, True], [True, True, False]]))
    assert untranslated(on_torch([x], T.cumsum(x))) == ["CumOp"]


def test_products_that_are_too_large_on_the_way():
    x = tensor("float32", 2)
    check([x], x.prod(1), np.float32([[1e30, 1e30, 1e-30, 1e-30]]))


def test_sums_in_types_that_pytorch_does_not_compute_in():
    x = tensor("uint8", 2)
    check([x], x.sum(0, dtype="int8"), np.full((3, 4), 100, "uint8"),
          left=["Sum"])


@pytest.mark.parametrize("dtype", ["int32", "int64", "float64"])
def test_sums_of_wider_numbers_in_float32(dtype):
    """Each was rounded to float32 before it was added."""
    x = tensor(dtype, 2)
    check([x], [x.sum(1, dtype="float32"), x.mean(dtype="float32")],
          np.array([[2 ** 30 + 1, -2 ** 30]], dtype))


AMONG = {
    "a slice": lambda x, i, j: x[i, 1:], "before": lambda x, i, j: x[:, i],
    "steps": lambda x, i, j: x[:4:2, i, j],
    "two": lambda x, i, j: x[i, :4:2, j],
    "new axis": lambda x, i, j: x[i, None, j],
    "first": lambda x, i, j: x[None, i, :, j],
    "wide": lambda x, i, j: x[i[:, None], 1:, j],
}


@pytest.mark.parametrize("name", AMONG)
def test_elements_by_numbers_among_slices(name):
    """Slices and new axes could not be added to, so gradients raised."""
    x, i, j = tensor("float32", 3), T.ivector(), T.ivector()
    piece = AMONG[name](x, i, j)
    check([x, i, j], [piece, T.inc_subtensor(piece, 1.5),
                      T.inc_subtensor(piece, 2 * piece),
                      T.grad((piece ** 2).sum(), x)],
          values("float32", 4, 4, 5), np.int32([0, 3, 3]),
          np.int32([1, -2, -2]))


def test_elements_by_a_mask_among_slices():
    x, mask = tensor("float32", 3), T.vector(dtype="bool")
    for piece in (x[mask, 1:], x[:, mask], x[1:, None, mask]):
        f = check([x, mask], [piece, T.inc_subtensor(piece, 1.5), T.grad(
            (piece ** 2).sum(), x)], values("float32", 4, 4, 5),
            np.array([True, False, True, True]))
        assert not f.fn.program.left


def test_negative_lengths_are_refused():
    """PyTorch takes -1 for the length that there is."""
    x, n, m = tensor("float32", 1), T.lscalar(), T.lscalar()
    f = on_torch([x, n, m], T.alloc(x, n, m))
    for lengths in ((2, -1), (-1, 1)):
        with pytest.raises(ValueError, match="no negative lengths"):
            f(np.float32([1]), *lengths)


@pytest.mark.parametrize("length", [-1, -2, -2 ** 63])
def test_any_negative_length_is_the_one_that_is_left(length):
    x, n = tensor("float32", 1), T.lscalar()
    check([x, n], x.reshape((n, x.shape[0] // 2)), values("float32", 6),
          np.int64(length))


def test_whole_numbers_on_the_host_wrap_around():
    i, j = T.lscalars("ij")
    check([i, j], [i * j, i + j, i * j % 7, (i * 1103515245 + 12345) % 2 ** 31,
                   i * j - i * i, -i * j], np.int64(2 ** 40 + 3),
          np.int64(2 ** 41 + 5))


def test_numbers_with_a_point_on_the_host_are_divided_by_zero():
    """Whole numbers alone raise."""
    x, y = T.fscalars("xy")
    a, b = T.scalar_from_tensor(x), T.scalar_from_tensor(y)
    check([x, y], T.tensor_from_scalar(a / b), np.float32(1), np.float32(0))


def one(x, a):
    """Return x, which fails unless a is one."""
    return Assert("one")(x, T.eq(a, 1))


def loop(x):
    """Return a loop that looks at one branch where x is more than two."""
    return theano.scan(lambda v, b: ifelse(
        T.gt(v, 2), Assert("large")(b + v, T.gt(v, 2)), b * v), x,
        T.constant(np.float32(2)))[0]


CHOICES = {
    "an index": lambda x, a: ifelse(T.lt(a, 1), x[a], x[2 - 3 * a]),
    "a condition": lambda x, a: ifelse(a, one(x, a) * 2, x),
    "its gradient": lambda x, a: T.grad(
        ifelse(a, (one(x, a) ** 2).sum(), x.sum()), x),
    "one in another": lambda x, a: ifelse(
        a, ifelse(T.gt(a, 1), x * x, one(x, a)), x + x),
    "left to Theano": lambda x, a: ifelse(
        a, T.sort(x), T.sort(x[T.stack(a - 9)])),
    "a loop": lambda x, a: loop(x),
    "a branch with a loop": lambda x, a: ifelse(a, x[:1], loop(x)),
    "a shape": lambda x, a: T.zeros(
        (ifelse(a, x.shape[0] // a, x.shape[0]),)),
    "of the inputs": lambda x, a: ifelse(a, x, x[::-1]),
}


@pytest.mark.parametrize("name", CHOICES)
def test_a_branch_that_is_not_chosen_is_not_computed(name):
    """Both were, so that one that would fail did."""
    x, a = T.fvector(), T.iscalar()
    out = CHOICES[name](x, a)
    ours = on_torch([x, a], [out, out + out], on_unused_input="ignore")
    theirs = theano.function([x, a], [out, out + out], mode=FAST_RUN,
                             on_unused_input="ignore")
    found = [[_outcome(f, number) for number in (0, 1, 2)]
             for f in (ours, theirs)]
    for got, expected in zip(*found):
        assert type(got) is type(expected)
        if isinstance(expected, list):
            same(got, expected)
    assert any(isinstance(result, list) for result in found[1])


def _outcome(function, number):
    try:
        return function(np.float32([3, 1, 2]), number)
    except Exception as error:
        return error


def test_a_function_is_pickled():
    x = T.fvector()
    w = theano.shared(np.ones(3, "float32"))
    f = on_torch([x], [x + w, T.nnet.relu(x)], updates=[(w, w + x)])
    g = pickle.loads(pickle.dumps(f))
    stock = theano.function([x], [x + w, T.nnet.relu(x)], mode=PLAIN)
    given = np.float32([1, -2, 3])
    same(g(given), stock(given))
    same(g(given)[0], 1 + 2 * given)
    assert g.fn.program and (w.get_value() == 1).all()
