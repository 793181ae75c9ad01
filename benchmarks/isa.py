"""Keep what is measured to the instructions of an older processor.

All of it by variables of the environment, which every worker inherits.
"""
from typing import NamedTuple


class Limit(NamedTuple):
    """Its title, the variables, what Theano's compiler is told, exceptions.

    The exceptions are texts by implementation that cannot be limited wholly.
    """

    title: str
    variables: dict
    compiler: str
    exceptions: dict


LIMITS = {"avx2": Limit(
    "AVX2", {
        # ours, PyTorch, OpenVINO and XLA, each with a oneDNN of its own;
        # in some it still has its old name
        "ONEDNN_MAX_CPU_ISA": "AVX2", "DNNL_MAX_CPU_ISA": "AVX2",
        # PyTorch: its loops and the vectors that it compiles, and the rest
        "ATEN_CPU_CAPABILITY": "avx2",
        "TORCHINDUCTOR_CPP_MARCH": "x86-64-v3",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        "OPENBLAS_CORETYPE": "Haswell",  # Theano's products, through NumPy's
        "XLA_FLAGS": "--xla_cpu_max_isa=AVX2",
    }, "-march=x86-64-v3", {
        "onnxruntime": "not at all",  # it asks the processor and nobody else
        "openvino": "but for dense layers and means",
    })}


def environment(name, given):
    """Return the variables that set a limit.

    Parameters
    ----------
    name : str or None
        A key of LIMITS, or None for no limit.
    given : mapping
        The variables as they are; those that hold several flags keep them.

    Returns
    -------
    dict

    Examples
    --------
    >>> environment("avx2", {"THEANO_FLAGS": "floatX=float32"})["THEANO_FLAGS"]
    'floatX=float32,gcc.cxxflags=-march=x86-64-v3'
    """
    if name is None:
        return {}
    limit = LIMITS[name]
    found = dict(limit.variables)
    found["XLA_FLAGS"] = _joined(" ", given.get("XLA_FLAGS"),
                                 found["XLA_FLAGS"])
    found["THEANO_FLAGS"] = _joined(",", given.get("THEANO_FLAGS"),
                                    "gcc.cxxflags=" + limit.compiler)
    return found


def _joined(separator, *texts):
    return separator.join(filter(None, texts))


def told(name, titles):
    """Return what to say of a limit in one cell, None of none.

    Parameters
    ----------
    name : str or None
        A key of LIMITS.
    titles : dict of str
        Those of the implementations that are measured.
    """
    if name is None:
        return None
    limit = LIMITS[name]
    return "; ".join([limit.title] + [
        "%s: %s" % (titles[key], text)
        for key, text in limit.exceptions.items() if key in titles])
