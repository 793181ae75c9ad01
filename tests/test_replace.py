"""Replace layers in networks of every shape; the function stays the same."""
import pickle

import lasagne
import numpy as np
import pytest
import theano
from lasagne.layers import InputLayer, get_all_params, get_output
from lasagne_flipconv import ConventionError, layers, replace_layers
from lasagne_flipconv.conventions import convention_of

import cases

OLD = lasagne.__version__ == "0.1"

#: A layer and what it is to become: class, arguments, another class.
SWAPS = [
    ("Conv2DDNNLayer", {"pad": 1, "stride": 2}, "Conv2DLayer"),
    ("Conv2DLayer", {"pad": "full", "untie_biases": True}, "Conv2DMMLayer"),
    ("Conv2DLayer", {"num_groups": 2, "b": None}, "Conv2DDNNLayer"),
    ("Conv2DMMLayer", {"dilation": 2, "flip_filters": True}, "Conv2DLayer"),
    ("Conv3DDNNLayer", {"nonlinearity": None}, "Conv3DLayer"),
    ("Conv2DCCLayer", {"partial_sum": 3}, "Conv2DLayer"),
    ("Conv2DLayer", {"pad": ((0, 2), (1, 0))}, "Conv2DDNNLayer"),
]


@pytest.mark.parametrize("old, options, new", SWAPS, ids=str)
def test_the_function_and_the_parameters_stay(old, options, new):
    cls, to = getattr(layers, old), getattr(layers, new)
    size = (9, 8, 7)[:cls.n]
    below = InputLayer((None, 4) + size)
    layer = cls(below, 16, 3, name="one", W=lambda s: cases.values(s, 1),
                **options)
    layer.params[layer.W].add("mine")
    layer.note = "kept"
    x = cases.values((2, 4) + size, 2, theano.config.floatX)
    y, params, convention = cases.run(layer, x), layer.params, layer.convention
    record = replace_layers(layer, {cls: to})
    assert record == ((("one", cls, to),), ())
    assert type(layer) is to and layer.note == "kept"
    assert layer.params is params and list(params) == layer.get_params()
    assert "mine" in params[layer.W] and layer.input_layer is below
    assert layer.convention == convention
    np.testing.assert_array_equal(cases.run(layer, x), y)


STOCK = [("Conv2DLayer", {"filter_size": (3, 5), "pad": "same"}),
         ("Conv1DLayer", {"stride": 2})]
if not OLD:
    STOCK += [("Conv2DLayer", {"flip_filters": False, "num_groups": 2}),
              ("TransposedConv2DLayer", {"stride": 2, "crop": 1}),
              ("TransposedConv2DLayer", {"flip_filters": True}),
              ("TransposedConv3DLayer", {"output_size": (11, 10, 9)}),
              ("DilatedConv2DLayer", {"dilation": (2, 3)}),
              ("LocallyConnected2DLayer", {"pad": "same"}),
              ("Conv3DLayer", {"pad": (1, 0, 2)})]


@pytest.mark.parametrize("name, options", STOCK, ids=str)
def test_lasagne_s_own_layers(name, options):
    cls, to = getattr(lasagne.layers, name), getattr(layers, name)
    options = dict({"filter_size": 3}, **options)
    net = InputLayer((2, 4) + (9, 8, 7)[:to.n])
    net = cls(net, 4, W=lambda s: cases.values(s, 1, theano.config.floatX),
              b=None, **options)
    convention = convention_of(net)
    record = replace_layers(net, check=True)
    assert [r[1:] for r in record.replaced] == [(cls, to)]
    assert type(net) is to and net.convention == convention
    assert replace_layers(net).replaced == ()


@pytest.mark.skipif(OLD, reason="Lasagne 0.1 has no batch normalization")
def test_lasagne_s_own_batch_normalization():
    net = lasagne.layers.Conv2DLayer(InputLayer((2, 4, 9, 8)), 5, 3)
    net = lasagne.layers.batch_norm(net, epsilon=.01, alpha=.3)
    norm, params = net.input_layer, lasagne.layers.get_all_params(net)
    before = dict(vars(norm))
    record = replace_layers(net, check=True)
    assert layers.BatchNormLayer in [r.new for r in record.replaced]
    assert type(norm) is layers.BatchNormLayer and vars(norm) == before
    assert lasagne.layers.get_all_params(net) == params
    x = cases.values((2, 5, 7, 6), 1, theano.config.floatX)
    trained = norm.get_output_for(theano.shared(x)).eval()
    np.testing.assert_allclose(trained.mean((0, 2, 3)), 0, atol=1e-5)


@pytest.mark.skipif(not OLD, reason="Lasagne 0.2.dev1 refuses pad='same' with "
                    "even filters")
def test_an_even_same_of_lasagne_0_1():
    net = lasagne.layers.Conv2DLayer(InputLayer((2, 3, 9, 8)), 4, (4, 2),
                                     pad="same")
    replace_layers(net, check=True)
    assert net.pad == ((2, 1), (1, 0)) and type(net) is layers.Conv2DLayer


def stock_and_dnn(**options):
    """Return a graph with a merge, tied kernels, an inverse and a wrapper."""
    conv = layers.Conv2DDNNLayer
    net = {"in": InputLayer((None, 3, 8, 9), name="in")}
    net["a"] = conv(net["in"], 3, (3, 2), pad=((1, 1), (1, 0)), name="a")
    net["b"] = conv(net["a"], 3, (3, 2), pad=((1, 1), (1, 0)), W=net["a"].W,
                    name="b")
    net["sum"] = lasagne.layers.ElemwiseSumLayer([net["a"], net["b"]])
    net["twice"] = conv(net["sum"], 4, 3, name="twice", **options)
    net["inverse"] = layers.InverseLayer(net["twice"], net["twice"])
    return net


def test_a_graph_keeps_its_links_and_compiled_updates():
    net = stock_and_dnn()
    x = cases.values((2, 3, 8, 9), 2, theano.config.floatX)
    every = list(net.values())
    params = get_all_params(every, trainable=True)
    loss = (get_output(net["inverse"]) ** 2).mean()
    updates = lasagne.updates.adam(loss, params)
    train = theano.function([net["in"].input_var], loss, updates=updates)
    train(x)
    record = replace_layers(net, {layers.Conv2DDNNLayer: layers.Conv2DLayer},
                            check=True)
    assert [r.name for r in record.replaced] == ["a", "b", "twice"]
    assert list(net.values()) == every  # the very same objects
    assert net["inverse"].input_layers[1] is net["twice"]
    assert net["b"].W is net["a"].W and not net["b"].flip_filters
    assert get_all_params(every, trainable=True) == params
    losses = [float(train(x)) for _ in range(5)]
    assert losses == sorted(losses, reverse=True)
    now = theano.function([net["in"].input_var],
                          (get_output(net["inverse"]) ** 2).mean())
    assert now(x) < losses[-1]  # the replaced network sees the training


class Wrapper(lasagne.layers.Layer):
    """Call another layer, whose parameters it copies."""

    def __init__(self, incoming, inner, **kwargs):
        super().__init__(incoming, **kwargs)
        self.inner = inner
        self.params.update(inner.params)

    def get_output_for(self, input, **kwargs):
        return self.inner.get_output_for(input, **kwargs)


def test_a_layer_inside_a_layer():
    below = InputLayer((2, 3, 8, 9))
    inner = layers.Conv2DDNNLayer(below, 4, 3, name="inner")
    outer = Wrapper(below, inner)
    replace_layers(outer, {layers.Conv2DDNNLayer: layers.Conv2DLayer},
                   check=True)
    assert type(inner) is layers.Conv2DLayer
    assert list(outer.params) == list(inner.params)


class Binary(layers.Conv2DLayer):
    def convolve(self, input, **kwargs):
        return super().convolve(input, **kwargs)


class Plain(lasagne.layers.Conv2DLayer):
    pass


class Unknown(lasagne.layers.Layer):
    def __init__(self, incoming, **kwargs):
        super().__init__(incoming, **kwargs)
        self.W = self.add_param(lasagne.init.Constant(1), (2, 3, 4), "W")


def test_what_is_left_and_why():
    net = InputLayer((None, 3, 9, 9))
    every = [Binary(net, 3, 3, name="binary"), Plain(net, 3, 3),
             Unknown(net, name="unknown"),
             layers.Conv2DMMLayer(net, 3, 3, name="ours"),
             lasagne.layers.DenseLayer(net, 3, name="dense")]
    classes = [type(layer) for layer in every]
    record = replace_layers(every)
    assert not record.replaced and [type(x) for x in every] == classes
    reasons = dict(record.left)
    assert set(reasons) == {"binary", "Plain#2", "unknown", "ours"}
    assert "class of its own, derived from Conv2DLayer" in reasons["binary"]
    assert "may be a kernel" in reasons["unknown"]
    assert "already" in reasons["ours"]
    record = replace_layers(every, {Plain: layers.Conv2DLayer})
    assert [r.name for r in record.replaced] == ["Plain#2"]
    assert dict(record.left)["ours"] == "Conv2DMMLayer is not in `using`"


@pytest.mark.parametrize("using, said", [
    ({layers.Conv2DDNNLayer: layers.DilatedConv2DLayer}, "requires pad=0"),
    ({layers.Conv2DDNNLayer: layers.Conv3DLayer}, "cannot be built"),
    ({layers.Conv2DDNNLayer: layers.Conv2DCCLayer}, "only supports square"),
    ({layers.Conv2DDNNLayer: lasagne.layers.DenseLayer},
     "no known convention"),
    ({layers.Conv2DDNNLayer: layers.TransposedConv2DLayer}, "expected")],
    ids=lambda v: v if isinstance(v, str) else None)
def test_a_refusal_changes_nothing(using, said):
    net = stock_and_dnn(stride=2)
    net["last"] = layers.Conv2DDNNLayer(net["sum"], 5, 3, name="last")
    before = [(type(x), dict(vars(x))) for x in net.values()]
    with pytest.raises(ConventionError, match=said):
        replace_layers(net, using)
    assert [(type(x), dict(vars(x))) for x in net.values()] == before


@pytest.mark.parametrize("to, said", [("DilatedConv2DLayer", "IOHW"),
                                      ("TransposedConv2DLayer", "IOHW")])
def test_equal_channels_do_not_hide_other_axes(to, said):
    layer = layers.Conv2DDNNLayer((None, 4, 9, 9), 4, 1)
    with pytest.raises(ConventionError, match=said):
        replace_layers(layer, {layers.Conv2DDNNLayer: getattr(layers, to)})
    assert type(layer) is layers.Conv2DDNNLayer


class Wrong(layers.Conv2DLayer):
    """Say it is a Conv2DLayer, and compute something else."""

    def convolve(self, input, **kwargs):
        return 2 * super().convolve(input, **kwargs)


def test_a_failed_check_undoes_everything():
    from lasagne_flipconv.conventions import register
    register(Wrong, like=layers.Conv2DLayer)
    net = stock_and_dnn()
    before = [(type(x), dict(vars(x))) for x in net.values()]
    using = {layers.Conv2DDNNLayer: Wrong}
    with pytest.raises(ConventionError, match="differs by up to"):
        replace_layers(net, using, check=True)
    assert [(type(x), dict(vars(x))) for x in net.values()] == before
    with pytest.raises(ConventionError, match="one for each"):
        replace_layers(net, using, check=True, inputs={net["a"]: 1})
    x = np.zeros((1, 3, 8, 9))
    with pytest.raises(ConventionError, match=r"of shape \(1, 2, 8, 9\)"):
        replace_layers(net["a"], using, check=True, inputs=x[:, :2])
    replace_layers(net["a"], using, check=True, inputs=x)  # bias only: same
    assert type(net["a"]) is Wrong


@pytest.mark.parametrize("old, new", [
    (Wrong, layers.Conv2DDNNLayer), (layers.Conv2DDNNLayer, Wrong)])
def test_what_computes_in_a_way_of_its_own_has_to_be_checked(old, new):
    from lasagne_flipconv.conventions import register
    register(Wrong, like=layers.Conv2DLayer)
    layer = old((None, 3, 9, 9), 4, 3, name="conv")
    with pytest.raises(ConventionError, match="'conv' → %s: Wrong has a "
                       "convolve of its own.*check=True" % new.__name__):
        replace_layers(layer, {old: new})
    assert type(layer) is old


class Scaled(layers.Conv2DLayer):
    """Have a parameter that a Conv2DLayer has not."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.scale = self.add_param(lasagne.init.Constant(2), (), "scale")

    def convolve(self, input, **kwargs):
        return self.scale * super().convolve(input, **kwargs)


def test_a_parameter_that_would_be_lost_is_told():
    from lasagne_flipconv.conventions import register
    register(Scaled, like=layers.Conv2DLayer)
    layer = Scaled((None, 3, 9, 9), 4, 3)
    with pytest.raises(ConventionError, match="as before, .*scale"):
        replace_layers(layer, {Scaled: layers.Conv2DLayer}, check=True)
    assert type(layer) is Scaled


@pytest.mark.parametrize("network, using", [
    (3, None), ([None], None), ("conv", None),
    ([], {"Conv2DLayer": layers.Conv2DLayer}), ([], {int: int})], ids=str)
def test_what_is_no_network(network, using):
    with pytest.raises(TypeError, match="replace_layers: .*expected"):
        replace_layers(network, using)


@pytest.mark.parametrize("using", [
    {int: int}, {"a": layers.Conv2DLayer}, layers.Conv2DLayer,
    [layers.Conv2DLayer], [(int, int)]], ids=str)
def test_what_is_no_mapping(using):
    with pytest.raises(TypeError, match="replace_layers: using=.*expected"):
        replace_layers(InputLayer((1, 2)), using)


def test_a_replaced_network_can_be_pickled():
    net = stock_and_dnn()["twice"]
    replace_layers(net, {layers.Conv2DDNNLayer: layers.Conv2DLayer})
    clone = pickle.loads(pickle.dumps(net, -1))
    assert type(clone.input_layer.input_layers[0]) is layers.Conv2DLayer


def test_four_hundred_layers_are_walked_once():
    net, built = InputLayer((None, 3, 9, 9)), 0
    for i in range(400):
        net = layers.Conv2DDNNLayer(net, 3, 3, pad=1, name=str(i))

    class Counted(layers.Conv2DLayer):
        def __init__(self, *args, **kwargs):
            nonlocal built
            built += 1
            super().__init__(*args, **kwargs)

    from lasagne_flipconv.conventions import register
    register(Counted, like=layers.Conv2DLayer)
    record = replace_layers(net, {layers.Conv2DDNNLayer: Counted})
    assert len(record.replaced) == built == 400
