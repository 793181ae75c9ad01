"""Functions that inductor compiles, for shapes that come often."""
import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne import layers as L
from lasagne_flipconv import engine
from pytorch_cases import FAST_RUN, same, torch
from theano.ifelse import ifelse

# isort: split
from lasagne_flipconv.pytorch import compiled, torch_mode

X = np.random.RandomState(1).randn(6, 4).astype("float32")


@pytest.fixture
def as_recorded(monkeypatch):
    """Compute what was recorded as it is: inductor takes seconds each time."""
    import torch._inductor
    made = []

    def compiled(module, tensors, options):
        made.append(module)
        return module
    monkeypatch.setattr(torch._inductor, "compile", compiled)
    return made


def on_inductor(inputs, outputs, random="theano", **options):
    """Compile for PyTorch and inductor."""
    mode = torch_mode("cpu", random, compile=True)
    return theano.function(inputs, outputs, mode=mode, **options)


def weights():
    return theano.shared(np.ones((4, 3), "float32"), "w")


def said(function):
    """Return what the report says of all steps."""
    return dict(line[::2] for line in function.fn.lines())["all steps"]


def small_network():
    x, y = T.ftensor4("x"), T.ivector("y")
    net = L.InputLayer((None, 2, 8, 8), x)
    net = L.Conv2DLayer(net, 4, 3, pad="same")
    if hasattr(L, "batch_norm"):
        net = L.batch_norm(net)
    net = L.DropoutLayer(L.MaxPool2DLayer(net, 2), .3)
    net = L.DenseLayer(net, 5, nonlinearity=lasagne.nonlinearities.softmax)
    loss = lasagne.objectives.categorical_crossentropy(
        L.get_output(net), y).mean()
    params = L.get_all_params(net, trainable=True)
    return [x, y], loss, lasagne.updates.adam(loss, params, .01)


def batches():
    random = np.random.RandomState(2)
    for n in (8, 8, 8, 8, 5, 8, 8):
        yield (random.randn(n, 2, 8, 8).astype("float32"),
               random.randint(0, 5, n).astype("int32"))


def test_training_is_that_of_theano():
    losses = []
    for compile_ in (on_inductor, lambda *a, **o: theano.function(
            *a, mode=FAST_RUN, **o)):
        lasagne.random.set_rng(np.random.RandomState(3))
        inputs, loss, updates = small_network()
        function = compile_(inputs, loss, updates=updates)
        losses.append([function(*batch) for batch in batches()])
        if compile_ is on_inductor:
            assert said(function).startswith("compiled for 1 shapes")
    np.testing.assert_allclose(*losses, rtol=1e-5)


def test_adding_to_what_is_repeated():
    """Inductor added to the one place in memory of a repeated column."""
    x, y, i = T.fmatrix(), T.fvector(), T.lvector()
    wide = x.max(1, keepdims=True) * T.ones_like(x)
    added = T.inc_subtensor(wide[i], y)  # alone: what is read twice is copied
    f = on_inductor([x, y, i], added)
    expected = X[:4].max(1, keepdims=True) + np.float32(
        [[1], [2], [0], [0]]) * X[4]
    for _ in range(4):
        same(f(X[:4], X[4], [0, 1, 1]), expected)
    assert said(f).startswith("compiled for 1 shapes")


def test_an_odd_batch_is_not_compiled(as_recorded):
    x, w = T.fmatrix(), weights()
    f = on_inductor([x], x.dot(w))
    for size, made in ((6, 0), (6, 0), (5, 0), (6, 0), (6, 0), (6, 1), (5, 1),
                       (6, 1), (5, 1), (5, 1), (5, 2), (6, 2)):
        same(f(X[:size]), X[:size].dot(w.get_value()))
        assert len(as_recorded) == made


def test_other_strides_are_other_shapes(as_recorded):
    x = T.fmatrix()
    f = on_inductor([x], x * 2)
    fortran, frozen = np.asfortranarray(X), np.asfortranarray(X)
    frozen.flags.writeable = False  # which is copied, in another layout
    for value in [X] * 3 + [X[::2], X[:, :2]] + [fortran] * 3 + [frozen] * 3:
        same(f(value), value * 2)
    assert len(as_recorded) == 3


def test_not_for_any_number_of_shapes(as_recorded, monkeypatch):
    monkeypatch.setattr(compiled, "MOST", 2)
    x = T.fmatrix()
    f = on_inductor([x], x * 2)
    for size in (1, 2, 3, 4):
        for _ in range(5):
            same(f(X[:size]), X[:size] * 2)
    assert len(as_recorded) == 2


def test_a_number_that_the_host_needs_is_none_of_the_tensors(as_recorded):
    x, i = T.fmatrix(), T.lscalar()
    f = on_inductor([x, i], x[i * 2:(i + 1) * 2])
    for at in (0, 0, 0, 1, 2, 1, 1, 1, 0):
        same(f(X, at), X[2 * at:2 * at + 2])
    assert len(as_recorded) == 2


def a_loop(x):
    return theano.scan(lambda v: v.sum(), sequences=[x])[0], {}


def a_part_of_theano(x):
    return T.sort(x), {}


def numbers_of_pytorch(x):
    from theano.sandbox.rng_mrg import MRG_RandomStreams
    return x * MRG_RandomStreams(1).uniform((6, 4)), {"random": "torch"}


def a_shape_that_is_computed(x):
    return T.zeros((T.cast(x.max(), "int64") + 3,)), {}


def a_condition(x):
    return ifelse(T.gt(x.sum(), 0), x + 1, x - 1), {}


#: What is left as it is, and what the report says.
LEFT = {a_loop: "it has a loop", a_condition: "it chooses by a condition",
        a_part_of_theano: "left to Theano",
        numbers_of_pytorch: "random numbers of PyTorch's",
        a_shape_that_is_computed: "decides on a shape"}


@pytest.mark.parametrize("make", LEFT, ids=lambda make: make.__name__)
def test_what_is_not_compiled(make, as_recorded):
    x = T.fmatrix()
    y, options = make(x)
    f = on_inductor([x], y, **options)
    for _ in range(5):
        f(X)
    assert said(f) == "not compiled: " + f.fn.compiled.reason
    assert LEFT[make] in said(f) and not as_recorded


def test_what_differs_is_not_taken(as_recorded, monkeypatch):
    import torch._inductor
    monkeypatch.setattr(torch._inductor, "compile", lambda module, *_, **__: (
        lambda *values: [v * 1.1 for v in module(*values)]))
    x, w = T.fmatrix(), weights()
    f = on_inductor([x], x.dot(w), updates=[(w, w + 1)])
    with pytest.warns(RuntimeWarning, match="something else than the steps"):
        for i in range(6):
            same(f(X), X.dot(np.full((4, 3), i + 1, "float32")))
    assert "something else" in said(f)


#: What may come of another order of the same sums, and what may not.
RESULTS = {
    "the same": ([1, 2, 3], True), "a last digit": ([1, 2, 3.000001], True),
    "another number": ([1, 2, 3.1], False), "no number": (
        [1, 2, np.nan], False), "infinity": ([1, np.inf, 3], False),
    "another type": (np.float64([1, 2, 3]), False),
    "another shape": ([[1, 2, 3]], False)}


@pytest.mark.parametrize("name", RESULTS)
def test_which_results_agree(name):
    found, agrees = RESULTS[name]
    found = found if isinstance(found, np.ndarray) else np.float32(found)
    expected = torch.tensor([1., 2, 3])
    assert compiled._agree(
        torch.tensor(found), expected, expected) is agrees
    found = torch.tensor(found)
    assert compiled._agree(expected, found, found) is agrees


def test_what_is_noise_may_be_other_noise():
    noise = torch.tensor([1e-9, -3e-9])
    assert compiled._agree(-noise, noise, noise * 1.5)
    assert not compiled._agree(-noise, noise, noise)


def test_what_cannot_be_compiled_is_told(monkeypatch):
    import torch._inductor

    def broken(module, tensors, options):
        raise OSError("no compiler\nat all")
    monkeypatch.setattr(torch._inductor, "compile", broken)
    x = T.fmatrix()
    f = on_inductor([x], x * 2)
    with pytest.warns(RuntimeWarning, match=r"OSError: no compiler\)") as seen:
        for _ in range(5):
            same(f(X), X * 2)
    assert len([w for w in seen if "compile" in str(w.message)]) == 1


def test_results_are_nobody_else_s(as_recorded):
    x, w = T.fmatrix(), weights()
    f = on_inductor([x], [w, w.T, x + w.sum(), x + w.sum(), x])
    for _ in range(5):
        found = f(X)
        for value in found:
            value += 7
        same(w.get_value(), np.ones((4, 3), "float32"))
        same(f(X), [np.ones((4, 3), "float32"), np.ones((3, 4), "float32"),
                    X + 12, X + 12, X])
    assert len(as_recorded) == 1


def test_an_operand_that_is_refused_says_why():
    x, y = T.fmatrix(), T.ivector()
    loss = T.nnet.categorical_crossentropy(T.nnet.softmax(x), y)
    f = on_inductor([x, y], loss)
    labels = np.int32([0, 1, 2, 3, 0, 1])
    expected = theano.function([x, y], loss, mode=FAST_RUN)(X, labels)
    for _ in range(5):
        same(f(X, labels), expected, 1e-5)
    assert "compiled for 1" in said(f)
    with pytest.raises((ValueError, IndexError)):
        f(X, labels + 2)
    same(f(X, labels), expected, 1e-5)


def test_a_trusted_value_of_another_type_is_refused(as_recorded):
    """Of four bytes as well, it is no other shape."""
    x = T.fmatrix()
    f = on_inductor([x], x * 2)
    f.trust_input = True
    for _ in range(4):
        same(f(X), X * 2)
    with pytest.raises(TypeError, match="int32 with 2 axes; expected float32"):
        f(X.astype("int32"))
    assert len(as_recorded) == 1


def test_as_the_engine_is_told():
    with engine.using("torch", compile=True):
        x = T.fmatrix()
        f = theano.function([x], x * 2)
        g = theano.function([x], x * 2, mode=torch_mode("cpu"))
    assert f.fn.compiled and not g.fn.compiled
    assert all("steps" not in line[0] for line in g.fn.lines())
