"""Which rewrites of Theano a graph gets before PyTorch computes it, and ours.

A rewrite is registered by a name, by which the mode asks for it: as an object
it could not be pickled.
"""
from theano.compile import predefined_optimizers

from . import biased, drawing, gradients, normalized, rectifier, scaled

__all__ = ["QUERY", "RANDOM"]

#: Those that are not for PyTorch: they replace what it has a function for, or
#: write into operands.
EXCLUDED = (
    "conv_gemm", "local_conv2d_cpu", "local_conv2d_gradweight_cpu",
    "local_conv2d_gradinputs_cpu", "AbstractConvCheck",
    "local_abstractconv_check", "inplace", "fusion", "local_careduce_fusion",
    "BlasOpt", "onednn", "local_abstract_batch_norm_train",
    "local_abstract_batch_norm_train_grad",
    "local_abstract_batch_norm_inference")

#: Whose random numbers → by which name the mode asks for them besides.
RANDOM = {"theano": (), "torch": (drawing.REWRITE,)}

#: What is asked of Theano's register of rewrites.
QUERY = predefined_optimizers["fast_run"].excluding(*EXCLUDED).including(
    rectifier.REWRITE, normalized.REWRITE, gradients.REWRITE, biased.REWRITE,
    scaled.REWRITE)
