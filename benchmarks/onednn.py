"""Compile and start the loop that shows what oneDNN itself can do."""
import os
import subprocess
from importlib import metadata
from pathlib import Path

from .contest import Failed, Worker

LIBRARY, HEADERS = "onednn-cpu-gomp", "onednn-devel-cpu-gomp"
SOURCE = Path(__file__).with_name("onednn_limit.cpp")


def file_of(distribution, name):
    """Return the path of an installed distribution's file, None without."""
    try:
        files = metadata.files(distribution) or ()
    except metadata.PackageNotFoundError:
        return None
    found = [file.locate().resolve() for file in files if file.name == name]
    return min(found, key=lambda path: len(path.parts), default=None)


def available():
    """Tell whether oneDNN and its headers are installed."""
    return bool(file_of(LIBRARY, "libdnnl.so.3")
                and file_of(HEADERS, "dnnl.hpp"))


def compiled(folder):
    """Compile the loop into a folder; return the path of the program.

    Raises
    ------
    Failed
        If the compiler fails.
    """
    library = file_of(LIBRARY, "libdnnl.so.3")
    program = os.path.join(folder, "onednn_limit")
    done = subprocess.run(
        [os.environ.get("CXX", "g++"), "-std=c++11", "-O2", str(SOURCE),
         "-I", str(file_of(HEADERS, "dnnl.hpp").parent), str(library),
         "-Wl,-rpath," + str(library.parent), "-o", program],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        universal_newlines=True)
    if done.returncode:
        raise Failed("%s: %s" % (SOURCE.name, done.stdout[-2000:]))
    return program


def limit(program, network, batch, threads):
    """Start the loop on a network of one convolution; return the worker."""
    options = network.nodes[0].options
    channels, *image = network.input_shape
    numbers = [batch, channels, options["filters"], len(image), *image,
               *options["size"], *options["stride"], *options["pad"]]
    return Worker([program] + [str(number) for number in numbers],
                  {"OMP_NUM_THREADS": str(threads)})
