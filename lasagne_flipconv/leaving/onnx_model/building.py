"""Build the whole model, and run it."""
import importlib.util

import numpy as np
from onnx import ModelProto, checker, helper, shape_inference

from ..errors import LeavingError
from .graph import Graph
from .operators import OPERATORS

__all__ = ["build", "check_runnable", "graph_of", "runner"]

#: Bytes of arrays that a file of ONNX may have, which ends at 2 ** 31.
_MOST = 2 ** 31 - 2 ** 24

#: What ONNX's own evaluator refuses or computes otherwise.
_FOR_RUNTIME = ("recurrent", "transform", "lrn")


def graph_of(plan):
    """Return the graph of a plan.

    Parameters
    ----------
    plan : Plan
        The network.

    Returns
    -------
    Graph
        Its nodes and arrays.

    Raises
    ------
    LeavingError
        If a part has no operator.
    """
    graph = Graph(reserved={named.name for named in plan.parts + plan.inputs})
    for part in plan.parts:
        if part.kind not in OPERATORS:
            raise LeavingError(
                "%s: is a %r, which ONNX has no operator for; expected "
                "another. Use to_torch, if that has it." % (part.name,
                                                            part.kind))
        graph.own = part.name
        OPERATORS[part.kind](part, graph, *(
            graph.name_of(value, part.name, "wide" in part.options)
            for value in part.inputs))
    _name_outputs(plan, graph)
    return graph


def build(plan, graph, version, record, where="export"):
    """Return a plan as a model.

    Parameters
    ----------
    plan : Plan
        The network.
    graph : Graph
        Its nodes and arrays.
    version : str
        Of this package.
    record : dict of str to str
        What is written beside it.
    where : str, default "export"
        Who asks, for the error text.

    Returns
    -------
    onnx.ModelProto
        Checked in full by ONNX.

    Raises
    ------
    LeavingError
        If ONNX refuses it, or one file does not hold it.
    """
    _check_size(graph, where)
    made = helper.make_graph(graph.nodes, plan.title, _inputs(plan),
                             _outputs(plan, graph), graph.initializers())
    model = helper.make_model(
        made, producer_name="lasagne_flipconv", producer_version=version,
        opset_imports=[helper.make_opsetid("", graph.opset)])
    model.ir_version = 8 if graph.opset > 13 else 7
    helper.set_model_props(model, record)
    try:
        checker.check_model(model, full_check=True)
    except (checker.ValidationError, shape_inference.InferenceError) as error:
        raise LeavingError(
            "%s: ONNX refuses the model (%s); expected %s." % (
                where, " ".join(str(error).split()), _expected(str(error)))
        ) from error
    return model


def _check_size(graph, where):
    size = sum(array.nbytes for array in graph.tensors.values())
    if size > _MOST:
        raise LeavingError(
            "%s: has arrays of %d bytes; expected at most %d, as a file of "
            "ONNX holds no more. Export to a folder, or use to_torch." % (
                where, size, _MOST))


def _expected(error):
    """Return what ONNX expected, by its error, and the way out."""
    if "tensor(" in error or "elem type" in error:
        return ("numbers of float32, or of int32 where they are indices. "
                "Cast them by an ExpressionLayer")
    return ("layers that give out what their output_shape says. Pass "
            "output_shape= to the ExpressionLayer, or mend "
            "get_output_shape_for of the layer")


def _name_outputs(plan, graph):
    """Give each output a node of its own name, if it has none."""
    made = {name for node in graph.nodes for name in node.output}
    for name in plan.outputs:
        if name not in made:
            graph.own = name
            graph.node("Identity", [graph.alias.get(name, name)], name)


def _inputs(plan):
    return [helper.make_tensor_value_info(
        put.name, helper.np_dtype_to_tensor_dtype(np.dtype(put.dtype)),
        ["batch" if not axis and size is None else size or "%s_%d" % (
            put.name, axis) for axis, size in enumerate(put.shape)])
        for put in plan.inputs]


def _outputs(plan, graph):
    parts = {part.name: part for part in plan.parts}
    types = _types(plan, graph)
    return [helper.make_tensor_value_info(
        name, types.get(name, 1), _sizes(parts[name].shape))
        for name in plan.outputs]


def _types(plan, graph):
    """Return the type of what each node computes, as ONNX infers it."""
    arrays = [helper.make_tensor_value_info(
        name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
        for name, array in graph.tensors.items()]
    model = helper.make_model(
        helper.make_graph(graph.nodes, plan.title, _inputs(plan) + arrays,
                          []),
        opset_imports=[helper.make_opsetid("", graph.opset)])
    found = shape_inference.infer_shapes(model).graph.value_info
    return {info.name: info.type.tensor_type.elem_type for info in found
            if info.type.tensor_type.elem_type}


def _sizes(shape):
    return shape and [None if size == "any" else "batch" if not axis and (
        size is None) else size for axis, size in enumerate(shape)]


def check_runnable(plan, where):
    """Refuse what only ONNX Runtime could compute, if it is not there.

    Parameters
    ----------
    plan : Plan
        The network.
    where : str
        What is to be written.

    Raises
    ------
    LeavingError
        If the model could not be compared with the network.
    """
    if importlib.util.find_spec("onnxruntime") is not None:
        return
    for part in plan.parts:
        if part.kind in _FOR_RUNTIME or part.kind == "conv_transpose" and (
                part.options["groups"] > 1):
            raise LeavingError(
                "%s: ONNX Runtime is not installed, and %s is a %r, which "
                "ONNX's own evaluator does not compute; expected it, as no "
                "file is written unseen. pip install onnxruntime."
                % (where, part.name, part.kind))


def runner(model, where="export"):
    """Return a function that computes a model.

    ONNX Runtime does, where it is installed; else what ONNX has itself: see
    :func:`check_runnable`.

    Parameters
    ----------
    model : onnx.ModelProto
        The model.
    where : str, default "export"
        Who asks, for the error text.

    Returns
    -------
    callable
        Takes a dict of arrays by name, returns a list of arrays.

    Raises
    ------
    LeavingError
        If ONNX Runtime does not know an operator for its types.
    """
    data = model.SerializeToString()
    try:
        import onnxruntime
    except ImportError:
        return _evaluator(data)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(
            data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # of any operator, for any reason
        raise LeavingError(
            "%s: ONNX Runtime refuses the model (%s); expected numbers of "
            "float32. Cast them by an ExpressionLayer." % (
                where, " ".join(str(error).split()))) from error
    return lambda values: session.run(None, values)


def _evaluator(data):
    """Return a function that lets ONNX's own evaluator compute a model."""
    from onnx.reference import ReferenceEvaluator

    from .evaluating import OPERATORS
    model = ModelProto.FromString(data)
    # it takes BatchNormalization before opset 14 for that of training; all
    # operators here mean the same in 15
    model.opset_import[0].version = max(15, model.opset_import[0].version)
    evaluator = ReferenceEvaluator(model, new_ops=list(OPERATORS))
    return lambda values: evaluator.run(None, values)
