"""Weights of Keras 1, 2 and 3: HDF5 as such, or within a ``.keras`` archive.

The configuration of the model is read for names, order and axes; no layer is
ever made from it.
"""
import io
import re
from collections import Counter

import numpy as np

from ..errors import CheckpointError, UnsafeFileError
from .archives.unzipped import read_member
from .archives.zipped import members_of
from .common.jsontext import parsed_json
from .common.record import Checkpoint
from .hdf5_file.tree import opened
from .parts.keras_layers import (
    class_of, entry_of, numbered_roles, role_of, roles_of, told_apart)
from .parts.keras_model import Model, check_settings, text_of

__all__ = ["from_hdf5", "read", "sniff"]

_MEMBERS = {"metadata.json", "config.json", "model.weights.h5"}

#: Classes that hold code of their own, which Keras would execute.
_CODE = ("Lambda", "TFOpLambda", "TorchModuleWrapper", "JaxLayer",
         "TFSMLayer", "FlaxLayer", "__lambda__")

#: Groups of what only training needs.
_TRAINING = ("optimizer", "metrics/", "compile_metrics/")

#: The only modules that a configuration may name.
_MODULES = ("keras", "tf_keras", "tensorflow")


def sniff(head):
    """Tell whether a file is a ``.keras`` archive, by its first member."""
    size = int.from_bytes(head[26:28], "little")
    return head.startswith(b"PK\3\4") and head[30:30 + size].decode(
        "latin-1") in _MEMBERS


def read(file, limits):
    """Describe the weights in a ``.keras`` archive."""
    members, _ = members_of(file, limits)
    by_name = {member.name: member for member in members}
    if set(by_name) != _MEMBERS:
        raise UnsafeFileError(
            "%s: holds %s; expected just %s."
            % (file.name, ", ".join(map("{:.40}".format, by_name)),
               ", ".join(sorted(_MEMBERS))))
    config = parsed_json(_text(file, by_name["config.json"], limits),
                         "config.json in %s" % file.name, limits)
    data = io.BytesIO(read_member(file, by_name["model.weights.h5"]))
    tree = opened(data, file.name, limits, file.seek(0, 2))
    return _new_style(tree, _layers(config, file.name), file.name, "keras",
                      _counted(config, file.name))


def _text(file, member, limits):
    if member.size > limits.header:
        raise UnsafeFileError(
            "%s in %s: has %d bytes; expected at most %d."
            % (member.name, file.name, member.size, limits.header))
    return read_member(file, member)


def from_hdf5(tree, where, limits):
    """Return the checkpoint of an HDF5 file that Keras wrote, or None."""
    root = "model_weights" if "model_weights" in tree.groups else ""
    attributes = {**tree.groups[""], **tree.groups[root]}
    names = _texts(attributes, "layer_names", where, limits)
    if names is not None:
        text = _first_text(attributes, "model_config", where, limits)
        layers = {} if text is None else _layers(parsed_json(
            text, "model_config in %s" % where, limits), where)
        backend, version = (_first_text(attributes, name, where, limits)
                            for name in ("backend", "keras_version"))
        model = Model(layers, backend, version or "1")
        return _old_style(tree, root, names, model, where, limits)
    if any(path.endswith("/vars") or path == "vars" for path in tree.groups):
        return _new_style(tree, {}, where, "hdf5")
    return _oldest_style(tree, where)


def _texts(attributes, name, where, limits):
    """Return the texts of an attribute, which may be split into several."""
    parts = [np.ravel(attributes[key]) for key in (name, *(
        "%s%d" % (name, i) for i in range(1000))) if key in attributes]
    if sum(part.size for part in parts) > limits.members:
        raise UnsafeFileError("%s: has %s of more than %d texts; expected "
                              "fewer." % (where, name, limits.members))
    found = [text.decode("utf-8", "replace") if isinstance(text, bytes)
             else text for part in parts for text in part.tolist()]
    if not all(isinstance(text, str) for text in found):
        raise CheckpointError("%s: has %s that are no texts (%.80r); expected "
                              "texts. The file is damaged."
                              % (where, name, found))
    return found if parts else None


def _first_text(attributes, name, where, limits):
    found = _texts(attributes, name, where, limits)
    return found[0] if found else None


def _layers(config, where):
    """Return the configuration of all layers by name, in order.

    Those of a model within the model come in its place.
    """
    if not isinstance(config, dict):
        raise CheckpointError(
            "%s: has a configuration that is a %s; expected an object with "
            "the layers. The file is damaged." % (where,
                                                  type(config).__name__))
    _refuse_code(config, where)
    found, left = {}, [config]
    while left:
        item = left.pop()
        if not isinstance(item, dict):
            continue
        if item is not config:
            name, item = _name_told(item, where), _wrapped(item)
            found[name] = item
            found.setdefault(_name_told(item, where), item)  # as in Keras 3
            check_settings(item, where)
        left += reversed(_inner(item))
    return found


def _name_told(item, where):
    own = item.get("config")
    return text_of(item, "name", where) or (
        text_of(own, "name", where) if isinstance(own, dict) else "")


def _counted(config, where):
    """Return the names of layers by the groups that hold them, where these
    have no names: a class and a number, counted in each model."""
    found, left = {}, [("layers/", config)]
    while left:
        path, item = left.pop()
        count = Counter()
        for inner in _inner(item):
            if not isinstance(inner, dict):
                continue
            word = _snake_case(text_of(inner, "class_name", where) or "")
            group = path + ("%s_%d" % (word, count[word]) if count[word]
                            else word)
            count[word] += 1
            found[group + "/vars"] = found[group + "/layer/vars"] = (
                _name_told(inner, where))
            left.append((group + "/layers/", inner))
    return found


def _snake_case(name):
    """Return how Keras calls the group of a class in a file."""
    words = re.sub("(.)([A-Z][a-z0-9]+)", r"\1_\2", re.sub(r"\W", "", name))
    return re.sub("([a-z])([A-Z])", r"\1_\2", words).lower()


def _wrapped(item):
    """Return the layer that is applied at each step, if it is such a one."""
    own = item.get("config")
    inner = own.get("layer") if isinstance(own, dict) and (
        item.get("class_name") == "TimeDistributed") else None
    return inner if isinstance(inner, dict) else item


def _inner(item):
    """Return the configurations of the layers of a model, none of a layer."""
    own = item.get("config")
    # Sequential models of Keras 1 and 2.0 have just a list
    inner = own.get("layers") if isinstance(own, dict) else own
    return inner if isinstance(inner, list) else []


def _layer_of(weight, name, layers):
    """Return the layer of a weight: within a model, its name tells it."""
    inner = weight.rpartition("/")[0].rpartition("/")[2]
    return inner if _inner(layers.get(name, {})) and inner in layers else name


def _refuse_code(config, where):
    """Refuse a configuration that Keras would import or execute code for."""
    queue = [config]
    while queue:
        item = queue.pop()
        inner = item.values() if isinstance(item, dict) else item
        queue.extend(part for part in inner
                     if part and isinstance(part, (dict, list)))
        if not isinstance(item, dict):
            continue
        name = (text_of(item, "class_name", where) or "").rpartition(">")[2]
        module = text_of(item, "module", where) or "keras"
        if name in _CODE or module.partition(".")[0] not in _MODULES:
            raise UnsafeFileError(
                "%s: holds %.40s of %.80s, which carries code or asks for it; "
                "expected layers of Keras. Save the weights alone: "
                "model.save_weights(path)." % (where, name, module))


def _old_style(tree, root, names, model, where, limits):
    """Return a checkpoint by layer_names and weight_names."""
    entries, paths, seen = [], [], set()
    for name in names:
        path = "/".join(filter(None, (root, name)))
        if path not in tree.groups:
            raise CheckpointError("%s: lacks the layer %.80r that it lists; "
                                  "expected all." % (where, name))
        if name in seen:
            raise _twice(where, "layer", name)
        seen.add(name)
        for weight in _texts(tree.groups[path], "weight_names", where,
                             limits) or ():
            inner = path + "/" + weight
            data = tree.datasets.get(inner)
            if data is None:
                raise CheckpointError("%s: lacks the array %.80r that it "
                                      "lists; expected all." % (where, weight))
            if inner in seen:
                raise _twice(where, "array", weight)
            seen.add(inner)
            layer = _layer_of(weight, name, model.layers)
            paths.append(inner)
            entries.append(entry_of(
                data, layer, role_of(weight, data.dtype), weight,
                model.layers.get(layer, {}), model))
    writer = "Keras %s%s" % (model.version, " on %s" % model.backend
                             if model.backend else "")
    return Checkpoint(where, "hdf5", told_apart(entries, paths), {}, writer,
                      siblings="any")


def _twice(where, what, name):
    return UnsafeFileError("%s: lists the %s %.80r twice; expected each once."
                           % (where, what, name))


def _oldest_style(tree, where):
    """Return the checkpoint of Keras 0, which numbers all, or None.

    Such a file tells neither the axes nor the orientation of its kernels.
    """
    if "nb_layers" not in tree.groups[""]:
        return None
    layers = {}
    for path in tree.datasets:
        match = re.fullmatch("(layer_([0-9]{1,5}))/param_([0-9]{1,5})", path)
        if match is None:
            return None
        layers.setdefault((int(match.group(2)), match.group(1)), []).append(
            (int(match.group(3)), path))
    model, entries = Model({}, None, "1"), []
    for (_, layer), numbered in sorted(layers.items()):
        found = [(path, tree.datasets[path]) for _, path in sorted(numbered)]
        roles = numbered_roles([data.shape for _, data in found])
        entries += [entry_of(data, layer, role, path, {}, model)._replace(
            name=path) for (path, data), role in zip(found, roles)]
    return Checkpoint(where, "hdf5", tuple(entries), {}, "Keras 0",
                      siblings="any")


def _new_style(tree, layers, where, form, counted=None):
    """Return a checkpoint by ``…/vars/0``, with the model's order if known."""
    variables = {}
    for path in tree.datasets:
        group, _, number = path.rpartition("/")
        if group.endswith("vars") and re.fullmatch("[0-9]{1,5}", number) and (
                not group.startswith(_TRAINING)):
            variables.setdefault(group, []).append((int(number), path))
    if not variables:
        raise CheckpointError("%s: holds no arrays of layers; expected some "
                              "named like layers/dense/vars/0." % where)
    named = {group: _name_of(tree, group, where) or _name_by_class(
        group, variables, layers, counted or {}) for group in variables}
    order = {name: i for i, name in enumerate(layers)}
    # layers of one name, in models within the model, have a longer one
    count = Counter(named.values())
    model, entries = Model(layers, None, "3"), []
    for group in sorted(named, key=lambda g: order.get(named[g], len(order))):
        name = named[group]
        layer = layers.get(name) or {"class_name": class_of(group)}
        paths = [path for _, path in sorted(variables[group])]
        if count[name] > 1:
            name = group[:-len("/vars")]
        held = [tree.datasets[path] for path in paths]
        roles = roles_of(layer, [data.dtype for data in held])
        entries += [entry_of(data, name, role, path, layer, model)
                    for data, role, path in zip(held, roles, paths)]
    ordered = all(n == 1 and name in order for name, n in count.items())
    return Checkpoint(where, form, tuple(entries), {}, "Keras 3", ordered,
                      siblings="any")


def _name_of(tree, group, where):
    told = tree.groups[group].get("name")
    if isinstance(told, bytes):
        return told.decode("utf-8", "replace")
    if told is not None and not isinstance(told, str):
        raise CheckpointError("%s: %s has a name that is no text; expected "
                              "one. The file is damaged." % (where, group))
    return told


def _name_by_class(group, groups, layers, counted):
    """Return the name of a layer whose group has none, as before Keras 3.1.

    Groups are called by class and number there, which may be the name of
    another layer; such a one is called by its path.
    """
    path = group[:-len("/vars")]
    word = path.rpartition("/")[2]
    first = re.sub(r"_\d+\Z", "", path)
    several = path != first and first + "/vars" in groups or (
        path + "_1/vars" in groups)
    return counted.get(group) or (path if several or word in layers else word)
