"""A network of ONNX and the Lasagne network loaded from it agree."""
import numpy as np
import pytest
import theano.tensor as T
from lasagne.layers import (ConcatLayer, DenseLayer, DimshuffleLayer,
                            ElemwiseMergeLayer, ElemwiseSumLayer,
                            FlattenLayer, InputLayer, LSTMLayer,
                            NonlinearityLayer, ReshapeLayer)
from lasagne.nonlinearities import identity, rectify
from lasagne_flipconv import convert_file, layers, load
from lasagne_flipconv.errors import CheckpointError, ConventionError

import cases
import files

onnx = pytest.importorskip("onnx")
helper = onnx.helper


def tensor(name, shape, seed):
    value = cases.values(shape, seed, "float32")
    return onnx.numpy_helper.from_array(
        abs(value) + .3 if name.endswith("var") else value, name)


def model(nodes, shapes, shape, rank):
    """Return a model of nodes with initialisers of these shapes."""
    tensors = [tensor(name, s, i) for i, (name, s) in
               enumerate(shapes.items()) if isinstance(s, tuple)]
    tensors += [s for s in shapes.values() if not isinstance(s, tuple)]
    graph = helper.make_graph(
        [helper.make_node(*node, **attributes) for *node, attributes
         in nodes], "test",
        [helper.make_tensor_value_info("x", 1, ("n",) + shape[1:])],
        [helper.make_tensor_value_info("y", 1, ("n",) + (None,) * (rank - 1))],
        tensors)
    made = helper.make_model(graph, producer_name="test",
                             opset_imports=[helper.make_opsetid("", 17)])
    onnx.checker.check_model(made)
    return made


def plane():
    """Return a model with every kind of 2-D layer."""
    shapes = {"conv.weight": (4, 6, 2, 3), "conv.bias": (4,),
              "grouped.weight": (6, 2, 3, 2), "grouped.bias": (6,),
              "norm.weight": (6,), "norm.bias": (6,), "norm.mean": (6,),
              "norm.var": (6,), "dilated.weight": (5, 6, 2, 3),
              "up.weight": (5, 3, 2, 3), "up.bias": (3,),
              "fc1.weight": (7, 180), "fc1.bias": (7,),
              "fc2.weight": (7, 7), "fc2.bias": (7,)}
    return model([
        ("Conv", ["x", "conv.weight", "conv.bias"], ["a"],
         {"strides": [1, 2], "pads": [1, 2, 1, 2]}),
        ("Relu", ["a"], ["b"], {}),
        ("Conv", ["b", "grouped.weight", "grouped.bias"], ["c"],
         {"group": 2}),
        ("Relu", ["c"], ["d"], {}),
        ("BatchNormalization", ["d", "norm.weight", "norm.bias", "norm.mean",
                                "norm.var"], ["e"], {"epsilon": .01}),
        ("Conv", ["e", "dilated.weight"], ["f"], {"dilations": [2, 1]}),
        ("ConvTranspose", ["f", "up.weight", "up.bias"], ["g"],
         {"strides": [2, 2]}),
        ("Flatten", ["g"], ["h"], {}),
        ("Gemm", ["h", "fc1.weight", "fc1.bias"], ["i"],
         {"transB": 1, "alpha": .5, "beta": 2.}),
        ("Relu", ["i"], ["j"], {}),
        ("MatMul", ["j", "fc2.weight"], ["k"], {}),
        ("Add", ["k", "fc2.bias"], ["y"], {})], shapes, (2, 6, 9, 8), 2)


def our_plane(names, **flip):
    def named(name):
        return name if names else None

    linear = {"nonlinearity": identity}
    net = InputLayer((None, 6, 9, 8))
    net = layers.Conv2DLayer(net, 4, (2, 3), stride=(1, 2), pad=(1, 2),
                             name=named("conv"), **flip)
    net = layers.Conv2DLayer(net, 6, (3, 2), num_groups=2,
                             name=named("grouped"), **flip)
    net = layers.BatchNormLayer(net, name=named("norm"))
    net = layers.DilatedConv2DLayer(net, 5, (2, 3), dilation=(2, 1), b=None,
                                    name=named("dilated"), **linear)
    net = layers.TransposedConv2DLayer(net, 3, (2, 3), stride=2,
                                       name=named("up"), **linear, **flip)
    net = DenseLayer(FlattenLayer(net), 7, name=named("fc1"))
    return DenseLayer(net, 7, name=named("fc2"), **linear)


def space():
    """Return a model over three axes."""
    shapes = {"conv.weight": (4, 1, 2, 1, 3), "conv.bias": (4,),
              "norm.weight": (4,), "norm.bias": (4,), "norm.mean": (4,),
              "norm.var": (4,)}
    return model([
        ("Conv", ["x", "conv.weight", "conv.bias"], ["a"], {"group": 2}),
        ("BatchNormalization", ["a", "norm.weight", "norm.bias", "norm.mean",
                                "norm.var"], ["y"], {})],
        shapes, (2, 2, 4, 5, 6), 5)


def our_space(names, **flip):
    net = InputLayer((None, 2, 4, 5, 6))
    net = layers.Conv3DLayer(net, 4, (2, 1, 3), num_groups=2,
                             nonlinearity=identity,
                             name="conv" if names else None, **flip)
    return layers.BatchNormLayer(net, name="norm" if names else None)


def assert_agrees(made, net, path, shape, **told):
    """Load a model into a network and compare the outputs."""
    from onnx.reference import ReferenceEvaluator
    onnx.save(made, str(path))
    load(path, net, **told)
    x = cases.values(shape, 99, "float32")
    expected, = ReferenceEvaluator(made).run(None, {"x": x})
    assert expected.std() > .05
    np.testing.assert_allclose(files.output(net, x), expected, atol=1e-5,
                               rtol=1e-5)


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("names", [True, False])
@pytest.mark.parametrize("which", ["plane", "space"])
def test_outputs_agree(which, names, flip, tmp_path):
    made, build, shape = {
        "plane": (plane, our_plane, (2, 6, 9, 8)),
        "space": (space, our_space, (2, 2, 4, 5, 6))}[which]
    assert_agrees(made(), build(names, flip_filters=flip),
                  tmp_path / "net.onnx", shape)


#: Nodes before and after a flatten that keep the order of what they get.
KEEPING = {
    "nothing": ([], []),
    "clip": ([], [("Clip", {}, False), ("HardSwish", {}, False)]),
    "numbers": ([], [("Mul", {}, True), ("Sub", {}, True)]),
    "before": ([("Add", {}, True), ("Selu", {}, False)], []),
    "limits": ([("Max", {}, True)], [("Max", {}, True), ("Min", {}, True)]),
    "means": ([], [("Sum", {}, True), ("Mean", {}, True)]),
    "softmax": ([], [("Softmax", {"axis": -1}, False)]),
    "rounded": ([("Ceil", {}, False)], [("Floor", {}, False),
                                        ("Sin", {}, False)]),
    "where": ([], [("Where", {}, ("true", "two"))]),
}


def keeping(nodes, name):
    """Return such nodes, and the name of what the last one makes."""
    found = []
    for i, (operator, options, number) in enumerate(nodes):
        made = "%s%d" % (name, i)
        beside = {True: ("two",), False: ()}.get(number, number)
        found.append((operator, [*beside, name], [made], options))
        name = made
    return found, name


def channels_last(dense="MatMul", nodes=KEEPING["nothing"]):
    """Return a model that moves the channels last before it flattens."""
    options = {"transB": 1} if dense == "Gemm" else {}
    shape = onnx.numpy_helper.from_array(np.array([-1, 120]), "shape")
    two, true = (onnx.numpy_helper.from_array(np.array(value), "value")
                 for value in (np.float32(2), True))
    before, last = keeping(nodes[0], "b")
    after, end = keeping(nodes[1], "c")
    return model([
        ("Constant", [], ["two"], {"value": two}),
        ("Constant", [], ["true"], {"value": true}),
        ("Conv", ["x", "conv.weight"], ["a"], {}),
        ("Transpose", ["a"], ["b"], {"perm": [0, 2, 3, 1]}), *before,
        ("Reshape", [last, "shape"], ["c"], {}), *after,
        (dense, [end, "fc.weight"], ["y"], options)],
        {"conv.weight": (4, 3, 4, 3), "shape": shape,
         "fc.weight": (5, 120) if options else (120, 5)}, (2, 3, 9, 7), 2)


@pytest.mark.parametrize("dense", ["MatMul", "Gemm"])
def test_rows_after_channels_last_are_permuted(dense, tmp_path):
    net = layers.Conv2DLayer(InputLayer((None, 3, 9, 7)), 4, (4, 3), b=None,
                             nonlinearity=identity)
    net = DenseLayer(net, 5, b=None, nonlinearity=identity)
    assert_agrees(channels_last(dense), net, tmp_path / "net.onnx",
                  (2, 3, 9, 7))


@pytest.mark.parametrize("nodes", KEEPING)
def test_nodes_between_keep_the_order_of_rows(nodes, tmp_path):
    path = str(tmp_path / "net.onnx")
    made = channels_last(nodes=KEEPING[nodes])
    onnx.save(made, path)
    net = layers.Conv2DLayer(InputLayer((None, 3, 9, 7)), 4, (4, 3), b=None)
    net = DenseLayer(net, 5, b=None)
    load(path, net)
    W = onnx.numpy_helper.to_array(next(
        each for each in made.graph.initializer if each.name == "fc.weight"))
    assert np.array_equal(net.W.get_value(), W.reshape(6, 5, 4, 5).transpose(
        2, 0, 1, 3).reshape(120, 5))


@pytest.mark.parametrize("turned", [True, False])
def test_sequences_that_are_turned_before_a_flatten(turned, tmp_path):
    path = str(tmp_path / "net.onnx")
    shape = onnx.numpy_helper.from_array(np.array([-1, 20]), "shape")
    made = model([
        ("Transpose", ["x"], ["a"], {"perm": [0, 2, 1]}),
        ("Reshape", ["a", "shape"], ["b"], {}),
        ("MatMul", ["b", "fc.weight"], ["y"], {})],
        {"shape": shape, "fc.weight": (20, 3)}, (2, 5, 4), 2)
    onnx.save(made, path)
    net = LSTMLayer(InputLayer((None, 5, 3)), 4)
    if turned:
        net = DimshuffleLayer(net, (0, 2, 1))
    net = DenseLayer(net, 3, b=None, name="fc")
    load(path, net, names={"fc": "fc"}, strict=False)
    W = onnx.numpy_helper.to_array(next(
        each for each in made.graph.initializer if each.name == "fc.weight"))
    assert np.array_equal(net.W.get_value(), W if turned else W.reshape(
        4, 5, 3).transpose(1, 0, 2).reshape(20, 3))


@pytest.mark.parametrize("nodes, names", [
    ([("Transpose", ["w"], ["v"], {"perm": [1, 0]}),
      ("MatMul", ["x", "v"], ["y"], {})], {"w": "fc.W"}),
    ([("Transpose", ["x"], ["v"], {"perm": [1, 0]}),
      ("MatMul", ["w", "v"], ["h"], {}),
      ("Transpose", ["h"], ["y"], {"perm": [1, 0]})], {"w": "fc.W"}),
    ([("MatMul", ["x", "w"], ["h"], {}), ("Sub", ["h", "b"], ["y"], {})],
     {"w": "fc.W", "b": "fc.b"})])
def test_what_nodes_do_that_are_not_known_is_not_guessed(nodes, names,
                                                         tmp_path):
    path = str(tmp_path / "net.onnx")
    onnx.save(model(nodes, {"wb"[i]: (4, 4)[:2 - i] for i in range(
        len(names))}, (2, 4), 2), path)
    for word in ("fc", None):
        net = DenseLayer((None, 4), 4, name=word, **(
            {} if "b" in names else {"b": None}))
        before = files.values_of(net)
        with pytest.raises(CheckpointError):
            load(path, net)
        assert files.unchanged(net, before)
    net.name = "fc"
    assert load(path, net, names=names).copied == tuple(names.values())


def test_normalizations_after_channels_last_are_permuted(tmp_path):
    shape = onnx.numpy_helper.from_array(np.array([-1, 120]), "shape")
    made = model([
        ("Transpose", ["x"], ["b"], {"perm": [0, 2, 3, 1]}),
        ("Reshape", ["b", "shape"], ["c"], {}),
        ("BatchNormalization", ["c", "n.scale", "n.bias", "n.mean", "n.var"],
         ["d"], {}), ("MatMul", ["d", "fc.weight"], ["y"], {})],
        {"shape": shape, "fc.weight": (120, 5), **{
            "n." + word: (120,) for word in ("scale", "bias", "mean", "var")}},
        (2, 4, 6, 5), 2)
    net = layers.BatchNormLayer(FlattenLayer(InputLayer((None, 4, 6, 5))))
    net = DenseLayer(net, 5, b=None, nonlinearity=identity)
    assert_agrees(made, net, tmp_path / "net.onnx", (2, 4, 6, 5))


@pytest.mark.parametrize("last", [True, False])
def test_columns_before_channels_last_are_permuted(last, tmp_path):
    shape = onnx.numpy_helper.from_array(np.array(
        [-1, 6, 5, 4] if last else [-1, 4, 6, 5]), "shape")
    back = [("Transpose", ["e"], ["f"], {"perm": [0, 3, 1, 2]})] if last else [
        ("Identity", ["e"], ["f"], {})]
    made = model([
        ("MatMul", ["x", "fc.weight"], ["a"], {}),
        ("Add", ["a", "fc.bias"], ["b"], {}),
        ("BatchNormalization", ["b", "n.scale", "n.bias", "n.mean", "n.var"],
         ["c"], {}), ("Relu", ["c"], ["d"], {}),
        ("Reshape", ["d", "shape"], ["e"], {}), *back,
        ("Conv", ["f", "conv.weight"], ["y"], {})],
        {"shape": shape, "fc.weight": (7, 120), "fc.bias": (120,), **{
            "n." + word: (120,) for word in ("scale", "bias", "mean", "var")},
         "conv.weight": (3, 4, 2, 3)}, (2, 7), 4)
    net = DenseLayer(InputLayer((None, 7)), 120, nonlinearity=identity)
    net = NonlinearityLayer(layers.BatchNormLayer(net))
    net = layers.Conv2DLayer(ReshapeLayer(net, ([0], 4, 6, 5)), 3, (2, 3),
                             b=None, nonlinearity=identity)
    assert_agrees(made, net, tmp_path / "net.onnx", (2, 7))


def test_rows_as_they_are_where_the_network_moves_the_channels(tmp_path):
    net = layers.Conv2DLayer(InputLayer((None, 3, 9, 7)), 4, (4, 3), b=None,
                             nonlinearity=identity)
    net = FlattenLayer(DimshuffleLayer(net, (0, 2, 3, 1)))
    net = DenseLayer(net, 5, b=None, nonlinearity=identity)
    assert_agrees(channels_last(), net, tmp_path / "net.onnx", (2, 3, 9, 7))


#: Shape of what meets activations of (2, 3, 4, 3), axes that the network's
#: parameter has in common, and whether it is the same.
IN_LINE = [((3, 1, 1), (0, 2, 3), True), ((1, 3, 1, 1), (0, 2, 3), True),
           ((3,), (0, 2, 3), False), ((1, 3), (0, 2, 3), False),
           ((3,), (0, 1, 2), True), ((1, 1, 1, 3), (0, 1, 2), True),
           ((3, 1, 1), (0, 1, 2), False), ((4, 1), (0, 1, 3), True),
           ((3, 4, 3), (0,), True), ((4, 3), (0, 1), True),
           ((3, 4, 1), (0, 3), True), ((1,), (0, 1, 2, 3), True),
           ((), (0, 1, 2, 3), True)]


@pytest.mark.parametrize("operator, role", [("PRelu", "alpha"), ("Add", "b")])
@pytest.mark.parametrize("shape, shared, fits", IN_LINE)
def test_axes_that_slopes_and_biases_meet(shape, shared, fits, operator, role,
                                          tmp_path):
    made = model([(operator, ["x", "some"], ["y"], {})], {"some": shape},
                 (2, 3, 4, 3), 4)
    layer = (layers.ParametricRectifierLayer if operator == "PRelu"
             else layers.BiasLayer)
    net = layer(InputLayer((None, 3, 4, 3)), shared_axes=shared)
    before = files.values_of(net)
    onnx.save(made, str(tmp_path / "net.onnx"))
    if fits:
        load(tmp_path / "net.onnx", net)
        value, = files.values_of(net)
        given = onnx.numpy_helper.to_array(made.graph.initializer[0])
        assert files.same(*(np.broadcast_to(each, (2, 3, 4, 3)) for each in (
            np.expand_dims(value, shared).astype("f4"), given)))
        return
    with pytest.raises(CheckpointError, match="meets the last axes"):
        load(tmp_path / "net.onnx", net)
    assert files.unchanged(net, before)


def test_a_bias_is_that_of_the_product_it_is_added_to(tmp_path):
    """Two towers, both products first, as some programs order nodes."""
    shapes = {"u": (3, 3), "v": (3, 3), "c": (3,), "d": (3,)}
    made = model([("MatMul", ["x", "u"], ["a"], {}),
                  ("MatMul", ["x", "v"], ["b"], {}),
                  ("Identity", ["a"], ["e"], {}),
                  ("Add", ["e", "c"], ["f"], {}),
                  ("Add", ["d", "b"], ["g"], {}),
                  ("Concat", ["f", "g"], ["y"], {"axis": 1})],
                 shapes, (2, 3), 2)
    image = InputLayer((None, 3))
    net = ConcatLayer([DenseLayer(image, 3, nonlinearity=identity)
                       for _ in range(2)])
    assert_agrees(made, net, tmp_path / "net.onnx", (2, 3))


def test_what_is_added_behind_a_nonlinearity_is_no_bias_of_a_product(
        tmp_path):
    made = model([("MatMul", ["x", "u"], ["a"], {}), ("Relu", ["a"], ["b"], {}
                   ), ("Add", ["b", "c"], ["y"], {})],
                 {"u": (3, 3), "c": (3,)}, (2, 3), 2)
    net = layers.BiasLayer(DenseLayer(InputLayer((None, 3)), 3, b=None))
    assert_agrees(made, net, tmp_path / "net.onnx", (2, 3))
    with pytest.raises(CheckpointError, match="holds 2 layers"):
        load(tmp_path / "net.onnx", DenseLayer(InputLayer((None, 3)), 3))


def test_a_bias_of_each_row_is_none_of_a_dense_layer(tmp_path):
    made = model([("MatMul", ["x", "u"], ["a"], {}),
                  ("Add", ["a", "c"], ["y"], {})],
                 {"u": (3, 3), "c": (3, 1)}, (3, 3), 2)
    onnx.save(made, str(tmp_path / "net.onnx"))
    with pytest.raises(CheckpointError, match=r"has shape \(3, 1\)"):
        load(tmp_path / "net.onnx", DenseLayer(InputLayer((None, 3)), 3))


def test_kinds_of_kernels_do_not_mix(tmp_path):
    path = tmp_path / "net.onnx"
    onnx.save(model([("ConvTranspose", ["x", "w"], ["y"], {})],
                    {"w": (4, 4, 3, 3)}, (2, 4, 9, 8), 4), str(path))
    with pytest.raises(CheckpointError, match="a transposed layer in the "
                       "file, of a forward convolution"):
        load(path, layers.Conv2DLayer((None, 4, 9, 8), 4, 3, b=None))
    with pytest.raises(ConventionError, match="Pass orientation|agree"):
        load(path, layers.TransposedConv2DLayer((None, 4, 9, 8), 4, 3,
                                                b=None),
             orientation="convolution")


def test_a_node_of_another_domain_is_none_of_onnx(tmp_path):
    """ONNX Runtime's has its kernel in blocks of channels, of one shape."""
    path, domain = tmp_path / "net.onnx", "com.microsoft.nchwc"
    made = model([("Conv", ["x", "w"], ["y"], {})], {"w": (4, 4, 3, 2)},
                 (2, 4, 9, 8), 4)
    net = layers.Conv2DLayer((None, 4, 9, 8), 4, (3, 2), b=None, name="conv")
    made.graph.node[0].domain = "ai.onnx"
    onnx.save(made, str(path))
    load(path, net)
    before = files.values_of(net)
    made.graph.node[0].domain = domain
    made.opset_import.append(helper.make_opsetid(domain, 1))
    onnx.save(made, str(path))
    with pytest.raises(CheckpointError, match="nothing for conv.W"):
        load(path, net)
    assert "conv.W" in load(path, net, strict=False).missing
    assert files.unchanged(net, before)


def test_another_order_of_flattened_axes_is_refused(tmp_path):
    path = tmp_path / "net.onnx"
    shape = onnx.numpy_helper.from_array(np.array([-1, 120]), "shape")
    onnx.save(model([
        ("Transpose", ["x"], ["b"], {"perm": [0, 3, 1, 2]}),
        ("Reshape", ["b", "shape"], ["c"], {}),
        ("MatMul", ["c", "fc.weight"], ["y"], {})],
        {"fc.weight": (120, 5), "shape": shape}, (2, 4, 6, 5), 2), str(path))
    net = DenseLayer(InputLayer((None, 4, 6, 5)), 5, b=None)
    with pytest.raises(ConventionError, match="data_format="):
        load(path, net)


def branches(first, kernels=("k1", "k2"), joined=("u", "v")):
    """Return a model of two branches, of which the nodes of one come first."""
    nodes = {"u": [("Conv", ["x", kernels[0]], ["r"], {}),
                   ("Relu", ["r"], ["u"], {})],
             "v": [("Conv", ["x", kernels[1]], ["v"], {})]}
    other = "v" if first == "u" else "u"
    return model([*nodes[first], *nodes[other],
                  ("Concat", list(joined), ["y"], {"axis": 1})],
                 {name: (3, 2, 2, 3) for name in dict.fromkeys(kernels)},
                 (2, 2, 5, 6), 4)


def our_branches(named):
    image = InputLayer((None, 2, 5, 6))
    return ConcatLayer([layers.Conv2DLayer(
        image, 3, (2, 3), b=None, nonlinearity=nonlinearity,
        name=name if named else None)
        for name, nonlinearity in (("Conv#1", rectify), ("Conv#0", identity))])


@pytest.mark.parametrize("first, told", [
    ("u", {}), ("v", {"kernels": ("k", "k")}), ("v", {}),
    ("u", {"joined": ("v", "u")})])
def test_nodes_in_another_order_than_their_graph_are_no_order(first, told,
                                                              tmp_path):
    """Towers side by side, of equal shapes: the file has one first, what joins
    them the other."""
    path = tmp_path / "net.onnx"
    onnx.save(branches(first, **told), str(path))
    checkpoint = load(path)
    in_order = first == "u" and not told or "kernels" in told
    assert checkpoint.ordered == in_order
    if in_order:
        return
    net = our_branches(False)
    before = files.values_of(net)
    with pytest.raises(CheckpointError, match="does not tell their order"):
        load(path, net)
    assert files.unchanged(net, before)
    if not told:
        assert_agrees(branches(first), our_branches(True), path, (2, 2, 5, 6))


@pytest.mark.parametrize("outputs, ordered", [("vu", True), ("uv", False)])
def test_nodes_in_another_order_than_the_outputs(outputs, ordered, tmp_path):
    made = branches("v")
    del made.graph.node[-1], made.graph.output[:]
    made.graph.output.extend(
        helper.make_tensor_value_info(name, 1, None) for name in outputs)
    onnx.save(made, str(tmp_path / "net.onnx"))
    assert load(tmp_path / "net.onnx").ordered == ordered


def test_nodes_in_an_order_that_alone_fits(tmp_path):
    made = branches("v")
    made.graph.initializer[0].CopyFrom(tensor("k1", (4, 2, 2, 3), 0))
    onnx.save(made, str(tmp_path / "net.onnx"))
    assert load(tmp_path / "net.onnx").ordered


@pytest.mark.parametrize("join", [ElemwiseSumLayer, ElemwiseMergeLayer])
@pytest.mark.parametrize("convert", [False, True])
def test_what_joins_them_may_have_no_order(convert, join, tmp_path):
    """The model may add the second of two towers to the first."""
    path, tower = tmp_path / "net.onnx", our_branches(False).input_layers
    onnx.save(branches("u"), str(path))
    if convert:
        convert_file(path, tmp_path / "net.npz")
        path = tmp_path / "net.npz"
    net = join(tower, *([T.mul] if join is ElemwiseMergeLayer else []))
    before = files.values_of(net)
    with pytest.raises(CheckpointError, match="may have changed places"):
        load(path, net)
    assert files.unchanged(net, before)
    with load(path) as checkpoint:
        kernels = list(checkpoint.values().values())
    for net in (ConcatLayer(tower), tower):
        load(path, net)
        for layer, kernel in zip(tower, kernels):
            assert np.array_equal(layer.W.get_value(),
                                  kernel[:, :, ::-1, ::-1])


def test_nodes_in_a_circle(tmp_path):
    made = branches("v")
    made.graph.node[1].input[0] = "y"
    onnx.save(made, str(tmp_path / "net.onnx"))
    assert len(load(tmp_path / "net.onnx").entries) == 2


def shared(how):
    """Return a model of three convolutions, the last two with one kernel."""
    other = {"node": "c2.weight", "identity": "c3.weight",
             "chain": "c3.weight", "constant": "c3.weight"}[how]
    nodes = [("Conv", ["x", "c1.weight", "c1.bias"], ["a"], {}),
             ("Conv", ["a", "c2.weight", "c2.bias"], ["b"], {}),
             ("BatchNormalization", ["b", "n.weight", "n.bias", "n.mean",
                                     "n.var"], ["c"], {}),
             ("Conv", ["c", other, "c3.bias"], ["d"], {}),
             ("BatchNormalization", ["d", "n.weight", "n.bias", "n.mean",
                                     "n.var"], ["y"], {})]
    shapes = {"c1.weight": (4, 3, 2, 3), "c1.bias": (4,),
              "c2.weight": (4, 4, 3, 2), "c2.bias": (4,), "c3.bias": (4,),
              "n.weight": (4,), "n.bias": (4,), "n.mean": (4,), "n.var": (4,)}
    if how == "constant":
        nodes[:0] = [("Constant", [], ["c3.weight"],
                      {"value": tensor("t", (4, 4, 3, 2), 7)})]
    elif how != "node":
        nodes[:0] = [("Identity", ["c2.weight"], ["c3.weight"], {})]
    if how == "chain":
        nodes[:1] = [("Identity", ["c2.weight"], ["between"], {}),
                     ("Identity", ["between"], ["c3.weight"], {})]
    return model(nodes, shapes, (2, 3, 9, 8), 4)


@pytest.mark.parametrize("names", [True, False])
@pytest.mark.parametrize("how", ["node", "identity", "chain", "constant"])
def test_weights_that_nodes_have_in_common_are_read(how, names, tmp_path):
    def named(name):
        return name if names and how != "node" else None

    net = InputLayer((None, 3, 9, 8))
    for i, size in enumerate(((2, 3), (3, 2), (3, 2)), 1):
        net = layers.Conv2DLayer(net, 4, size, nonlinearity=identity,
                                 name=named("c%d" % i))
        if i > 1:
            net = layers.BatchNormLayer(net)
    if names and how != "node":
        net.name, net.input_layer.input_layer.name = "n", "n"
        net.name = "BatchNormalization#%d" % (
            {"identity": 5, "chain": 6, "constant": 5}[how])
    assert_agrees(shared(how), net, tmp_path / "net.onnx", (2, 3, 9, 8))


def test_each_array_has_a_name_of_its_own(tmp_path):
    from lasagne_flipconv import read
    onnx.save(shared("node"), str(tmp_path / "net.onnx"))
    with read(tmp_path / "net.onnx") as checkpoint:
        names = [entry.name for entry in checkpoint.entries]
        assert len(names) == len(set(names)) == len(checkpoint.values()) == 14


#: ONNX's codes of the types that NumPy has, and of bfloat16.
CODES = (1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16)


@pytest.mark.parametrize("raw", [True, False])
@pytest.mark.parametrize("code", CODES)
def test_tensors_of_every_type_are_read_as_onnx_reads_them(code, raw,
                                                           tmp_path):
    from lasagne_flipconv.formats.parts.onnx_tensors import tensor_of
    from lasagne_flipconv.formats.common.protobuf import Budget
    from lasagne_flipconv.limits import LIMITS
    dtype = helper.tensor_dtype_to_np_dtype(code)
    values = cases.values((2, 3, 70001), code, "float64") * 7
    values[0, 0, :4] = [0, 1, -1, 100]
    with np.errstate(all="ignore"):
        values = np.abs(values) if dtype.kind == "u" else values
        values = values.astype(dtype)
    if dtype.kind in "iu":
        values[1, 1, :2] = np.iinfo(dtype).min, np.iinfo(dtype).max
    made = helper.make_tensor(
        "t", code, values.shape, values.tobytes() if raw and code != 16
        else values.reshape(-1).tolist(), raw=raw and code != 16)
    data = made.SerializeToString()
    found = tensor_of(memoryview(data), "file", Budget("file", len(data),
                                                       LIMITS), LIMITS)
    # ONNX's own function fails for complex numbers that are not raw
    expected = (values if dtype.kind == "c"
                else onnx.numpy_helper.to_array(made))
    if code == 16:  # versions of ONNX differ in what stands for bfloat16
        expected = (expected.astype("<u4") << 16).view("f4") if (
            expected.dtype == "uint16") else expected.astype("f4")
    assert found.name == "t" and found.shape == (2, 3, 70001)
    assert found.dtype == expected.dtype
    ours = found.read()
    assert ours.flags.writeable and files.same(ours, expected)


def test_integers_that_are_not_packed(tmp_path):
    from lasagne_flipconv.formats.parts.onnx_tensors import tensor_of
    from lasagne_flipconv.formats.common.protobuf import Budget
    from lasagne_flipconv.limits import LIMITS
    # dims 3, type int64, name, and three fields of one integer each
    data = (b"\x0a\x01\x03\x10\x07\x42\x01t\x38\x05\x38" + b"\xff" * 9
            + b"\x01\x38\x00")
    found = tensor_of(memoryview(data), "file", Budget("f", 9, LIMITS), LIMITS)
    assert found.read().tolist() == [5, -1, 0]


def test_ten_thousand_small_arrays(tmp_path):
    from lasagne_flipconv import read
    tensors = [onnx.numpy_helper.from_array(np.float32([i]), "t%d" % i)
               for i in range(10000)]
    nodes = [helper.make_node("Add", ["x" if i == 0 else "y%d" % (i - 1),
                                      "t%d" % i], ["y%d" % i],
                              name="add%d" % i) for i in range(10000)]
    graph = helper.make_graph(nodes, "g", [], [], tensors)
    onnx.save(helper.make_model(graph), str(tmp_path / "net.onnx"))
    with read(tmp_path / "net.onnx") as checkpoint:
        assert len(checkpoint.values()) == 10000
