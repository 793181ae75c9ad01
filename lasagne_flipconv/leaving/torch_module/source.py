"""The whole program: imports, constants, classes, how it is loaded."""
import inspect
import re
import textwrap
from collections import namedtuple

from . import cells
from .blocks import grouped, join
from .steps import identifier, named, steps_of
from .writing import class_of

__all__ = ["Program", "program_of"]

#: Source code, name of its main class, its arrays by their names in the
#: ``state_dict``, and the names of its inputs.
Program = namedtuple("Program", "text main state inputs cells")

_IMPORTS = """import torch
import torch.nn.functional as F
from torch import nn
"""

_LOAD = '''

def load(path="model.safetensors"):
    """Build the network with its weights, ready to predict."""
    from safetensors.torch import load_file
    network = %(main)s()
    network.load_state_dict(load_file(path))
    return network.eval()
'''


def program_of(plan, main="Network"):
    """Return a plan as source code.

    Parameters
    ----------
    plan : Plan
        The network.
    main : str
        Name of the class.

    Returns
    -------
    Program
        Text and arrays.

    Raises
    ------
    LeavingError
        If PyTorch has nothing for a part.
    """
    steps, outputs = steps_of(plan)
    names = _inputs(plan)
    steps, blocks = grouped(steps, tuple(names), outputs)
    steps = named(steps, names.values())
    state = {join(step.attribute, name): value for step in steps
             for name, value in step.state.items()}
    classes = [class_of(block.name, "Do what the network repeats.",
                        block.steps, {block.entry or next(iter(names)): "x"},
                        (block.steps[-1].value,), block.params)
               for block in blocks]
    classes.append(class_of(main, _doc(plan, names), steps, names, outputs))
    text, constants = _constants("\n\n\n".join(classes))
    used = _cells(text)
    return Program(_file(plan, text, constants, used, main), main, state,
                   tuple(names.values()), used)


def _inputs(plan):
    """Return what each input is called: x, if there is only one."""
    if len(plan.inputs) == 1:
        return {plan.inputs[0].name: "x"}
    return {put.name: "%s_%d" % (put.kind if "#" in put.name else identifier(
        put.name), i) if "#" in put.name else identifier(put.name)
        for i, put in enumerate(plan.inputs)}


def _doc(plan, names):
    parts = {part.name: part for part in plan.parts}
    takes = ["%s %s" % (names[put.name], _shape(put.shape))
             for put in plan.inputs]
    gives = [_shape(parts[name].shape) for name in plan.outputs]
    lines = textwrap.wrap("Take %s; return %s." % (
        ", ".join(takes), ", ".join(gives)), 75 - len('"""'))
    return "\n    ".join(lines) + ("\n    " if len(lines) > 1 else "")


def _shape(shape):
    return "(%s)" % ", ".join(
        "batch" if not axis and size is None else "any" if size is None
        else str(size) for axis, size in enumerate(shape or ()))


def _constants(text):
    """Return the text with a name for the epsilon that is used most."""
    found = re.findall(r"eps=([\d.e-]+)", text)
    if len(found) < 2:
        return text, ""
    most = max(set(found), key=found.count)
    return text.replace("eps=%s" % most, "eps=EPSILON"), (
        "\n#: Added to variances before the square root, as in Lasagne.\n"
        "EPSILON = %s\n" % most)


def _cells(text):
    """Return the recurrent cells that a text uses, what they need first."""
    used = [name for name in ("SimpleRecurrent", "GRU", "LSTM")
            if re.search(r"= %s\(|\(%s\(" % (name, name), text)]
    return ["Recurrent", *used] if used else []


def _file(plan, text, constants, used, main):
    doc = '"""A network that was built and trained with Lasagne.\n\n%s"""\n' % (
        "Written by lasagne_flipconv. ``load()`` builds it with its weights.\n")
    needs = [line for line in _IMPORTS.splitlines()
             if line != "import torch.nn.functional as F" or "F." in text]
    needs = [line for line in needs if line != "import torch" or used
             or re.search(r"\btorch\.", text)]
    own = "\n\n\n".join(inspect.getsource(getattr(cells, name)).rstrip()
                        for name in used)
    return "".join([doc, "\n".join(needs), "\n", constants, "\n\n",
                    own + "\n\n\n" if own else "", text, "\n",
                    _LOAD % {"main": main}])
