"""What is refused on PyTorch raises what Theano raises.

Each row was an error of another class once, which a program that expects
Theano's does not catch.
"""
import numpy as np
import pytest
import theano
import theano.tensor as T
from pytorch_cases import DEVICE, FAST_RUN, on_torch, tensor, torch_mode
from theano.compile.ops import as_op
from theano.tensor.nnet.abstract_conv import conv2d_grad_wrt_inputs
from theano.tensor.nnet.bn import (
    batch_normalization_test,
    batch_normalization_train,
)
from theano.tensor.signal.pool import pool_2d

X, Y, V = tensor("float32", 2), tensor("float32", 2), tensor("float32", 1)
PLACES, N, K = tensor("int64", 1), T.lscalar(), T.iscalar()
A, B, NONE = (np.ones(shape, "float32") for shape in ((2, 3), (2, 4), (0, 3)))
BEYOND = np.array([0, 5])
IMAGES, ABOVE = tensor("float32", 4), tensor("float32", 4)
ROW, COLUMN, MEAN, SPREAD = (
    T.TensorType("float32", (True, False, True, True))() for _ in range(4))
PHOTOS, THREE, SINGLE, FOUR = (np.ones(shape, "float32") for shape in (
    (2, 3, 4, 4), (1, 3, 1, 1), (1, 1, 1, 1), (1, 4, 1, 1)))
KERNEL = theano.shared(np.ones((2, 3, 3, 3), "float32"))
TRAINED = batch_normalization_train(IMAGES, ROW, COLUMN, "spatial",
                                    running_mean=MEAN, running_var=SPREAD)
PARAMS = [IMAGES, ROW, COLUMN, MEAN, SPREAD]
NORMAL = batch_normalization_train(*PARAMS[:3], "spatial")[0]


@as_op([T.fvector], [T.fvector])
def failing(x):
    """Fail with an error of its own."""
    raise RuntimeError("mine")


@as_op([T.fvector], [T.lscalar])
def narrower(x):
    """Return another type than it says."""
    return np.array(len(x), "int32")


#: Operands, what is computed, values, the error.
REFUSED = {
    "a sum": ([X, Y], X + Y, (A, B), ValueError),
    "a product": ([X, Y], T.dot(X, Y), (A, B), ValueError),
    "with a vector": ([X, V], T.dot(X, V), (A, B[0]), ValueError),
    "of vectors": ([X, Y], T.dot(X[0], Y[0]), (A, B), ValueError),
    "a shape": ([X], X.reshape((4, -1)), (A,), ValueError),
    "a piece": ([X, Y], T.set_subtensor(X[:1], Y), (A, B), ValueError),
    "rows": ([X, Y, PLACES], T.inc_subtensor(X[PLACES], Y), (A, B, BEYOND * 0),
             ValueError),
    "channels": ([X, Y], T.nnet.conv2d(X.dimshuffle("x", 1, 0, "x"), Y
                                       .dimshuffle("x", 1, 0, "x")),
                 (A, B), ValueError),
    "a single bias": (PARAMS[:3], NORMAL, (PHOTOS, THREE, SINGLE),
                      ValueError),
    "more biases": (PARAMS[:3], NORMAL, (PHOTOS, THREE, FOUR), ValueError),
    "a single scale": (PARAMS[:3], NORMAL, (PHOTOS, SINGLE, THREE),
                       ValueError),
    "a single mean": (PARAMS, [TRAINED[0], TRAINED[3]], (
        PHOTOS, THREE, THREE, SINGLE, THREE), ValueError),
    "a single variance": (PARAMS, [TRAINED[0], TRAINED[4]], (
        PHOTOS, THREE, THREE, THREE, SINGLE), ValueError),
    "one that is kept": (PARAMS, batch_normalization_test(*PARAMS, "spatial"),
                         (PHOTOS, THREE, THREE, SINGLE, THREE), ValueError),
    "a normalization's gradient": (
        [IMAGES, ABOVE, ROW], T.Lop(batch_normalization_train(
            IMAGES, ROW, ROW, "spatial")[0], IMAGES, ABOVE),
        (PHOTOS, PHOTOS[:1], THREE), ValueError),
    "no channels": ([IMAGES, ROW], (IMAGES - ROW) * ROW + ROW,
                    (PHOTOS[:, :0], THREE), ValueError),
    "a softmax's gradient": ([X, Y], T.Lop(T.nnet.softmax(X), X, Y),
                             (A, A[:1]), ValueError),
    "a convolution's gradient": (
        [IMAGES, ABOVE], conv2d_grad_wrt_inputs(
            ABOVE, IMAGES, (2, 3, 5, 5), PHOTOS.shape),
        (PHOTOS, np.ones((2, 3, 2, 2), "float32")), ValueError),
    "both of its gradients": (
        [IMAGES, ABOVE], [T.Lop(T.nnet.conv2d(IMAGES, KERNEL), v, ABOVE)
                          for v in (IMAGES, KERNEL)],
        (PHOTOS, np.ones((2, 4, 2, 2), "float32")), ValueError),
    "a loop": ([X, V], theano.scan(lambda row, v: row + v, X, None, V)[0],
               (A, B[0]), ValueError),
    "a maximum": ([X], X.max(0), (NONE,), ValueError),
    "a minimum": ([X], X.min(0), (NONE,), ValueError),
    "a place": ([X], X.argmax(0), (NONE,), ValueError),
    "both": ([X], T.max_and_argmax(X, 0), (NONE,), ValueError),
    "a row beyond": ([X, N], X[N], (A, 5), IndexError),
    "rows beyond": ([X, PLACES], X[PLACES], (A, BEYOND), IndexError),
    "a row of none": ([X, PLACES], X[PLACES], (NONE, BEYOND), IndexError),
    "adding to none": ([X, Y, PLACES], T.inc_subtensor(X[PLACES], Y),
                       (NONE, A, BEYOND), IndexError),
    "rows before": ([X, PLACES], X[PLACES], (NONE.T, -BEYOND), IndexError),
    "adding beyond": ([X, Y, PLACES], T.inc_subtensor(X[PLACES], Y),
                      (A, A, BEYOND), IndexError),
    "places beyond": ([X, PLACES], X[PLACES, PLACES], (A, BEYOND), IndexError),
    "by zero": ([PLACES, N], PLACES // N, (BEYOND, 0), ZeroDivisionError),
    "the rest by zero": ([PLACES, N], PLACES % N, (BEYOND, 0),
                         ZeroDivisionError),
    "a length by zero": ([X, N], T.zeros((X.shape[0] // N,)), (A, 0),
                         ZeroDivisionError),
    "its rest": ([X, K], T.zeros((X.shape[0] % K,)), (A, 0),
                 ZeroDivisionError),
    "lengths by zero": ([X, K], X.shape // K, (A, 0), ZeroDivisionError),
    "memory": ([N, V], T.alloc(V.sum(), N, N) + V.max(), (10 ** 7, B[0]),
               MemoryError),
    "nothing": ([X], T.exp(X), (None,), ValueError),
    "no number": ([V, N], V[:N], (A[0], None), ValueError),
    "a narrower number": ([V], V[:narrower(V)], (A[0],), TypeError),
    "Theano's own": ([V], failing(V + 1), (A[0],), RuntimeError),
}


@pytest.mark.parametrize("name", REFUSED)
def test_the_class_of_an_error(name):
    inputs, outputs, given, kind = REFUSED[name]
    for function in (on_torch(inputs, outputs),
                     theano.function(inputs, outputs, mode=FAST_RUN)):
        with pytest.raises(Exception) as told:
            function(*given)
        assert issubclass(told.type, kind)


def test_an_error_tells_the_shapes():
    """It said to use another linker to have them."""
    f = on_torch([X, Y], X + Y)
    with pytest.raises(ValueError) as told:
        f(A, B)
    text = str(told.value)
    assert "Inputs shapes: [(2, 3), (2, 4)]" in text
    assert "Inputs strides: [(12, 4), (16, 4)]" in text
    assert "another linker" not in text and __file__ in text
    with pytest.raises(IndexError) as told:
        on_torch([X, N], X[N])(A, 5)
    assert "5" in str(told.value).split("Inputs values: ")[1].split("\n")[0]


POOLED = {
    "max": T.Lop(pool_2d(IMAGES, (2, 2), ignore_border=True), IMAGES, ABOVE),
    "mean": T.Lop(pool_2d(IMAGES, (2, 2), ignore_border=True,
                          mode="average_inc_pad"), IMAGES, ABOVE),
}


@pytest.mark.parametrize("shape", [(1, 3, 2, 2), (2, 1, 2, 2), (2, 3, 1, 2)])
@pytest.mark.parametrize("name", POOLED)
def test_a_gradient_for_other_windows(name, shape):
    """It was repeated, where Theano reads on behind its end."""
    f = on_torch([IMAGES, ABOVE], POOLED[name])
    with pytest.raises(ValueError, match="expected .2, 3, 2, 2., for images"):
        f(PHOTOS, np.ones(shape, "float32"))


@pytest.mark.parametrize("which", [0, 1])
def test_one_scale_or_bias_for_all_channels(which):
    """It was refused, or PyTorch read on behind its end."""
    one = T.TensorType("float32", (True,) * 4)()
    params = [one, ROW] if which == 0 else [ROW, one]
    output = batch_normalization_train(IMAGES, *params, "spatial")[0]
    images = np.arange(PHOTOS.size, dtype="float32").reshape(PHOTOS.shape)
    given = images, 3 * SINGLE, THREE * [[[[2]], [[4]], [[5]]]]
    given = [x.astype("float32") for x in given]
    np.testing.assert_allclose(*[theano.function(
        [IMAGES, one, ROW], output, mode=mode)(*given) for mode in (
            torch_mode(DEVICE), FAST_RUN)], rtol=1e-4, atol=1e-5)


TRUSTED = {
    "wider": (A[0].astype("float64"), np.array(1), TypeError),
    "a number with a point": (A[0], np.array(1.), TypeError),
    "a narrow number": (A[0], np.array(1, "int32"), TypeError),
    "more axes": (A, np.array(1), ValueError),
    "a list": ([1., 2.], np.array(1), ValueError),
}


@pytest.mark.parametrize("name", TRUSTED)
def test_a_value_of_another_type_that_is_trusted(name):
    """It was computed with, in its own type."""
    *given, kind = TRUSTED[name]
    for mode in (torch_mode(DEVICE), FAST_RUN):
        f = theano.function([V, N], [T.exp(V), V[:N]], mode=mode)
        f.trust_input = True
        with pytest.raises(kind):
            f(*given)


@pytest.mark.parametrize("mode", [torch_mode(DEVICE), FAST_RUN])
def test_a_shared_variable_without_a_value(mode):
    w = theano.shared(A[0])
    f = theano.function([], T.exp(w), updates=[(w, w * 2)], mode=mode)
    f()
    w.set_value(None)
    for _ in range(2):
        with pytest.raises(ValueError, match="None"):
            f()
    w.set_value(A[0])
    np.testing.assert_allclose(f(), np.exp(A[0]), rtol=1e-6)


def test_what_the_libraries_of_a_card_say_stays_as_it_is(monkeypatch):
    f = on_torch([X], X + 1)

    def fails(values):
        raise RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED")
    monkeypatch.setattr(f.fn.program, "_run", [fails])
    with pytest.raises(RuntimeError, match="EXECUTION_FAILED"):
        f(A)
