"""Write golden files with whatever libraries this Python has.

    python tests/golden/make_golden.py WRITER PART ...

WRITER is the first word of the files' names; the versions that wrote them are
added to VERSIONS.txt. Run by hand with Python 2.7 and 3, NumPy 1 and 2,
PyTorch, safetensors, h5py, Keras 1 to 3, ONNX and protobuf; no test needs any
of them to read the files but those libraries that the reader uses.
"""
from __future__ import print_function

import bz2
import gzip
import os
import pickle
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import values  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
WRITER = sys.argv[1]


def path(name):
    """Return where a golden file goes."""
    return os.path.join(HERE, "%s-%s" % (WRITER, name))


def pickles():
    """Pickle every variant with every protocol; compress some."""
    for variant, value in sorted(values.variants().items()):
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            data = pickle.dumps(value, protocol)
            name = "%s-p%d.pkl" % (variant, protocol)
            if variant in ("lists", "recipes"):
                with gzip.open(path(name + ".gz"), "wb") as file:
                    file.write(data)
            if variant in ("config", "recipes"):
                with bz2.BZ2File(path(name + ".bz2"), "wb") as file:
                    file.write(data)
            if variant not in ("lists", "config"):
                with open(path(name), "wb") as file:
                    file.write(data)
    return ["python %d.%d.%d" % sys.version_info[:3]]


def numpys():
    """Write .npz and .npy."""
    np.savez(path("list.npz"), *values.specials())
    np.savez_compressed(path("list-packed.npz"), *values.specials())
    np.savez(path("named.npz"), **values.by_name())
    np.save(path("kernel.npy"), values.kernel())
    objects = np.empty(len(values.specials()), object)
    objects[:] = values.specials()
    np.save(path("list-objects.npy"), objects)
    np.save(path("nolearn-dict.npy"), values.by_layer())
    return []


def torches():
    """Write state dicts, zipped and legacy."""
    import torch
    state = torch.nn.Sequential(torch.nn.Conv2d(3, 4, (2, 5)),
                                torch.nn.BatchNorm2d(4)).state_dict()
    state.clear()
    for i, array in enumerate(values.plain()):
        state["arr_%d" % i] = torch.from_numpy(array.copy())
    torch.save(state, path("plain.pt"))
    torch.save(dict(state), path("plain-legacy.pth"),
               _use_new_zipfile_serialization=False)
    torch.save({"epoch": 3, "state_dict": state}, path("plain-nested.pt"))
    return ["torch " + torch.__version__]


def safetensors():
    """Write a safetensors file."""
    import safetensors as library
    from safetensors.numpy import save_file
    save_file(dict(("arr_%d" % i, np.array(array, order="C"))
                   for i, array in enumerate(values.plain())),
              path("plain.safetensors"))
    return ["safetensors " + library.__version__]


def hdf5s():
    """Write flat HDF5, and HDF5 as Caffe lays it out."""
    import h5py
    with h5py.File(path("list.h5"), "w") as file:
        for i, array in enumerate(values.specials()):
            file["param_%02d" % i] = array
    with h5py.File(path("list-packed.h5"), "w") as file:
        for i, array in enumerate(values.specials()):
            options = {"compression": "gzip"} if array.size > 1 else {}
            file.create_dataset("param_%02d" % i, data=array, **options)
    with h5py.File(path("named-caffe.h5"), "w") as file:
        for name, array in values.by_name().items():
            layer, role = name.split(".")
            file["data/%s/%d" % (layer, role == "b")] = array
    return ["h5py " + h5py.__version__]


def onnxs():
    """Write an ONNX model whose initialisers nothing uses."""
    import onnx
    from onnx import helper, numpy_helper
    tensors = [numpy_helper.from_array(np.ascontiguousarray(array).reshape(
        array.shape), "arr_%d" % i) for i, array in enumerate(values.plain())
        if array.dtype.kind == "f"]
    graph = helper.make_graph([], "golden", [], [], tensors)
    onnx.save(helper.make_model(graph), path("plain.onnx"))
    return ["onnx " + onnx.__version__]


def caffes():
    """Write a Caffe model through protobuf, by the numbers of its fields."""
    from google import protobuf
    from google.protobuf import (descriptor_pb2, descriptor_pool,
                                 message_factory)
    file = descriptor_pb2.FileDescriptorProto(name="caffe.proto",
                                              package="caffe",
                                              syntax="proto2")
    for message, fields in (
            ("BlobShape", [("dim", 1, 3, 3, "")]),
            ("BlobProto", [("num", 1, 5, 1, ""), ("channels", 2, 5, 1, ""),
                           ("height", 3, 5, 1, ""), ("width", 4, 5, 1, ""),
                           ("data", 5, 2, 3, ""),
                           ("shape", 7, 11, 1, "BlobShape")]),
            ("LayerParameter", [("name", 1, 9, 1, ""), ("type", 2, 9, 1, ""),
                                ("blobs", 7, 11, 3, "BlobProto")]),
            ("V1LayerParameter", [("name", 4, 9, 1, ""),
                                  ("type", 5, 5, 1, ""),
                                  ("blobs", 6, 11, 3, "BlobProto")]),
            ("NetParameter", [("name", 1, 9, 1, ""),
                              ("layers", 2, 11, 3, "V1LayerParameter"),
                              ("layer", 100, 11, 3, "LayerParameter")])):
        kind = file.message_type.add(name=message)
        for name, number, form, label, inner in fields:
            field = kind.field.add(name=name, number=number, type=form,
                                   label=label)
            if inner:
                field.type_name = ".caffe." + inner
            elif label == 3:
                field.options.packed = True
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    make = message_factory.GetMessageClass(
        pool.FindMessageTypeByName("caffe.NetParameter"))
    for old in (False, True):
        net = make(name="golden")
        for name, array in values.by_name().items():
            layers = net.layers if old else net.layer
            layer, role = name.split(".")
            if role == "W":
                added = layers.add(name=layer)
                conv = layer == "conv1"
                added.type = ((4 if conv else 14) if old else
                              "Convolution" if conv else "InnerProduct")
            blob = added.blobs.add(data=array.ravel())
            if old:
                shape = (1,) * (4 - array.ndim) + array.shape
                (blob.num, blob.channels, blob.height, blob.width) = shape
            else:
                blob.shape.dim.extend(array.shape)
        with open(path("named%s.caffemodel" % ("-v1" if old else "")),
                  "wb") as out:
            out.write(net.SerializeToString())
    return ["protobuf " + protobuf.__version__]


def keras_model():
    """Return a small Keras model with the golden values."""
    import keras
    from keras import layers
    if keras.__version__.startswith("1"):
        import keras.backend
        keras.backend.set_image_dim_ordering("th")
        model = keras.models.Sequential([
            layers.Convolution2D(4, 2, 5, input_shape=(3, 3, 6),
                                 name="conv1"),
            layers.Flatten(), layers.Dense(5, name="dense")])
    else:
        model = keras.models.Sequential([
            layers.Conv2D(4, (2, 5), input_shape=(3, 6, 3), name="conv1"),
            layers.Flatten(), layers.Dense(5, name="dense")])
    for layer in model.layers:
        layer.set_weights([values.kernel("<f4", w.shape)
                           for w in layer.get_weights()])
    return keras, model


def kerases():
    """Write Keras models and weights in all forms this version has."""
    keras, model = keras_model()
    model.save(path("keras-model.h5"))
    new = keras.__version__.startswith("3")
    model.save_weights(path("keras%s.h5" % (".weights" if new else "")))
    if new:
        model.save(path("keras.keras"))
    return ["keras " + keras.__version__]


PARTS = {"pickles": pickles, "numpys": numpys, "torches": torches,
         "safetensors": safetensors, "hdf5s": hdf5s, "onnxs": onnxs,
         "caffes": caffes, "kerases": kerases}


if __name__ == "__main__":
    versions = ["numpy " + np.__version__]
    for part in sys.argv[2:]:
        versions += PARTS[part]()
    with open(os.path.join(HERE, "VERSIONS.txt"), "a") as out:
        out.write("%s: %s\n" % (WRITER, ", ".join(versions)))
