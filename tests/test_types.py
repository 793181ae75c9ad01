"""Types: every public name has them; stubs say what there is."""
import ast
import importlib
import inspect
from pathlib import Path

import lasagne_flipconv
import pytest
from engine_cases import in_new_process
from lasagne_flipconv import (conventions, distributed, engine, errors,
                              kernels)

import layer_stub

FACE = Path(lasagne_flipconv.__file__).with_suffix(".pyi")


def public():
    """Yield name and value of what is public, but for the layers."""
    for module in (lasagne_flipconv, conventions, distributed, engine,
                   errors, kernels):
        for name in module.__all__:
            value = getattr(module, name)
            if callable(value):
                yield value.__module__ + "." + name, value


def signatures(value):
    """Yield what a user calls: a function, or the methods of a class."""
    if not inspect.isclass(value):
        yield value
        return
    for name, member in vars(value).items():
        member = member.fget if isinstance(member, property) else member
        if inspect.isfunction(member) and not name.startswith("_"):
            yield member


def is_of(module, name):
    """Tell whether a module has a name; as a module, or in it."""
    try:
        return hasattr(importlib.import_module(module), name)
    except ImportError:
        return False


@pytest.mark.parametrize("name, value", sorted(dict(public()).items()))
def test_every_parameter_has_a_type(name, value):
    for function in signatures(value):
        told = inspect.signature(function)
        without = [p.name for p in told.parameters.values()
                   if p.annotation is p.empty and p.name != "self"]
        assert not without and told.return_annotation is not told.empty


def test_fields_of_what_comes_back_have_types():
    """A named tuple that is made without types has none."""
    for home, name in (
            ("weights.applying", "TransferRecord"),
            ("weights.applying", "LoadRecord"),
            ("weights.converting", "ConvertRecord"),
            ("weights.inspecting", "FileReport"),
            ("weights.inspecting", "ArrayReport"),
            ("weights.orientation.evidence", "Evidence"),
            ("scripts.replace", "ReplaceRecord"), ("limits", "Limits"),
            ("leaving.record", "ExportRecord"),
            ("formats.common.record", "Checkpoint"),
            ("formats.common.record", "Entry"), ("axes", "_Told")):
        module = importlib.import_module("lasagne_flipconv." + home)
        record = getattr(module, name)
        assert set(record.__annotations__) == set(record._fields)


def test_the_face_says_what_there_is():
    told = {}
    for node in ast.parse(FACE.read_text()).body:
        if isinstance(node, ast.ImportFrom):
            (alias,) = node.names
            assert alias.asname == alias.name  # else it is not handed on
            told[alias.name] = node.module
    assert sorted(told) == sorted(lasagne_flipconv.__all__ + [
        "conventions", "digits", "errors", "kernels"])
    for name, home in lasagne_flipconv._HOME.items():
        assert told[name] == home
        assert is_of("lasagne_flipconv." + home, name)


def test_modules_are_there_before_they_are_imported():
    names = ["conventions", "digits", "engine", "errors", "kernels", "layers"]
    program = (
        "import sys, lasagne_flipconv\n"
        "assert 'lasagne_flipconv.cli.digits' not in sys.modules\n"
        "print(*(getattr(lasagne_flipconv, name).__name__ for name in %r))\n"
        % names)
    assert in_new_process(program).split() == [
        "lasagne_flipconv." + name.replace("digits", "cli.digits")
        for name in names]


def test_layers_have_the_types_of_their_stub():
    """Else make it anew: ``python tests/layer_stub.py``."""
    assert layer_stub.STUB.read_text() == layer_stub.text()


def test_the_package_says_that_it_has_types():
    assert FACE.with_name("py.typed").exists()


def test_layers_have_no_annotations_themselves():
    """Lasagne asks with getargspec, which refuses them."""
    for name in lasagne_flipconv.layers.__all__:
        value = getattr(lasagne_flipconv.layers, name)
        call = value.__init__ if inspect.isclass(value) else value
        assert not call.__annotations__
