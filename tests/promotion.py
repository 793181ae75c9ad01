"""Compare types and values of small Theano graphs between two NumPys.

``python tests/promotion.py write FILE [EVERY]`` computes all cases, or one of
so many, on this Python and NumPy; ``python tests/promotion.py compare ONE
OTHER`` prints those that differ. ``promotion.json`` holds every 31st as NumPy
1.26 computes it, for `test_promotion.py`.

A case is a graph of one Op, or a constant, a shared variable, an argument of a
function; all dtypes, values at the borders of each, arrays and single numbers.
They run in Python code, whose promotion is NumPy's; what is named "C" runs in
Theano's C++.
"""
import itertools
import json
import sys
import warnings

import lasagne_flipconv  # noqa: F401  makes Theano importable
import numpy as np
import theano
import theano.tensor as T

INTEGERS = ["int8", "int16", "int32", "int64",
            "uint8", "uint16", "uint32", "uint64"]
FLOATS = ["float16", "float32", "float64"]
DTYPES = ["bool"] + INTEGERS + FLOATS + ["complex64", "complex128"]

NUMBERS = [0, 1, -1, 2, 100, 127, 128, -128, -129, 200, 255, 256, 300, 32767,
           32768, 65535, 65536, 2 ** 31 - 1, 2 ** 31, -2 ** 31, 2 ** 32,
           2 ** 53 + 1, 2 ** 63 - 1, -2 ** 63, 0.0, 0.1, 0.5, 1.1, 1.5, -2.5,
           300.7, 1e10, 65504.0, 70000.0, 1e30, 1e39, 1e300, float("inf"),
           float("nan"), True, False, 1 + 2j, 0.1j]

BINARY = ["add", "sub", "mul", "true_div", "int_div", "mod", "pow", "maximum",
          "minimum", "eq", "neq", "lt", "gt", "le", "ge", "and_", "or_", "xor",
          "arctan2"]
UNARY = ["neg", "abs_", "sgn", "sqr", "sqrt", "exp", "exp2", "expm1", "log",
         "log2", "log10", "log1p", "sin", "cos", "tan", "arcsin", "arctan",
         "sinh", "cosh", "tanh", "arctanh", "floor", "ceil", "trunc",
         "round_half_to_even", "inv", "invert", "erf", "erfc", "gamma",
         "gammaln", "psi", "deg2rad", "rad2deg", "isnan", "isinf", "real",
         "imag", "conj", "angle"]
NNET = ["sigmoid", "softplus", "hard_sigmoid", "ultra_fast_sigmoid", "relu",
        "elu", "selu", "softmax", "logsoftmax"]
REDUCTIONS = ["sum", "prod", "mean", "max", "min", "argmax", "argmin", "all",
              "any", "var", "std", "cumsum", "cumprod", "ptp", "sort",
              "argsort", "max_and_argmax"]

PY = theano.compile.Mode(linker="py", optimizer=None)
FOLDED = theano.compile.Mode(linker="py", optimizer="fast_run")
COMPILED = theano.compile.Mode(linker="cvm", optimizer="fast_run")


def sample(dtype, ndim):
    """Return an array of a dtype with values near its borders."""
    values = np.array([3, 1, 0, 2, 7, 100, 5, 12])
    if dtype == "bool":
        values = values % 2
    if dtype.startswith(("int", "float", "complex")):
        values = values * np.array([1, -1, 1, 1, -1, 1, 1, -1])
    if dtype.startswith(("float", "complex")):
        values = values * 0.7
    if dtype.startswith("complex"):
        values = values + 0.3j
    values = values.astype(dtype)
    return {0: values[3], 1: values, 2: values.reshape(2, 4)}[ndim]


def tensor(dtype, ndim, name=None):
    """Return a variable."""
    return T.TensorType(dtype, (False,) * ndim)(name)


# --- cases: pairs of a name and a function that computes it ------------------

def binary_cases():
    """Give each function of two on all pairs of types, array and number."""
    for name, one, two, dims in itertools.product(
            BINARY, DTYPES, DTYPES, [(1, 1), (1, 0), (0, 1), (0, 0)]):
        yield ("%s %s%d %s%d" % (name, one, dims[0], two, dims[1]),
               lambda n=name, d=(one, two), k=dims: two_arrays(n, d, k, PY))


def two_arrays(name, dtypes, dims, mode):
    """Compute a function of two arrays."""
    x, y = [tensor(d, k) for d, k in zip(dtypes, dims)]
    return run([x, y], getattr(T, name)(x, y), mode,
               [sample(d, k) for d, k in zip(dtypes, dims)])


def number_cases():
    """Give each function of an array and a Python number, folded too."""
    for name, dtype, number, ndim in itertools.product(
            BINARY[:10], DTYPES, NUMBERS[1:33:3] + NUMBERS[-4:], (0, 1)):
        yield ("%s %s%d number %r" % (name, dtype, ndim, number),
               lambda n=name, d=dtype, v=number, k=ndim: with_number(
                   n, d, v, k))


def with_number(name, dtype, number, ndim):
    """Compute a function of an array and a number."""
    x = tensor(dtype, ndim)
    return run([x], getattr(T, name)(x, number), PY, [sample(dtype, ndim)])


def unary_cases():
    """Give each function of one on all types."""
    for name, dtype, ndim in itertools.product(UNARY, DTYPES, (0, 1)):
        yield ("%s %s%d" % (name, dtype, ndim),
               lambda n=name, d=dtype, k=ndim: one_array(
                   getattr(T, n), d, k, PY))
    for name, dtype in itertools.product(NNET, FLOATS + ["int8", "int64"]):
        yield ("nnet.%s %s" % (name, dtype),
               lambda n=name, d=dtype: one_array(
                   getattr(T.nnet, n), d, 2, PY))


def one_array(function, dtype, ndim, mode):
    """Compute a function of one array."""
    x = tensor(dtype, ndim)
    return run([x], function(x), mode, [sample(dtype, ndim)])


def reduction_cases():
    """Give each reduction on all types, whole and along an axis."""
    for name, dtype, axis in itertools.product(REDUCTIONS, DTYPES,
                                               (None, 0, 1, -1)):
        function = getattr(T, name, None) or getattr(
            T.extra_ops, name)
        yield ("%s %s axis %s" % (name, dtype, axis),
               lambda f=function, d=dtype, a=axis: one_array(
                   lambda x: f(x, axis=a), d, 2, PY))


def cast_cases():
    """Give each type cast to each, numbers that do not fit among them."""
    for one, two, ndim in itertools.product(DTYPES, DTYPES, (0, 1)):
        yield ("cast %s%d to %s" % (one, ndim, two),
               lambda a=one, b=two, k=ndim: one_array(
                   lambda x: T.cast(x, b), a, k, PY))
    for number, dtype in itertools.product(NUMBERS, DTYPES):
        yield ("cast constant %r to %s" % (number, dtype),
               lambda v=number, d=dtype: run(
                   [], T.cast(T.constant(v), d), FOLDED, []))


def constant_cases():
    """Give constants of numbers, of NumPy's scalars, of lists."""
    policies = ["custom", "numpy+floatX"]
    for number, policy, floatx in itertools.product(
            NUMBERS, policies, ["float32", "float64"]):
        yield ("constant %r %s %s" % (number, policy, floatx),
               lambda v=number, p=policy, f=floatx: under(
                   p, f, lambda: described(T.constant(v).data)))
    for number, dtype in itertools.product(NUMBERS, DTYPES):
        yield ("constant %r dtype %s" % (number, dtype),
               lambda v=number, d=dtype: described(
                   T.constant(v, dtype=d).data))
        yield ("_asarray %r dtype %s" % (number, dtype),
               lambda v=number, d=dtype: described(theano._asarray(v, d)))
        yield ("_asarray list %r dtype %s" % (number, dtype),
               lambda v=number, d=dtype: described(theano._asarray([v], d)))
        yield ("constant list %r dtype %s" % (number, dtype),
               lambda v=number, d=dtype: described(
                   T.constant([v, v], dtype=d).data))


def under(policy, floatx, compute):
    """Compute with options of Theano's configuration."""
    with theano.configparser.change_flags(cast_policy=policy, floatX=floatx):
        return compute()


def value_cases():
    """Give what becomes of arguments and of shared variables."""
    for number, dtype, downcast in itertools.product(
            NUMBERS, DTYPES, (None, False, True)):
        yield ("argument %r of %s allow_downcast=%s" % (
            number, dtype, downcast),
            lambda v=number, d=dtype, a=downcast: argument(v, d, a))
    for dtype, given in itertools.product(DTYPES, DTYPES):
        yield ("array %s as argument of %s" % (given, dtype),
               lambda d=dtype, g=given: argument(sample(g, 1), d, None, 1))
        yield ("shared %s set to %s" % (dtype, given),
               lambda d=dtype, g=given: set_shared(d, sample(g, 1)))
        yield ("update shared %s by %s" % (dtype, given),
               lambda d=dtype, g=given: update_shared(d, g))
    for number, borrow in itertools.product(NUMBERS, (False, True)):
        yield ("shared %r borrow=%s" % (number, borrow),
               lambda v=number, b=borrow: described(
                   theano.shared(v, borrow=b).get_value()))
        yield ("shared array %r borrow=%s" % (number, borrow),
               lambda v=number, b=borrow: described(theano.shared(
                   np.array([v, v]), borrow=b).get_value()))


def argument(value, dtype, downcast, ndim=0):
    """Give a value to a function of one variable that gives it back."""
    x = tensor(dtype, ndim)
    return described(theano.function(
        [x], x, mode=PY, allow_input_downcast=downcast)(value))


def set_shared(dtype, value):
    """Set a shared variable to a value of another type."""
    shared = theano.shared(sample(dtype, 1))
    shared.set_value(value)
    return described(shared.get_value())


def update_shared(dtype, given):
    """Add an array of another type to a shared variable."""
    shared, x = theano.shared(sample(dtype, 1)), tensor(given, 1)
    theano.function([x], [], mode=PY, updates=[
        (shared, T.cast(shared + x, dtype))])(sample(given, 1))
    return described(shared.get_value())


def index_cases():
    """Give what reads and writes parts of arrays."""
    for one, two in itertools.product(DTYPES, DTYPES):
        for name, part in [("slice", slice(1, 3)), ("number", 1),
                           ("list", [1, 1, 3])]:
            for change in ("inc", "set"):
                for mode, how in ((PY, "py"), (COMPILED, "C"))[
                        :2 if name == "list" and one == two else 1]:
                    yield ("%s_subtensor %s of %s by %s %s" % (
                        change, name, one, two, how),
                        lambda c=change, p=part, d=(one, two), m=mode:
                        change_part(c, p, d, m))
    for dtype, index in itertools.product(DTYPES, INTEGERS):
        yield ("take %s by %s" % (dtype, index),
               lambda d=dtype, i=index: take(d, i))


def change_part(change, part, dtypes, mode):
    """Increment or set a part of an array by a number of another type."""
    x, y = tensor(dtypes[0], 1), tensor(dtypes[1], 0)
    function = getattr(T, change + "_subtensor")
    return run([x, y], function(x[part], y), mode,
               [sample(dtypes[0], 1), sample(dtypes[1], 0)])


def take(dtype, index):
    """Take elements by an array of integers."""
    x, i = tensor(dtype, 1), tensor(index, 1)
    return run([x, i], x[i], PY, [sample(dtype, 1),
                                  np.array([1, 0, 7], index)])


def folded_cases():
    """Give expressions of constants, which are computed while compiling."""
    for name, one, two in itertools.product(BINARY[:10], NUMBERS[:-2:2],
                                            NUMBERS[1:-2:3]):
        yield ("folded %s %r %r" % (name, one, two),
               lambda n=name, v=one, w=two: run(
                   [], getattr(T, n)(T.constant(v), T.constant(w)), FOLDED,
                   []))
    for name, dtype in itertools.product(BINARY[:10] + ["eq", "lt"], DTYPES):
        yield ("constant of one element %s %s" % (name, dtype),
               lambda n=name, d=dtype: run(
                   [], getattr(T, n)(T.constant(sample(d, 1)[:1]),
                                     T.constant(sample(d, 1)[1:2])),
                   FOLDED, []))
        yield ("scalar value %s %s" % (name, dtype),
               lambda n=name, d=dtype: described(np.asarray(
                   T.get_scalar_constant_value(getattr(T, n)(
                       T.constant(sample(d, 0)), T.constant(2))))))


def layer_cases():
    """Give what networks compute, statistics of batches among them."""
    for dtype, mode in itertools.product(FLOATS[1:], ("py", "C")):
        for name, build in LAYERS.items():
            yield ("%s %s %s" % (name, dtype, mode),
                   lambda d=dtype, b=build, m=mode: network(b, d, m))


def network(build, dtype, mode):
    """Compute what a function makes of four axes, and its gradient."""
    x = tensor(dtype, 4)
    out = build(x)
    outs = out if isinstance(out, (list, tuple)) else [out]
    value = np.linspace(-1, 2, 2 * 3 * 4 * 4).reshape(2, 3, 4, 4)
    return run([x], list(outs) + [T.grad(outs[0].sum(), x)],
               {"py": PY, "C": COMPILED}[mode], [value.astype(dtype)])


def batch_normalized(x):
    """Normalize a batch, with running statistics."""
    ones = [theano.shared(np.ones((1, 3, 1, 1), x.dtype),
                          broadcastable=(True, False, True, True))
            for _ in range(4)]
    return T.nnet.bn.batch_normalization_train(
        x, ones[0], ones[1], "spatial", running_mean=ones[2],
        running_var=ones[3])


LAYERS = {
    "batch normalization": batch_normalized,
    "max pooling": lambda x: T.signal.pool.pool_2d(
        x, (2, 2), ignore_border=True),
    "average pooling": lambda x: T.signal.pool.pool_2d(
        x, (3, 3), stride=(1, 1), ignore_border=True,
        mode="average_exc_pad"),
    "softmax": lambda x: T.nnet.softmax(x.flatten(2)),
    "cross-entropy": lambda x: T.nnet.categorical_crossentropy(
        T.nnet.softmax(x.flatten(2)), T.constant(np.array([1, 2], "int32"))),
    "standardized": lambda x: (x - x.mean((0, 2, 3), keepdims=True)) / T.sqrt(
        x.var((0, 2, 3), keepdims=True) + 1e-4),
    "leaky": lambda x: T.nnet.relu(x, 0.01) ** 2 + T.abs_(x) / 3,
    "dropout": lambda x: x * theano.sandbox.rng_mrg.MRG_RandomStreams(
        7).binomial(x.shape, p=0.5, dtype=x.dtype) / 0.5,
    "joined": lambda x: T.concatenate([x, T.zeros_like(x), x[:, ::-1]], 1),
}


CASES = [constant_cases, cast_cases, unary_cases, reduction_cases,
         binary_cases, number_cases, folded_cases, value_cases, index_cases,
         layer_cases]


# --- what comes of a case ---------------------------------------------------

def run(inputs, outputs, mode, values):
    """Compile and call; return what the outputs are."""
    from theano import sandbox  # noqa: F401
    outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [
        outputs]
    found = theano.function(inputs, outputs, mode=mode,
                            on_unused_input="ignore")(*values)
    declared = [o.type.dtype for o in outputs]
    return [[d] + described(v) for d, v in zip(declared, found)]


def described(value):
    """Return dtype, shape and values of an array as text."""
    value = np.asarray(value)
    return [str(value.dtype), list(value.shape),
            [repr(v) for v in value.ravel().tolist()[:200]]]


def outcome(compute):
    """Return what comes of a case, its error if it raises."""
    try:
        with np.errstate(all="ignore"), theano.configparser.change_flags(
                floatX="float64"):
            return compute()
    except Exception as error:
        return ["raises", type(error).__name__]


def every(step):
    """Return one of so many cases, as a dict of name to function."""
    cases = [case for made in CASES for case in made()]
    return dict(cases[::step])


def write(path, step=1):
    """Compute cases and write them to a file."""
    found = {name: outcome(compute)
             for name, compute in every(int(step)).items()}
    lines = ["%s: %s" % (json.dumps(name), json.dumps(what))
             for name, what in found.items()]
    with open(path, "w") as file:
        file.write("{\n" + ",\n".join(lines) + "\n}\n")
    print("%d cases, NumPy %s, Python %s" % (
        len(found), np.__version__, sys.version.split()[0]))


def same(one, other):
    """Tell whether two outcomes are equal, floats to their last digits."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list):
        if one[:1] == ["raises"] == other[:1]:
            return True
        return len(one) == len(other) and all(map(same, one, other))
    return one == other or near(one, other)


def near(one, other):
    """Tell whether two texts are numbers that differ by rounding."""
    try:
        one, other = complex(one), complex(other)
    except (TypeError, ValueError):
        return False
    return bool(np.isclose(one, other, rtol=2e-6, atol=3e-7,
                           equal_nan=True))


def compare(one, other):
    """Print the cases that differ between two files."""
    with open(one) as a, open(other) as b:
        one, other = json.load(a), json.load(b)
    different = [name for name in one if not same(one[name], other[name])]
    for name in different:
        print("%s\n    %s\n    %s" % (name, one[name], other[name]))
    print("%d cases, %d differ" % (len(one), len(different)))
    return bool(different) or set(one) != set(other)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    if sys.argv[1] == "write":
        write(*sys.argv[2:])
    else:
        sys.exit(compare(*sys.argv[2:]))
