"""What the variables of a Keras layer are, by its class and version."""
import re
from collections import Counter

import numpy as np

from ...conventions import convention_of_format
from ..common.record import Entry
from .keras_model import setting

__all__ = ["class_of", "entry_of", "numbered_roles", "role_of", "roles_of",
           "told_apart"]

_VARIABLES = {
    "BatchNormalization": ("gamma", "beta", "mean", "variance"),
    "PReLU": ("alpha",),
}

#: Classes of Keras, and what it names its layers after, without underscores
#: and capitals → kind of their kernels. Others are the user's own.
_KINDS = (
    (re.compile("(atrous|separable)?conv(olution)?[123]d"), "conv"),
    (re.compile("conv(olution)?[123]dtranspose|deconv(olution)?[123]d"),
     "transposed"),
    (re.compile("depthwiseconv(olution)?[123]d"), "depthwise"))

#: What only some layers call their kernels.
_OF_ARRAYS = {"depthwise_kernel": "depthwise", "pointwise_kernel": "conv"}

#: Last word of a variable's name → its role. Keras 1 calls a variance std.
_WORDS = (("gamma", "gamma"), ("beta", "beta"), ("moving_mean", "mean"),
          ("running_mean", "mean"), ("moving_variance", "variance"),
          ("running_std", "variance"), ("alpha", "alpha"),
          ("alphas", "alpha"), ("kernel", "W"), ("W", "W"), ("bias", "b"),
          ("b", "b"))


def role_of(name, dtype=np.dtype("float32")):
    """Return the role that the name of a variable tells, or None.

    Parameters
    ----------
    name : str
        Such as ``dense/kernel:0`` or ``convolution2d_1_W``.
    dtype : numpy.dtype
        Of the variable; none that Lasagne has is of integers.

    Returns
    -------
    str or None
        By Lasagne's words.

    Examples
    --------
    >>> role_of("dense/kernel:0"), role_of("batchnormalization_1_running_std")
    ('W', 'variance')
    """
    if _are_quantized([dtype]):
        return None
    last = _last_word(name)
    return next((role for word, role in _WORDS
                 if last == word or last.endswith("_" + word)), None)


def _last_word(name):
    return re.sub(r":\d+\Z", "", name.rpartition("/")[2])


def _are_quantized(dtypes):
    """Tell whether any variable is of integers, which a scale multiplies."""
    return any(dtype.kind in "iu" for dtype in dtypes)


def roles_of(layer, dtypes):
    """Return the roles of variables that have numbers only.

    Parameters
    ----------
    layer : dict
        Configuration of the layer.
    dtypes : list of numpy.dtype
        Of its variables.

    Returns
    -------
    tuple of str
        One role for each; one that no layer has where it is not known.
    """
    count = len(dtypes)
    unknown = tuple("variable %d" % i for i in range(count))
    if _are_quantized(dtypes) or layer == {"class_name": "einsum_dense"}:
        return unknown
    name = layer.get("class_name")
    if name == "BatchNormalization" and "config" not in layer:
        # mean and variance are always there; of the others none says which
        first = {4: ("gamma", "beta"), 3: ("gamma or beta",)}.get(count, ())
        roles = first + ("mean", "variance")
        return (roles + unknown[len(roles):])[:count]
    if name not in _VARIABLES and count > 2:
        return unknown
    roles = _VARIABLES.get(name, ("W", "b"))
    absent = {role for role, key in (("gamma", "scale"), ("beta", "center"))
              if setting(layer, key) is False}
    roles = tuple(role for role in roles if role not in absent)
    return (roles + unknown[len(roles):])[:count]


def numbered_roles(shapes):
    """Return the roles of a layer's arrays of which only shapes are known.

    Keras 0 wrote kernel and bias, or one array alone. Four vectors are a batch
    normalization, whose last is a standard deviation or a variance: the file
    does not say. What is not known has a role that no layer has, as its place
    among the others is not that in Lasagne.

    Parameters
    ----------
    shapes : list of tuple of int
        In the order of the file.

    Returns
    -------
    tuple of str
        One role for each.

    Examples
    --------
    >>> numbered_roles([(64, 3, 3, 3), (64,)])
    ('W', 'b')
    """
    axes = [len(shape) for shape in shapes]
    known = {(1, 1, 1, 1): ("gamma", "beta", "mean",
                              "deviation or variance"), (1,): ("alpha",)}
    if axes[0] in (2, 3, 4, 5) and axes[1:] in ([], [1]):
        return ("W", "b")[:len(axes)]
    return known.get(tuple(axes), tuple(
        "param_%d" % i for i in range(len(axes))))


def class_of(group):
    """Return the class that the name of a group tells, as Keras 3 makes it.

    Parameters
    ----------
    group : str
        Such as ``layers/conv2d_transpose_1/vars``.

    Returns
    -------
    str
        Such as ``Conv2DTranspose``; only classes that differ are told apart.
    """
    word = re.sub(r"(_\d+)?/vars\Z", "", group).rpartition("/")[2]
    return {"batch_normalization": "BatchNormalization",
            "p_re_lu": "PReLU"}.get(word, word)


def entry_of(data, layer, role, path, config, model):
    """Return the entry of one variable.

    Parameters
    ----------
    data : Dataset
        The variable.
    layer : str
        Name of its layer.
    role : str or None
        What it is there.
    path : str
        Its name in the file.
    config : dict
        Configuration of the layer.
    model : Model
        What holds for all layers.

    Returns
    -------
    Entry
        With the convention that the class, version and backend imply.
    """
    shape, axes = tuple(data.shape), None

    def values():
        array = data.read()
        return array if axes is None else array.transpose(axes).reshape(shape)

    kind = _kind(config, layer, role, path, len(shape))
    convention = _convention(kind, len(shape) - 2, config, model)
    if kind == "open":
        # a name of the user's: only the layer it is loaded into tells more
        known = isinstance(convention, str) or model.version[:1] == "1"
        kind = None if known else "conv"
    if kind == "depthwise":
        # H, W, I, multiplier → (I multiplier), 1, H, W: one group per input
        kind, n = "conv", len(shape) - 2
        axes = (n, n + 1, *range(n))
        shape = (shape[n] * shape[n + 1], 1) + shape[:n]
    elif role == "alpha":
        axes = tuple(range(len(shape)))
        if model.order == "channels_last":
            axes = axes[-1:] + axes[:-1]
        shape = tuple(shape[i] for i in axes if shape[i] != 1) or (1,)
    epsilon = setting(config, "epsilon")
    return Entry("%s/%s" % (layer, role) if role else path, shape, data.dtype,
                 values, layer, role, kind, convention,
                 model.epsilon if epsilon is None else float(epsilon),
                 model.rows, columns="unknown" if role != "alpha" and
                 model.permutes else model.order)


def told_apart(entries, paths):
    """Return entries, those of one name by their paths in the file instead.

    So it is with layers of several kernels, such as separable convolutions and
    recurrent ones: their names do not say which is Lasagne's ``W``.

    A variable beside others of whose name nothing is known, such as those of a
    gate, has that name for its role: it is in no place that Lasagne has.

    Parameters
    ----------
    entries : list of Entry
        The variables.
    paths : list of str
        Where each is in the file.

    Returns
    -------
    tuple of Entry
        In the same order.
    """
    held = Counter(entry.layer for entry in entries)
    entries = [entry if entry.role or held[entry.layer] == 1
               else entry._replace(role=_last_word(path))
               for entry, path in zip(entries, paths)]
    count = Counter(entry.name for entry in entries)
    return tuple(entry if count[entry.name] == 1 else entry._replace(
        name=path, role=None) for entry, path in zip(entries, paths))


def _kind(config, layer, role, path, axes):
    """Return what kind of layer a kernel is of, open if none is told."""
    if role != "W":
        return None
    if axes == 2:
        return "dense"
    array = _last_word(path)
    for word, kind in _OF_ARRAYS.items():
        if array == word or array.endswith("_" + word):
            return kind
    word = str(config.get("class_name") or re.sub(r"_\d+\Z", "", layer))
    word = word.replace("_", "").lower()
    return next((kind for words, kind in _KINDS if words.fullmatch(word)),
                "open")


def _convention(kind, n, config, model):
    """Return the convention of a kernel, its orientation None if not told."""
    if kind == "dense":
        return _matrix_axes(config)
    if kind is None or not 1 <= n <= 3:
        return None
    if kind == "depthwise":
        # every backend of Keras 2 and 3 correlates here, Theano's as well
        return convention_of_format("onnx", n)
    if kind == "open" and model.version[:1] != "1" and (
            model.backend or model.version[:1] == "3"):
        return _row(model)
    told = convention_of_format(_row(model), n, kind == "transposed")
    if model.version.startswith("1"):
        ordering = setting(config, "dim_ordering")
        if ordering not in ("th", "tf"):
            return "keras-1"
        axes = convention_of_format("keras-1-" + ordering, n,
                                    kind == "transposed").axes
        told = told._replace(axes=axes)
    if model.backend is None and not model.version.startswith("3"):
        return told._replace(orientation=None)
    return told


def _matrix_axes(config):
    """Return the axes of a matrix by its equation, None if as in Lasagne."""
    read, _, made = str(setting(config, "equation")).partition("->")
    matrix = read.partition(",")[2]
    return "OI" if matrix and matrix[0] in made else None


def _row(model):
    return "keras-theano" if model.backend == "theano" else "keras"
