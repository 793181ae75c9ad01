"""Build and run described networks with JAX, on the CPU; see `build_lasagne`.

Channels are last inside: so XLA hands convolutions to Eigen as they are, while
with channels second it turns every array around before and after. There is no
call that sets the number of threads, but a variable, which `contest` sets.
"""
import functools

import jax
import numpy as np
from jax import lax
from jax import numpy as jnp

from .description import EPSILON, of_node, shapes

#: What a step adds of the statistics of its batch to those of all.
_NEW = 0.1


def _last(ndim):
    """Return the order of axes that puts the channels last."""
    return (0,) + tuple(range(2, ndim)) + (1,)


def _second(ndim):
    """Return the order of axes that puts the channels second again."""
    return (0, ndim - 1) + tuple(range(1, ndim - 1))


# --- one function an operation: (node, values, inputs) -> result -------------

def _conv(node, values, x):
    options, spatial = node.options, "DHW"[-len(node.options["size"]):]
    axes = "N%sC" % spatial
    x = lax.conv_general_dilated(
        x, values["W"], options["stride"], [(p, p) for p in options["pad"]],
        dimension_numbers=(axes, spatial + "IO", axes))
    return x + values["b"] if "b" in values else x


def _up(node, values, x):
    size, n = node.options["size"], x.ndim - 2
    tiles = lax.dot_general(x, values["W"], (((n + 1,), (0,)), ((), ())))
    # batch, places, places in a tile, channels -> each place before its tile
    pairs = [axis for i in range(1, n + 1) for axis in (i, n + i)]
    tiles = tiles.transpose([0] + pairs + [2 * n + 1])
    return tiles.reshape(
        x.shape[:1] + tuple(s * k for s, k in zip(x.shape[1:], size))
        + tiles.shape[-1:]) + values["b"]


def _pool(node, values, x):
    options = node.options
    start, reduce = {"max": (-jnp.inf, lax.max),
                     "average": (0., lax.add)}[options["mode"]]
    x = lax.reduce_window(
        x, start, reduce, (1, *options["size"], 1),
        (1, *options["stride"], 1),
        ((0, 0), *[(p, p) for p in options["pad"]], (0, 0)))
    return (x / np.prod(options["size"]).astype("float32")
            if options["mode"] == "average" else x)


def _normalised(values, x, mean, var):
    scale = values["gamma"] * lax.rsqrt(var + np.float32(EPSILON))
    return x * scale + (values["beta"] - mean * scale)


def _subsample(node, values, x):
    missing = node.options["filters"] - x.shape[-1]
    before = missing // 2
    return jnp.pad(x[:, ::2, ::2],
                   ((0, 0),) * 3 + ((before, missing - before),))


APPLY = {
    "conv": _conv, "up": _up, "pool": _pool, "subsample": _subsample,
    "norm": lambda node, values, x: _normalised(
        values, x, values["mean"], values["var"]),
    "dense": lambda node, values, x: (
        x.reshape(len(x), -1) @ values["W"] + values["b"]),
    "relu": lambda node, values, x: jax.nn.relu(x),
    "global_pool": lambda node, values, x: x.mean(range(1, x.ndim - 1)),
    "add": lambda node, values, x, y: x + y,
    "concat": lambda node, values, *inputs: jnp.concatenate(inputs, -1),
}


# --- whole networks ----------------------------------------------------------

def _kernel(node, W, shape):
    """Return a kernel or matrix in the order of axes that is used here.

    OI and the spatial axes become these and IO; IO and the spatial ones, of
    `up`, I, these and O; (units, inputs) become (inputs, units), the channels
    of the inputs last.
    """
    if node.op == "conv":
        return W.transpose(tuple(range(2, W.ndim)) + (1, 0))
    if node.op == "up":
        return W.transpose((0,) + tuple(range(2, W.ndim)) + (1,))
    W = W.reshape((len(W),) + tuple(shape))
    return W.transpose(_last(W.ndim)).reshape(len(W), -1).T


def parameters(network, values):
    """Return the parameters of each node that has any, as JAX wants them."""
    of, found = shapes(network), {}
    for node in network.nodes:
        own = of_node(values, node)
        if "W" in own:
            own["W"] = np.ascontiguousarray(
                _kernel(node, own["W"], of[node.inputs[0]]))
        if own:
            found[node.name] = {k: jnp.array(v) for k, v in own.items()}
    return found


def forward(network, values, x, statistics=None):
    """Return the scores of a batch, channels second in both.

    Given a dict for statistics, batches are normalised by their own, and the
    new running ones are put there.
    """
    made = {"input": x.transpose(_last(x.ndim))}
    for node in network.nodes:
        own, inputs = values.get(node.name, {}), [
            made[name] for name in node.inputs]
        if node.op == "norm" and statistics is not None:
            made[node.name], statistics[node.name] = _trained(own, *inputs)
        else:
            made[node.name] = APPLY[node.op](node, own, *inputs)
    last = made[network.nodes[-1].name]
    return last.transpose(_second(last.ndim)) if last.ndim > 2 else last


def _trained(values, x):
    axes = tuple(range(x.ndim - 1))
    found = {"mean": x.mean(axes), "var": x.var(axes)}
    return _normalised(values, x, **found), {
        key: (1 - _NEW) * values[key] + _NEW * value
        for key, value in found.items()}


def predictor(network, values, **_):
    """Return a function from a batch to the scores."""
    values = parameters(network, values)
    scores = jax.jit(functools.partial(forward, network))
    return lambda x: np.asarray(scores(values, x))


def trainer(network, values, rate=0.01, momentum=0.9, **_):
    """Return a function that does a training step and returns the loss."""
    values = parameters(network, values)
    state = [values, jax.tree_util.tree_map(jnp.zeros_like, values)]

    def loss(values, x, y):
        statistics = {}
        chances = jax.nn.log_softmax(forward(network, values, x, statistics))
        return -jnp.take_along_axis(
            chances, y[:, None], 1).mean(), statistics

    @functools.partial(jax.jit, donate_argnums=(0, 1))
    def step(values, speeds, x, y):
        (found, statistics), slopes = jax.value_and_grad(
            loss, has_aux=True)(values, x, y)
        speeds = jax.tree_util.tree_map(
            lambda v, g: momentum * v - rate * g, speeds, slopes)
        values = jax.tree_util.tree_map(jnp.add, values, speeds)
        for name, new in statistics.items():
            values[name].update(new)
        return values, speeds, found

    def trained(x, y):
        *state[:], found = step(*state, x, y)
        return float(found)
    return trained
