"""Which array goes to which parameter: by name, else by order, or refused."""
import pickle

import numpy as np
import pytest
from lasagne.layers import DenseLayer, get_all_params
from lasagne_flipconv import (check_file, convert_file, detect, inspect_file,
                              load, save, transfer)
from lasagne_flipconv.errors import CheckpointError, ConventionError
from lasagne_flipconv.layers import BatchNormLayer, Conv2DLayer
from lasagne_flipconv.limits import LIMITS
from lasagne_flipconv.weights.planning import Options

import cases
import files

TOLD = {"orientation": "convolution"}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "weights.npz"


def by_name(net):
    return {p.name: v for p, v in zip(get_all_params(net),
                                      files.values_of(net))}


def dumped(path, value, protocol=2):
    path = path.with_suffix(".pkl")
    path.write_bytes(pickle.dumps(value, protocol))
    return path


def nested(net, keep=lambda layer: True):
    """Return values as nolearn saves them: lists by layer, some empty."""
    found = {"in": []}
    for param, value in zip(get_all_params(net), files.values_of(net)):
        found.setdefault(param.name.split(".")[0], []).append(value)
    return {layer: values for layer, values in found.items() if keep(layer)}


def objects(values):
    """Return what NumPy makes of a list of arrays of several shapes."""
    found = np.empty(len(values), object)
    found[:] = values
    return found


#: How a file may hold the values of a network.
FORMS = {
    "npz by order": lambda path, net: np.savez(path, *files.values_of(net)),
    "npz by name": lambda path, net: np.savez(path, **dict(
        sorted(by_name(net).items(), reverse=True))),
    "npz of a list": lambda path, net: np.savez(
        path, params=objects(files.values_of(net))),
    "list": lambda path, net: dumped(path, files.values_of(net)),
    "recipes": lambda path, net: dumped(path, {
        "param values": files.values_of(net), "synset words": ["a", "b"]}),
    "param_values": lambda path, net: dumped(path, {
        "param_values": files.values_of(net), "epoch": 3}),
    "params": lambda path, net: dumped(path, {
        "params": by_name(net), "lr": .1}),
    "values": lambda path, net: dumped(path, {"values": files.values_of(net),
                                              "loss": [.3, .2]}),
    "numbered": lambda path, net: dumped(path, dict(
        ("param%d" % i, v) for i, v in reversed(list(enumerate(
            files.values_of(net)))))),
    "nolearn": lambda path, net: dumped(path, nested(net)),
    "tuple": lambda path, net: dumped(path, ({"units": 5}, nested(net))),
    "lists": lambda path, net: dumped(path, (
        files.values_of(net)[:3], files.values_of(net)[3:])),
    "saved": save,
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_loads(path, form):
    source, target = files.network(norm=True), files.network(norm=True)
    files.fill(target, 1)
    written = FORMS[form](path, source) or path
    record = load(written, target, **TOLD)
    assert files.unchanged(target, files.values_of(source))
    assert not record.missing and not record.unused and not record.refused


def test_more_than_ten_values_keep_their_order(path):
    net = DenseLayer((None, 2), 2, b=None)
    for _ in range(11):
        net = DenseLayer(net, 2, b=None)
    values = [cases.values((2, 2), i, "f4") for i in range(12)]
    np.savez(path, *values)
    load(path, net)
    assert all(map(np.array_equal, files.values_of(net), values))


def test_names_go_before_order(path):
    one, two = (Conv2DLayer((None, 4, 9, 8), 4, 3, name=n) for n in "ab")
    two.input_layer = one
    three = Conv2DLayer(Conv2DLayer((None, 4, 9, 8), 4, 3, name="b"), 4, 3,
                        name="a")
    files.fill(two)
    save(path, two)
    load(path, three)
    assert np.array_equal(three.W.get_value(), one.W.get_value())
    assert np.array_equal(three.input_layer.W.get_value(), two.W.get_value())


def test_order_goes_where_one_side_has_no_names(path):
    source, target = files.network(), files.network(names=False)
    files.fill(target, 1)
    save(path, source)
    load(path, target)
    assert files.unchanged(target, files.values_of(source))


def test_an_order_that_contradicts_names_is_refused(path):
    source = Conv2DLayer(Conv2DLayer((None, 4, 9, 8), 4, 3, name="b"), 4, 3,
                         name="a")
    target = Conv2DLayer(Conv2DLayer((None, 4, 9, 8), 4, 3, name="a"), 4, 3)
    save(path, source)
    with pytest.raises(CheckpointError, match="has b.W where the network has "
                       "a.W in order"):
        load(path, target)


@pytest.mark.parametrize("form", [
    "module.%s.W", "MODULE/%s/W", "a.b.%s.W", "%s_W"])
@pytest.mark.parametrize("title", [str, str.upper, str.title])
def test_names_that_read_the_same_contradict_an_order(title, form, path):
    if (form, title) == ("%s_W", str):
        return  # by names
    arrays = {form % title(name): cases.values((3, 3), i)
              for i, name in enumerate(["gate", "é", "conv"])}
    told = {"orientation": "as in network"}  # square, as Chainer's may be
    path = path.with_suffix(".pkl")
    path.write_bytes(pickle.dumps(arrays, 4))

    def net(*names):
        found = (None, 3)
        for name in names:
            found = DenseLayer(found, 3, b=None, name=name)
        return found

    for names in (["conv", "gate", "é"], ["gate", "conv", "x"],
                  ["gate", "conv", "e\u0301"]):
        other = net(*names)
        before = files.values_of(other)
        with pytest.raises(CheckpointError, match="expected one order"):
            load(path, other, **told)
        assert files.unchanged(other, before)
    for names in (["gate", "e\u0301", "conv"], [None] * 3, "abc"):
        load(path, net(*names), **told)


@pytest.mark.parametrize("arrays", [
    {"gamma": 2, "beta": 1}, {"bn.beta": 1, "bn.gamma": 2, "bn.var_": 9,
                              "bn.moving_mean": 3},
    {"bn.weight": 2, "bn.bias": 1, "bn._mean": 3, "bn._variance": 4},
    {"bn.gamma": 2, "bn.beta": 1, "bn.avg_mean": 3, "bn.avg_var": 4},
    {"bn.beta": 1, "bn.gamma": 2, "bn.moving_mean": 3, "bn.moving_var": 4},
    {"bn.gamma": 2, "bn.beta": 1, "bn.mean": 3, "bn.deviation": 4},
    {"bn.weight": 2, "bn.bias": 1, "bn.mu": 3, "bn.sigma": 4},
    {"bn.scale": 2, "bn.offset": 1, "bn.mean": 3, "bn.var": 4},
    {"bn.shift": 1, "bn.scale": 2, "bn.mean": 3, "bn.std": 2},
    {"scale": 2, "shift": 1, "mu": 3, "sigma": 4}])
def test_an_array_is_what_it_is_called(arrays, path):
    """Whatever comes first, and whatever other words are beside."""
    net = BatchNormLayer((None, 3))
    before = files.values_of(net)
    path = dumped(path, {name: np.full(3, value, "f4")
                         for name, value in arrays.items()}, 4)
    try:
        record = load(path, net, epsilon=0, strict=False)
    except CheckpointError as error:
        assert "by its name" in str(error)
        assert files.unchanged(net, before)
    else:
        expected = dict(beta=1, gamma=2, mean=3, inv_std=.5)
        for name, value in expected.items():
            assert getattr(net, name).get_value().tolist() == [value] * 3
        assert not record.missing


@pytest.mark.parametrize("word, epsilon", [
    ("running_var", 1e-5), ("avg_var", None), ("moving_var", None)])
def test_a_word_for_axes_is_none_for_the_epsilon_of_another_library(
        word, epsilon, path):
    net = BatchNormLayer((None, 3), name="bn")
    path = dumped(path, {"bn." + name: np.full(3, 1 / 64, "f4") for name in (
        "gamma", "beta", "running_mean", word)}, 4)
    if epsilon is None:
        with pytest.raises(ConventionError, match="2e-5 if from Chainer"):
            load(path, net, orientation="torch")
        epsilon = 2e-5
        load(path, net, orientation="torch", epsilon=epsilon)
    else:
        load(path, net, orientation="torch")
    np.testing.assert_allclose(net.inv_std.get_value(), (
        1 / 64 + epsilon) ** -.5, rtol=1e-6)


@pytest.mark.parametrize("wrap", [
    lambda layers: layers, lambda layers: {"params": layers, "step": 3},
    lambda layers: {"net.%s.%s" % (layer, name): value
                    for layer, held in layers.items()
                    for name, value in held.items()},
    lambda layers: {"net/%s/%s:0" % (layer, name): value
                    for layer, held in layers.items()
                    for name, value in held.items()}])
@pytest.mark.parametrize("words", [("bias", "kernel"), ("b", "w"),
                                   ("bias", "weight"), ("biases", "weights")])
def test_the_alphabet_is_no_order_in_dicts_of_dicts(words, wrap, path):
    """JAX sorts its dicts, and TensorFlow what it lists of a checkpoint."""
    layers = {layer: dict(zip(words, (cases.values((3,), i),
                                      cases.values((3, 3), i))))
              for i, layer in enumerate(["body", "head", "stem"])}
    net = DenseLayer(DenseLayer(DenseLayer((None, 3), 3), 3), 3)
    path = dumped(path, wrap(layers), 4)
    before = files.values_of(net)
    with pytest.raises(CheckpointError, match="does not tell their order"):
        load(path, net, orientation="tensorflow")
    assert files.unchanged(net, before)


def test_names_without_order_need_names(path):
    np.savez(path, **by_name(files.network()))
    with pytest.raises(CheckpointError, match="does not tell their order.*"
                       "names="):
        load(path, files.network(names=False), **TOLD)


def test_every_shape_must_agree(path):
    np.savez(path, *files.values_of(files.network(out=7)))
    target = files.network()
    before = files.values_of(target)
    with pytest.raises(CheckpointError, match=r"arr_4 in .* → dense.W: has "
                       r"shape \(180, 7\); expected \(180, 5\)"):
        load(path, target, **TOLD)
    assert files.unchanged(target, before)


def test_strict_false_loads_what_fits_and_tells_the_rest(path):
    source, target = files.network(out=7), files.network()
    before = files.values_of(target)
    files.fill(source, 1)
    np.savez(path, *files.values_of(source))
    record = load(path, target, strict=False, **TOLD)
    assert list(record.refused) == ["dense.W", "dense.b"]
    now = files.values_of(target)
    assert all(map(np.array_equal, now[:4], files.values_of(source)[:4]))
    assert all(map(np.array_equal, now[4:], before[4:]))


@pytest.mark.parametrize("other", ["epoch", "norm1/N", "conv1.gain"])
def test_what_has_no_layer_is_left_over_by_name(other, path):
    """A counter, as Chainer's, does not stop the others."""
    source, target = files.network(norm=True), files.network(norm=True)
    files.fill(source, 1)
    np.savez(path, **by_name(source), **{other: np.int64(3)})
    with pytest.raises(CheckpointError, match="holds %s besides" % other):
        load(path, target, **TOLD)
    record = load(path, target, strict=False, **TOLD)
    assert record.unused == (other,) and not record.missing
    assert files.unchanged(target, files.values_of(source))


def test_strict_false_by_name(path):
    source, target = files.network(), files.network(norm=True)
    found = by_name(source)
    found["fc.W"] = found.pop("dense.W")
    np.savez(path, **found)
    with pytest.raises(CheckpointError, match="has nothing for norm1.*, and "
                       "holds fc.W besides"):
        load(path, target, **TOLD)
    record = load(path, target, strict=False, **TOLD)
    assert record.unused == ("fc.W",)
    assert "dense.W" in record.missing and "norm1.beta" in record.missing
    assert "conv2.W" in record.copied and "dense.b" in record.copied


def test_strict_false_stops_where_the_order_is_lost(path):
    values = files.values_of(files.network())
    np.savez(path, *values[:1], np.zeros(3, "f4"), *values[1:])
    target = files.network()
    files.fill(target, 1)
    record = load(path, target, strict=False, **TOLD)
    assert record.copied == ("conv1.W",)
    assert len(record.refused) == 5
    assert "comes after conv1.b" in record.refused["conv2.W"]


#: Files of a list of arrays with others beside it, and how the list is told.
BESIDE = {
    "a star": (lambda path, values, **more: np.savez(
        path, *values, **more), "arr_"),
    "a list by name": (lambda path, values, **more: np.savez(
        path, params=objects(values), **more), "params."),
    "no star": (lambda path, values, **more: np.savez(
        path, objects(values), **more), "arr_0."),
}


@pytest.mark.parametrize("names", [True, False])
@pytest.mark.parametrize("form", BESIDE)
def test_a_number_beside_a_list_is_told(path, form, names):
    source, target = files.network(), files.network(names=names)
    files.fill(source, 1)
    BESIDE[form][0](path, files.values_of(source), epoch=12, title="a",
                    loss=np.float32(.25))
    for strict in (True, False):
        files.fill(target, 2)
        record = load(path, target, strict=strict, **TOLD)
        assert sorted(record.unused) == ["epoch", "loss"]
        assert not record.missing and not record.refused
        assert files.unchanged(target, files.values_of(source))


@pytest.mark.parametrize("form", BESIDE)
def test_an_array_beside_a_list_may_be_a_parameter(path, form):
    source, target = files.network(), files.network()
    save, prefix = BESIDE[form]
    save(path, files.values_of(source), mean=np.ones((3, 9, 8), "f4"), epoch=1)
    with pytest.raises(CheckpointError, match="holds mean besides.*prefix=%r"
                       % prefix):
        load(path, target, **TOLD)
    for options in ({"strict": False}, {"prefix": prefix}):
        files.fill(target, 2)
        record = load(path, target, **options, **TOLD)
        assert sorted(record.unused) == ([] if "prefix" in options
                                         else ["epoch", "mean"])
        assert files.unchanged(target, files.values_of(source))


@pytest.mark.parametrize("form", BESIDE)
def test_a_list_that_lacks_an_array_is_not_filled_up(path, form):
    """Whatever is beside it; of leave_last it needs no more."""
    source, target = files.network(), files.network()
    values = files.values_of(source)
    files.fill(target, 2)
    before = files.values_of(target)
    BESIDE[form][0](path, values[:-1], last=values[-1])
    with pytest.raises(CheckpointError, match="has nothing for dense.b, and "
                       "holds last besides"):
        load(path, target, **TOLD)
    record = load(path, target, strict=False, **TOLD)
    assert (record.missing, record.unused) == (("dense.b",), ("last",))
    BESIDE[form][0](path, values[:-2], epoch=3)
    assert load(path, target, leave_last=1, **TOLD).unused == ("epoch",)
    assert files.unchanged(target, values[:-1] + before[-1:])


def test_names_of_layers_go_before_a_list_beside_them(path):
    source, target = files.network(), files.network()
    files.fill(target, 2)
    np.savez(path, np.ones((3, 9, 8)), **by_name(source))
    assert load(path, target, strict=False, **TOLD).unused == ("arr_0",)
    assert files.unchanged(target, files.values_of(source))


@pytest.mark.parametrize("found, said", [
    (lambda values: {"a": objects(values), "b": objects(values)},
     "pass prefix='a.' or prefix='b.' if only"),
    (lambda values: dict({"arr_%d" % (i + 1): value
                          for i, value in enumerate(values)}, loss=3),
     "pass prefix= if only")])
def test_no_list_or_several_need_to_be_told(path, found, said):
    np.savez(path, **found(files.values_of(files.network())))
    with pytest.raises(CheckpointError, match="does not tell their order.*"
                       + said):
        load(path, files.network(), **TOLD)


@pytest.mark.parametrize("lacks", [0, 1, 3])
def test_numbers_tell_which_array_a_list_lacks(path, lacks):
    """What came after it went one place up, as far as shapes let it."""
    source, target = files.network(norm=True), files.network(norm=True)
    files.fill(source, 1)
    values = files.values_of(source)
    np.savez(path, **{"arr_%d" % i: value for i, value in enumerate(values)
                      if i != lacks})
    before = files.values_of(target)
    record = load(path, target, strict=False, **TOLD)
    assert len(record.missing) == 1 and not record.unused
    assert files.unchanged(target, [before[i] if i == lacks else value
                                    for i, value in enumerate(values)])


@pytest.mark.parametrize("form", ["npz by order", "npz by name", "nolearn"])
def test_leave_last(path, form):
    source, target = files.network(out=7), files.network()
    files.fill(target, 1)
    before = files.values_of(target)
    written = FORMS[form](path, source) or path
    record = load(written, target, leave_last=1, **TOLD)
    assert not record.missing and not record.unused
    now = files.values_of(target)
    assert all(map(np.array_equal, now[:4], files.values_of(source)[:4]))
    assert all(map(np.array_equal, now[4:], before[4:]))


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("count", [3, 4, 5, 100])
def test_a_load_that_leaves_all_layers_is_refused(path, count, strict):
    target = files.network()
    FORMS["npz by order"](path, files.network())
    files.fill(target, 1)
    before = files.values_of(target)
    with pytest.raises(ConventionError, match="leave_last: got %d, .* has 3 "
                       "layers .*expected less" % count):
        load(path, target, leave_last=count, strict=strict, **TOLD)
    assert files.unchanged(target, before)


@pytest.mark.parametrize("option, value", [
    *(("leave_last", count) for count in (-1, 1.5, "1", None, True)),
    *(("prefix", name) for name in (None, b"a.", 1)),
    *(("names", names) for names in (
        "a", ["a"], {"arr_0": 1}, {1: "conv1.W"}, {"arr_0": None}, 0)),
    *(("limits", limits) for limits in (
        5, None, {}, LIMITS._replace(axes="8"), tuple(LIMITS))),
    *(("strict", flag) for flag in ("no", None, 2, np.ones(2))),
    *(("orientation", told) for told in (
        3, ["a"], {1: "convolution"}, ("OIHW", np.ones(2)), np.ones(2))),
    *(("data_format", told) for told in (
        3, ["a"], {1: "channels_last"}, np.ones(2), {"a": np.ones(2)})),
    *(("epsilon", told) for told in ("a", [1], True, np.ones(2), object()))])
def test_options_of_another_type_are_refused(option, value):
    with pytest.raises(ConventionError, match="^%s: got .*expected" % option):
        load("no_such_file.npz", files.network(), **{option: value})


@pytest.mark.parametrize("path", [3, None, True, 1.5, ["a.npz"]])
def test_what_is_no_name_of_a_file_is_refused(path):
    net = files.network()
    for call in (lambda: load(path, net), lambda: load(path),
                 lambda: save(path, net), lambda: convert_file(path, "a.npz"),
                 lambda: convert_file("a.npz", path),
                 lambda: inspect_file(path), lambda: detect(net, path, [])):
        with pytest.raises(TypeError, match="^path: got .*expected the name"):
            call()


@pytest.mark.parametrize("call, word", [
    (lambda net, path: transfer(net, net, deep="no"), "deep"),
    (lambda net, path: detect(net, path, [], 3), "options"),
    (lambda net, path: detect(net, path, [], {"prefix": "a"}), "options"),
    (lambda net, path: detect(net, path, [], Options(prefix=3)), "prefix"),
    (lambda net, path: detect(net, path, [], Options(leave_last=-1)),
     "leave_last"),
    (lambda net, path: check_file(path, limits=3), "limits"),
    (lambda net, path: inspect_file(path, limits=3), "limits"),
    (lambda net, path: check_file(path, progress=3), "progress"),
    (lambda net, path: convert_file(path, path, limits=3), "limits"),
    (lambda net, path: convert_file(path, path, progress=3), "progress")])
def test_other_arguments_of_another_type_are_refused(call, word, path):
    np.savez(path, *files.values_of(files.network()))
    with pytest.raises(ConventionError, match="^%s: got .*expected" % word):
        call(files.network(), path)


@pytest.mark.parametrize("ordered", [True, False])
def test_leave_last_where_the_file_lacks_or_renames_it(path, ordered):
    source, target = files.network(), files.network()
    files.fill(target, 1)
    layers = nested(source, lambda name: name != "dense")
    load(dumped(path, layers), target, leave_last=1, **TOLD)
    assert all(map(np.array_equal, files.values_of(target)[:4],
                   files.values_of(source)[:4]))
    found = {k.replace("dense", "prob"): v
             for k, v in by_name(source).items()}
    load(dumped(path, found), target, leave_last=1, **TOLD)
    found["conv3.W"] = found["conv3.b"] = np.zeros(3, "f4")
    found["conv4.b"] = np.zeros(3, "f4")
    with pytest.raises(CheckpointError, match="besides"):
        np.savez(path, **found)
        load(path, target, leave_last=1, **TOLD)


def test_prefix(path):
    source, target = files.network(), files.network()
    files.fill(target, 1)
    found = {"generator." + k: v for k, v in by_name(source).items()}
    found.update(("critic." + k, -v) for k, v in by_name(source).items())
    np.savez(path, **found)
    load(path, target, prefix="generator.", **TOLD)
    assert files.unchanged(target, files.values_of(source))
    with pytest.raises(CheckpointError, match="no name that begins with "
                       "'nobody'"):
        load(path, target, prefix="nobody", **TOLD)


def test_prefix_of_one_of_several_lists(path):
    source, target = files.network(), files.network()
    files.fill(target, 1)
    pair = (files.values_of(target), files.values_of(source))
    load(dumped(path, pair), target, prefix="1.", **TOLD)
    assert files.unchanged(target, files.values_of(source))


def test_prefix_of_a_list_in_a_dict_without_order(path):
    source, target = files.network(), files.network()
    files.fill(target, 1)
    both = {"critic": files.values_of(target)[::-1],
            "generator": files.values_of(source)}
    with pytest.raises(CheckpointError, match="does not tell their order"):
        load(dumped(path, both), target, **TOLD)
    load(path.with_suffix(".pkl"), target, prefix="generator.", **TOLD)
    assert files.unchanged(target, files.values_of(source))


def test_names_map_layers_and_arrays(path):
    source, target = files.network(), files.network()
    files.fill(target, 1)
    values = by_name(source)
    found = {k.replace("conv1", "stem").replace("dense", "fc"): v
             for k, v in values.items()}
    found["bias of fc"] = found.pop("fc.b")
    np.savez(path, **found)
    load(path, target, names={"stem": "conv1", "fc": "dense",
                              "bias of fc": "dense.b"}, **TOLD)
    assert files.unchanged(target, files.values_of(source))
    with pytest.raises(CheckpointError, match="no layer or array 'fc7'"):
        load(path, target, names={"fc7": "dense"}, **TOLD)


def test_names_that_map_a_part_leave_the_rest_unmatched(path):
    source = files.network()
    np.savez(path, *files.values_of(source))
    target = files.network()
    files.fill(target, 1)
    record = load(path, target, names={"arr_2": "conv2.W"}, strict=False,
                  **TOLD)
    assert record.copied == ("conv2.W",)
    assert len(record.missing) == len(record.unused) == 5
    with pytest.raises(CheckpointError, match="has nothing for"):
        load(path, target, names={"arr_2": "conv2.W"}, **TOLD)


def test_too_few_and_too_many_are_refused(path):
    values = files.values_of(files.network())
    for found in (values[:-1], values + values[-1:]):
        np.savez(path, *found)
        with pytest.raises(CheckpointError, match="expected one array for "
                           "each parameter"):
            load(path, files.network(), **TOLD)
