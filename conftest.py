"""Leave out the examples of what needs a library that is not installed."""
import importlib.util

collect_ignore_glob = [
    "lasagne_flipconv/leaving/%s/*" % folder
    for folder, library in (("onnx_model", "onnx"), ("torch_module", "torch"))
    if importlib.util.find_spec(library) is None]
