"""What the tests of weight files share: networks, arrays, comparing."""
import importlib.util
import re

import numpy as np
import theano
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from lasagne.layers import (DenseLayer, InputLayer, get_all_layers,
                            get_all_param_values, get_all_params, get_output)
from lasagne.nonlinearities import softmax
from lasagne_flipconv.layers import BatchNormLayer, Conv2DLayer

import cases

FLOAT = theano.config.floatX

#: Types that every format has, and those that NumPy and pickles have beside.
COMMON = ("<f4", "<f8", "<f2", "<i8", "<i4", "|u1", "|b1")
NUMPYS = COMMON + (">f4", ">f8", ">i2", "<u4")


def has(module):
    """Tell whether a library is installed, without importing it."""
    return importlib.util.find_spec(module) is not None


def without_checksum(path):
    """Make a .npz one of before what is recorded in it had a checksum."""
    data, removed = re.subn(b"..(lasagne_flipconv 1) crc [0-9a-f]{8}(.*)$",
                            lambda found: (len(found[1] + found[2]).to_bytes(
                                2, "little") + found[1] + found[2]),
                            path.read_bytes(), flags=re.DOTALL)
    assert removed == 1
    path.write_bytes(data)


def network(conv=Conv2DLayer, names=True, norm=False, out=5, **options):
    """Build two convolutions and a dense layer with distinct values."""
    def named(name):
        return name if names else None

    net = InputLayer((None, 3, 9, 8), name=named("in"))
    for i, (filters, size) in enumerate(((4, (2, 3)), (6, (3, 2))), 1):
        net = conv(net, filters, size, name=named("conv%d" % i), **options)
        if norm:
            net = BatchNormLayer(net, name=named("norm%d" % i))
    net = DenseLayer(net, out, nonlinearity=softmax, name=named("dense"))
    fill(net)
    return net


def fill(net, seed=0):
    """Give every parameter of a network values of its own."""
    for i, param in enumerate(get_all_params(net)):
        value = param.get_value()
        value = cases.values(value.shape, 100 * seed + i, value.dtype)
        param.set_value(abs(value) + .1 if param.name.endswith("inv_std")
                        else value)


def values_of(net):
    """Return copies of all values of a network."""
    return [value.copy() for value in get_all_param_values(net)]


def unchanged(net, before):
    """Tell whether a network has just the values it had."""
    return all(map(np.array_equal, values_of(net), before))


def output(net, x):
    """Return what a network computes of an input."""
    inputs = get_all_layers(net)[0].input_var
    run = theano.function([inputs], get_output(net, deterministic=True))
    return run(x.astype(FLOAT))


def same(ours, theirs):
    """Tell whether two arrays agree bit for bit, whatever the byte order."""
    native = [a.astype(a.dtype.newbyteorder("="), order="C", copy=False)
              for a in (ours, theirs)]
    return (ours.shape == theirs.shape and native[0].dtype == native[1].dtype
            and native[0].tobytes() == native[1].tobytes())


@st.composite
def any_array(draw, dtypes=COMMON, shape=None):
    """Draw an array of any bits: NaN payloads, -0.0; zero-sized and 0-d.

    Type, order and bits come from one number, as drawing each takes long.
    """
    if shape is None:
        shape = draw(arrays.array_shapes(min_dims=0, max_dims=5, min_side=0,
                                         max_side=4))
    random = np.random.RandomState(draw(st.integers(0, (1 << 32) - 1)))
    dtype = np.dtype(dtypes[random.randint(len(dtypes))])
    count = int(np.prod(shape))
    array = np.frombuffer(random.bytes(count * dtype.itemsize), dtype).copy()
    if dtype.kind == "b":
        array = array.view("u1") % 2 == 1
    elif dtype.kind == "f":
        bits = array.view(dtype.str.replace("f", "u"))
        bits[:len(BITS)] = [_bits(b, 8 * dtype.itemsize)
                            for b in BITS[:count]]
    array = array.reshape(shape)
    return array if random.randint(2) else np.asfortranarray(array).reshape(
        shape)


#: Sign, exponent all ones or zeros, end of the fraction: NaNs that are quiet
#: and signaling, -0.0, infinity, the smallest numbers.
BITS = ((0, 1, 1), (1, 1, 77), (1, 0, 0), (0, 1, 0), (1, 0, 1), (0, 0, 3))


def _bits(parts, width):
    sign, full, end = parts
    exponent = {16: 5, 32: 8, 64: 11}[width]
    ones = ((1 << exponent) - 1) << (width - 1 - exponent)
    return sign << (width - 1) | full * ones | end
