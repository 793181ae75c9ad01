"""Rows after a flatten of activations whose channels come last in a file, and
columns before a reshape to such."""
import numpy as np
import pytest
import theano.tensor as T
from lasagne import layers as L
from lasagne_flipconv import layers, load
from lasagne_flipconv.errors import ConventionError
from lasagne_flipconv.weights.networks import slots_of


def image(channels=3, **options):
    return layers.Conv2DLayer((None, 2, 5, 4), channels, 2, **options)


def words():
    incoming = L.InputLayer((None, 5), input_var=T.imatrix())
    return L.EmbeddingLayer(incoming, 7, 3)


def flat(*shape):
    """Return the place in the file of each unit of flattened channels."""
    places = np.arange(np.prod(shape)).reshape(shape[1:] + shape[:1])
    return np.moveaxis(places, -1, 0).ravel()


def moved(layer):
    return L.DimshuffleLayer(layer, (0, *range(2, len(layer.output_shape)), 1))


#: What a dense layer follows → its rows in the file.
IN_ORDER = {
    "image": (image, flat(3, 4, 3)),
    "dropout": (lambda: L.DropoutLayer(L.FlattenLayer(L.NonlinearityLayer(
        image()))), flat(3, 4, 3)),
    "two": (lambda: L.ConcatLayer([L.FlattenLayer(image()), L.DenseLayer(
        image(), 5), L.FlattenLayer(image(2))]), np.concatenate([
            flat(3, 4, 3), 36 + np.arange(5), 41 + flat(2, 4, 3)])),
    "two sums": (lambda: L.ElemwiseSumLayer([
        L.FlattenLayer(image()), L.DropoutLayer(L.FlattenLayer(image()))]),
        flat(3, 4, 3)),
    "two, then flat": (lambda: L.ConcatLayer([image(), image(2)]),
                       flat(5, 4, 3)),
    "moved": (lambda: moved(image()), None),
    "moved, then dropout": (lambda: L.DropoutLayer(moved(image())), None),
    "moved, dropout, flat": (lambda: L.FlattenLayer(L.DropoutLayer(moved(
        image()))), None),
    "moved and back": (lambda: L.DimshuffleLayer(
        L.DropoutLayer(moved(image())), (0, 3, 1, 2)), flat(3, 4, 3)),
    "words": (words, None),
    "words, flat": (lambda: L.FlattenLayer(L.DropoutLayer(words())), None),
    "words, moved": (lambda: moved(words()), flat(3, 5)),
    "steps": (lambda: L.LSTMLayer((None, 5, 4), 3), None),
    "as many as flat": (lambda: L.SliceLayer(
        L.LSTMLayer((None, 3, 4), 12), -1, 1), None),
    "convolution over words": (lambda: layers.Conv1DLayer(
        moved(words()), 4, 2), flat(4, 4)),
    "last step": (lambda: L.SliceLayer(steps(image()), -1, 1), flat(3, 4, 3)),
    "free sizes": (lambda: L.GlobalPoolLayer(layers.Conv2DLayer(
        (None, 2, None, None), 3, 2)), None),
    "one channel": (lambda: L.InputLayer((None, 1, 5, 4)), None),
    "moved input": (lambda: moved(L.InputLayer((None, 5, 4))), None),
}


def loaded(before, tmp_path, dense=L.DenseLayer, **options):
    """Return the places in the file of the rows that a dense layer got."""
    net = dense(before, 2, name="fc", **options)
    path, rows = tmp_path / "net.npz", net.W.get_value().shape[0]
    np.savez(path, **{"fc.W": np.tile(np.arange(rows), (2, 1)).T})
    load(path, net, strict=False, names={"fc": "fc"},
         data_format="channels_last")
    return net.W.get_value()[:, 0]


def steps(layer, *shape):
    """Return the features of images as those of two steps each."""
    return L.ReshapeLayer(layer, (-1, 2, *(shape or (36,))))


#: What matrices for single steps follow → their rows in the file.
IN_STEPS = {
    "images": (lambda: steps(image()), flat(3, 4, 3)),
    "flat images": (lambda: L.DropoutLayer(steps(L.FlattenLayer(image()))),
                    flat(3, 4, 3)),
    "of two": (lambda: L.ConcatLayer([steps(image()), L.InputLayer(
        (None, 2, 4))], axis=2), [*flat(3, 4, 3), 36, 37, 38, 39]),
    "features": (lambda: L.InputLayer((None, 2, 36)), None),
    "of a dense layer": (lambda: steps(L.DenseLayer(image(), 36)), None),
    "of a recurrent layer": (lambda: L.GRULayer(steps(image()), 36), None),
}


@pytest.mark.parametrize("case", IN_STEPS)
def test_normalizations_of_single_steps(case, tmp_path):
    build, expected = IN_STEPS[case]
    net = layers.BatchNormLayer(build(), axes=(0, 1), name="norm")
    places = np.arange(len(net.mean.get_value()))
    np.savez(tmp_path / "net.npz", **{"norm.mean": places})
    load(tmp_path / "net.npz", net, strict=False, names={"norm": "norm"},
         data_format="channels_last")
    assert np.array_equal(net.mean.get_value(), places if expected is None
                          else expected)


@pytest.mark.parametrize("case", IN_STEPS)
@pytest.mark.parametrize("cls, name, options", [
    (L.LSTMLayer, "W_in_to_ingate", {}),
    (L.GRULayer, "W_in_to_updategate", {}),
    (L.RecurrentLayer, "W_in_to_hid", {}),
    (layers.DenseLayer, "W", {"num_leading_axes": 2})])
def test_rows_of_single_steps_are_where_their_units_are(
        cls, name, options, case, tmp_path):
    build, expected = IN_STEPS[case]
    net = cls(build(), 2, name="fc", **options)
    W = getattr(net, name)
    slot = next(slot for slot in slots_of(net) if slot.param is W)
    path, rows = tmp_path / "net.npz", len(W.get_value())
    np.savez(path, **{"theirs": np.tile(np.arange(rows), (2, 1)).T})
    load(path, net, strict=False, names={"theirs": slot.name},
         data_format="channels_last")
    assert np.array_equal(W.get_value()[:, 0], np.arange(rows)
                          if expected is None else expected)


def test_steps_of_images_are_refused(tmp_path):
    net = L.LSTMLayer(L.InputLayer((None, 2, 3, 4, 3)), 2, name="fc")
    np.savez(tmp_path / "net.npz", theirs=np.ones((36, 2)))
    with pytest.raises(ConventionError, match="a flatten of .3, 4, 3."):
        load(tmp_path / "net.npz", net, strict=False, names={
            "theirs": "fc.W_in_to_ingate"}, data_format="channels_last")


@pytest.mark.parametrize("case", IN_ORDER)
def test_rows_are_where_their_units_are(case, tmp_path):
    build, expected = IN_ORDER[case]
    found = loaded(build(), tmp_path)
    assert np.array_equal(found, np.arange(len(found)) if expected is None
                          else expected)


@pytest.mark.parametrize("dense, options", [
    (layers.NINLayer, {}), (layers.DenseLayer, {"num_leading_axes": -1})])
def test_rows_of_one_axis_stay(dense, options, tmp_path):
    found = loaded(image(), tmp_path, dense, **options)
    assert np.array_equal(found, np.arange(len(found)))


#: What a dense layer follows, and what is said of it.
UNKNOWN = {
    "rows or channels": (lambda: L.InputLayer((None, 5, 4)),
                         "does not tell which axis.*axis of one channel"),
    "reshaped": (lambda: L.ReshapeLayer(L.DenseLayer((None, 4), 24),
                                        ([0], 2, 3, 4)), "does not tell"),
    "a part": (lambda: L.SliceLayer(L.FlattenLayer(image()), slice(0, 9)),
               "SliceLayer is between"),
    "unlike sums": (lambda: L.ElemwiseSumLayer([
        L.FlattenLayer(image()), L.DenseLayer(image(), 36)]),
        "ElemwiseSumLayer is between"),
    "unlike axes": (lambda: L.ConcatLayer([
        layers.Conv1DLayer((None, 2, 6), 4, 2), words()]),
        "ConcatLayer is between"),
    "turned": (lambda: L.DimshuffleLayer(image(), (0, 2, 1, 3)),
               "DimshuffleLayer.0, 2, 1, 3."),
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_an_order_that_is_not_known_is_refused(case, tmp_path):
    build, said = UNKNOWN[case]
    with pytest.raises(ConventionError, match="fc.W: follows a .*" + said):
        loaded(build(), tmp_path)


def test_several_axes_behind_leading_ones_are_refused(tmp_path):
    with pytest.raises(ConventionError, match="does not tell which axis"):
        loaded(L.InputLayer((None, 2, 3, 4, 5)), tmp_path, layers.DenseLayer,
               num_leading_axes=2)


def dense():
    return L.DenseLayer(L.InputLayer((None, 4)), 60, name="fc")


def image_of(layer, *shape):
    return L.ReshapeLayer(layer, ([0], *(shape or (3, 5, 4))))


def norm(layer):
    return layers.BatchNormLayer(layer, name="norm")


#: What a dense layer of 60 units feeds → its columns in the file.
RESHAPED = {
    "image": (lambda: layers.Conv2DLayer(image_of(dense()), 2, 2),
              flat(3, 5, 4)),
    "image, normalized": (lambda: layers.Conv2DLayer(L.MaxPool2DLayer(image_of(
        L.DropoutLayer(norm(dense()))), 2), 2, 2), flat(3, 5, 4)),
    "image at the end": (lambda: image_of(dense()), flat(3, 5, 4)),
    "one channel": (lambda: image_of(dense(), 1, 10, 6), None),
    "moved": (lambda: layers.Conv2DLayer(L.DimshuffleLayer(image_of(
        dense(), 5, 4, 3), (0, 3, 1, 2)), 2, 2), None),
    "steps": (lambda: L.LSTMLayer(image_of(dense(), 12, 5), 3), None),
    "sound": (lambda: layers.Conv1DLayer(image_of(dense(), 12, 5), 3, 2),
              flat(12, 5)),
    "steps, moved": (lambda: layers.Conv1DLayer(moved(image_of(
        dense(), 12, 5)), 3, 2), None),
    "mixed before": (lambda: image_of(L.DenseLayer(dense(), 60)), None),
    "two of a batch": (lambda: L.ReshapeLayer(dense(), (-1, 2, 60)), None),
    "nothing": (dense, None),
}


def loaded_columns(net, path):
    """Return the places in the file of what the layers got, by parameter."""
    places, wide = np.arange(60), np.tile(np.arange(60), (4, 1))
    named = [layer for layer in L.get_all_layers(net) if layer.name]
    names = {layer.name: layer.name for layer in named}
    np.savez(path, **{"fc.W": wide, "fc.b": places}, **(
        {"norm.beta": places, "norm.mean": places} if "norm" in names else {}))
    load(path, net, strict=False, names=names, data_format="channels_last")
    return [value[-1] if value.ndim == 2 else value for value in (
        layer.params and getattr(layer, word).get_value()
        for layer in named for word in (
            ("beta", "mean") if layer.name == "norm" else ("W", "b")))]


@pytest.mark.parametrize("case", RESHAPED)
def test_columns_are_where_their_units_are(case, tmp_path):
    build, expected = RESHAPED[case]
    for found in loaded_columns(build(), tmp_path / "net.npz"):
        assert np.array_equal(found, np.arange(60) if expected is None
                              else expected)


@pytest.mark.parametrize("build, said", [
    (lambda: image_of(dense(), 12, 5), "does not tell which axis"),
    (lambda: image_of(L.SliceLayer(dense(), slice(0, 24)), 2, 3, 4),
     "SliceLayer is between"),
    (lambda: image_of(L.ConcatLayer([dense(), dense()]), 2, 15, 4),
     "ConcatLayer is between"),
    (lambda: [image_of(layer, *shape) for layer in [dense()]
              for shape in [(3, 5, 4), (5, 3, 4)]], "DenseLayer 'fc' is")])
def test_columns_that_are_not_known_are_refused(build, said, tmp_path):
    with pytest.raises(ConventionError, match="comes before .*" + said):
        loaded_columns(build(), tmp_path / "net.npz")


def alone(path, **arrays):
    """Write weights of Keras without their model."""
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w") as file:
        for name, value in arrays.items():
            file["layers/%s/vars/0" % name] = value


def both(between=True):
    net = layers.DenseLayer(image(), 12, b=None, name="in") if between else (
        image())
    net = layers.DenseLayer(net, 12, b=None, name="out")
    return image_of(net, 3, 2, 2)


@pytest.mark.parametrize("last", [True, False])
def test_a_flatten_and_a_reshape_of_keras_are_told_apart(last, tmp_path):
    path, net = tmp_path / "net.h5", both()
    alone(path, **{"in": np.tile(np.arange(36.), (12, 1)).T,
                   "out": np.tile(np.arange(12.), (12, 1))})
    names = {"in/W": "in.W", "out/W": "out.W"}
    told = {"in": "channels_last",
            "out": "channels_last" if last else "channels_first"}
    with pytest.raises(ConventionError, match="in.W, behind a flatten, and fo"
                       "r out.W, before a reshape.*'channels_first' for"):
        load(path, net, strict=False, names=names, data_format=told["in"])
    load(path, net, strict=False, names=names, data_format=told)
    assert np.array_equal(net.input_layer.W.get_value()[0],
                          flat(3, 2, 2) if last else np.arange(12))
    assert np.array_equal(net.input_layer.input_layer.W.get_value()[:, 0],
                          flat(3, 4, 3))


def test_one_matrix_between_a_flatten_and_a_reshape_is_asked_about(tmp_path):
    path, net = tmp_path / "net.h5", both(between=False)
    alone(path, out=np.ones((36, 12)))
    told = {"strict": False, "names": {"out/W": "out.W"}}
    with pytest.raises(ConventionError, match="file of the whole model"):
        load(path, net, data_format="channels_last", **told)
    load(path, net, data_format={"out": "channels_last"}, **told)


@pytest.mark.parametrize("told, said", [
    ({"in": "HWC"}, "data_format: got 'HWC'; expected channels_first or"),
    ({"inn": "channels_last"}, "data_format: 'inn' is no name of a layer"),
    ({"in": "channels_last", "i*": "channels_first"}, "data_format: 'in' and "
     "'i.' fit in.W, and say different things")])
def test_what_is_no_order_for_a_layer_is_refused(told, said, tmp_path):
    path = tmp_path / "net.npz"
    np.savez(path, **{"in.W": np.ones((36, 12)), "out.W": np.ones((12, 12))})
    with pytest.raises(ConventionError, match=said):
        load(path, both(), strict=False, data_format=told,
             names={"in": "in", "out": "out"})


def test_columns_are_asked_for_where_the_file_does_not_say(tmp_path):
    np.savez(tmp_path / "net.npz", np.ones((4, 60)), np.ones(60))
    with pytest.raises(ConventionError, match="a reshape to .*Pass data_form"):
        load(tmp_path / "net.npz", image_of(dense()), orientation="tensorflow")


class Gate(L.Layer):
    """A layer with matrices of other names than W."""

    def __init__(self, incoming, **options):
        super().__init__(incoming, **options)
        self.R = self.add_param(np.zeros((12, 12)), (12, 12))
        self.c = self.add_param(np.zeros(12), (12,))


def test_matrices_of_other_layers_stay(tmp_path):
    net = Gate(L.InputLayer((None, 12)), name="gate")
    rows = np.arange(12.)
    np.savez(tmp_path / "net.npz", a=np.tile(rows, (12, 1)).T, b=rows)
    load(tmp_path / "net.npz", image_of(net, 3, 2, 2), names={
        "a": "gate.R", "b": "gate.c"}, data_format="channels_last")
    assert np.array_equal(net.R.get_value()[:, 0], rows)
    assert np.array_equal(net.c.get_value(), rows)
