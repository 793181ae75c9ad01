"""Weights of Keras 1, 2 and 3: HDF5 as such, or within a ``.keras`` archive.

The configuration of the model is read for names, order and axes; no layer is
ever made from it.
"""
import io

import numpy as np

from ..errors import CheckpointError, UnsafeFileError
from .hdf5_tree import opened
from .jsontext import parsed_json
from .keras_layers import Model, class_of, entry_of, role_of, roles_of
from .record import Checkpoint
from .unzipped import read_member
from .zipped import members_of

__all__ = ["from_hdf5", "read", "sniff"]

_MEMBERS = {"metadata.json", "config.json", "model.weights.h5"}

#: Classes that hold code of their own, which Keras would execute.
_CODE = ("Lambda", "TFOpLambda", "TorchModuleWrapper", "JaxLayer",
         "TFSMLayer", "FlaxLayer", "__lambda__")

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
    config = parsed_json(bytes(read_member(file, by_name["config.json"])),
                         "config.json in %s" % file.name, limits)
    data = io.BytesIO(read_member(file, by_name["model.weights.h5"]))
    tree = opened(data, file.name, limits)
    return _new_style(tree, _layers(config, file.name), file.name, "keras")


def from_hdf5(tree, where, limits):
    """Return the checkpoint of an HDF5 file that Keras wrote, or None."""
    root = "model_weights" if "model_weights" in tree.groups else ""
    attributes = {**tree.groups[""], **tree.groups[root]}
    names = _texts(attributes, "layer_names")
    if names is not None:
        config = attributes.get("model_config")
        layers = {} if config is None else _layers(
            parsed_json(config, "model_config in %s" % where, limits), where)
        return _old_style(tree, root, names, attributes, layers, where)
    if any(path.endswith("/vars") or path == "vars" for path in tree.groups):
        return _new_style(tree, {}, where, "hdf5")
    return None


def _texts(attributes, name):
    """Return the texts of an attribute, which may be split into several."""
    parts = [attributes[key] for key in (name, *(
        "%s%d" % (name, i) for i in range(1000))) if key in attributes]
    if not parts:
        return None
    return [text.decode("utf-8", "replace") if isinstance(text, bytes)
            else str(text) for part in parts for text in np.ravel(part)]


def _layers(config, where):
    """Return the configuration of all layers by name, in order.

    Those of a model within the model come in its place.
    """
    _refuse_code(config, where)
    found, left = {}, [config]
    while left:
        item = left.pop()
        if not isinstance(item, dict):
            continue
        own = item.get("config")
        if item is not config:
            found[str(item.get("name") or (own.get("name") if isinstance(
                own, dict) else None))] = item
        left += reversed(_inner(item))
    return found


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
        queue.extend(item if isinstance(item, list) else item.values()
                     if isinstance(item, dict) else ())
        if not isinstance(item, dict):
            continue
        name = str(item.get("class_name")).rpartition(">")[2]
        module = str(item.get("module") or "keras")
        if name in _CODE or module.partition(".")[0] not in _MODULES:
            raise UnsafeFileError(
                "%s: holds %.40s of %.80s, which carries code or asks for it; "
                "expected layers of Keras. Save the weights alone: "
                "model.save_weights(path)." % (where, name, module))


def _old_style(tree, root, names, attributes, layers, where):
    """Return a checkpoint by layer_names and weight_names."""
    model = Model(layers, _first_text(attributes, "backend"),
                  _first_text(attributes, "keras_version") or "1")
    entries = []
    for name in names:
        path = "/".join(filter(None, (root, name)))
        if path not in tree.groups:
            raise CheckpointError("%s: lacks the layer %.80r that it lists; "
                                  "expected all." % (where, name))
        for weight in _texts(tree.groups[path], "weight_names") or ():
            data = tree.datasets.get(path + "/" + weight)
            if data is None:
                raise CheckpointError("%s: lacks the array %.80r that it "
                                      "lists; expected all." % (where, weight))
            layer = _layer_of(weight, name, layers)
            entries.append(entry_of(data, layer, role_of(weight), weight,
                                    layers.get(layer, {}), model))
    writer = "Keras %s%s" % (model.version, " on %s" % model.backend
                             if model.backend else "")
    return Checkpoint(where, "hdf5", tuple(entries), {}, writer)


def _first_text(attributes, name):
    found = _texts(attributes, name)
    return found[0] if found else None


def _new_style(tree, layers, where, form):
    """Return a checkpoint by ``…/vars/0``, with the model's order if known."""
    variables = {}
    for path in tree.datasets:
        group, _, number = path.rpartition("/")
        if group.endswith("vars") and number.isdigit() and (
                not group.startswith("optimizer")):
            variables.setdefault(group, []).append((int(number), path))
    named = {group: _name_of(tree, group) for group in variables}
    order = {name: i for i, name in enumerate(layers)}
    model, entries = Model(layers, None, "3"), []
    for group in sorted(named, key=lambda g: order.get(named[g], len(order))):
        name = named[group]
        layer = layers.get(name) or {"class_name": class_of(group)}
        paths = [path for _, path in sorted(variables[group])]
        for path, role in zip(paths, roles_of(layer, len(paths))):
            entries.append(entry_of(tree.datasets[path], name, role, path,
                                    layer, model))
    ordered = all(name in order for name in named.values())
    return Checkpoint(where, form, tuple(entries), {}, "Keras 3", ordered)


def _name_of(tree, group):
    told = tree.groups[group].get("name")
    if told is not None:
        return str(told)
    return group[:-len("/vars")].rpartition("/")[2]
