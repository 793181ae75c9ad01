"""A plan as steps of a program, their modules named as a person would."""
import keyword
import re
from collections import Counter, namedtuple

from ..errors import LeavingError
from ..record import measured
from .calls import CALLS
from .text import Wide, number
from .types import Types

__all__ = ["Step", "identifier", "named", "steps_of"]

#: One step: name of its value, text that builds its module or None, arrays of
#: that, expression, names of the values it takes, name of its module, kind
#: of the part, whether its layer has a name, and its arrays that are not
#: trained.
Step = namedtuple("Step", "value init state text inputs attribute kind named "
                          "fixed", defaults=((),))

#: What modules are called whose layers have no name.
_WORDS = {"conv": "conv", "conv_transpose": "up", "dense": "dense",
          "batch_norm": "norm", "prelu": "prelu", "dropout": "dropout",
          "embedding": "embedding", "recurrent": "recurrent"}

#: Attributes that each module has, that of to_torch as well.
_TAKEN = frozenset(
    "T_destination add_module add_submodule apply bfloat16 buffers "
    "call_super_init children code compile cpu cuda "
    "delete_all_unused_submodules delete_submodule double dump_patches eval "
    "extra_repr float forward get_buffer get_extra_state get_parameter "
    "get_submodule graph half ipu load_state_dict meta modules mtia "
    "named_buffers named_children named_modules named_parameters parameters "
    "print_readable recompile register_backward_hook register_buffer "
    "register_forward_hook register_forward_pre_hook "
    "register_full_backward_hook register_full_backward_pre_hook "
    "register_load_state_dict_post_hook register_load_state_dict_pre_hook "
    "register_module register_parameter register_state_dict_post_hook "
    "register_state_dict_pre_hook requires_grad_ set_extra_state "
    "set_submodule shape_env share_memory state_dict to to_empty to_folder "
    "train training type xpu zero_grad".split()) | {"self", "torch"}  # of code

#: Of sizes, these are integers still; as float64, those of the second.
_INTEGER = ("add", "sub", "mul", "int_div", "int_rest")
_DOUBLE = ("add", "sub", "mul", "div")

#: Of numbers, these change nothing.
_PASSED = ("cast", "dimshuffle")

#: What takes sizes as numbers, behind an array.
_SIZED = ("reshape", "full", "slice", "index")

#: What takes numbers beside arrays.
_MIXED = ("add", "sub", "mul", "div", "rest", "int_rest")


def steps_of(plan):
    """Return the steps of a plan.

    Parameters
    ----------
    plan : Plan
        The network.

    Returns
    -------
    list of Step
        In order; the modules have no names yet where the layers have none.

    Raises
    ------
    LeavingError
        If PyTorch has nothing for a part.
    """
    steps, sizes, alias = [], {}, {}
    parts = {part.name: part for part in plan.parts}
    types = Types(plan.inputs)
    for part in plan.parts:
        if part.kind not in CALLS:
            raise LeavingError(
                "%s: is a %r, which has no row for PyTorch; expected another."
                % (part.name, part.kind))
        dtype = _type_of_number(part, sizes)
        if dtype is not None:
            sizes[part.name] = dtype
        if "wide" in part.options:
            part = part._replace(inputs=tuple(
                Wide(value) if isinstance(value, float) else value
                for value in part.inputs))
        part = types.typed(part, part.name in sizes)
        call = CALLS[part.kind](part)
        inputs = [alias.get(value, value) for value in part.inputs]
        for place in _arrays(part, sizes):
            step = _array(part.inputs[place], inputs[place], sizes, parts,
                          alias, types.floats)
            if step not in steps:
                steps.append(step)
            inputs[place] = step.value
        inputs = tuple(inputs)
        if call.text == "{0}" or (
                part.kind in _PASSED and part.name in sizes):
            alias[part.name] = inputs[0]
            continue
        init = call.init
        if init and not part.options.get("trained", True) and (
                not init.endswith(", False)")):
            init += ".requires_grad_(False)"
        steps.append(Step(part.name, init, call.state, call.text, inputs,
                          _wanted(part), part.kind, "#" not in part.layer,
                          call.fixed))
    return steps, tuple(alias.get(name, name) for name in plan.outputs)


def _type_of_number(part, sizes):
    """Return the type of a size, or what is computed of sizes, as a number.

    None for an array: what Python has no number for, as of float32.
    """
    if part.kind == "size":
        return "long"
    types = [sizes.get(value) if isinstance(value, str) else "long"
             if isinstance(value, int) else "float64" for value in part.inputs]
    if not part.inputs or None in types:
        return None
    if part.kind == "dimshuffle":
        return types[0]
    if part.kind == "cast":
        return _type_of_cast(part.options["dtype"], *types)
    if "wide" not in part.options:
        is_whole = part.kind in _INTEGER and set(types) == {"long"}
        return "long" if is_whole else None
    return "float64" if part.kind in _DOUBLE and "float32" not in types and (
        part.kind != "div" or part.inputs[1] and not isinstance(
            part.inputs[1], str)) else None


def _type_of_cast(dtype, before):
    """Return the type of a number that was of another; None for an array.

    As float32 it is rounded where it is used.
    """
    if dtype in ("float32", "float64") and before in ("long", dtype):
        return dtype
    if dtype == "int64":
        return "long" if before == "long" else None
    return dtype if (before, dtype) == ("float64", "float32") else None


def _arrays(part, sizes):
    """Return the places of sizes that a part takes as arrays."""
    places = [i for i, value in enumerate(part.inputs) if value in sizes]
    if part.kind == "size" or part.name in sizes or part.kind in _MIXED and (
            any(isinstance(value, str) and value not in sizes
                for value in part.inputs)):
        return []
    if part.kind in _SIZED:
        return [i for i in places if i == 0]
    return places


def _array(name, value, sizes, parts, alias, floats):
    """Return the step that makes an array of a size, where its whole is."""
    whole = measured([name], parts.get)
    dtype = ", dtype=torch.%s" % sizes[name]
    if sizes[name] == "float32" and whole in floats:
        dtype = ""  # as its whole, which may be moved to another type
    return Step(name + " as an array", None, {}, "{0}.new_full([], {1}%s)"
                % dtype, (alias.get(whole, whole), value), "", "array", False)


def _wanted(part):
    """Return what the module of a part should be called."""
    if "#" not in part.layer:
        return identifier(part.name)
    if part.kind == "constant":
        return identifier(part.name.rpartition(".")[2])
    return _WORDS.get(part.kind, part.kind)


def identifier(name):
    """Return a name that a module of PyTorch has not taken for itself.

    Parameters
    ----------
    name : str
        Of a layer.

    Returns
    -------
    str
        Its letters and digits.

    Examples
    --------
    >>> identifier("inception_3a/5x5"), identifier("1st"), identifier("type")
    ('inception_3a_5x5', 'layer_1st', 'type_')
    """
    name = re.sub(r"\W+", "_", str(name), flags=re.ASCII).strip("_")
    if not name or name[0].isdigit():
        name = "layer_" + name
    return name + "_" if keyword.iskeyword(name) or name in _TAKEN else name


def named(steps, taken=()):
    """Return steps whose modules have names, no two the same.

    Parameters
    ----------
    steps : list of Step
        Of one class.
    taken : iterable of str
        Names that are taken.

    Returns
    -------
    list of Step
        Those without a module keep none.
    """
    counts = Counter(step.attribute for step in steps
                     if step.init and not step.named)
    taken, numbers, found = set(taken), Counter(), []
    taken.update(step.attribute for step in steps if step.named and step.init)
    seen = set()
    for step in steps:
        name = step.attribute
        if step.init and (not step.named or name in seen):
            name = _numbered(name, counts, numbers, taken)
        if step.init:
            seen.add(name)
            taken.add(name)
        found.append(step._replace(attribute=name if step.init else None))
    return found


def _numbered(name, counts, numbers, taken):
    """Return a name with a number, unless it is the only one."""
    if counts[name] == 1 and name not in taken:
        return name
    numbers[name] += 1
    while "%s%d" % (name, numbers[name]) in taken:
        numbers[name] += 1
    return "%s%d" % (name, numbers[name])


def literal(value):
    """Return a number that goes into an expression.

    Parameters
    ----------
    value : bool, int or float
        The number.

    Returns
    -------
    str
        As source code.
    """
    return repr(value) if isinstance(value, bool) else number(value)
