"""Types and values stay those of NumPy 1 where NumPy 2 has other rules."""
import numpy as np
import pytest
import theano
import theano.tensor as T
import theano.tensor.fft
import theano.tensor.fourier
from lasagne_flipconv.compat import edits
from lasagne_flipconv.compat.edits import numpy2_names, numpy2_rules
from lasagne_flipconv.compat.numpy_names import Casts, dtype_of
from theano.sandbox import multinomial
from theano.tensor.nnet import neighbours


@pytest.mark.parametrize("value, dtype, expected", [
    (300, "int8", 44), (-1, "uint8", 255), (2 ** 31, "int32", -2 ** 31),
    (128, "int8", -128), (7, "int8", 7)])
def test_integers_that_do_not_fit_are_wrapped(value, dtype, expected):
    for made in (numpy2_rules.asarray(value, dtype),
                 numpy2_rules.array(value, dtype),
                 numpy2_rules.as_scalar(np.dtype(dtype).type, value)):
        assert made == expected and made.dtype == dtype
    listed = numpy2_rules.asarray([value, 1], dtype)
    assert listed.tolist() == [expected, 1] and listed.dtype == dtype


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 2, 1)])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint64"])
def test_and_of_nothing_has_all_bits_set(dtype, shape):
    x = T.TensorType(dtype, (False,) * len(shape))()
    reduced = T.elemwise.CAReduce(theano.scalar.and_, shape.index(0))(x)
    found = theano.function([x], reduced, mode="FAST_COMPILE")(
        np.zeros(shape, dtype))
    assert found.dtype == dtype and (found == np.array(-1).astype(dtype)).all()


def test_new_memory_is_marked_in_debugmode():
    out = [[None]]
    T.AllocEmpty("uint8").debug_perform(None, [np.array(2)], out, None)
    assert out[0][0].tolist() == [-123456789 % 256] * 2


@pytest.mark.parametrize("axis", [None, 0])
def test_where_unique_elements_are_has_one_axis(axis):
    x, value = T.lmatrix(), np.array([[1, 2], [2, 1], [1, 2]])
    found = theano.function([x], T.extra_ops.Unique(
        True, True, True, axis)(x))(value)
    assert [part.tolist() for part in found[1:]] == (
        [[0, 1], [0, 1, 1, 0, 0, 1], [3, 3]] if axis is None else
        [[0, 1], [0, 1, 0], [2, 1]])


def test_unique_elements_alone():
    assert numpy2_rules.unique(np.array([2, 1, 2])).tolist() == [1, 2]
    elements, inverse = numpy2_rules.unique(
        np.array([[2], [1]]), return_inverse=True)
    assert elements.tolist() == [1, 2] and inverse.tolist() == [1, 0]
    rows = numpy2_rules.unique(np.array([[2], [2]]), True, True, True, 0)
    assert [part.tolist() for part in rows] == [[[2]], [0], [0, 0], [2]]


def test_a_variable_may_stand_for_its_type():
    x, y = T.lscalar(), T.iscalar()
    assert theano.scalar.upcast(x, y, "int8") == "int64"
    divided = theano.function([x, y], T.ceil_intdiv(x, y))
    assert [int(divided(n, 3)) for n in (6, 7, 9)] == [2, 3, 3]
    assert theano._asarray(3, dtype=y).dtype == "int32"
    assert numpy2_rules.asarray(3, y).dtype == "int32"
    assert numpy2_rules.array(3, y).dtype == "int32"
    assert Casts()[y](3.5).dtype == "int32"
    for kind in (np.float32, np.dtype("int8"), "bool"):
        assert dtype_of(kind) is kind


@pytest.mark.parametrize("name", [
    "log", "exp2", "sqrt", "deg2rad", "arcsin", "arctan", "cosh", "tanh",
    "arctan2", "softplus"])
@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_bytes_are_computed_in_single_precision(name, dtype):
    op = (getattr(T, name, None) or getattr(T.nnet, name)).scalar_op
    ones = [[np.ones((), kind)[()]] * (1 + (name == "arctan2"))
            for kind in (dtype, "float32")]
    found, expected = [op.impl(*one) for one in ones]
    assert found.dtype == "float32" and found == expected


def test_sigmoid_of_bytes():
    found = T.nnet.sigmoid.scalar_op.impl(np.int8(1))
    assert abs(found - 1 / (1 + np.exp(-1.0))) < 1e-7


@pytest.mark.parametrize("name", ["exp2", "arcsin", "arccosh", "arctanh"])
def test_gradients_with_a_number_of_the_same_type(name):
    x = T.fvector()
    grad = T.grad(getattr(T, name)(x).sum(), x)
    assert theano.function([x], grad)(np.array([0.5], "f")).dtype == "float32"

def test_all_axes_are_not_the_most_axes():
    x = T.dmatrix()
    summed = theano.function([x], T.extra_ops.cumsum(x))
    assert summed(np.ones((2, 2))).tolist() == [1, 2, 3, 4]
    lent = numpy2_names.numpy_before_2()
    most = lent.MAXDIMS if edits.NUMPY2 else np.MAXDIMS
    y = T.dscalar()
    with pytest.raises(ValueError):
        y.dimshuffle(("x",) * (most + 1)).eval({y: 0})


def test_what_64_bits_cannot_hold_is_refused():
    with pytest.raises(OverflowError):
        numpy2_rules.asarray(2 ** 70, "int8")


def test_arrays_are_copied_only_where_they_must_be():
    x = np.zeros(3)
    assert numpy2_rules.array(x, copy=False) is x
    assert numpy2_rules.array(x) is not x
    assert numpy2_rules.array([1, 2], copy=False).tolist() == [1, 2]


@pytest.mark.parametrize("y, x, expected", [
    (np.float64(0.1), "float32", "float32"),
    (np.float64(0.1), "float16", "float16"),
    (np.int64(5), "uint8", "uint8"), (np.int64(-5), "uint8", "int8"),
    (np.int64(5), "float32", "float32"), (np.float64(5), "int8", "float64"),
    (np.int64(2 ** 40), "int64", "int64"),
    (np.int64(2 ** 40), "int8", "int64"),
    (np.int64(2 ** 40), "uint8", "uint64"),
    (np.uint64(2 ** 63), "int64", "uint64"),
    (np.zeros(3), "float32", "float64")])
def test_single_numbers_give_way(y, x, expected):
    assert numpy2_rules.giving_way(y, np.zeros(3, x)).dtype == expected


def test_a_large_integer_is_added_to_elements_of_integers():
    x = T.lvector()
    found = theano.function(
        [x], T.inc_subtensor(x[1:], 2 ** 40), mode=theano.compile.Mode(
            linker="py", optimizer=None))([1, 2])
    assert found.tolist() == [1, 2 + 2 ** 40]


def test_results_in_python_have_the_type_that_was_declared():
    class Wide(theano.Op):
        def make_node(self, x):
            return theano.Apply(self, [x], [x.type(), T.iscalar()])

        def perform(self, node, inputs, outputs):
            outputs[0][0] = inputs[0].astype("float64") + 1
            outputs[1][0] = np.asarray(3, "int32")

    x = T.fvector()
    make = theano.gof.op.Op.make_py_thunk
    try:
        if not edits.NUMPY2:
            numpy2_rules.mend_thunks(theano.gof.op)
        out, count = theano.function([x], Wide()(x), mode="FAST_COMPILE")(
            np.zeros(2, "float32"))
    finally:
        theano.gof.op.Op.make_py_thunk = make
    assert out.dtype == "float32" and out.tolist() == [1, 1] and count == 3


def test_lists_are_computed_in_python():
    x, i = T.dvector(), T.lvector()
    chosen = theano.function([x, i], T.choose(i, [x, x * 2]),
                             mode="FAST_COMPILE")
    assert chosen([1, 2, 3], [0, 1, 0]).tolist() == [1, 4, 3]


@pytest.mark.parametrize("mode", ["FAST_COMPILE", "FAST_RUN"])
def test_random_numbers_go_on_only_where_they_are_updated(mode):
    stream = T.shared_randomstreams.RandomStreams(5)
    drawn = stream.uniform((3,))
    same = theano.function([], drawn, no_default_updates=True, mode=mode)
    on = theano.function([], drawn, mode=mode)
    first = same()
    assert np.array_equal(same(), first) and np.array_equal(on(), first)
    second = same()
    assert not np.array_equal(second, first)
    assert np.array_equal(on(), second)


def test_two_states_that_are_one_draw_the_same_numbers():
    states = [T.raw_random.random_state_type() for _ in range(2)]
    draws = [T.raw_random.uniform(state, (3,)) for state in states]
    both = theano.function(
        [theano.In(state, mutable=True, borrow=True) for state in states],
        [drawn for _, drawn in draws])
    state = np.random.RandomState(7)
    one, other = both(state, state)
    assert np.array_equal(one, other)


@pytest.mark.parametrize("k", [299, -150])
def test_greatest_elements_are_in_the_order_of_their_indices(k):
    x, value = T.dvector(), np.random.RandomState(2).permutation(300) * 1.0
    values, places = (theano.function([x], found(x, k, sorted=False),
                                      mode="FAST_COMPILE")(value)
                      for found in (T.topk, T.argtopk))
    assert np.array_equal(values, value[places])
    assert set(values) == set(np.sort(value)[-k:] if k > 0 else
                              np.sort(value)[:-k])


def test_single_precision_is_transformed_in_double_precision():
    x, axes = T.fmatrix(), T.ftensor3()
    value = np.random.RandomState(3).uniform(-1, 1, (3, 64)).astype("f")
    expected = np.fft.rfft(value.astype("d"))
    found = theano.function([x], T.fft.rfft(x))(value)
    assert np.array_equal(found[..., 0], expected.real.astype("f"))
    back = theano.function([axes], T.fft.irfft(axes))(found)
    given = found[..., 0].astype("d") + 1j * found[..., 1]
    assert np.array_equal(back, np.fft.irfft(given).astype("f"))
    whole = theano.function([x], T.fourier.fft(x, 64, 1))(value)
    assert np.array_equal(whole, np.fft.fft(value.astype("d")))


# --- a small integer of Theano's beside a number of Python -------------------

def test_a_diagonal_of_a_wide_matrix_is_filled():
    x, value = T.dmatrix(), np.zeros((5, 200))
    for offset in (-2, 3, 127):
        filled = theano.function([x], T.extra_ops.fill_diagonal_offset(
            x, T.constant(7.0), T.constant(offset, dtype="int8")))(value)
        assert np.array_equal(filled, 7.0 * np.eye(5, 200, offset))


@pytest.mark.parametrize("kind", ["MultinomialFromUniform",
                                  "ChoiceFromUniform"])
def test_many_rows_are_drawn_in_python(kind):
    op = getattr(multinomial, kind)("auto")
    p, u = T.dmatrix(), T.dvector()
    drawn = theano.function([p, u], op(p, u, 1), mode="FAST_COMPILE")
    out = drawn(np.tile([0.0, 1.0], (300, 1)), np.full(300, 0.5))
    assert out.shape[0] == 300
    assert np.array_equal(out[:, -1], np.ones(300))


def test_lengths_of_parts_may_be_small_integers():
    x, lengths = T.dvector(), T.bvector()
    parts = theano.function([x, lengths], T.split(x, lengths, 3),
                            mode="FAST_COMPILE")(np.arange(300.0),
                                                 np.array([100] * 3, "int8"))
    assert [part.tolist() for part in parts] == [
        list(range(at, at + 100)) for at in (0, 100, 200)]


def test_neighbours_may_be_told_in_small_integers():
    x, shape = T.dtensor4(), T.bvector()
    parts = theano.function([x, shape], neighbours.images2neibs(x, shape),
                            mode="FAST_COMPILE")(
        np.arange(1200.0).reshape(1, 2, 20, 30), np.array([5, 5], "int8"))
    assert parts.shape == (48, 25) and parts[0, 6] == 31
