"""A plan as a model of ONNX, written with the package `onnx` alone."""
