"""Write ``lasagne_flipconv/layers/__init__.pyi``, the types of the layers.

Lasagne and programs of its time ask for signatures with a function of Python
that refuses those with annotations, so the layers have theirs beside them.
"""
import inspect
from pathlib import Path

import lasagne_flipconv  # noqa: F401  makes Theano importable
from lasagne_flipconv import layers

STUB = Path(layers.__file__).with_suffix(".pyi")

#: Type → the parameters that have it, wherever they are. The others take
#: arrays, variables and layers, which have no types.
TYPES = {
    "int": "batch_ndim control_points gradient_steps num_filters num_groups "
           "num_leading_axes num_units outdim",
    "int | Sequence[int]": "dilation filter_size pool_size scale_factor",
    "int | Sequence[int] | None": "stride",
    "int | Sequence[int] | str": "shared_axes axes",
    "int | Sequence[int | tuple[int, int]] | str": "crop pad",
    "bool": "backwards channelwise dimshuffle flip_filters ignore_border "
            "learn_bias learn_init learn_scale only_return_final peepholes "
            "precompute_input rescale unroll_scan untie_biases",
    "float": "epsilon grad_clipping",
    "str": "border_mode implementation mode",
    "str | None": "name",
    "Sequence[str | None] | None": "cropping",
    "Callable[..., Any]": "function merge_function",
    "Callable[..., Any] | None": "convolution nonlinearity",
}
_TYPE_OF = {name: told for told, names in TYPES.items()
            for name in names.split()}

HEAD = '''\
# Made by 'python tests/layer_stub.py'; do not edit.
from typing import Any, Callable, Sequence

from lasagne.layers import Layer, MergeLayer

from ..axes import Convention
'''


def text():
    """Return the stub."""
    blocks, seen = [HEAD], {}
    for name in layers.__all__:
        value = getattr(layers, name)
        if value in seen:
            blocks.append("%s = %s\n" % (name, seen[value]))
        else:
            seen[value] = name
            blocks.append(_class(name, value) if inspect.isclass(value)
                          else _function(name, value, "", "Any"))
    return "\n".join(blocks)


def _class(name, value):
    lines = ["class %s(%s):\n" % (name, _base(value))]
    if isinstance(getattr(value, "convention", None), property):
        lines.append("    @property\n"
                     "    def convention(self) -> Convention: ...\n")
    lines.append(_function("__init__", value.__init__, "    ", "None"))
    return "".join(lines)


def _base(value):
    """Return the nearest class above that can be named."""
    for base in value.__mro__[1:]:
        if getattr(layers, base.__name__, None) is base:
            return base.__name__
    return "MergeLayer" if "MergeLayer" in {
        base.__name__ for base in value.__mro__} else "Layer"


def _function(name, function, indent, result):
    told = [_parameter(p) for p in
            inspect.signature(function).parameters.values()]
    between = ",\n" + indent + "    "
    return "%sdef %s(%s\n%s) -> %s: ...\n" % (
        indent, name, between[1:] + between.join(told), indent, result)


def _parameter(parameter):
    stars = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}
    name = stars.get(parameter.kind, "") + parameter.name
    if name == "self":
        return name
    kind = _TYPE_OF.get(name, "Any")
    if parameter.default is None and not kind.endswith(("None", "Any")):
        kind += " | None"
    return "%s: %s%s" % (name, kind, "" if parameter.default
                         is parameter.empty else " = ...")


if __name__ == "__main__":
    STUB.write_text(text())
