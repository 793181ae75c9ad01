"""The whole program: imports, constants, classes, how it is loaded."""
import inspect
import re
import textwrap
from collections import namedtuple
from itertools import chain, count

from .blocks import doc_of, grouped, join
from .steps import identifier, named, steps_of
from .writing import class_of, wrapped

__all__ = ["Program", "program_of"]

#: Source code, name of its main class, its arrays by their names in the
#: ``state_dict``, what its inputs and outputs are called in
#: ``check.safetensors``, and which recurrent cells it has.
Program = namedtuple("Program", "text main state inputs outputs cells")

_IMPORTS = """import os

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn
"""

_DOC = '''"""A network that was built and trained with Lasagne.

lasagne_flipconv wrote this file, and model.safetensors, which has the
weights, kernels turned as PyTorch wants them. check.safetensors has an input
and what Lasagne computed of it: run this file to compare.
"""'''

#: What is something else where inputs are used.
_SAID = ("self", "torch", "F", "nn")

_LOAD = '''

def load(path=None):
    """Build the network with its weights, ready to predict."""
    network = %(main)s()
    network.load_state_dict(load_file(path or beside("model.safetensors")))
    return network.eval()


def check(network, path=None):
    """Return the largest difference from what Lasagne computed."""
    values = load_file(path or beside("check.safetensors"))
    with torch.no_grad():
%(call)s
    found = found if isinstance(found, tuple) else (found,)
    return max((ours.float() - values["output_%%d" %% i]).abs().max().item()
               for i, ours in enumerate(found))


def beside(name):
    """Return the path of a file in the folder of this one."""
    return os.path.join(os.path.dirname(__file__), name)


if __name__ == "__main__":
    print("largest difference: %%.1e" %% check(load()))
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
    classes = [class_of(block.name, doc_of(block), block.steps,
                        {block.entry: "x"}, (block.steps[-1].value,),
                        block.params)
               for block in blocks]
    classes.append(class_of(main, _doc(plan, names), steps, names, outputs))
    text, constants = _constants("\n\n\n".join(classes))
    used = _cells(text)
    results = ["output_%d" % i for i in range(len(outputs))]
    call = "        found = network(%s)" % ", ".join(
        'values["%s"]' % name for name in names.values())
    after = _LOAD % {"main": main, "call": "\n".join(wrapped(call))}
    return Program(_file(text, constants, used) + after, main, state,
                   tuple(names.values()), tuple(results), used)


def _inputs(plan):
    """Return what each input is called: by its layer, or by its kind."""
    names = {}
    for put in plan.inputs:
        word = {"float": "x"}.get(put.kind, put.kind)
        if "#" not in put.name and len(plan.inputs) > 1:
            word = identifier(put.name)
        names[put.name] = _unused(word, {*_SAID, *names.values()})
    return names


def _unused(word, taken):
    """Return a word, with a number if it is taken."""
    return next(each for each in chain([word], (
        "%s%d" % (word, i) for i in count(2))) if each not in taken)


def _doc(plan, names):
    parts = {part.name: part for part in plan.parts}
    takes = ["%s %s" % (names[put.name], _shape(put.shape))
             for put in plan.inputs]
    gives = [_shape(parts[name].shape) for name in plan.outputs]
    lines = textwrap.wrap("Take %s; return %s." % (
        ", ".join(takes), ", ".join(gives)), 75 - 2 * len('"""'))
    return "\n    ".join(lines) + ("\n    " if len(lines) > 1 else "")


def _shape(shape):
    return "(%s)" % ", ".join(
        "batch" if not axis and size is None else "any" if size is None
        else str(size) for axis, size in enumerate(shape or ()))


def _constants(text):
    """Return the text with a name for the epsilon that is used most."""
    found = re.findall(r"eps=([\d.e+-]+)", text)
    if len(found) < 2:
        return text, ""
    most = max(set(found), key=found.count)
    whole = r"eps=%s(?![\d.e+-])" % re.escape(most)
    return re.sub(whole, "eps=EPSILON", text), (
        "\n#: Added to variances before the square root, as in Lasagne.\n"
        "EPSILON = %s\n" % most)


def _cells(text):
    """Return the recurrent cells that a text uses, what they need first."""
    used = [name for name in ("SimpleRecurrent", "GRU", "LSTM")
            if re.search(r"= %s\(|\(%s\(" % (name, name), text)]
    return ["Recurrent", *used] if used else []


def _file(text, constants, used):
    """Return all that comes before the functions at the end."""
    needs = [line for line in _IMPORTS.splitlines()
             if not line.endswith(" F") or "F." in text]
    own = [_source_of(name) for name in used]
    return "%s\n%s\n%s\n\n%s\n" % (_DOC, "\n".join(needs), constants,
                                   "\n\n\n".join(own + [text]))


def _source_of(name):
    """Return the text of a recurrent cell."""
    from . import cells
    return inspect.getsource(getattr(cells, name)).rstrip()
