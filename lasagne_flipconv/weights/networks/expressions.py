"""Expressions that parameters are in, by what tells them from others."""
import hashlib
import re

import numpy as np
from theano.compile import SharedVariable
from theano.gof.graph import Constant, inputs, io_toposort
from theano.scalar import Cast
from theano.tensor import Elemwise

from .slots import computed_in

__all__ = ["expressions_in"]


def expressions_in(network, where):
    """Return what tells the expressions that variables of a network are in.

    Parameters
    ----------
    network : Layer, list or dict of Layer, or NeuralNet
        Output layer or layers, or all layers by name.
    where : str
        Who asks, for error texts.

    Returns
    -------
    dict of SharedVariable to str
        The same for the same place in the same expressions, in any floatX.
    """
    found = {}
    for _, expression in computed_in(network, where=where):
        for variable in inputs([expression]):
            if isinstance(variable, SharedVariable):
                found[variable] = found.get(variable, "") + _steps(
                    expression, variable)
    return {variable: hashlib.sha256(steps.encode()).hexdigest()[:16]
            for variable, steps in found.items()}


def _steps(expression, variable):
    """Return the steps of an expression as text, with a word for a variable.
    """
    names, steps = {variable: "it"}, []
    for node in io_toposort(inputs([expression]), [expression]):
        told = [names.setdefault(each, _constant(each) if isinstance(
            each, Constant) else "x%d" % len(names)) for each in node.inputs]
        cast = isinstance(node.op, Elemwise) and isinstance(
            node.op.scalar_op, Cast)
        for i, output in enumerate(node.outputs):
            names[output] = told[0] if cast else "y%d.%d" % (len(steps), i)
        if not cast:
            steps.append("%s(%s)" % (re.sub(" at 0x[0-9a-f]+", "", str(
                node.op)), ", ".join(told)))
    return "; ".join([*steps, names.get(expression, "")])


def _constant(constant):
    """Return the value of a constant as text, with the digits of float32."""
    value = np.asarray(constant.data)
    if value.dtype.kind not in "biuf":
        return str(constant.data)
    return "%s%s" % (value.shape, hashlib.sha256(
        value.astype("<f4").tobytes()).hexdigest())
