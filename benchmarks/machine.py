"""Tell what a benchmark ran on."""
import os
import platform
import re
import subprocess
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path

#: Distributions whose versions are told, where they are installed.
VERSIONS = ("lasagne-flipconv", "Lasagne", "Theano", "numpy",
            "onednn-cpu-gomp", "torch", "onnx", "onnxruntime", "openvino",
            "jax")

#: Environment variables that change what is measured.
VARIABLES = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "OPENBLAS_CORETYPE")


def processor():
    """Return what the processor is called, its family and vector unit."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    name = re.search(r"model name\s*:\s*(.+)", text)
    family = re.findall(r"^cpu (family)\s*:\s*(\d+)", text, re.M)[:1]
    flags = set(text.split())
    widest = [f for f in ("amx_tile", "avx512f", "avx2") if f in flags][:1]
    return ", ".join(([name[1]] if name else [platform.machine()])
                     + [" ".join(words) for words in family] + widest)


def version(distribution):
    """Return the version of a distribution, None if it is not there."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def compiler():
    """Return the first line of what the C++ compiler says of itself."""
    try:
        text = subprocess.check_output(
            [os.environ.get("CXX", "g++"), "--version"],
            universal_newlines=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return text.splitlines()[0]


def description():
    """Return pairs (what, value) of this machine and what is installed."""
    pairs = [("date", datetime.now(timezone.utc).strftime("%Y-%m-%d")),
             ("processor", processor()),
             ("cores", len(os.sched_getaffinity(0))
              if hasattr(os, "sched_getaffinity") else os.cpu_count()),
             ("system", platform.platform()),
             ("compiler", compiler()),
             ("load at the start", "%.1f" % os.getloadavg()[0]
              if hasattr(os, "getloadavg") else None),
             ("Python", platform.python_version())]
    pairs += [(name, version(name)) for name in VERSIONS]
    pairs += [(name, os.environ.get(name)) for name in VARIABLES]
    return [(what, value) for what, value in pairs if value is not None]
