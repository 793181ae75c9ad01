"""Run a network in Theano, and what was made of it elsewhere."""
import numpy as np
import theano
from lasagne.layers import (InputLayer, get_all_layers,
                            get_all_param_values, get_output,
                            set_all_param_values)
from lasagne_flipconv import load
from lasagne_flipconv.leaving.exporting import export, to_torch


def inputs_of(net):
    """Return the input layers of a network, one for each variable."""
    found = [layer for layer in get_all_layers(net)
             if isinstance(layer, InputLayer)]
    return list({layer.input_var: layer for layer in reversed(found)
                 }.values())[::-1]


def random_inputs(net, batch, seed=3):
    """Return a value for each input; open axes get a length of ten."""
    random = np.random.RandomState(seed)
    values = []
    for layer in inputs_of(net):
        shape = tuple((batch if not axis else 10) if size is None else size
                      for axis, size in enumerate(layer.shape))
        dtype = layer.input_var.dtype
        if len(shape) == 2 and shape[1] == 10:  # a mask, with gaps
            values.append(random.randint(0, 2, shape).astype(
                "float32" if dtype.startswith("float") else dtype))
        elif dtype.startswith("int"):
            values.append(random.randint(0, 9, shape).astype(dtype))
        else:
            values.append(random.normal(size=shape).astype("float32"))
    return values


def function_of(net):
    """Compile a network, without what costs the compiler much."""
    variables = [layer.input_var for layer in inputs_of(net)]
    return theano.function(
        variables, get_output(net, deterministic=True),
        allow_input_downcast=True, on_unused_input="ignore",
        mode=theano.compile.get_default_mode().excluding("fusion"))


def run_theano(net, values):
    """Return the output of a network in Theano."""
    return function_of(net)(*values)


def cases_of(net, batches=(2, 1)):
    """Return inputs of a network with its outputs."""
    function = function_of(net)
    inputs = [random_inputs(net, batch) for batch in batches]
    return [(values, function(*values)) for values in inputs]


def run_onnx(path, values):
    """Return the first output of a file of ONNX."""
    return all_of_onnx(path, values)[0]


def all_of_onnx(path, values):
    """Return the outputs of a file in ONNX Runtime, or in ONNX itself."""
    try:
        import onnxruntime
        session = onnxruntime.InferenceSession(
            str(path), providers=["CPUExecutionProvider"])
        names = [put.name for put in session.get_inputs()]
        return session.run(None, dict(zip(names, values)))
    except ImportError:
        import onnx
        from lasagne_flipconv.leaving.onnx_model.building import runner
        model = onnx.load(str(path))
        names = [put.name for put in model.graph.input]
        return runner(model)(dict(zip(names, values)))


def check_onnx(net, path, cases=None):
    """Export a network and compare it with Theano."""
    record = export(net, str(path))
    for values, expected in cases or cases_of(net):
        assert_close(run_onnx(path, values), expected)
    return record


def check_loads_back(net, path):
    """Load a file that was exported; every bit of a parameter is there."""
    before = [np.float32(value) for value in get_all_param_values(net)]
    set_all_param_values(net, [value * 0 - 1 for value in before])
    load(path, net)
    for ours, theirs in zip(get_all_param_values(net), before):
        np.testing.assert_array_equal(ours, theirs)


def run_torch(module, values):
    """Return the output of a module of PyTorch."""
    import torch
    with torch.no_grad():
        return module(*map(torch.tensor, values)).numpy()


def check_torch(net, cases=None):
    """Make a module of a network and compare it with Theano."""
    module = to_torch(net)
    for values, expected in cases or cases_of(net):
        assert_close(run_torch(module, values), expected)
    return module


def assert_close(got, expected):
    """Compare two outputs, of which not all values may be the same."""
    assert got.shape == expected.shape
    assert expected.std() > 1e-3
    scale = max(1, np.abs(expected).max())
    np.testing.assert_allclose(got, expected, atol=1e-5 * scale, rtol=0)
