"""Every value of a plan counts: what has another is told from the network.

A plan is changed in one place, by the kind of the value, and has to be
refused: by the comparison, or since it cannot be built. This is done for each
kind of part, so that no row can put a wrong number, flip or order in unseen.
"""
import numpy as np
import pytest
from lasagne_flipconv.leaving.checking import Oracle
from lasagne_flipconv.leaving.planning import Source, plan_of

import leaving_cases

pytest.importorskip("onnxruntime")
building = pytest.importorskip(
    "lasagne_flipconv.leaving.onnx_model.building")

#: Options that say something about training, or only to PyTorch.
FOR_TRAINING = {"momentum", "p", "rescale", "shared", "trained", "learn_init"}
FOR_TORCH = {"ceil", "ndim"}

#: One case for each row, with options that are not the default.
CASES = (
    "Conv2DLayer all True", "Conv1DLayer all False", "Conv3DLayer all True",
    "Conv2DDNNLayer all True", "TransposedConv2DLayer all True",
    "TransposedConv1DLayer all False", "dilated", "transposed output_size",
    "untied bias", "local", "dense", "dense leading", "nin", "batch_norm",
    "batch_norm axes", "standardization", "lrn", "flatten 3", "reshape",
    "dimshuffle", "dimshuffle new", "pad", "slice", "slice one", "bias",
    "scale", "prelu", "rrelu", "global mean", "feature_pool", "upscale 2",
    "upscale 2 dilate", "transformer", "embedding", "pool 2 max border",
    "pool 2 average_exc_pad pad", "pool 3 max", "sum coeffs", "concat",
    "merge own", "nonlinearity leaky", "nonlinearity softmax", "simple",
    "gru", "gru mask", "lstm", "lstm as in 0.2.dev1", "lstm without peepholes",
    "lstm mask", "lstm backwards", "gru final", "lstm learned")
CASES = [name for name in CASES if name in leaving_cases.CASES]


def changed_arrays(part):
    """Yield a part with one array that is another: its values, its order."""
    for role, value in part.arrays.items():
        others = {"values": value * 1.5 + .1}
        for axis in range(value.ndim):
            others["reversed along %d" % axis] = np.flip(value, axis)
        for what, other in others.items():
            if not np.array_equal(other, value):
                yield "%s %s" % (role, what), part._replace(
                    arrays=dict(part.arrays, **{role: other}))


def changed_options(part):
    """Yield a part with one option that is another."""
    for name, value in part.options.items():
        if name in FOR_TRAINING | FOR_TORCH:
            continue
        for other in others_of(value, name != "axes"):
            yield "%s=%r" % (name, other), part._replace(
                options=dict(part.options, **{name: other}))


def others_of(value, ordered=True):
    """Return values of the same kind."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, (int, float)):
        return [value + 2]
    if isinstance(value, tuple) and value:
        first = others_of(value[0])
        swapped = [value[::-1]] if ordered and value[::-1] != value else []
        return [(each,) + value[1:] for each in first] + swapped
    return []


def is_refused(plan, oracle):
    """Tell whether a plan is not taken for the network."""
    try:
        graph = building.graph_of(plan)
        run = building.runner(building.build(plan, graph, "0", {}))
        oracle.check(run, "mutant")
    except Exception:  # of ONNX, for whatever does not fit
        return True
    return False


#: Changes that change nothing, by what they are of.
SAME = {
    ("average_pool", "include_pad"): "without padding, and in partial regions",
    ("max_pool", "include_pad"): "a maximum has no padding in it",
    ("recurrent", "late_peephole"): "without peepholes",
    ("recurrent", "functions"): "two gates of one function",
    ("recurrent", "hid_init"): "zeros",
    ("conv", "dilation"): "of kernels of size one",
    ("max_pool", "rest"): "beyond what the last region reaches",
}


@pytest.mark.parametrize("name", CASES)
def test_no_change_is_unseen(name):
    source = Source(leaving_cases.CASES[name](), "mutants")
    plan = plan_of(source)
    oracle, tried = Oracle(source, plan), 0
    assert not is_refused(plan, oracle)
    for i, part in enumerate(plan.parts):
        for what, other in (*changed_arrays(part), *changed_options(part)):
            tried += 1
            role = what.split("=")[0].split()[0]
            parts = plan.parts[:i] + (other,) + plan.parts[i + 1:]
            assert is_refused(plan._replace(parts=parts), oracle) or (
                part.kind, role) in SAME, "%s of %s" % (what, part.name)
    assert tried or name in ("sum coeffs", "merge own")
