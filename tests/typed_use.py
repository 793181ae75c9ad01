"""What users write, for mypy: ``make lint`` fails if a type is lost or wrong.

Each ``type: ignore`` names an error that has to be found.
"""
from pathlib import Path
from typing import List, Tuple

import lasagne_flipconv
import numpy as np
from lasagne_flipconv import digits, engine, layers
from lasagne_flipconv.kernels import convert_kernel


def loads(path: Path, network: object) -> Tuple[str, ...]:
    """Load, save, transfer."""
    with lasagne_flipconv.load(path) as checkpoint:
        values: "dict[str, np.ndarray]" = checkpoint.values()
        assert values
    lasagne_flipconv.save(path, network)
    lasagne_flipconv.load(path, network, orentation=None)  # type: ignore[call-overload]
    lasagne_flipconv.save(path)  # type: ignore[call-arg]
    record = lasagne_flipconv.load(path, network, orientation="convolution")
    return record.turned + lasagne_flipconv.transfer(network, network).left


def builds() -> layers.Conv2DLayer:
    """Build a layer and ask for its convention."""
    layer = layers.Conv2DLayer((None, 3, 8, 8), 4, (3, 3), pad="same")
    layers.Conv2DLayer((None, 3, 8, 8), 4, 2, pad=((0, 1), (0, 1)))
    layers.TransposedConv2DLayer((None, 3, 8, 8), 4, 2, crop=[(0, 1), (0, 1)])
    layers.Conv2DLayer((None, 3, 8, 8), "4", 3)  # type: ignore[arg-type]
    axes: str = layer.convention.axes
    axes = layer.convention.orientation  # type: ignore[assignment]
    assert axes
    return layer


def shows() -> Tuple[str, ...]:
    """Load the first example of the README."""
    network = digits.build(layers.Conv2DLayer)
    return lasagne_flipconv.load(digits.WEIGHTS, network,
                                 orientation="convolution").copied


def turns(kernel: np.ndarray) -> np.ndarray:
    """Convert a kernel."""
    convert_kernel(kernel, 3, "torch")  # type: ignore[arg-type]
    return convert_kernel(kernel, layers.Conv2DLayer, "torch")


def tells(path: str) -> List[str]:
    """Look at a file, and at what a function runs on."""
    report = lasagne_flipconv.inspect_file(path)
    names = [array.name for array in report.arrays]
    with engine.using("torch", device="cuda"):
        return names + [line.reason for line in engine.report(None)]
