"""A network is saved, loaded and transferred, whatever its layers are called
and however it is given."""
import lasagne
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lasagne.layers import DenseLayer, InputLayer, get_all_layers
from lasagne_flipconv import convert_file, load, read, save, transfer
from lasagne_flipconv.layers import (Conv2DDNNLayer, Conv2DLayer,
                                     TransposedConv2DLayer)
from lasagne_flipconv.matching import match
from lasagne_flipconv.planning import Options
from lasagne_flipconv.transfer import slots_of

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
