"""Which convention each class and format has, and what is refused."""
import re

import lasagne
import numpy as np
import pytest
from engine_cases import in_new_process
from lasagne_flipconv import layers
from lasagne_flipconv.conventions import (FORMAT_CONVENTIONS, convention_of,
                                          convention_of_format,
                                          convention_told, default_convention,
                                          find_row, register, row_of_class)
from lasagne_flipconv.errors import ConventionError

IMAGE = (None, 4, 9, 8)

#: From the table of the design: class, arguments, axes, orientation.
TABLE = [
    ("Conv1DLayer", {}, "OIW", "convolution"),
    ("Conv2DLayer", {}, "OIHW", "convolution"),
    ("Conv3DLayer", {}, "OIDHW", "convolution"),
    ("Conv2DLayer", {"flip_filters": False}, "OIHW", "correlation"),
    ("Conv2DMMLayer", {}, "OIHW", "correlation"),
    ("Conv2DMMLayer", {"flip_filters": True}, "OIHW", "convolution"),
    ("Conv3DMMLayer", {}, "OIDHW", "correlation"),
    ("Conv2DDNNLayer", {}, "OIHW", "correlation"),
    ("Conv3DDNNLayer", {}, "OIDHW", "correlation"),
    ("Conv2DCCLayer", {}, "OIHW", "correlation"),
    ("Conv2DCCLayer", {"dimshuffle": False}, "IHWO", "correlation"),
    ("DilatedConv2DLayer", {}, "IOHW", "correlation"),
    ("TransposedConv1DLayer", {}, "IOW", "convolution"),
    ("TransposedConv2DLayer", {}, "IOHW", "convolution"),
    ("TransposedConv2DLayer", {"flip_filters": True}, "IOHW", "correlation"),
    ("TransposedConv3DLayer", {}, "IODHW", "convolution"),
    ("LocallyConnected2DLayer", {}, "OIHWhw", "convolution"),
    ("LocallyConnected2DLayer", {"channelwise": True, "num_filters": 4},
     "OHWhw", "convolution"),
]


def make(module, name, options):
    shape = (None, 4) + (9, 8, 7)[:int(re.search(r"(\d)D", name).group(1))]
    if options.get("dimshuffle") is False:
        shape = shape[1:] + shape[:1]
    options = dict({"num_filters": 16, "filter_size": 3}, **options)
    return getattr(module, name)(shape, **options)


@pytest.mark.parametrize("name, options, axes, orientation", TABLE)
def test_our_layers(name, options, axes, orientation):
    layer = make(layers, name, options)
    assert layer.convention == (axes, orientation)
    assert convention_of(layer) == layer.convention
    if find_row(layer).family != "local":
        sizes = dict(zip(axes, layer.get_W_shape()))
        assert (sizes["O"], sizes["I"]) == (16, 4)


STOCK = [row for row in TABLE
         if hasattr(lasagne.layers, row[0]) and
         (hasattr(lasagne.layers, "BatchNormLayer") or not row[1])]


@pytest.mark.parametrize("name, options, axes, orientation", STOCK)
def test_stock_layers(name, options, axes, orientation):
    layer = make(lasagne.layers, name, options)
    assert convention_of(layer) == (axes, orientation)


def test_stock_classes_are_looked_up_by_name_where_they_cannot_be_imported():
    for module, name in (("corrmm", "Conv2DMMLayer"),
                         ("dnn", "Conv2DDNNLayer")):
        stock = type(name, (lasagne.layers.Layer,),
                     {"__module__": "lasagne.layers." + module})
        assert convention_of(stock(IMAGE)).orientation == "correlation"
        layer = stock(IMAGE)
        layer.flip_filters = True
        layer.convolve = None
        del layer.convolve
        assert convention_of(layer).orientation == "convolution"


def test_lasagne_0_1_always_convolves():
    # its Conv2DLayer has no flag and no convolve(); a state unpickled from
    # 0.2.dev1 may carry the flag, but nothing reads it
    old = type("Conv2DLayer", (lasagne.layers.Layer,),
               {"__module__": "lasagne.layers.conv"})(IMAGE)
    old.flip_filters = False
    assert convention_of(old).orientation == "convolution"


def test_layers_from_before_the_flag_existed():
    layer = layers.Conv2DDNNLayer(IMAGE, 4, 3)
    del layer.flip_filters
    assert convention_of(layer).orientation == "correlation"


def test_a_subclass_that_changes_nothing_has_its_parents_convention():
    class Named(layers.Conv2DMMLayer):
        def describe(self):
            return "mine"
    assert convention_of(Named(IMAGE, 4, 3)) == ("OIHW", "correlation")


@pytest.mark.parametrize("method", ["convolve", "get_W_shape",
                                    "get_output_for"])
def test_a_subclass_that_changes_the_kernel_is_refused_until_declared(method):
    inherited = getattr(layers.Conv2DMMLayer, method)

    class Mine(layers.Conv2DMMLayer):
        pass

    setattr(Mine, method, lambda self, *args: inherited(self, *args))
    layer = Mine(IMAGE, 4, 3, name="conv1")
    with pytest.raises(ConventionError, match="(?s)'conv1'.*%s.*register"
                       r"\(Mine, like=Conv2DMMLayer\)" % method):
        convention_of(layer)
    register(Mine, like=layers.Conv2DMMLayer)
    assert layer.convention == ("OIHW", "correlation")


@pytest.mark.parametrize("parent", [
    layers.Conv2DLayer, layers.Conv2DDNNLayer, layers.TransposedConv2DLayer])
@pytest.mark.parametrize("flip", [False, True])
def test_a_declared_class_has_its_own_default(parent, flip):
    class Mine(parent):
        def __init__(self, *args, flip_filters=flip, **kwargs):
            super().__init__(*args, flip_filters=flip_filters, **kwargs)

    class Below(Mine):
        pass

    for cls in (Mine, Below):
        register(cls, like=parent)
        assert default_convention(cls) == cls(IMAGE, 4, 3).convention == (
            parent(IMAGE, 4, 3, flip_filters=flip).convention)


def test_a_layer_whose_own_method_was_replaced_is_refused():
    layer = layers.Conv2DLayer(IMAGE, 4, 3)
    layer.convolve = lambda input: input
    with pytest.raises(ConventionError, match="overrides convolve"):
        convention_of(layer)


def test_a_locally_connected_layer_is_no_conv2d_layer():
    layer = layers.LocallyConnected2DLayer(IMAGE, 4, 3)
    assert isinstance(layer, layers.Conv2DLayer)  # as in Lasagne
    assert find_row(layer).family == "local"


def test_layers_without_a_kernel():
    dense = lasagne.layers.DenseLayer(IMAGE, 4, name="fc")
    assert find_row(dense) is None
    with pytest.raises(ConventionError, match="'fc': has no convolution"):
        convention_of(dense)
    with pytest.raises(ConventionError, match="DenseLayer has no known"):
        register(type("Mine", (), {}), like=lasagne.layers.DenseLayer)


@pytest.mark.parametrize("given", [3, None, "torch", np.ones(3), [],
                                   layers.Conv2DLayer])
def test_what_is_no_layer_is_refused(given):
    with pytest.raises(ConventionError, match="^%s: has no convolution kernel;"
                       " expected .*default_convention" % type(
                           given).__name__):
        convention_of(given)


@pytest.mark.parametrize("ask", [
    lambda: default_convention(3), lambda: default_convention("Conv2DLayer"),
    lambda: convention_of_format(["torch"], 2),
    lambda: convention_of_format("torch", "2"),
    lambda: convention_told(("OIHW", np.ones(2)), 2),
    lambda: convention_told((3, "convolution"), 2),
    lambda: convention_told(np.ones(2), 2)])
def test_what_names_no_convention_is_refused(ask):
    with pytest.raises(ConventionError, match="expected"):
        ask()


def test_names_of_classes_are_known_before_any_is_imported():
    """In a new process, for words on the command line or in Python."""
    known = {name: tuple(row_of_class(cls)) for name, cls in (
        (name, getattr(layers, name)) for name in layers.__all__)
        if isinstance(cls, type) and row_of_class(cls)}
    assert {name for name, *_ in TABLE} < set(known)
    program = (
        "import sys\n"
        "from lasagne_flipconv.conventions import row_told\n"
        "assert 'lasagne_flipconv.layers' not in sys.modules\n"
        "print({name: row_told(name) and tuple(row_told(name))"
        " for name in %r})\n" % (list(known),))
    assert in_new_process(program).strip() == str(known)


@pytest.mark.parametrize("name, n, transposed, expected", [
    ("torch", 2, False, ("OIHW", "correlation")),
    ("torch", 3, True, ("IODHW", "correlation")),
    ("onnx", 1, False, ("OIW", "correlation")),
    ("caffe", 2, False, ("OIHW", "correlation")),
    ("tensorflow", 2, False, ("HWIO", "correlation")),
    ("keras", 2, True, ("HWOI", "correlation")),
    ("keras-theano", 2, False, ("HWIO", "convolution")),
])
def test_formats(name, n, transposed, expected):
    assert convention_of_format(name, n, transposed) == expected


def test_a_format_that_records_nothing_is_refused():
    for name in ("npz", "pickle", "safetensors"):
        assert name not in FORMAT_CONVENTIONS
        with pytest.raises(ConventionError, match="orientation="):
            convention_of_format(name, 2)


def test_classes_of_one_name_are_told_apart():
    class Conv2DLayer(lasagne.layers.Conv2DLayer):
        def convolve(self, input, **kwargs):
            return input

        get_output_for = convolve

    ours = re.escape("%s.%s" % (__name__, Conv2DLayer.__qualname__))
    with pytest.raises(ConventionError, match=r"%s, like=lasagne\.layers\."
                       r"conv\.Conv2DLayer" % ours):
        convention_of(Conv2DLayer(IMAGE, 4, 3))
    with pytest.raises(ConventionError, match="%s has no known" % ours):
        register(Conv2DLayer, like=Conv2DLayer)
    with pytest.raises(TypeError, match="got 'Conv2DLayer'; expected a layer "
                       "class"):
        register(Conv2DLayer, like="Conv2DLayer")
