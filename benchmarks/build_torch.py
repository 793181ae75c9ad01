"""Build and run described networks with PyTorch; see `build_lasagne`."""
import torch
from torch import nn
from torch.nn import functional as F

from .description import EPSILON, of_node, shapes

CHANNELS_LAST = {4: torch.channels_last, 5: torch.channels_last_3d}


def _of(name, n):
    return getattr(nn, "%s%dd" % (name, n))


def _conv(node, shape):
    options = node.options
    return _of("Conv", len(shape) - 1)(
        shape[0], options["filters"], options["size"], options["stride"],
        options["pad"], bias=options["bias"])


def _up(node, shape):
    options = node.options
    return _of("ConvTranspose", len(shape) - 1)(
        shape[0], options["filters"], options["size"], options["size"])


def _pool(node, shape):
    options, n = node.options, len(shape) - 1
    name = {"max": "MaxPool", "average": "AvgPool"}[options["mode"]]
    return _of(name, n)(options["size"], options["stride"], options["pad"])


def _dense(node, shape):
    return nn.Linear(torch.Size(shape).numel(), node.options["units"])


#: Modules of the operations that have any, from node and input shape.
MODULES = {
    "conv": _conv, "up": _up, "pool": _pool, "dense": _dense,
    "norm": lambda node, shape: _of("BatchNorm", len(shape) - 1)(
        shape[0], eps=EPSILON),
}


def _subsample(module, node, x):
    missing = node.options["filters"] - x.shape[1]
    before = missing // 2
    return F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, before, missing - before))


def _apply(module, node, x):
    return module(x)


#: What each operation computes from its module (or None), node and inputs.
APPLY = {
    "conv": _apply, "up": _apply, "norm": _apply, "pool": _apply,
    "dense": lambda module, node, x: module(x.flatten(1)),
    "subsample": _subsample,
    "relu": lambda module, node, x: F.relu(x),
    "global_pool": lambda module, node, x: x.mean(tuple(range(2, x.ndim))),
    "add": lambda module, node, x, y: x + y,
    "concat": lambda module, node, *inputs: torch.cat(inputs, 1),
}

_NAMES = {"W": "weight", "gamma": "weight", "b": "bias", "beta": "bias",
          "mean": "running_mean", "var": "running_var"}


class Built(nn.Module):
    """A described network as a module."""

    def __init__(self, network, values):
        super().__init__()
        self.network, of = network, shapes(network)
        for node in network.nodes:
            if node.op in MODULES:
                module = MODULES[node.op](node, of[node.inputs[0]])
                with torch.no_grad():
                    for name, value in of_node(values, node).items():
                        getattr(module, _NAMES[name]).copy_(
                            torch.from_numpy(value))
                self.add_module(node.name, module)

    def forward(self, x):
        """Return the scores of a batch."""
        made = {"input": x}
        for node in self.network.nodes:
            made[node.name] = APPLY[node.op](
                getattr(self, node.name, None), node,
                *[made[name] for name in node.inputs])
        return made[node.name]


def _built(network, values, threads, channels_last):
    torch.set_num_threads(threads)
    order = (CHANNELS_LAST.get(len(network.input_shape) + 1)
             if channels_last else None) or torch.contiguous_format
    return Built(network, values).to(memory_format=order), order


def _compiled(module):
    """Return a module whose kernels are chosen by trying, its weights fixed.

    Only then does PyTorch fold batch norm into the convolutions, and keep
    their kernels in the order that oneDNN likes best.
    """
    return torch.compile(module, options=dict(
        torch._inductor.list_mode_options("max-autotune"), freezing=True))


def predictor(network, values, threads=2, channels_last=False,
              compiled=False, bfloat16=False, **_):
    """Return a function from a batch to the scores."""
    module, order = _built(network, values, threads, channels_last)
    module = _compiled(module.eval()) if compiled else module.eval()

    def predict(x):
        with torch.inference_mode(), torch.autocast(
                "cpu", torch.bfloat16, enabled=bfloat16):
            x = torch.from_numpy(x).contiguous(memory_format=order)
            return module(x).float().contiguous().numpy()
    return predict


def trainer(network, values, threads=2, channels_last=False, rate=0.01,
            momentum=0.9, compiled=False, **_):
    """Return a function that does a training step and returns the loss."""
    module, order = _built(network, values, threads, channels_last)
    module.train()
    optimizer = torch.optim.SGD(module.parameters(), rate, momentum)
    if compiled:
        module = torch.compile(module)

    def step(x, y):
        x = torch.from_numpy(x).contiguous(memory_format=order)
        optimizer.zero_grad()
        loss = F.cross_entropy(module(x), torch.from_numpy(y))
        loss.backward()
        optimizer.step()
        return loss.item()
    return step


def resident(network, values, batch, threads=2, channels_last=False, **_):
    """Return (run, read); see `build_lasagne`."""
    module, order = _built(network, values, threads, channels_last)
    module.eval()
    x = torch.from_numpy(batch).contiguous(memory_format=order)

    def run():
        with torch.inference_mode():
            return module(x)
    return run, lambda: run().contiguous().numpy()
