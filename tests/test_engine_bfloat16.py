"""Convolutions in bfloat16: right to its precision, and only where asked."""
import numpy as np
import pytest
import theano
import theano.tensor as T
from engine_cases import (HERE, MODE, check_close, in_new_process, names,
                          needs_engine, ran_on, tensor, values)
from lasagne_flipconv import engine
from lasagne_flipconv.engine import EngineError, library, rounding
from lasagne_flipconv.engine.ops.conv import Convolution
from theano.tensor.nnet.abstract_conv import (AbstractConv2d, AbstractConv3d,
                                              conv2d_grad_wrt_inputs)

pytestmark = needs_engine

needs_bfloat16 = pytest.mark.skipif(
    not HERE or not library.has_bfloat16(),
    reason="the processor does not multiply bfloat16")


@pytest.fixture
def bfloat16():
    with engine.precision("bfloat16"):
        yield


def rounded(array):
    """Return float32 values rounded to bfloat16, the even one of two."""
    bits = np.ascontiguousarray(array, "float32").view("uint32")
    bits = bits + 0x7fff + (bits >> 16 & 1)
    return (bits & 0xffff0000).view("float32")


def in_float32(inputs, outputs):
    with engine.precision("float32"):
        return theano.function(inputs, outputs, mode=MODE)


def precisions(function):
    """Return the precision of each of the engine's convolutions."""
    return [node.op.precision for node in function.maker.fgraph.toposort()
            if type(node.op) is Convolution]


# shape of the input, filters, and how the kernel slides
CASES = {
    "one by one": ((2, 32, 9, 7), (48, 32, 1, 1), {}),
    "five by five": ((2, 16, 11, 12), (32, 16, 5, 5), {"border_mode": 2}),
    "uneven kernel": ((1, 16, 12, 9), (32, 16, 2, 5), {"border_mode": "half"}),
    "first layer": ((1, 3, 23, 22), (64, 3, 7, 7), {"border_mode": 3}),
    "stride": ((2, 32, 15, 12), (32, 32, 3, 3), {"subsample": (2, 3)}),
    "dilation": ((1, 32, 15, 12), (32, 32, 3, 3), {"filter_dilation": (2, 1)}),
    "groups": ((2, 32, 9, 8), (32, 16, 5, 5), {"num_groups": 2}),
    "few channels": ((2, 5, 9, 8), (7, 5, 4, 3), {"border_mode": (1, 2)}),
    "volume": ((1, 16, 5, 8, 7), (32, 16, 2, 4, 5), {}),
}


@needs_bfloat16
@pytest.mark.parametrize("flip", [True, False])
@pytest.mark.parametrize("case", sorted(CASES))
def test_products_of_rounded_factors(bfloat16, case, flip):
    x_shape, w_shape, options = CASES[case]
    op = {4: AbstractConv2d, 5: AbstractConv3d}[len(x_shape)](
        filter_flip=flip, **options)
    inputs = [tensor(len(x_shape)), tensor(len(x_shape))]
    arrays = [values(*x_shape), values(*w_shape)]
    ours = theano.function(inputs, op(*inputs), mode=MODE)
    assert precisions(ours) == ["bfloat16"]
    got = ours(*arrays)
    assert "bf16" in ran_on() or "amx" in ran_on()
    stock = in_float32(inputs, op(*inputs))
    check_close(got, stock(*map(rounded, arrays)), 2e-6)
    assert np.abs(got - stock(*arrays)).max() > 1e-4  # it has been rounded


@needs_bfloat16
@pytest.mark.parametrize("channels, size, name", [
    (64, (14, 13), "winograd 2x2 bf16"), (256, (8, 9), "winograd 2x2 bf16"),
    (32, (17, 22), "winograd 4x4"), (80, (3, 9, 12), "winograd 2x2 bf16")])
@pytest.mark.parametrize("flip", [True, False])
def test_tiles(bfloat16, channels, size, name, flip):
    op = {2: AbstractConv2d, 3: AbstractConv3d}[len(size)](
        border_mode="half", filter_flip=flip)
    inputs = [tensor(len(size) + 2), tensor(len(size) + 2)]
    arrays = [values(2, channels, *size),
              values(96, channels, *[3] * len(size))]
    got = theano.function(inputs, op(*inputs), mode=MODE)(*arrays)
    assert ran_on() == name
    exact = in_float32(inputs, op(*inputs))(*arrays)
    rounded_away = np.abs(got - exact).max() / np.abs(exact).max()
    assert rounded_away < (1e-2 if "bf16" in name else 5e-6)


@needs_bfloat16
@pytest.mark.parametrize("size", [1, 3])
def test_all_that_follows_is_float32(bfloat16, size):
    x, w, scale, bias, more = (tensor(n) for n in (4, 4, 1, 1, 4))
    y = T.nnet.conv2d(x, w, border_mode="half")
    y = T.nnet.relu(y * scale.dimshuffle("x", 0, "x", "x")
                    + bias.dimshuffle("x", 0, "x", "x") + more)
    arrays = [values(2, 64, 9, 8), values(64, 64, size, size), values(64),
              1000 + values(64), values(2, 64, 9, 8)]
    inputs = [x, w, scale, bias, more]
    got = theano.function(inputs, y, mode=MODE)(*arrays)
    # of the large bias, bfloat16 would leave nothing behind the point
    assert np.abs(got - in_float32(inputs, y)(*arrays)).max() < .5


@needs_bfloat16
def test_a_kernel_changed_in_place(bfloat16):
    for size in (1, 3):
        w = theano.shared(values(64, 64, size, size))
        x = tensor(4)
        ours = theano.function([x], T.nnet.conv2d(x, w), mode=MODE)
        image = values(1, 64, 9, 8)
        before = ours(image)
        w.get_value(borrow=True)[3] *= -1
        after = ours(image)
        np.testing.assert_array_equal(after[:, 3], -before[:, 3])
        np.testing.assert_array_equal(after[:, :3], before[:, :3])


@needs_bfloat16
@pytest.mark.parametrize("size", [1, 3, 5])
@pytest.mark.parametrize("where", ["input", "kernel"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_not_finite(bfloat16, size, where, value):
    x, w = tensor(4), tensor(4)
    y = T.nnet.conv2d(x, w, border_mode="half")
    arrays = [values(2, 64, 9, 8), values(32, 64, size, size)]
    arrays[where == "kernel"][1, 7, 0, 0] = value
    got = theano.function([x, w], y, mode=MODE)(*arrays)
    expected = in_float32([x, w], y)(*arrays)
    for test in (np.isnan, np.isposinf, np.isneginf):
        np.testing.assert_array_equal(test(got), test(expected))


@needs_bfloat16
@pytest.mark.parametrize("shape", [(0, 4, 5, 5), (2, 0, 5, 5)])
def test_nothing_to_compute(bfloat16, shape):
    x, w = tensor(4), tensor(4)
    ours = theano.function([x, w], T.nnet.conv2d(x, w), mode=MODE)
    got = ours(values(*shape), values(6, shape[1], 3, 3))
    assert got.shape == (shape[0], 6, 3, 3) and not got.any()


def convolved():
    x, w = tensor(4), tensor(4)
    return [x, w], T.nnet.conv2d(x, w)


def test_off_unless_asked_for():
    inputs, y = convolved()
    assert precisions(theano.function(inputs, y, mode=MODE)) == ["float32"]


@needs_bfloat16
def test_the_context_ends():
    inputs, y = convolved()
    with engine.precision("bfloat16"):
        inner = theano.function(inputs, y, mode=MODE)
        with engine.precision("float32"):
            innermost = theano.function(inputs, y, mode=MODE)
    outer = theano.function(inputs, y, mode=MODE)
    assert [precisions(f) for f in (inner, innermost, outer)] == [
        ["bfloat16"], ["float32"], ["float32"]]


@needs_bfloat16
def test_it_stays_without_a_context():
    before = engine.precision("bfloat16")
    try:
        inputs, y = convolved()
        assert precisions(theano.function(inputs, y, mode=MODE)) == [
            "bfloat16"]
    finally:
        before.__exit__(None, None, None)
    assert rounding.wanted() == "float32"


@needs_bfloat16
def test_the_report_tells(bfloat16):
    inputs, y = convolved()
    line, = engine.report(theano.function(inputs, y, mode=MODE))
    assert (line.runs_on, line.reason) == ("oneDNN",
                                           "it multiplies in bfloat16")


def gradient_of_kernel(x, w, y):
    return T.grad(y.sum(), w)


def gradient_through_pool(x, w, y):
    return T.grad(T.signal.pool.pool_2d(y, (2, 2), ignore_border=True).sum(),
                  x)


def gradient_through_norm(x, w, y):
    y = T.nnet.bn.batch_normalization_train(
        y, T.ones_like(y[:1, :, :1, :1]), T.zeros_like(y[:1, :, :1, :1]),
        "spatial")[0]
    return T.grad((y ** 2 * T.arange(3).dimshuffle("x", 0, "x", "x")).sum(), x)


@needs_bfloat16
@pytest.mark.parametrize("gradient", [
    gradient_of_kernel, gradient_through_pool, gradient_through_norm])
def test_training_stays_float32_and_says_so_once(bfloat16, monkeypatch,
                                                 gradient):
    monkeypatch.setitem(rounding._state, "told of training", False)
    (x, w), y = convolved()
    y = T.nnet.relu(y)
    with pytest.warns(RuntimeWarning, match="stays in float32") as caught:
        functions = [theano.function([x, w], [y, gradient(x, w, y)], mode=MODE)
                     for _ in range(2)]
    assert len(caught) == 1
    assert precisions(functions[0]) == precisions(functions[1]) == ["float32"]


@needs_bfloat16
def test_a_transposed_convolution_is_no_training(bfloat16):
    x, w, v = (tensor(4) for _ in range(3))
    y = conv2d_grad_wrt_inputs(T.nnet.conv2d(x, w), v, (None, 4, 9, 9),
                               (6, 4, 3, 3))
    ours = theano.function([x, w, v], y, mode=MODE)
    assert precisions(ours) == ["bfloat16"]
    assert "ConvolutionGradInput" in names(ours)


@needs_bfloat16
def test_within_a_loop_it_stays_float32(bfloat16):
    x, w = tensor(4), tensor(4)
    y, _ = theano.scan(lambda state, w: T.nnet.conv2d(
        state, w, border_mode="half"), outputs_info=x, non_sequences=w,
        n_steps=2)
    ours = theano.function([x, w], y, mode=MODE)
    lines = [line for line in engine.report(ours) if "Conv" in line.op]
    assert [line.reason for line in lines] == [None]


@pytest.mark.parametrize("name", ["float16", "float64", "", None])
def test_no_such_precision(name):
    with pytest.raises(EngineError, match="expected one of 'float32'"):
        engine.precision(name)
    assert rounding.wanted() == "float32"


def test_a_processor_without(monkeypatch):
    monkeypatch.setattr(library, "has_bfloat16", lambda: False)
    with pytest.raises(EngineError, match="does not multiply bfloat16"):
        engine.precision("bfloat16")


def test_without_the_engine():
    with engine.disabled():
        with pytest.raises(EngineError, match="the engine is switched off"):
            engine.precision("bfloat16")


PROGRAM = (
    "import warnings\n"
    "with warnings.catch_warnings(record=True) as caught:\n"
    "    warnings.simplefilter('always')\n"
    "    import lasagne_flipconv, theano, theano.tensor as T\n"
    "    x, w = T.ftensor4s(2)\n"
    "    f = theano.function([x, w], T.nnet.conv2d(x, w))\n"
    "op = [n.op for n in f.maker.fgraph.toposort() if hasattr(n.op, "
    "'precision')][0]\n"
    "told = [str(c.message) for c in caught]\n"
    "told = [text for text in told if 'PRECISION' in text]\n"
    "print(op.precision, len(told), *told)\n")


@needs_bfloat16
def test_the_environment_asks_for_it():
    assert in_new_process(PROGRAM, LASAGNE_FLIPCONV_PRECISION="bfloat16"
                          ) == "bfloat16 0\n"


@pytest.mark.parametrize("name, isa, told", [
    ("half", "ALL", "LASAGNE_FLIPCONV_PRECISION: engine: precision 'half'"),
    ("bfloat16", "AVX2", "LASAGNE_FLIPCONV_PRECISION: engine: this processor"),
])
def test_what_the_environment_asks_in_vain(name, isa, told):
    printed = in_new_process(PROGRAM, LASAGNE_FLIPCONV_PRECISION=name,
                             ONEDNN_MAX_CPU_ISA=isa)
    assert printed.startswith("float32 1 " + told)
