"""Products of few rows and a large matrix mean what Theano's mean.

In float64, which the engine leaves alone, NumPy gives what is compared to.
"""
import os
import subprocess
import sys
from pathlib import Path

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from engine_cases import (MODE, both, check_close, in_new_process, names,
                          needs_engine, ran_on, values)
from lasagne_flipconv import layers
from theano.tensor.blas import (Dot22, Gemm, _dot22, gemm_inplace,
                                gemm_no_inplace)

pytestmark = needs_engine

OURS = "few rows"


@pytest.fixture(autouse=True)
def float32(monkeypatch):
    monkeypatch.setattr(theano.config, "floatX", "float32")


def ours(op, *inputs):
    """Return an Op's output, computed with few rows in mind."""
    from lasagne_flipconv.engine.ops.products import for_few_rows
    return for_few_rows(op.make_node(*inputs))


def product(x, w):
    """Compute a product; return it and what it ran on."""
    inputs = T.fmatrices(2)
    function = theano.function(inputs, ours(_dot22, *inputs), mode=MODE)
    result = function(x, w)
    return result, ran_on()


def forget_what_ran():
    """Have something else be what ran last."""
    x = T.ftensor4()
    theano.function([x], T.nnet.conv2d(x, x), mode=MODE)(values(1, 1, 2, 2))
    assert ran_on() != OURS


@pytest.mark.parametrize("terms, columns", [
    (300, 400), (1, 70000), (3, 30001), (517, 131), (1300, 1100), (70000, 1),
    (40000, 7), (512, 1040)])
@pytest.mark.parametrize("rows", [1, 2, 5, 6, 7, 11, 16, 32])
def test_shapes(rows, terms, columns):
    x, w = values(rows, terms), values(terms, columns)
    result, name = product(x, w)
    check_close(result, x.astype("float64").dot(w).astype("float32"), 2e-6)
    assert name == OURS


# views of a C-ordered array with these axes
LAYOUTS = {
    "C": lambda a: a,
    "F": lambda a: np.array(a, order="F"),
    "part of wider": lambda a: np.pad(a, ((0, 2), (3, 5)), "edge")[:-2, 3:-5],
    "part, turned": lambda a: np.pad(a.T, ((0, 2), (3, 5)), "edge")[
        :-2, 3:-5].T,
    "reversed": lambda a: np.array(a[::-1, ::-1])[::-1, ::-1],
    "every other": lambda a: np.repeat(np.repeat(a, 2, 0), 2, 1)[::2, ::2],
    "of one": lambda a: np.broadcast_to(a[:1], a.shape),
}


@pytest.mark.parametrize("of_matrix", LAYOUTS)
@pytest.mark.parametrize("of_rows", LAYOUTS)
def test_layouts(of_rows, of_matrix):
    x, w = LAYOUTS[of_rows](values(7, 350)), LAYOUTS[of_matrix](
        values(350, 333))
    result, name = product(x, w)
    check_close(result, x.astype("float64").dot(w).astype("float32"), 2e-6)
    assert name == OURS


@pytest.mark.parametrize("rows, terms, columns", [
    (33, 300, 400), (5, 200, 300), (0, 300, 400), (4, 0, 400), (4, 300, 0)])
def test_others_are_left_to_blas(rows, terms, columns):
    forget_what_ran()
    x, w = np.ones((rows, terms), "f"), np.ones((terms, columns), "f")
    result, name = product(x, w)
    check_close(result, x.dot(w), 2e-6)
    assert name != OURS


@pytest.mark.parametrize("alpha, beta", [(1, 1), (-.5, 0), (0, 2), (2, -1.5)])
@pytest.mark.parametrize("op", [gemm_no_inplace, gemm_inplace],
                         ids=["copy", "inplace"])
@pytest.mark.parametrize("order", "CF")
def test_sums(op, alpha, beta, order):
    z, x, w = T.fmatrices(3)
    scale, keep = T.fscalars(2)
    y = ours(op, z, scale, x, w, keep)
    function = theano.function(
        [theano.In(z, mutable=op.inplace), scale, x, w, keep], y, mode=MODE,
        accept_inplace=True)
    start, rows, matrix = values(9, 500), values(9, 300), values(300, 500)
    if beta == 0:
        start[2, 3] = np.nan  # what is not added is not looked at
    expected = (alpha * rows.astype("float64").dot(matrix)
                + beta * np.nan_to_num(start)).astype("float32")
    check_close(function(np.array(start, order=order), alpha, rows, matrix,
                         beta), expected, 2e-6)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_stays_in_its_place(value, turned):
    for where in "xw":
        x, w = values(6, 301), values(301, 405)
        (x if where == "x" else w)[3, 200] = value
        x[1, 3] = 0
        result, name = product(x, np.array(w, order="F") if turned else w)
        assert name == OURS
        with np.errstate(invalid="ignore"):
            expected = x.astype("float64").dot(w)
        finite = np.isfinite(expected)
        np.testing.assert_array_equal(result[~finite], expected[~finite])
        np.testing.assert_allclose(result[finite], expected[finite],
                                   rtol=1e-4, atol=1e-4)


PROGRAM = """
import lasagne_flipconv, theano, theano.tensor as T, numpy as np
from lasagne_flipconv.engine.ops.products import for_few_rows
from theano.tensor.blas import _dot22
x, w = T.fmatrices(2)
f = theano.function([x, w], for_few_rows(_dot22.make_node(x, w)))
r = np.random.RandomState(0)
a, b = r.rand(7, 900).astype('f'), r.rand(900, 1333).astype('f')
print(f(a, b).tobytes()[::53].hex(), f(a, np.asfortranarray(b)).tobytes(
    )[::53].hex())
"""


def test_same_bits_whatever_the_number_of_threads():
    assert len({in_new_process(PROGRAM, OMP_NUM_THREADS=n)
                for n in "1237"}) == 1


def network():
    """Return a variable and a network with dense layers that takes it."""
    x = T.ftensor4()
    net = lasagne.layers.InputLayer((None, 3, 12, 12), x)
    net = layers.Conv2DLayer(net, 16, 3)
    net = lasagne.layers.DenseLayer(net, 300)
    net = lasagne.layers.DenseLayer(net, 250)
    return x, net


def test_dense_layers_of_a_network_with_convolutions():
    x, net = network()
    run, stock = both([x], lasagne.layers.get_output(net))
    assert names(run).count("Dot22ForFewRows") == 2
    assert names(stock).count("Dot22") == 2
    for images in (1, 4, 33):
        check_close(run(values(images, 3, 12, 12)),
                    stock(values(images, 3, 12, 12)), 1e-5)
        assert (ran_on() == OURS) == (images < 33)


def test_beside_what_has_no_dtype():
    x, net = network()
    random = T.shared_randomstreams.RandomStreams(1)  # a state, no array
    y = lasagne.layers.get_output(net)
    y = y * random.binomial((y.shape[0], 250), dtype="float32")
    assert names(theano.function([x], y, mode=MODE)).count(
        "Dot22ForFewRows") == 2


def test_training():
    x, net = network()
    loss = lasagne.layers.get_output(net).mean()
    params = lasagne.layers.get_all_params(net)
    run, stock = both([x], [loss] + T.grad(loss, params))
    assert not {type(node.op) for node in run.maker.fgraph.apply_nodes} & {
        Dot22, Gemm}
    check_close(run(values(8, 3, 12, 12)), stock(values(8, 3, 12, 12)), 1e-5)


WITH_BLAS = """
import lasagne_flipconv, theano, theano.tensor as T, numpy as np
from lasagne_flipconv.engine.ops.products import for_few_rows
from theano.tensor.blas import _dot22, _dot22scalar
from engine_cases import ran_on
r = np.random.RandomState(0)
x, w = T.fmatrices(2)
a = T.fscalar()
for y in (_dot22.make_node(x, w), _dot22scalar.make_node(x, w, a)):
    f = theano.function(y.inputs, for_few_rows(y))
    for rows in (1, 7, 33):
        for order in 'CF':
            p = np.asarray(r.rand(rows, 300), 'f', order=order)
            q = np.asarray(r.rand(300, 500), 'f', order=order)
            got = f(*[p, q, 2][:len(y.inputs)])
            expected = p.dot(q) * (len(y.inputs) - 1)
            assert got.shape == expected.shape
            assert abs(got - expected).max(initial=0) < 1e-3, (rows, order)
            print(ran_on() == 'few rows' or rows > 32)
"""


# what Theano's code calls of a BLAS, in the plainest way
BLAS = """
static float at(const float *a, char turned, int lead, int row, int column) {
    return turned == 'T' ? a[column + row * lead] : a[row + column * lead];
}
void sgemm_(char *ta, char *tb, int *m, int *n, int *k, float *alpha,
            float *a, int *lda, float *b, int *ldb, float *beta, float *c,
            int *ldc) {
    for (int i = 0; i < *m; ++i)
        for (int j = 0; j < *n; ++j) {
            float sum = 0;
            for (int p = 0; p < *k; ++p)
                sum += at(a, *ta, *lda, i, p) * at(b, *tb, *ldb, p, j);
            float *to = c + i + j * *ldc;
            *to = *alpha * sum + (*beta == 0 ? 0 : *beta * *to);
        }
}
void dgemm_(void) {}
"""


def test_with_a_blas_of_the_system(tmp_path):
    source = tmp_path / "blas.c"
    source.write_text(BLAS)
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", str(source), "-o",
                    str(tmp_path / "libplainblas.so")], check=True)
    flags = "%s,blas.ldflags=-L%s -lplainblas" % (
        os.environ.get("THEANO_FLAGS", ""), tmp_path)
    told = in_new_process(
        WITH_BLAS, THEANO_FLAGS=flags.strip(","),
        LD_LIBRARY_PATH=str(tmp_path), PYTHONPATH=os.pathsep.join(
            [str(Path(__file__).parent)] + sys.path))
    assert set(told.split()) == {"True"}


def test_what_has_no_convolution_is_left_alone():
    x = T.fmatrix()
    net = lasagne.layers.DenseLayer(
        lasagne.layers.InputLayer((None, 300), x), 300)
    run = theano.function([x], lasagne.layers.get_output(net), mode=MODE)
    assert "Dot22" in names(run)
