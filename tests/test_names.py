"""A network is saved, loaded and transferred, whatever its layers are called
and however it is given."""
import lasagne
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lasagne.layers import DenseLayer, InputLayer, get_all_layers
from lasagne_flipconv import (convert_file, detect, load, read, replace_layers,
                              save)
from lasagne_flipconv import transfer
from lasagne_flipconv.layers import (Conv2DDNNLayer, Conv2DLayer,
                                     TransposedConv2DLayer)
from lasagne_flipconv.weights.matching import match
from lasagne_flipconv.weights.networks import (layers_given, outputs_of,
                                               slots_of)
from lasagne_flipconv.weights.planning import Options

import files

WRITTEN = ["npz"] + ["safetensors"] * files.has("safetensors")

#: Names that repeat, lack, look like a default name, like another's with a
#: number, like a path; that no file format can hold; and no text.
NAMES = [None, "", "conv", "conv", "conv#2", "conv.W", "Conv2DLayer#1",
         "DenseLayer#4", "a.b/c", "é\ud800\n\0", "x" * 5000, "𝕏" * 1200,
         "__metadata__", "arr_0", 3]


def built(names, tied, seed):
    """Return a network of five layers with these names; `tied`: the kernel of
    the first is that of two others, one of which reads it reversed."""
    first, names = InputLayer((None, 4, 9, 8), name=names[0]), names[1:]
    one = net = Conv2DLayer(first, 4, (3, 2), pad="full", name=names[0])
    W = {"W": one.W} if tied else {}
    net = Conv2DDNNLayer(net, 4, (3, 2), name=names[1], **W)
    net = TransposedConv2DLayer(net, 4, (3, 2), name=names[2], **W)
    net = DenseLayer(net, 5, name=names[3])
    net = DenseLayer(net, 5, name=names[4], b=None)
    files.fill(net, seed)
    return net


def holders(net):
    return sum(len(layer.params) for layer in get_all_layers(net))


naming = st.tuples(*[st.sampled_from(NAMES)] * 6)


@pytest.fixture(autouse=True)
def no_disk(monkeypatch):
    monkeypatch.setattr("os.fsync", lambda handle: None)


@pytest.mark.parametrize("suffix", WRITTEN)
def test_save_then_load_is_the_identity(suffix, tmp_path):
    path = tmp_path / ("one." + suffix)
    other = tmp_path / ("two." + WRITTEN[-1 - WRITTEN.index(suffix)])

    @settings(max_examples=60, deadline=None, database=None,
              suppress_health_check=list(HealthCheck))
    @given(naming, st.booleans(), st.sampled_from([None, "tensorflow"]))
    def check(names, tied, wanted):
        source, target = built(names, tied, 0), built(names, tied, 1)
        save(path, source)
        record = load(path, target)
        assert files.unchanged(target, files.values_of(source))
        assert len(set(record.copied)) == holders(source)
        convert_file(path, other, wanted=wanted)
        target = built(names, tied, 2)
        load(other, target)
        assert files.unchanged(target, files.values_of(source))
        record = transfer(source, built(names, tied, 3))
        assert len(set(record.copied)) == len(files.values_of(source))

    check()


def test_layers_of_one_name_have_a_number_in_the_record(tmp_path):
    path, net = tmp_path / "w.npz", built([None] + ["conv"] * 5, False, 0)
    save(path, net)
    assert load(path, net).copied == (
        "conv.W", "conv.b", "conv#2.W", "conv#2.b", "conv#3.W", "conv#3.b",
        "conv#4.W", "conv#4.b", "conv#5.W")


def test_files_from_before_names_were_made_unique(tmp_path):
    path, net = tmp_path / "w.npz", built([None] + ["conv"] * 5, False, 0)
    save(path, net)
    with read(path) as checkpoint:
        old = checkpoint._replace(entries=tuple(
            entry._replace(layer="conv", name="conv." + entry.role)
            for entry in checkpoint.entries))
        matches = match(slots_of(net), old, Options())
    assert not matches.missing and not matches.unused
    assert [e.shape for _, e in matches.pairs] == [
        v.shape for v in files.values_of(net)]


def test_a_list_for_a_network_with_a_shared_kernel_goes_by_order(tmp_path):
    """In the order of get_all_params: a shared one is where it is first."""
    path = tmp_path / "w.npz"
    source, target = (built([None] * 6, True, seed) for seed in (0, 1))
    np.savez(path, *files.values_of(source))
    load(path, target, orientation="as in network")
    assert files.unchanged(target, files.values_of(source))


def test_a_shared_kernel_still_cannot_become_two(tmp_path):
    path, source = tmp_path / "w.npz", built([None] * 6, True, 0)
    save(path, source)
    one = Conv2DLayer((None, 4, 9, 8), 4, (3, 2), pad="full")
    net = Conv2DLayer(one, 4, (3, 2), W=one.W)  # the file's reads it reversed
    net = TransposedConv2DLayer(net, 4, (3, 2), W=one.W)
    net = DenseLayer(DenseLayer(net, 5), 5, b=None)
    before = files.values_of(net)
    with pytest.raises(ValueError, match="Give one of the layers a W of its"):
        load(path, net)
    assert files.unchanged(net, before)


# --- however a network is given ----------------------------------------------

class NeuralNet:
    """Stands in for nolearn's, which is told by its name and module."""

    def __init__(self, net=None):
        if net:
            self.layers_ = by_name(net)


NeuralNet.__module__ = "nolearn.lasagne.base"


class Derived(NeuralNet):
    """A class of one's own."""


def by_name(net):
    """Return all layers by name, as build_model() of the Recipes does; in an
    order that is not that of the network."""
    found = get_all_layers(net)
    return {str(i): found[i] for i in sorted(
        range(len(found)), key=lambda i: (i % 2, i))}


#: How to give a network.
GIVEN = {
    "layer": lambda net: net,
    "list": lambda net: [net],
    "tuple": lambda net: (net,),
    "dict": by_name,
    "dict within a list": lambda net: [by_name(net)],
    "list within a dict": lambda net: {"all": [*by_name(net).values()]},
    "nolearn": lambda net: Derived(net),
}


@pytest.mark.parametrize("given", GIVEN)
def test_one_way_of_naming_a_network_everywhere(given, tmp_path):
    path, plain = tmp_path / "w.npz", tmp_path / "plain.npz"
    give = GIVEN[given]
    source, target = files.network(norm=True), files.network(norm=True)
    files.fill(target, 1)
    save(path, give(source))
    np.savez(plain, *files.values_of(source))
    for load_it in (lambda: load(path, give(target)),
                    lambda: load(plain, give(target),
                                 orientation="convolution"),
                    lambda: transfer(give(source), give(target))):
        files.fill(target, 1)
        load_it()
        assert files.unchanged(target, files.values_of(source))
    x = np.random.RandomState(0).standard_normal(
        (8,) + get_all_layers(source)[0].shape[1:])
    assert detect(give(source), plain, x).statistic == detect(
        source, plain, x).statistic
    assert replace_layers(give(source), {Conv2DLayer: Conv2DDNNLayer}
                          ).replaced


def test_the_order_of_a_dict_is_that_of_its_output():
    """Branches that a dict lists in another order than the output does."""
    one = InputLayer((None, 4), name="in")
    found = {"in": one, "a": DenseLayer(one, 3, name="a"),
             "b": DenseLayer(one, 3, name="b")}
    found["out"] = lasagne.layers.ConcatLayer([found["b"], found["a"]])
    assert outputs_of(found, "test") == [found["out"]]
    found["second"] = DenseLayer(found["a"], 3)
    assert outputs_of(found, "test") == [found["out"], found["second"]]
    assert outputs_of(list(found.values())[:2], "test") == [one, found["a"]]


@pytest.mark.parametrize("thing, text", [
    ("conv", "got 'conv' as a network; expected a layer, a list or dict"),
    ({"a": np.ones(3)}, "got array.* as a network"), (5, "got 5 as"),
    ([], "holds no layer"), ({}, "holds no layer"),
    (NeuralNet(), r"not built.*Call its initialize\(\) first")])
@pytest.mark.parametrize("verb", [
    lambda path, thing: load(path, thing), save,
    lambda path, thing: transfer(thing, files.network()),
    lambda path, thing: transfer(files.network(), thing, deep=False),
    lambda path, thing: detect(thing, path, np.ones((2, 4, 9, 8))),
    lambda path, thing: replace_layers(thing)],
    ids=["load", "save", "transfer", "transfer to", "detect", "replace"])
def test_what_is_no_network_is_told(verb, thing, text, tmp_path):
    save(tmp_path / "w.npz", files.network())
    with pytest.raises(TypeError, match=text):
        verb(tmp_path / "w.npz", thing)


def test_several_outputs_are_run_together(tmp_path):
    path, net = tmp_path / "w.npz", files.network()
    save(path, net)
    x = np.ones((20, 3, 9, 8))
    assert detect([net, net.input_layer], path, x).answer == "undecided"
    assert len(layers_given([net, net], "test")) == 2


def test_names_without_order_for_a_network_without_names(tmp_path):
    """As of Caffe's HDF5: the error says what to pass, and that loads."""
    path = tmp_path / "w.npz"
    source, target = files.network(), files.network(names=False)
    files.fill(target, 1)
    np.savez(path, **{p.name: v for p, v in zip(
        lasagne.layers.get_all_params(source), files.values_of(source))})
    with pytest.raises(ValueError, match=r"expected names as in the network "
                       r"\((Conv2DLayer#1), (\w+#2), (\w+#3)\)") as error:
        load(path, target, orientation="convolution")
    ours = str(error.value).partition("network (")[2].partition(")")[0]
    load(path, target, orientation="convolution", names=dict(zip(
        ["conv1", "conv2", "dense"], ours.split(", "))))
    assert files.unchanged(target, files.values_of(source))
