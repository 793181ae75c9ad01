"""Networks in a pickle whose script is gone: the values are rescued."""
import importlib.util
import subprocess
import sys

import lasagne
import numpy as np
import pytest
from lasagne_flipconv import CheckpointError, save, unpickle

#: What a script of the time defined, and put into what it pickled.
SCRIPT = """
import collections, pickle, sys
sys.path[:0] = {path!r}
import lasagne_flipconv
import lasagne, numpy as np
from lasagne_flipconv import layers

class EarlyStopping(object):
    def __init__(self, patience=100):
        self.patience, self.best_valid = patience, np.inf
    def __call__(self, net, history):
        pass

class Old:
    def __init__(self): self.x = 1

class AdjustVariable(object):
    def __init__(self, name, start=0.03):
        self.name, self.start = name, start
    def __getstate__(self):
        return (self.name, self.start)
    def __setstate__(self, state):
        self.name, self.start = state

class Slotted(object):
    __slots__ = ["a"]

class Many(list):
    pass

class Table(collections.OrderedDict):
    pass

class Counts(dict):
    pass

class Scale(lasagne.layers.Layer):
    def __init__(self, incoming, **kwargs):
        super(Scale, self).__init__(incoming, **kwargs)
        self.s = self.add_param(lasagne.init.Constant(3), (1,), name='s')
    def get_output_for(self, input, **kwargs):
        return input * self.s

class Join(lasagne.layers.MergeLayer):
    def get_output_shape_for(self, shapes):
        return shapes[0]
    def get_output_for(self, inputs, **kwargs):
        return inputs[0] + inputs[1]

class Images(lasagne.layers.InputLayer):
    pass

def softer(x):
    return x / 2

def network():
    images = Images((None, 3, 9, 9))
    conv = layers.Conv2DLayer(images, 4, 3, nonlinearity=softer)
    scale = Scale(conv)
    return lasagne.layers.DenseLayer(Join([scale, conv]), 5)

slotted = Slotted()
slotted.a = 7
table = Table()
table['k'] = 1
THINGS = dict(stopping=EarlyStopping(20), old=Old(),
    adjust=AdjustVariable('r'), slotted=slotted, many=Many([1, 2]),
    counts=Counts(a=1), table=table,
    function=softer, cls=EarlyStopping, network=network())
values = lasagne.layers.get_all_param_values(THINGS['network'])
for name, thing in THINGS.items():
    for protocol in (0, 2, 4):
        if name == 'slotted' and protocol == 0: continue
        with open('%s-%d.pkl' % (name, protocol), 'wb') as file:
            pickle.dump(thing, file, protocol)
np.savez('values.npz', *values)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return where a script that is gone has left its pickles."""
    folder = tmp_path_factory.mktemp("gone")
    (folder / "train.py").write_text(SCRIPT.format(path=sys.path))
    subprocess.run([sys.executable, "-W", "ignore", "train.py"],
                   cwd=str(folder), check=True)
    return folder


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("name, state", [
    ("stopping", {"patience": 20, "best_valid": np.inf}), ("old", {"x": 1}),
    ("adjust", {"stand_in_state": ("r", .03)}), ("slotted", {"a": 7}),
    ("many", {"stand_in_items": [1, 2]}),
    ("counts", {"stand_in_items": {"a": 1}}),
    ("table", {"stand_in_items": {"k": 1}})])
def test_a_stand_in_keeps_its_state(folder, name, state, protocol):
    path = folder / ("%s-%d.pkl" % (name, protocol))
    if not path.exists():
        pytest.skip("Python has no pickle of protocol 0 for it")
    thing = unpickle(path, stand_ins=True)
    kept = dict(vars(thing))
    kept.pop("stand_in_arguments", None)
    assert kept == state
    assert type(thing).__module__ == "__main__"
    assert repr(thing) == "<__main__.%s, a stand-in>" % type(thing).__name__


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_stand_in_names_itself_and_fails_when_called(folder, protocol):
    stopping, cls, function = [
        unpickle(folder / ("%s-%d.pkl" % (name, protocol)), stand_ins=True)
        for name in ("stopping", "cls", "function")]
    assert repr(cls) == "<stand-in for __main__.EarlyStopping>"
    for called in stopping, cls, function:
        with pytest.raises(TypeError, match="__main__.(EarlyStopping|softer): "
                           ".* only stands for"):
            called(1, 2)


def test_without_asking_the_error_says_so(folder):
    with pytest.raises(CheckpointError, match=r"stand_ins=True.*save\("):
        unpickle(folder / "stopping-2.pkl")
    path = folder / "module.pkl"
    path.write_bytes(b"cno_such_module\nThing\n.")
    with pytest.raises(CheckpointError, match="stand_ins=True"):
        unpickle(path)
    assert repr(unpickle(path, stand_ins=True)) == (
        "<stand-in for no_such_module.Thing>")


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_the_values_of_a_network_are_rescued(folder, protocol, tmp_path):
    net = unpickle(folder / ("network-%d.pkl" % protocol), stand_ins=True)
    with np.load(folder / "values.npz") as file:
        values = [file["arr_%d" % i] for i in range(len(file.files))]
    found = lasagne.layers.get_all_param_values(net)
    assert [v.tolist() for v in found] == [v.tolist() for v in values]
    assert len(lasagne.layers.get_all_layers(net)) == 5
    save(tmp_path / "rescued.npz", net)
    with np.load(tmp_path / "rescued.npz") as file:
        assert sorted(file[name].shape for name in file.files) == sorted(
            value.shape for value in values)


def test_a_network_with_stand_ins_tells_what_it_lacks(folder):
    net = unpickle(folder / "network-2.pkl", stand_ins=True)
    with pytest.raises(TypeError, match="__main__.softer: was called"):
        lasagne.layers.get_output(net.input_layer.input_layers[1])
    net.input_layer.input_layers[1].nonlinearity = lasagne.nonlinearities.tanh
    with pytest.raises(TypeError, match="__main__.Scale: a layer of it"):
        lasagne.layers.get_output(net.input_layer.input_layers[0])


NOLEARN = """
import sys
sys.path[:0] = {path!r}
import lasagne_flipconv, lasagne, numpy as np, pickle
lasagne_flipconv.install()
from nolearn.lasagne import NeuralNet
class EarlyStopping(object):
    def __call__(self, net, history): pass
class AdjustVariable(EarlyStopping):
    def __init__(self, name): self.name = name
net = NeuralNet(layers=[
    ('input', lasagne.layers.InputLayer), ('conv', lasagne.layers.Conv2DLayer),
    ('output', lasagne.layers.DenseLayer)], input_shape=(None, 1, 6, 6),
    conv_num_filters=4, conv_filter_size=3, output_num_units=3,
    output_nonlinearity=lasagne.nonlinearities.softmax, max_epochs=1,
    update_learning_rate=.1, verbose=0,
    on_epoch_finished=[AdjustVariable('update_learning_rate'),
                       EarlyStopping()])
x = np.random.RandomState(1).rand(20, 1, 6, 6).astype('float32')
net.fit(x, np.arange(20, dtype='int32') % 3)
pickle.dump(net, open('net.pkl', 'wb'), 2)
np.save('W.npy', net.layers_['conv'].W.get_value())
"""


@pytest.mark.skipif(not importlib.util.find_spec("nolearn"),
                    reason="nolearn is not installed")
def test_a_net_of_nolearn_as_its_tutorials_pickle_it(tmp_path):
    (tmp_path / "train.py").write_text(NOLEARN.format(path=sys.path))
    subprocess.run([sys.executable, "-W", "ignore", "train.py"],
                   cwd=str(tmp_path), check=True)
    with pytest.raises(CheckpointError, match="stand_ins=True"):
        unpickle(tmp_path / "net.pkl")
    net = unpickle(tmp_path / "net.pkl", stand_ins=True)
    assert [repr(thing) for thing in net.on_epoch_finished[-2:]] == [
        "<__main__.AdjustVariable, a stand-in>",
        "<__main__.EarlyStopping, a stand-in>"]
    save(tmp_path / "rescued.npz", net)
    with np.load(tmp_path / "rescued.npz") as file:
        W = np.load(tmp_path / "W.npy")
        assert any(np.array_equal(file[name], W) for name in file.files)
