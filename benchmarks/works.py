"""What is measured, and on what: two tables.

A job is a dict that can be sent to a `worker`: the network as the name and
the arguments of a function in `networks`, the task, batch, threads, and the
name of an implementation.
"""
import importlib.util
from typing import NamedTuple

from . import networks


class Work(NamedTuple):
    """A network with a batch size; `task` is "predict" or "train"."""

    network: str
    batch: int
    task: str = "predict"
    quick: bool = False


WORKS = {
    "vgg16-b1": Work("vgg16", 1),
    "resnet50-b1": Work("resnet50", 1),
    "resnet50-b8": Work("resnet50", 8),
    "resnet32-b100": Work("resnet32", 100, quick=True),
    "inception3-b1": Work("inception_v3", 1),
    "c3d-b1": Work("c3d", 1),
    "audio-b1": Work("audio", 1, quick=True),
    "unet-b1": Work("unet", 1),
    "resnet32-train-b128": Work("resnet32", 128, "train"),
    "vgg-small-train-b64": Work("vgg_small", 64, "train"),
    "volumes-train-b8": Work("volumes", 8, "train", quick=True),
}


class Implementation(NamedTuple):
    """One way to run a network.

    Its module here, the distributions it needs, the options of its builder,
    environment variables, the tasks it can do, and the smallest number of
    spatial axes; whether it keeps what it compiled in files; how much its
    results may differ, as a part of the largest number; whether it is measured
    without being named.
    """

    title: str
    module: str
    needs: tuple = ()
    options: dict = {}
    environment: dict = {}
    tasks: tuple = ("predict", "train", "resident")
    least_axes: int = 1
    keeps_compiled: bool = False
    tolerance: float = 1e-4
    default: bool = True


OURS = "ours"
FROZEN = "ours-frozen"
STOCK = "stock"

#: For what computes in bfloat16: that the numbers are not quite others.
_BFLOAT16 = dict(tasks=("predict",), tolerance=1., default=False)

IMPLEMENTATIONS = {
    STOCK: Implementation(
        "Lasagne/Theano", "build_lasagne",
        environment={"LASAGNE_FLIPCONV_ENGINE": "0"}, keeps_compiled=True),
    OURS: Implementation(
        "lasagne_flipconv", "build_lasagne",
        environment={"LASAGNE_FLIPCONV_ENGINE": "1"}, keeps_compiled=True),
    FROZEN: Implementation(
        "lasagne_flipconv frozen", "build_lasagne", (), {"frozen": True},
        {"LASAGNE_FLIPCONV_ENGINE": "1"}, ("predict",), keeps_compiled=True),
    "torch": Implementation("PyTorch", "build_torch", ("torch",)),
    "torch-last": Implementation(
        "PyTorch channels-last", "build_torch", ("torch",),
        {"channels_last": True}, least_axes=2),
    "torch-compile": Implementation(
        "torch.compile", "build_torch", ("torch",),
        {"channels_last": True, "compiled": True},
        tasks=("predict", "train"), keeps_compiled=True),
    "onnxruntime": Implementation(
        "ONNX Runtime", "run_onnx", ("onnx", "onnxruntime"),
        {"runtime": "onnxruntime"}, tasks=("predict",)),
    "openvino": Implementation(
        "OpenVINO", "run_onnx", ("onnx", "openvino"),
        {"runtime": "openvino"}, tasks=("predict",)),
    "jax": Implementation("JAX", "build_jax", ("jax",),
                          environment={"JAX_PLATFORMS": "cpu"},
                          tasks=("predict", "train")),
    "ours-bf16": Implementation(
        "lasagne_flipconv bfloat16", "build_lasagne",
        environment={"LASAGNE_FLIPCONV_ENGINE": "1",
                     "LASAGNE_FLIPCONV_PRECISION": "bfloat16"},
        keeps_compiled=True, **_BFLOAT16),
    "ours-frozen-bf16": Implementation(
        "lasagne_flipconv frozen bfloat16", "build_lasagne", (),
        {"frozen": True},
        {"LASAGNE_FLIPCONV_ENGINE": "1",
         "LASAGNE_FLIPCONV_PRECISION": "bfloat16"},
        keeps_compiled=True, **_BFLOAT16),
    "torch-bf16": Implementation(
        "PyTorch bfloat16", "build_torch", ("torch",),
        {"channels_last": True, "bfloat16": True}, least_axes=2, **_BFLOAT16),
    "openvino-bf16": Implementation(
        "OpenVINO bfloat16", "run_onnx", ("onnx", "openvino"),
        {"runtime": "openvino", "precision": "bf16"}, **_BFLOAT16),
}


def chosen(names=None):
    """Return which of some implementations, else of all, can run here.

    In the order of the table: results are compared with those of the first.
    """
    return [name for name, row in IMPLEMENTATIONS.items()
            if (name in names if names else row.default)
            and all(importlib.util.find_spec(need) for need in row.needs)]


def network_of(job):
    """Return the description of the network of a job."""
    name, arguments = job["network"]
    return getattr(networks, name)(**arguments)


def jobs(implementations, network, task="predict", batch=1, threads=2,
         **arguments):
    """Return the jobs of one network by implementation that can do them.

    Parameters
    ----------
    implementations : list of str
        Names in IMPLEMENTATIONS.
    network : str
        The name of a function in `networks`.
    task : {"predict", "train", "resident"}
    batch, threads : int
    **arguments : dict
        Passed on to the function.

    Returns
    -------
    dict
    """
    job = dict(network=[network, arguments], task=task, batch=batch,
               threads=threads)
    axes = len(network_of(job).input_shape) - 1
    return {name: dict(job, implementation=name) for name in implementations
            if task in IMPLEMENTATIONS[name].tasks
            and axes >= IMPLEMENTATIONS[name].least_axes}
