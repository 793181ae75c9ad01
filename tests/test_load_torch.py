"""Networks of PyTorch and of Lasagne loaded from their state dicts agree."""
import argparse
import collections
import copy
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
from lasagne.init import Constant
import theano.tensor as T
from lasagne.layers import (DenseLayer, ElemwiseMergeLayer, FlattenLayer,
                            InputLayer, Layer, NonlinearityLayer)
from lasagne.nonlinearities import identity, rectify, sigmoid
from lasagne_flipconv import convert_file, export, layers, load, read
from lasagne_flipconv.errors import (CheckpointError, ConventionError,
                                     UnsafeFileError)

import cases
import files
import leaving_cases
import leaving_runs

torch = pytest.importorskip("torch")
nn = torch.nn
prune = pytest.importorskip("torch.nn.utils.prune")


class Plane(nn.Module):
    """Every kind of 2-D layer, then batch normalisation and dense layers."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(6, 4, (2, 3), stride=(1, 2), padding=(1, 2))
        self.grouped = nn.Conv2d(4, 6, (3, 2), groups=2)
        self.norm = nn.BatchNorm2d(6)
        self.dilated = nn.Conv2d(6, 5, (2, 3), dilation=(2, 1), bias=False)
        self.up = nn.ConvTranspose2d(5, 3, (2, 3), stride=2)
        self.rectifier = nn.PReLU(3)
        self.fc1 = nn.Linear(3 * 12 * 5, 7)
        self.norm1 = nn.BatchNorm1d(7)
        self.fc2 = nn.Linear(7, 7)

    def forward(self, x):
        x = torch.relu(self.grouped(torch.relu(self.conv(x))))
        x = self.rectifier(self.up(self.dilated(self.norm(x))))
        return self.fc2(torch.relu(self.norm1(self.fc1(x.flatten(1)))))


class Space(nn.Module):
    """3-D and 1-D layers."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv3d(2, 4, (2, 1, 3), padding=(1, 0, 1), groups=2)
        self.norm = nn.BatchNorm3d(4)
        self.up = nn.ConvTranspose3d(4, 3, (2, 3, 2), stride=(2, 1, 2))
        self.line = nn.Conv1d(3, 5, 4, dilation=2)

    def forward(self, x):
        x = self.up(torch.relu(self.norm(self.conv(x))))
        return self.line(x.flatten(2))


def plane(names=True, **flip):
    def named(name):
        return name if names else None

    linear = {"nonlinearity": identity}
    conv, up = layers.Conv2DLayer, layers.TransposedConv2DLayer
    net = InputLayer((None, 6, 9, 8))
    net = conv(net, 4, (2, 3), stride=(1, 2), pad=(1, 2), name=named("conv"),
               **flip)
    net = conv(net, 6, (3, 2), num_groups=2, name=named("grouped"), **flip)
    net = layers.BatchNormLayer(net, name=named("norm"))
    net = layers.DilatedConv2DLayer(net, 5, (2, 3), dilation=(2, 1), b=None,
                                    name=named("dilated"), **linear)
    net = up(net, 3, (2, 3), stride=2, name=named("up"), **linear, **flip)
    net = layers.ParametricRectifierLayer(net, name=named("rectifier"))
    net = FlattenLayer(net)
    net = DenseLayer(net, 7, name=named("fc1"), **linear)
    net = NonlinearityLayer(layers.BatchNormLayer(net, name=named("norm1")))
    return DenseLayer(net, 7, name=named("fc2"), **linear)


def space(names=True, **flip):
    def named(name):
        return name if names else None

    linear = {"nonlinearity": identity}
    net = InputLayer((None, 2, 4, 5, 6))
    net = layers.Conv3DLayer(net, 4, (2, 1, 3), pad=(1, 0, 1), num_groups=2,
                             name=named("conv"), **linear, **flip)
    net = NonlinearityLayer(layers.BatchNormLayer(net, name=named("norm")))
    net = layers.TransposedConv3DLayer(net, 3, (2, 3, 2), stride=(2, 1, 2),
                                       name=named("up"), **linear, **flip)
    net = FlattenLayer(net, 3)
    return layers.Conv1DLayer(net, 5, 4, dilation=2, name=named("line"),
                              **linear, **flip)


NETWORKS = {"plane": (Plane, plane, (2, 6, 9, 8)),
            "space": (Space, space, (2, 2, 4, 5, 6))}


def filled(module):
    """Return a module in evaluation mode, with distinct values everywhere."""
    for i, (name, value) in enumerate(module.state_dict().items()):
        if value.is_floating_point():
            array = cases.values(tuple(value.shape), i, "float32")
            value.copy_(torch.from_numpy(
                abs(array) + .3 if name.endswith("var") else array))
    return module.eval()


def saved(module, folder, form):
    """Save a state dict in one of the formats that PyTorch users have."""
    state = module.state_dict()
    if form == "safetensors":
        library = pytest.importorskip("safetensors.torch")
        library.save_file(state, str(folder / "net.safetensors"),
                          {"format": "pt"})
        return folder / "net.safetensors"
    if form == "checkpoint":
        state = {"epoch": 3, "state_dict": state}
    torch.save(state, folder / "net.pth",
               _use_new_zipfile_serialization=form != "legacy")
    return folder / "net.pth"


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("which", NETWORKS)
def test_outputs_agree(which, flip, tmp_path):
    module, build, shape = NETWORKS[which]
    module, net = filled(module()), build(flip_filters=flip)
    record = load(saved(module, tmp_path, "zip"), net)
    x = cases.values(shape, 99, "float32")
    expected = module(torch.from_numpy(x)).detach().numpy()
    assert expected.std() > .05
    np.testing.assert_allclose(files.output(net, x), expected, atol=1e-5,
                               rtol=1e-5)
    assert not record.missing + record.unused


@pytest.mark.parametrize("form", ["legacy", "checkpoint", "safetensors",
                                  "unnamed"])
def test_every_format_gives_the_same_values(form, tmp_path):
    module = filled(Plane())
    expected, net = plane(), plane(names=form != "unnamed")
    load(saved(module, tmp_path, "zip"), expected)
    load(saved(module, tmp_path, form), net)
    assert files.unchanged(net, files.values_of(expected))



@pytest.mark.parametrize("name", ["simple", "gru", "lstm"])
@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_cells_that_pytorch_saved_say_where_gates_are(name, suffix, tmp_path):
    numpy = pytest.importorskip("safetensors.numpy")
    net = leaving_cases.CASES[name]()
    state = leaving_runs.to_torch(net).state_dict()
    path = str(tmp_path / ("net" + suffix))
    if suffix == ".pt":
        torch.save(state, path)
    else:
        numpy.save_file({key: np.ascontiguousarray(value.numpy())
                         for key, value in state.items()}, path)
    with pytest.raises(CheckpointError, match="recurrent.W_in.*hand: columns"):
        load(path, net)


def test_as_plain_arrays_when_told(tmp_path):
    module = filled(Plane())
    expected, net = plane(), plane()
    load(saved(module, tmp_path, "zip"), expected)
    np.savez(tmp_path / "net.npz", **{
        name: value.numpy() for name, value in module.state_dict().items()})
    load(tmp_path / "net.npz", net, orientation="torch")
    assert files.unchanged(net, files.values_of(expected))


def test_plain_variances_need_an_epsilon(tmp_path):
    module, net = filled(nn.Sequential(nn.BatchNorm1d(3))), InputLayer(
        (None, 3))
    net = layers.BatchNormLayer(net, name="0")
    np.savez(tmp_path / "net.npz", **{
        name: value.numpy() for name, value in module.state_dict().items()})
    with pytest.raises(ConventionError, match="epsilon=1e-5"):
        load(tmp_path / "net.npz", net)
    assert load(tmp_path / "net.npz", net,
                epsilon=.5).computed == ("0.inv_std",)
    np.testing.assert_allclose(net.inv_std.get_value(), 1 / np.sqrt(
        module[0].running_var.numpy() + .5), rtol=1e-6)


def test_deviations_have_more_digits_than_halves(tmp_path):
    module = filled(nn.Sequential(nn.BatchNorm1d(3))).half()
    net = layers.BatchNormLayer(InputLayer((None, 3)), name="0")
    load(saved(module, tmp_path, "zip"), net)
    np.testing.assert_allclose(net.inv_std.get_value(), 1 / np.sqrt(
        module[0].running_var.double().numpy() + 1e-5), rtol=1e-6)


@pytest.mark.parametrize("write", [
    torch.save, lambda held, path: path.write_bytes(pickle.dumps(
        {name: value.numpy() for name, value in held.items()}, 4))])
@pytest.mark.parametrize("bias", [False, True])
def test_the_alphabet_is_no_order_of_layers(bias, write, tmp_path):
    path, net = tmp_path / "net", InputLayer((None, 3, 4, 5))
    module = filled(nn.Sequential(*[nn.Conv2d(3, 3, 1, bias=bias)
                                    for _ in range(11)]))
    for _ in module:
        net = layers.Conv2DLayer(net, 3, 1, nonlinearity=identity,
                                 b=Constant(0) if bias else None)
    held = module.state_dict()
    write({name: held[name] for name in sorted(held)}, path)
    no_order = r"names its layers \(.*does not tell their order"
    with pytest.raises(CheckpointError, match=no_order):
        load(path, net)
    for key in (lambda number: number % 3, lambda number: -number):
        moved = sorted(held, key=lambda name: key(int(name.split(".")[0])))
        write({name: held[name] for name in moved}, path)
        with pytest.raises(CheckpointError, match=no_order):
            load(path, net)
    write(dict(held), path)
    load(path, net)
    x = cases.values((2, 3, 4, 5), 3, "float32")
    np.testing.assert_allclose(files.output(net, x), module(
        torch.from_numpy(x)).detach().numpy(), rtol=1e-4, atol=1e-5)


class Gated(nn.Module):
    """Two convolutions side by side, the second registered first."""

    def __init__(self):
        super().__init__()
        self.gate, self.conv = nn.Conv2d(3, 4, 2), nn.Conv2d(3, 4, 2)

    def forward(self, x):
        return torch.relu(self.conv(x)) * torch.sigmoid(self.gate(x))


def gated(*names):
    image = InputLayer((None, 3, 4, 5))
    return ElemwiseMergeLayer([
        layers.Conv2DDNNLayer(image, 4, 2, nonlinearity=applied, name=name)
        for applied, name in zip((rectify, sigmoid), names)], T.mul)


def write_converted(suffix):
    def write(held, path):
        torch.save(held, path.with_suffix(".pt"))
        convert_file(path.with_suffix(".pt"), path.with_suffix(suffix))
        path.with_suffix(suffix).rename(path)
    return write


@pytest.mark.parametrize("write", [
    torch.save, write_converted(".npz"), write_converted(".safetensors"),
    lambda held, path: path.write_bytes(pickle.dumps(
        {name: value.numpy() for name, value in held.items()}, 4))])
def test_an_order_of_layers_side_by_side_is_refused(write, tmp_path):
    path, module, net = tmp_path / "net", filled(Gated()), gated(None, None)
    write(module.state_dict(), path)
    before = files.values_of(net)
    with pytest.raises(CheckpointError, match="Conv2DDNNLayer#1 and Conv2DDNN"
                       "Layer#2, which lie side by side and are alike"):
        load(path, net, orientation="torch")
    assert files.unchanged(net, before)
    x = cases.values((2, 3, 4, 5), 3, "float32")
    for target, names in ((net, {"conv": "Conv2DDNNLayer#1",
                                 "gate": "Conv2DDNNLayer#2"}),
                          (gated("conv", "gate"), None)):
        load(path, target, orientation="torch", names=names)
        np.testing.assert_allclose(files.output(target, x), module(
            torch.from_numpy(x)).detach().numpy(), rtol=1e-4, atol=1e-5)


def test_an_order_of_lasagne_stays_one_for_pytorch(tmp_path):
    net, other = gated(None, None), gated(None, None)
    export(net, tmp_path / "folder")
    load(tmp_path / "folder" / "model.safetensors", other)
    for found, value in zip(files.values_of(other), files.values_of(net)):
        np.testing.assert_allclose(found, value, rtol=1e-6)


def test_another_epsilon_than_the_default(tmp_path):
    module = filled(nn.Sequential(nn.BatchNorm1d(3, eps=.25)))
    net = layers.BatchNormLayer(InputLayer((None, 3)), name="0")
    load(saved(module, tmp_path, "zip"), net, epsilon=.25)
    x = cases.values((4, 3), 3, "float32")
    np.testing.assert_allclose(files.output(net, x), module(
        torch.from_numpy(x)).detach().numpy(), atol=1e-6)


@pytest.mark.parametrize("keys", [("params", "params_ema"),
                                  ("model", "best_model"),
                                  ("state_dict", "ema_state_dict")])
@pytest.mark.parametrize("write", [
    torch.save, lambda held, path: path.write_bytes(pickle.dumps(
        {key: {name: value.numpy() for name, value in values.items()}
         for key, values in held.items()}, 4))])
def test_averages_beside_parameters_are_asked_for(write, keys, tmp_path):
    path, first = tmp_path / "net", nn.Sequential(nn.Conv2d(3, 3, 1))
    held = {key: {name: value + i for name, value in
                  first.state_dict().items()} for i, key in enumerate(keys)}
    write(dict(held, momentum=held[keys[0]]), path)
    net = layers.Conv2DLayer(InputLayer((None, 3, 4, 5)), 3, 1, name="0")
    with pytest.raises(CheckpointError, match=r"holds \d layers.*prefix="):
        load(path, net, orientation="torch")
    for key in keys:
        load(path, net, prefix=key + ".", orientation="torch")
        assert np.array_equal(net.W.get_value(),
                              held[key]["0.weight"].numpy())


@pytest.mark.parametrize("keys", [("generator", "discriminator"),
                                  ("model", "critic")])
def test_networks_beside_each_other_are_asked_for(keys, tmp_path):
    path, nets = tmp_path / "net.pt", {}
    for i, key in enumerate(keys):
        nets[key] = filled(nn.Sequential(*[nn.Identity()] * i,
                                         nn.Conv2d(3, 3, 1)))
    torch.save({"epoch": 3, "optimizer": {"state": {0: torch.ones(3)}}, **{
        key: module.state_dict() for key, module in nets.items()}}, path)
    net = layers.Conv2DLayer(InputLayer((None, 3, 4, 5)), 3, 1)
    with pytest.raises(CheckpointError, match=r"holds 2 layers.*prefix="):
        load(path, net)
    for key, module in nets.items():
        load(path, net, prefix=key + ".")
        assert np.array_equal(net.W.get_value(),
                              module[-1].weight.detach().numpy())


@pytest.mark.parametrize("form", ["zip", "legacy"])
def test_values_that_are_marked_as_negative_are_refused(form, tmp_path):
    module = filled(nn.Sequential(nn.Linear(3, 4)))
    held = dict(module.state_dict())
    held["0.bias"] = torch.complex(*[held["0.bias"]] * 2).conj().imag
    path = tmp_path / "net.pt"
    torch.save(held, path, _use_new_zipfile_serialization=form == "zip")
    with pytest.raises(UnsafeFileError, match="is marked 'neg'.*resolve_neg"):
        read(path)
    held["0.bias"] = held["0.bias"].resolve_neg()
    torch.save(held, path, _use_new_zipfile_serialization=form == "zip")
    with read(path) as checkpoint:
        assert files.same(checkpoint.values()["0.bias"],
                          -module[0].bias.detach().numpy())


@pytest.mark.parametrize("shared, slopes", [("all", 1), ("auto", 5)])
def test_one_by_one_for_a_nin_layer_and_one_slope(shared, slopes, tmp_path):
    module = filled(nn.Sequential(nn.Conv2d(3, 5, 1), nn.PReLU(slopes)))
    net = layers.NINLayer(InputLayer((None, 3, 4, 6)), 5, name="0",
                          nonlinearity=identity)
    net = layers.ParametricRectifierLayer(net, shared_axes=shared, name="1")
    assert load(saved(module, tmp_path, "zip"), net,
                orientation="torch").permuted == ("0.W",)
    x = cases.values((2, 3, 4, 6), 3, "float32")
    np.testing.assert_allclose(files.output(net, x), module(
        torch.from_numpy(x)).detach().numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("module, wrong", [
    (nn.Conv2d(3, 5, (1, 2)), r"shape \(5, 3, 1, 2\)"),
    (nn.Conv2d(5, 3, 1), r"shape \(3, 5\), which becomes \(5, 3\)")])
def test_what_is_no_matrix_of_a_nin_layer(module, wrong, tmp_path):
    net = layers.NINLayer(InputLayer((None, 3, 4, 6)), 5, name="0", b=None)
    module.bias = None
    path = saved(nn.Sequential(module), tmp_path, "zip")
    with pytest.raises(CheckpointError, match=wrong):
        load(path, net)


def test_a_transposed_layer_for_a_plain_one_is_refused(tmp_path):
    module = filled(nn.Sequential(nn.ConvTranspose2d(4, 5, 3)))
    net = layers.Conv2DLayer((None, 4, 9, 8), 5, 3, name="0")
    with pytest.raises(CheckpointError, match=r"shape \(4, 5, 3, 3\); "
                       r"expected \(5, 4, 3, 3\)"):
        load(saved(module, tmp_path, "zip"), net)


@pytest.mark.parametrize("name", [None, "fc"])
def test_a_parameter_of_no_part(name, tmp_path):
    module = nn.Module()
    module.scale, module.fc = nn.Parameter(torch.ones(3)), nn.Linear(3, 4)
    net = DenseLayer(layers.ScaleLayer((None, 3)), 4, name=name)
    assert len(load(saved(filled(module), tmp_path, "zip"), net).copied) == 2
    expected = module.fc.weight.detach().numpy().T
    assert np.array_equal(net.W.get_value(), expected)


class Odd(Layer):
    def __init__(self, incoming, **kwargs):
        super().__init__(incoming, **kwargs)
        self.W = self.add_param(Constant(0), (3, 3))


def normalized(incoming, name):
    """Return a dense layer whose W is computed from a parameter."""
    layer = DenseLayer(incoming, 3, b=None, name=name)
    layer.W_param, layer.W = layer.W, layer.W / layer.W.norm(2)
    return layer


@pytest.mark.parametrize("layer, param", [(Odd, "W"),
                                          (normalized, "W_param")])
def test_matrices_of_unknown_use_are_refused(layer, param, tmp_path):
    module = filled(nn.Sequential(nn.Linear(3, 3, bias=False)))
    with pytest.raises(ConventionError, match="what .* does with it"):
        load(saved(module, tmp_path, "zip"), layer((None, 3), name="0"),
             names={"0.weight": "0." + param})


def test_a_whole_module_is_refused_with_the_way_out(tmp_path):
    torch.save(filled(Plane()), tmp_path / "net.pt")
    with pytest.raises(ValueError, match="state_dict"):
        load(tmp_path / "net.pt", plane())


@pytest.mark.parametrize("form", ["zip", "safetensors"])
def test_bfloat16_is_read_as_float32(form, tmp_path):
    module = nn.Linear(3, 2).to(torch.bfloat16)
    with read(saved(module, tmp_path, form)) as checkpoint:
        found = checkpoint.values()
    for name, tensor in module.state_dict().items():
        assert files.same(found[name], tensor.float().numpy())


def test_tensors_of_pytorch_before_0_4(tmp_path):
    sys.path.insert(0, str(Path(__file__).parent / "attacks"))
    from containers import tensor, torch_zip
    new = tensor(4, 0, b"K\x04\x85", b"K\x01\x85", b"FloatStorage", b"0")
    old = new.replace(b"_rebuild_tensor_v2", b"_rebuild_tensor").replace(
        b"\x89ccollections\nOrderedDict\n)RtR", b"tR")
    path = tmp_path / "old.pt"
    path.write_bytes(torch_zip(b"\x80\x02}U\x01W" + old + b"s.",
                               storage=np.arange(4, dtype="f4").tobytes()))
    with read(path) as checkpoint:
        assert checkpoint.values()["W"].tolist() == [0, 1, 2, 3]


class Doubled(nn.Module):
    """A parametrization without arrays of its own."""

    def forward(self, weight):
        return 2 * weight


def pruned(module):
    return prune.l1_unstructured(module, "weight", .5)


def doubled(module):
    return nn.utils.parametrize.register_parametrization(
        module, "weight", Doubled())


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("make", [
    pruned, doubled, nn.utils.spectral_norm, nn.utils.weight_norm,
    nn.utils.parametrizations.spectral_norm,
    nn.utils.parametrizations.orthogonal], ids=lambda make: "%s.%s" % (
        make.__module__.rpartition(".")[2], make.__name__))
@pytest.mark.parametrize("module, build", [
    (nn.Conv2d(4, 4, 3, bias=False), lambda: layers.Conv2DLayer(
        (None, 4, 9, 9), 4, 3, b=None, name="0")),
    (nn.Linear(4, 3, bias=False), lambda: DenseLayer(
        (None, 4), 3, b=None, name="0"))], ids=["conv", "dense"])
@pytest.mark.filterwarnings("ignore:.*weight_norm.*deprecated:FutureWarning")
def test_what_a_weight_is_computed_from_is_no_weight(module, build, make,
                                                     strict, tmp_path):
    module = make(copy.deepcopy(module))
    path = tmp_path / "net.pt"
    torch.save(nn.Sequential(module).state_dict(), path)
    network = build()
    before = files.values_of(network)
    with pytest.raises((CheckpointError, ConventionError)) as caught:
        load(path, network, orientation="torch", strict=strict)
    assert files.unchanged(network, before)
    if not strict or make is doubled:
        assert "what PyTorch computes a value from" in str(caught.value)


def test_what_a_weight_is_computed_from_can_be_had(tmp_path):
    module = pruned(nn.Conv2d(2, 3, 3, bias=False))
    torch.save(nn.Sequential(module).state_dict(), tmp_path / "net.pt")
    network = layers.Conv2DLayer((None, 2, 5, 5), 3, 3, b=None, name="conv")
    load(tmp_path / "net.pt", network, names={"0.weight_orig": "conv.W"},
         strict=False)
    assert files.same(network.W.get_value()[:, :, ::-1, ::-1].astype("f4"),
                      module.weight_orig.detach().numpy())


#: What may lie beside a state dict, or be one, that only PyTorch can load.
BESIDE = {
    "size": lambda state: {**state, "size": torch.Size([1, 2])},
    "device": lambda state: {**state, "device": torch.device("cpu")},
    "type": lambda state: {**state, "w": torch.zeros(3, dtype=torch.uint16)},
    "complex": lambda state: {**state, "w": torch.zeros(
        3, dtype=torch.complex64)},
    "default": lambda state: collections.defaultdict(list, state),
    "arguments": lambda state: {"state_dict": state,
                                "args": argparse.Namespace(a=1)},
    "set": lambda state: {"state_dict": state, "seen": {1, 2}}}

#: How PyTorch may write it: zipped, or as before 1.6, by which protocol.
WRITTEN = [{}, {"pickle_protocol": 5}, *(
    {"_use_new_zipfile_serialization": False, "pickle_protocol": protocol}
    for protocol in (2, 3, 4, 5))]


@pytest.mark.parametrize("options", WRITTEN, ids=str)
@pytest.mark.parametrize("what", BESIDE)
def test_what_only_pytorch_loads_is_loaded_there(what, options, tmp_path):
    """A file of PyTorch holds no network of Lasagne to be unpickled."""
    path, state = tmp_path / "a.pt", nn.Conv2d(3, 4, 2).state_dict()
    torch.save(BESIDE[what](state), path, **options)
    with pytest.raises(UnsafeFileError, match="torch.load") as caught:
        read(path)
    assert "lasagne_flipconv.unpickle" not in str(caught.value)
    assert "found['state_dict']" in str(caught.value)


@pytest.mark.parametrize("options", WRITTEN, ids=str)
def test_a_state_dict_of_any_protocol_is_read(options, tmp_path):
    state = nn.Sequential(nn.Conv2d(3, 4, 2), nn.BatchNorm2d(4)).state_dict()
    torch.save(state, tmp_path / "a.pt", **options)
    with read(tmp_path / "a.pt") as checkpoint:
        found = checkpoint.values()
    assert all(np.array_equal(value, state[name].numpy())
               for name, value in found.items())
    assert len(found) == len(state) - 1  # a counter


@pytest.mark.parametrize("options", WRITTEN, ids=str)
def test_a_tensor_that_repeats_elements_is_refused(options, tmp_path):
    path, small = tmp_path / "a.pt", torch.randn(1, 3, 1, 5)
    torch.save({"w": small.expand(4, 3, 5, 5)}, path, **options)
    with pytest.raises(UnsafeFileError, match=r"shape \(4, 3, 5, 5\), 300 "
                       r"elements, on the 15 of its storage, .*contiguous"):
        read(path)
    torch.save({"w": small.expand(4, 3, 5, 5).contiguous()}, path, **options)
    with read(path) as checkpoint:
        assert checkpoint.values()["w"].shape == (4, 3, 5, 5)
