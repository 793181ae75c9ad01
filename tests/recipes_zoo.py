"""Build and run every model of Lasagne/Recipes: `make recipes-zoo`.

``RECIPES_SOURCE`` names a checkout of Lasagne/Recipes. Each file of its
modelzoo, as it is, is imported under ``lasagne-flipconv run`` in a process of
its own; the network that it builds, with random weights, is run before and
after its convolution layers have been replaced by those of the other
orientation's default. Arguments name the models; by default all. c3d.py
imports scikit-image. Exits with 1 if a file fails or an output differs.
"""
import importlib
import inspect
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

#: Largest difference allowed, relative to the largest output.
TOLERANCE = 1e-5


def main(names):
    """Check the models, each in a child; return the exit code."""
    source = os.environ.get("RECIPES_SOURCE")
    if not source:
        print("RECIPES_SOURCE: not set; expected a checkout of "
              "Lasagne/Recipes.")
        return 2
    names = names or sorted(
        path.stem for path in Path(source, "modelzoo").glob("*.py"))
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(Path(source, "modelzoo"), folder, dirs_exist_ok=True)
        program = shutil.copy(__file__, Path(folder, "check_one.py"))
        failed = [name for name in names if check_in_child(name, program)]
    print("%d of %d models build and run the same%s" % (
        len(names) - len(failed), len(names),
        "; these do not: " + ", ".join(failed) if failed else ""))
    return int(bool(failed))


def check_in_child(name, program):
    """Check one model under `lasagne-flipconv run`; return its exit code."""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    flags = ",".join([os.environ.get("THEANO_FLAGS", ""), "floatX=float32"])
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "lasagne_flipconv", "run",
         "--python2", str(program), "--one", name],
        env=dict(os.environ, PYTHONPATH=path,
                 THEANO_FLAGS=flags.strip(","))).returncode


def check(name):
    """Build a model, run it, replace its layers, run it again."""
    import numpy as np
    from lasagne_flipconv import layers, replace_layers
    from lasagne_flipconv.scripts.replace import reachable
    network = builder(importlib.import_module(name))()
    every = list(network.values()) if isinstance(network, dict) else [network]
    x = inputs(reachable(every))
    before = outputs(every, x)
    record = replace_layers(network, {
        layers.Conv2DDNNLayer: layers.Conv2DLayer,
        layers.Conv3DDNNLayer: layers.Conv3DLayer,
        layers.Conv2DLayer: layers.Conv2DDNNLayer})
    after = outputs(every, x)
    scale = max(np.abs(y).max() for y in before)
    difference = max(np.abs(y - z).max() for y, z in zip(before, after))
    print("%-16s %3d layers replaced, output %s, largest %.3g, differs by %g"
          % (name, len(record.replaced),
             " ".join(str(y.shape) for y in before), scale,
             difference / scale), flush=True)
    same = np.isfinite(scale) and difference <= TOLERANCE * scale
    return int(not (record.replaced and same))


def builder(module):
    """Return the function of a file that builds the whole network."""
    return next(function for name, function in vars(module).items()
                if name.startswith("build") and all(
                    p.default is not p.empty
                    for p in inspect.signature(function).parameters.values()))


def inputs(layers):
    """Return one random example for each input layer, by its variable."""
    import numpy as np
    from lasagne.layers import InputLayer
    random = np.random.RandomState(1)
    return {layer.input_var: random.standard_normal(
        [1 if axis == 0 else size or 224
         for axis, size in enumerate(layer.shape)]).astype("float32")
        for layer in layers if isinstance(layer, InputLayer)}


def outputs(every, x):
    """Compute what the layers that none of the others reads give out."""
    import theano
    from lasagne.layers import get_output
    read = {id(other) for layer in every for other in
            getattr(layer, "input_layers", [getattr(layer, "input_layer",
                                                    None)])}
    heads = [layer for layer in every if id(layer) not in read]
    return theano.function(list(x), get_output(heads, deterministic=True),
                           on_unused_input="ignore")(*x.values())


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        sys.exit(check(sys.argv[2]))
    sys.exit(main(sys.argv[1:]))
