"""Run Theano's convolutions, pooling and batch normalization on oneDNN.

The engine is on by itself where oneDNN is installed, as it is with this
package on Linux on x86-64. It changes what `theano.function` compiles, for any
graph in float32; what it cannot do stays with Theano. With `use`, PyTorch
computes instead, on a GPU of today.
"""
from .freezing import frozen
from .graph.rewrites import register
from .library import EngineError
from .machines import use, use_device, using
from .rounding import precision
from .report import report
from .state import disable, disabled, enable, enabled, why_off

__all__ = ["enable", "disable", "disabled", "enabled", "frozen", "precision",
           "report", "why_off", "use", "using", "EngineError"]

register()
use_device(None)
