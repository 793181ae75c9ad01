"""Describe a network as a list of records, independent of any library.

A node has a name, an operation (a key of SHAPES), the names of the nodes it
takes, and options. The image is named "input"; the last node is the output.
Kernels are those of a correlation, axes OI and then the spatial ones; those
of `up` have IO first. The matrix of `dense` is (units, inputs).
"""
from typing import NamedTuple

import numpy as np

#: Added to the variance by batch normalization, in all libraries.
EPSILON = 1e-5


class Node(NamedTuple):
    """One operation of a network."""

    name: str
    op: str
    inputs: tuple
    options: dict


class Network(NamedTuple):
    """A network: its name, (channels, *spatial) of its input, its nodes."""

    name: str
    input_shape: tuple
    nodes: list


class Sketch:
    """Collect the nodes of a network; each method returns a node's name."""

    def __init__(self, name, input_shape):
        self.network = Network(name, tuple(input_shape), [])
        self.n = len(input_shape) - 1

    def add(self, op, *inputs, **options):
        """Append a node."""
        name = "%s%d" % (op, len(self.network.nodes))
        self.network.nodes.append(Node(name, op, inputs, options))
        return name

    def _sizes(self, size):
        return tuple(size) if np.ndim(size) else (size,) * self.n

    def conv(self, x, filters, size, stride=1, pad=0, bias=True):
        """Append a convolution; sizes as int or per axis."""
        return self.add("conv", x, filters=filters, bias=bias,
                        size=self._sizes(size), stride=self._sizes(stride),
                        pad=self._sizes(pad))

    def pool(self, x, size, stride=None, pad=0, mode="max"):
        """Append a pooling: mode "max", or "average" with the border."""
        return self.add("pool", x, size=self._sizes(size), mode=mode,
                        stride=self._sizes(size if stride is None
                                           else stride),
                        pad=self._sizes(pad))

    def conv_relu(self, x, filters, size, stride=1, pad=0):
        """Append a convolution with bias, and a rectifier."""
        return self.add("relu", self.conv(x, filters, size, stride, pad))

    def conv_norm(self, x, filters, size, stride=1, pad=0, relu=True):
        """Append a convolution without bias, batch norm and a rectifier."""
        x = self.conv(x, filters, size, stride, pad, bias=False)
        x = self.add("norm", x)
        return self.add("relu", x) if relu else x


# --- shapes, each (channels, *spatial) or (units,) ---------------------------

def _windows(spatial, options):
    return tuple((s + 2 * p - k) // step + 1 for s, k, step, p in zip(
        spatial, options["size"], options["stride"], options["pad"]))


def _up(shape, options):
    return (options["filters"],) + tuple(
        s * k for s, k in zip(shape[1:], options["size"]))


def _subsample(shape, options):
    return (options["filters"],) + tuple((s + 1) // 2 for s in shape[1:])


def _concat(*shapes):
    return (sum(s[0] for s in shapes[:-1]),) + shapes[0][1:]


#: What each operation makes of the shapes of its inputs, given its options.
SHAPES = {
    "conv": lambda s, o: (o["filters"],) + _windows(s[1:], o),
    "norm": lambda s, o: s,
    "relu": lambda s, o: s,
    "pool": lambda s, o: s[:1] + _windows(s[1:], o),
    "global_pool": lambda s, o: s[:1],             # mean over all positions
    "dense": lambda s, o: (o["units"],),           # flattens its input
    "add": lambda *args: args[0],
    "concat": _concat,                             # along the channels
    "up": _up,             # adjoint of a correlation whose stride is its size
    "subsample": _subsample,   # every second position; zero channels around
}


def shapes(network):
    """Return the shape of every node and of "input", by name."""
    found = {"input": network.input_shape}
    for node in network.nodes:
        inputs = [found[name] for name in node.inputs]
        found[node.name] = SHAPES[node.op](*inputs, node.options)
    return found


def output_shape(network):
    """Return the shape of the output, without batch."""
    return shapes(network)[network.nodes[-1].name]


# --- numbers -----------------------------------------------------------------

def parameter_shapes(network):
    """Return the shapes of all parameters, by "node.parameter"."""
    found, of = {}, shapes(network)
    for node in network.nodes:
        for name, shape in _parameters(node, of[node.inputs[0]]).items():
            found["%s.%s" % (node.name, name)] = shape
    return found


def _parameters(node, shape):
    options, channels = node.options, shape[:1]
    if node.op == "norm":
        return dict.fromkeys(("gamma", "beta", "mean", "var"), channels)
    if node.op == "dense":
        units = (options["units"],)
        return {"W": units + (int(np.prod(shape)),), "b": units}
    if node.op not in ("conv", "up"):
        return {}
    filters = (options["filters"],)
    leading = filters + channels if node.op == "conv" else channels + filters
    bias = {"b": filters} if options.get("bias", True) else {}
    return dict(bias, W=leading + options["size"])


def weights(network, seed=1):
    """Draw all parameters, by "node.parameter", float32.

    Kernels are scaled so that the activations neither vanish nor explode.
    """
    rng = np.random.default_rng(seed)
    return {key: _draw(rng, key.rpartition(".")[2], shape)
            for key, shape in parameter_shapes(network).items()}


def _draw(rng, name, shape):
    if name in ("gamma", "var"):
        return rng.uniform(0.8, 1.2, shape).astype("float32")
    values = rng.standard_normal(shape, dtype="float32")
    scale = np.sqrt(2 / np.prod(shape[1:])) if name == "W" else 0.1
    return values * np.float32(scale)


def of_node(values, node):
    """Return the parameters of one node, by their names in it."""
    start = node.name + "."
    return {key[len(start):]: value for key, value in values.items()
            if key.startswith(start)}


def sample(network, batch, seed=2):
    """Draw a batch of inputs, float32."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((batch,) + network.input_shape,
                               dtype="float32")


def labels(network, batch):
    """Return a batch of classes, int64."""
    return np.arange(batch, dtype="int64") % output_shape(network)[0]
