"""Run a network in Theano, and what was made of it elsewhere."""
import numpy as np
import theano
from lasagne.layers import InputLayer, get_all_layers, get_output
from lasagne_flipconv.leaving.exporting import export, to_torch


def inputs_of(net):
    """Return the input layers of a network, in order."""
    return [layer for layer in get_all_layers(net)
            if isinstance(layer, InputLayer)]


def random_inputs(net, batch, seed=3):
    """Return a value for each input; open axes get a length of ten."""
    random = np.random.RandomState(seed)
    values = []
    for layer in inputs_of(net):
        shape = tuple((batch if not axis else 10) if size is None else size
                      for axis, size in enumerate(layer.shape))
        dtype = layer.input_var.dtype
        if len(shape) == 2 and shape[1] == 10:  # a mask, with gaps
            values.append(random.randint(0, 2, shape).astype("float32"))
        elif dtype.startswith("int"):
            values.append(random.randint(0, 9, shape).astype(dtype))
        else:
            values.append(random.normal(size=shape).astype("float32"))
    return values


def run_theano(net, values):
    """Return the output of a network in Theano."""
    variables = [layer.input_var for layer in inputs_of(net)]
    function = theano.function(
        variables, get_output(net, deterministic=True),
        allow_input_downcast=True, on_unused_input="ignore")
    return function(*values)


def run_onnx(path, values):
    """Return the output of a file in ONNX Runtime, or in ONNX itself."""
    try:
        import onnxruntime
        session = onnxruntime.InferenceSession(
            str(path), providers=["CPUExecutionProvider"])
        names = [put.name for put in session.get_inputs()]
        return session.run(None, dict(zip(names, values)))[0]
    except ImportError:
        import onnx
        from onnx.reference import ReferenceEvaluator
        model = onnx.load(str(path))
        names = [put.name for put in model.graph.input]
        return ReferenceEvaluator(model).run(None, dict(zip(names, values)))[0]


def check_onnx(net, path, batches=(2, 1)):
    """Export a network and compare it with Theano."""
    record = export(net, str(path))
    for batch in batches:
        values = random_inputs(net, batch)
        expected = run_theano(net, values)
        assert_close(run_onnx(path, values), expected)
    return record


def run_torch(module, values):
    """Return the output of a module of PyTorch."""
    import torch
    with torch.no_grad():
        return module(*map(torch.tensor, values)).numpy()


def check_torch(net, batches=(2, 1)):
    """Make a module of a network and compare it with Theano."""
    module = to_torch(net)
    for batch in batches:
        values = random_inputs(net, batch)
        assert_close(run_torch(module, values), run_theano(net, values))
    return module


def assert_close(got, expected):
    """Compare two outputs, of which not all values may be the same."""
    assert got.shape == expected.shape
    assert expected.std() > 1e-3
    scale = max(1, np.abs(expected).max())
    np.testing.assert_allclose(got, expected, atol=1e-5 * scale, rtol=0)
