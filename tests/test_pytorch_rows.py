"""Each kind of node on PyTorch against Theano, over types and layouts."""
import numpy as np
import pytest
import theano.tensor as T
from pytorch_cases import (
    check,
    layouts,
    on_torch,
    same,
    tensor,
    values,
)
from theano import scalar
from theano.tensor import basic
from theano.tensor.elemwise import Elemwise

# isort: split
from lasagne_flipconv.pytorch.rows.scalars import SCALARS

DTYPES = ("bool", "uint8", "int8", "int32", "int64", "float32", "float64")
FLOATS = ("float32", "float64")
SPECIAL = [0, -0., 1, -1, .5, -.5, 1.5, 2.5, -2.5, 100, -100, 1e-6,
           float("nan"), float("inf"), -float("inf")]

UNARY = (
    "abs_ neg sgn ceil floor trunc round_half_to_even "
    "round_half_away_from_zero sqr sqrt exp exp2 expm1 log log2 log10 log1p "
    "sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh "
    "deg2rad rad2deg inv isnan isinf erf erfc identity").split()


def elementwise(name):
    """Return an elementwise function by its name."""
    op = getattr(scalar, name, None) or getattr(basic, name)
    return Elemwise(op)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", UNARY)
def test_functions_of_one_number(name, dtype):
    x = tensor(dtype, 1)
    check([x], elementwise(name)(x), np.array(SPECIAL, dtype), limit=4e-6)


@pytest.mark.parametrize("dtype", DTYPES[1:5])
def test_functions_of_one_integer(dtype):
    """Those that need a point make float32 or float64 of it."""
    x = tensor(dtype, 1)
    names = ("sgn ceil floor trunc sqr sin tanh exp log1p inv abs_ "
             "isnan identity").split()
    wide = [n for n in names if dtype not in ("int8", "uint8")
            or n not in ("sin", "tanh", "exp", "log1p", "inv")]
    check([x], [elementwise(n)(x) for n in wide],
          np.arange(1, 6, dtype=dtype), limit=2e-6)


BINARY = {
    "add": T.add, "sub": T.sub, "mul": T.mul, "true_div": T.true_div,
    "maximum": T.maximum, "minimum": T.minimum, "lt": T.lt, "gt": T.gt,
    "le": T.le, "ge": T.ge, "eq": T.eq, "neq": T.neq, "switch": lambda x, y:
    T.switch(x, x, y), "second": T.second, "int_div": T.int_div,
    "mod": T.mod, "pow": T.pow,
}


def refused(name, first, second):
    """Tell what Theano has no meaning for."""
    if "bool" in (first, second):
        return name in ("sub", "int_div", "mod", "pow", "true_div") or (
            first == second and name in ("add", "mul"))
    small = {"uint8", "int8"}
    return name == "true_div" and {first, second} <= small


@pytest.mark.parametrize("second", DTYPES)
@pytest.mark.parametrize("first", DTYPES)
def test_functions_of_two_numbers(first, second):
    """Types are made alike before, also for an array without axes."""
    x, y, z = tensor(first, 2), tensor(second, 2), tensor(second, 0)
    named = [f for n, f in BINARY.items() if not refused(n, first, second)]
    outputs = [f(x, y) for f in named] + [f(x, z) for f in named]
    outputs = [o for o in outputs if o.dtype != "float16"]
    a, b = values(first, 3, 4), values(second, 3, 4, seed=5)
    b = b + np.asarray(b == 0, b.dtype) if second != "bool" else b
    if not first.startswith("float") or not second.startswith("float"):
        b = np.abs(b) if second != "bool" else b
    check([x, y, z], outputs, a, b, b[1, 2], limit=4e-6)


@pytest.mark.parametrize("name", ["int_div", "mod", "maximum", "minimum",
                                  "lt", "eq", "true_div", "switch"])
def test_two_numbers_that_are_special(name):
    x, y = tensor("float64", 1), tensor("float64", 1)
    pairs = [(a, b) for a in SPECIAL for b in SPECIAL]
    if name in ("mod", "int_div"):
        pairs = [(a, b) for a, b in pairs if b and np.isfinite(a * b)]
    a, b = np.array(pairs).T.copy()
    check([x, y], BINARY[name](x, y), a, b)


@pytest.mark.parametrize("dtype", ["bool", "int32", "int64", "uint8"])
def test_bits(dtype):
    x, y = tensor(dtype, 1), tensor(dtype, 1)
    check([x, y], [x & y, x | y, x ^ y, ~x], values(dtype, 9),
          values(dtype, 9, seed=2))


def test_clip_with_crossed_bounds():
    x = tensor("float32", 1)
    check([x], [T.clip(x, -1, 1), T.clip(x, 1, -1)],
          np.array(SPECIAL, "float32"))


@pytest.mark.parametrize("source", DTYPES)
def test_casts(source):
    x = tensor(source, 1)
    check([x], [T.cast(x, to) for to in DTYPES],
          np.abs(values(source, 8)) if source != "bool"
          else values(source, 8))


@pytest.mark.parametrize("array", list(layouts(values("float32", 4, 3))),
                         ids=["C", "F", "reversed", "steps", "repeated"])
def test_layouts(array):
    x = tensor("float32", 2)
    y = tensor("float32", 2)
    check([x, y], [x + y, x.T, x.sum(0), x[::-1], x.reshape((6, 2)),
                   T.dot(x, y.T), T.nnet.softmax(x), x.max(1), x[1:, 0],
                   T.concatenate([x, y], 1), T.inc_subtensor(x[1:], 1.)],
          array, array)


def test_arrays_that_cannot_be_written_or_have_other_bytes():
    x = tensor("float32", 2)
    f = on_torch([x], x * 2)
    array = values("float32", 3, 4)
    array.flags.writeable = False
    same(f(array), array * 2)
    same(f(values("float32", 3, 4).astype(">f4")), array * 2)


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (1, 1)])
def test_empty_arrays(shape):
    x = tensor("float32", 2)
    check([x], [x + 1, x.sum(0), x.prod(1), x.T, x[::-1], x.reshape((-1,)),
                T.dot(x, x.T), T.concatenate([x, x]), x.any(0), x.all(1)],
          values("float32", *shape))


def test_lengths_that_differ_are_refused():
    """PyTorch would repeat an axis of length one."""
    x, y = tensor("float32", 2), tensor("float32", 2)
    f = on_torch([x, y], x + y)
    with pytest.raises(ValueError, match="mis-match"):
        f(values("float32", 3, 4), values("float32", 3, 1))
    same(f(values("float32", 3, 1), values("float32", 3, 1)),
         2 * values("float32", 3, 1))


REDUCTIONS = {
    "sum": lambda x, a: x.sum(a), "prod": lambda x, a: x.prod(a),
    "max": lambda x, a: x.max(a), "min": lambda x, a: x.min(a),
    "any": lambda x, a: T.any(x, a), "all": lambda x, a: T.all(x, a),
    "argmax": lambda x, a: x.argmax(a), "argmin": lambda x, a: x.argmin(a),
    "mean": lambda x, a: x.mean(a), "prod without zeros":
    lambda x, a: T.prod(x, a, no_zeros_in_input=False),
    "var": lambda x, a: x.var(a),
}


@pytest.mark.parametrize("dtype", DTYPES[2:])
def test_reductions(dtype):
    x = tensor(dtype, 3)
    outputs = []
    for reduce in REDUCTIONS.values():
        for axis in (None, 0, 2, (0, 2), (0, 1, 2)):
            outputs.append(reduce(x, axis))
    check([x], outputs, values(dtype, 3, 4, 2), limit=2e-6)


def test_what_has_types_that_pytorch_does_not_compute_in():
    """Theano sums uint8 in uint64."""
    x = tensor("uint8", 2)
    check([x], [x.sum(0), x + 1], values("uint8", 3, 4), left=["Sum"])


def test_maximum_of_not_a_number():
    x = tensor("float32", 2)
    given = values("float32", 4, 5)
    given[1, 2] = given[3, 0] = np.nan
    given[2, 1] = np.inf
    check([x], [x.max(0), x.max(), x.argmax(1), x.min(1)], given)


def test_equal_maxima():
    x = tensor("float32", 2)
    check([x], [x.argmax(1), x.argmax(0), x.argmax()],
          np.float32([[1, 2, 2, 1], [3, 3, 3, 3], [2, 2, 1, 1]]))


PIECES = {
    "number": lambda x: x[1], "from the end": lambda x: x[-1],
    "slice": lambda x: x[1:3], "backwards": lambda x: x[::-1],
    "steps back": lambda x: x[3:0:-2], "both": lambda x: x[::-1, 1:, -1],
    "beyond": lambda x: x[1:100], "none": lambda x: x[3:1],
    "new axis": lambda x: x[:, None, :, :], "dots": lambda x: x[..., 1],
}


@pytest.mark.parametrize("name", PIECES)
def test_pieces(name):
    x = tensor("float32", 3)
    piece = PIECES[name]
    outputs = [piece(x)]
    if name != "new axis":
        outputs += [T.set_subtensor(piece(x), 7.), T.inc_subtensor(
            piece(x), 2 * piece(x)), T.grad((piece(x) ** 2).sum(), x)]
    check([x], outputs, values("float32", 4, 3, 5))


def test_pieces_by_numbers_that_are_given():
    x, i, j = tensor("float32", 2), T.iscalar(), T.lscalar()
    check([x, i, j], [x[i], x[i:j], x[j:i:-1], x[i * 2 - j], x[:, i:i + 2]],
          values("float32", 6, 5), 2, 4)


def test_a_number_out_of_bounds():
    x, i = tensor("float32", 2), T.iscalar()
    f = on_torch([x, i], x[i])
    with pytest.raises(IndexError):
        f(values("float32", 3, 4), 3)


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8", "int8"])
def test_rows_by_numbers(dtype):
    x, y, i = tensor("float32", 2), tensor("float32", 2), tensor(dtype, 1)
    rows = np.array([2, 0, 2, 1], dtype)
    check([x, y, i], [x[i], T.inc_subtensor(x[i], y), T.set_subtensor(
        x[i], y), T.grad((x[i] ** 2).sum(), x)],
        values("float32", 3, 4), values("float32", 4, 4), rows)


def test_rows_from_the_end_and_out_of_bounds():
    x, i = tensor("float32", 2), T.ivector()
    for out in (x[i], T.inc_subtensor(x[i], 1.), T.set_subtensor(x[i], 2.),
                x[i, i], T.inc_subtensor(x[i, i], 1.)):
        f = check([x, i], out, values("float32", 3, 4), np.int32([-1, -3, 2]))
        for beyond in (3, -4):
            with pytest.raises(IndexError):
                f(values("float32", 3, 4), np.int32([beyond]))


def test_elements_by_numbers_and_masks():
    x, i, j = tensor("float32", 2), T.ivector(), T.ivector()
    mask = T.matrix(dtype="bool")
    outputs = [x[i, j], x[:, j], x[mask], x[mask[:, 0]],
               T.inc_subtensor(x[i, j], 1.5),
               T.set_subtensor(x[mask], 0.),
               T.grad((x[i, j] ** 2).sum(), x), x[i[:, None], j]]
    check([x, i, j, mask], outputs, values("float32", 4, 4),
          np.int32([0, 3, 3]), np.int32([1, 2, 2]), values("bool", 4, 4))


def test_shapes():
    x = tensor("float32", 3)
    n, m, k = (x.shape[a] for a in range(3))
    check([x], [x.shape, n * m - k, x.reshape((n * m, k)), x.flatten(2),
                T.zeros((m, n)), T.alloc(x[0, 0, 0], k, n), x.size,
                T.arange(n), T.arange(n, 0, -1), T.eye(m, k, 1),
                x / T.cast(n, "float32"), T.ones_like(x[0]),
                T.switch(T.gt(n, 3), n, m), x.reshape((m, -1)),
                T.tile(x, (2, 1, 2)), x.dimshuffle(2, "x", 0, 1),
                T.stack([n, m, k]), T.prod(x.shape[1:])],
          values("float32", 4, 3, 2))


def test_pieces_of_given_lengths():
    x, n = tensor("float32", 2), T.ivector()
    parts = T.split(x, n, 3, 1)
    check([x, n], [*parts, T.concatenate(parts[::-1], 1)],
          values("float32", 2, 6), np.int32([1, 0, 5]))


@pytest.mark.parametrize("first", [0, 1, 2])
@pytest.mark.parametrize("second", [0, 1, 2])
def test_products(first, second):
    x, y = tensor("float32", first), tensor("float32", second)
    shapes = [(), (4,), (4, 4)]
    check([x, y], [T.dot(x, y)], values("float32", *shapes[first]),
          values("float32", *shapes[second], seed=3), limit=2e-6)


def test_products_in_batches():
    x, y = tensor("float32", 3), tensor("float32", 3)
    check([x, y], [T.batched_dot(x, y), T.tensordot(x, y, [[0, 2], [0, 1]])],
          values("float32", 2, 3, 4), values("float32", 2, 4, 3), limit=2e-6)


def test_losses():
    x, b, y = tensor("float32", 2), tensor("float32", 1), T.ivector()
    p = T.nnet.softmax(x + b)
    loss = T.nnet.categorical_crossentropy(p, y).mean()
    given = values("float32", 5, 4), values("float32", 4), np.int32(
        [0, 3, 1, 1, 2])
    check([x, b, y], [loss, *T.grad(loss, [x, b]), p.argmax(1),
                      T.nnet.logsoftmax(x), T.grad(T.nnet.logsoftmax(
                          x)[:, 1].sum(), x), T.nnet.binary_crossentropy(
                              T.nnet.sigmoid(x), .3)], *given, limit=2e-6)


def test_a_class_that_there_is_not():
    x, y = tensor("float32", 2), T.ivector()
    softmax = T.nnet.softmax(x)
    f, g = (on_torch([x, y], out) for out in (
        T.nnet.categorical_crossentropy(softmax, y),
        T.grad(T.nnet.categorical_crossentropy(softmax, y).sum(), x)))
    for wrong in (4, -1):
        for h in (f, g):
            with pytest.raises(ValueError, match="out of bounds"):
                h(values("float32", 2, 4), np.int32([0, wrong]))


def test_classes_of_what_is_no_softmax_count_from_the_end():
    p, y = tensor("float32", 2), T.ivector()
    loss = T.nnet.categorical_crossentropy(p, y)
    given = abs(values("float32", 3, 4)) + 1
    f = check([p, y], [loss, T.grad(loss.sum(), p)], given,
              np.int32([0, -1, 3]))
    for wrong in (4, -5):
        with pytest.raises(IndexError, match="out of bounds"):
            f(given, np.int32([0, wrong, 0]))


def test_every_scalar_function_is_one_of_theano():
    from theano.scalar import basic as first
    from theano.scalar import basic_scipy as second
    from theano.tensor.nnet import sigm
    from lasagne_flipconv.pytorch.rewrites import rectifier, scaled
    for name in SCALARS:
        assert any(hasattr(m, name) for m in (
            first, second, sigm, rectifier, scaled)), name


@pytest.mark.parametrize("dtype", FLOATS)
def test_sums_with_a_multiple_are_one_node(dtype):
    """Not where the product is read elsewhere, or the number is wider."""
    x, y, s, v = (tensor(dtype, n) for n in (2, 2, 0, 1))
    given = values(dtype, 3, 4), values(dtype, 3, 4, seed=2)
    for out, nodes in ((x + s * y, 1), (s * y + x, 1), (x - y * 3, 1)):
        f = check([x, y, s], out, *given, values(dtype))
        kinds = [type(n.op.scalar_op).__name__ for n in
                 f.maker.fgraph.apply_nodes if isinstance(n.op, Elemwise)]
        assert len(kinds) == nodes and "Scaled" in kinds[0]
    twice = s * y
    check([x, y, s, v], [x + twice, twice, y * s - x, x + v * y, v * s + x,
                         x - v * y, s * y + s * x, s * s + s],
          *given, values(dtype), values(dtype, 4))


@pytest.mark.parametrize("dtype", FLOATS)
def test_steps_with_momentum_read_each_array_once(dtype):
    p, v, g = (tensor(dtype, 2) for _ in range(3))
    rate, kept = (T.constant(n, dtype=dtype) for n in (.01, .9))
    given = [values(dtype, 3, 4, seed=i) for i in range(3)]
    new = kept * v - rate * g
    f = check([p, v, g], [new, kept * v + (p - rate * g)], *given)
    assert len(f.maker.fgraph.apply_nodes) == 3
    # not where the difference is wanted too, or is another one
    rest = p - rate * g
    check([p, v, g], [new, kept * v + rest, rest, kept * v + (p - v),
                      rate * g - kept * v], *given)


def per_channel(vector, ndim):
    """Return a vector as what lies along axis 1 of others."""
    return vector.dimshuffle("x", 0, *["x"] * (ndim - 2))


NORMALIZED = {
    "scale": lambda x, m, s, g, b: (x - m) * s + b,
    "scale and spread": lambda x, m, s, g, b: (x - m) * (g * s) + b,
    "bias first": lambda x, m, s, g, b: b + (g * s) * (x - m),
    "of other shifts": lambda x, m, s, g, b: (x - m * 2) * T.sqrt(s * s) + (
        b - g),
    "constant": lambda x, m, s, g, b: (x - m) * T.constant(
        np.arange(3, dtype=x.dtype)).dimshuffle(
            "x", 0, *["x"] * (x.ndim - 2)) + b,
}


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("ndim", [2, 3, 4, 5])
@pytest.mark.parametrize("form", NORMALIZED)
def test_normalization_by_kept_statistics_is_one_node(form, ndim, dtype):
    x, vectors = tensor(dtype, ndim), [tensor(dtype, 1) for _ in range(4)]
    out = NORMALIZED[form](x, *[per_channel(v, ndim) for v in vectors])
    shape = (4, 3, 5, 2, 1)[:ndim]
    given = [values(dtype, 3, seed=i) for i in range(4)]
    for xs in (values(dtype, *shape), values(dtype, 0, *shape[1:]),
               values(dtype, *shape[::-1]).T):
        f = check([x, *vectors], out, xs, *given, limit=3e-6)
    kinds = [type(n.op).__name__ for n in f.maker.fgraph.apply_nodes]
    assert kinds.count("Normalized") == 1
    xs = values(dtype, *shape)
    xs[0, 0], xs[1, 2] = np.nan, -np.inf
    given[0][1], given[3][2] = -np.inf, np.nan
    check([x, *vectors], out, xs, *given, limit=3e-6)
    for channels in (1, 2):
        with pytest.raises(ValueError):
            f(xs[:, :channels], *given)
        with pytest.raises(ValueError):
            f(xs, *[v[:channels] for v in given])


def test_normalization_that_stays_as_it_is():
    """Where a part is read elsewhere, is not per channel, or is repeated."""
    x, wide = tensor("float32", 4), tensor("float32", 4)
    m, s, b = (tensor("float32", 1) for _ in range(3))
    one = T.TensorType("float32", (False, True, False, False))()
    of = [per_channel(v, 4) for v in (m, s, b)]
    difference = x - of[0]
    last = m.dimshuffle("x", "x", "x", 0)
    f = check([x, wide, one, m, s, b], [
        difference * of[1] + of[2], difference.sum(), (x - last) * last + last,
        (x - of[0]) * of[1] + wide, (x - wide) * of[1] + of[2],
        (one - of[0]) * of[1] + of[2]],
        values("float32", 2, 3, 4, 3), values("float32", 2, 3, 4, 3, seed=1),
        values("float32", 2, 1, 4, 3), *[values("float32", 3, seed=i)
                                         for i in range(3)], limit=3e-6)
    assert "Normalized" not in [type(n.op).__name__
                                for n in f.maker.fgraph.apply_nodes]


@pytest.mark.parametrize("dtype", FLOATS)
def test_rectifiers_are_one_node(dtype):
    x, g = tensor(dtype, 2), tensor(dtype, 2)
    out = T.nnet.relu(x)
    given = values(dtype, 3, 5)
    given[0] = [0, -0., np.nan, np.inf, 1e-30]
    f = check([x, g], [out, T.grad((out * g).sum(), x)], given,
              values(dtype, 3, 5))
    assert len(f.maker.fgraph.apply_nodes) == 2
    row = T.TensorType(dtype, (True, False))()
    out = T.nnet.relu(row)
    check([row, g], [T.grad((out * g).sum(), row)], values(dtype, 1, 5),
          values(dtype, 3, 5))
    given[0, 0] = -np.inf  # it is told that this differs
    assert f(given, given)[0][0, 0] == 0
