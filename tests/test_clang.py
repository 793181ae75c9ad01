"""Theano's C++ compiles with clang, which is stricter than GCC."""
import os
import shutil
import subprocess
import sys

import pytest

#: As clang does: no braces that narrow, unless it is told.
FAKE = """#!%s
import os, subprocess, sys
if "--version" in sys.argv:
    sys.exit(print("Some clang version 99.0"))
narrow = ["-Wno-narrowing"] if "-Wno-c++11-narrowing" in sys.argv else [
    "-Werror=narrowing"]
sys.exit(subprocess.call(["g++", *sys.argv[1:], *narrow]))
"""

PROGRAM = """
import lasagne_flipconv, numpy as np, theano, theano.tensor as T
x = T.tensor4()
y = T.nnet.conv2d(x, np.ones((1, 1, 3, 3), x.dtype))
f = theano.function([x], y + x[:, :, 1:-1, 1:-1])
print(f(np.ones((1, 1, 4, 4), x.dtype)).sum())
"""


@pytest.mark.parametrize("compiler", ["fake"] + (
    ["clang++"] if shutil.which("clang++") else []))
def test_a_convolution(compiler, tmp_path):
    if compiler == "fake":
        compiler = str(tmp_path / "fake++")
        with open(compiler, "w") as file:
            file.write(FAKE % sys.executable)
        os.chmod(compiler, 0o755)
    flags = "cxx=%s,base_compiledir=%s" % (compiler, tmp_path / "theano")
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=dict(os.environ, THEANO_FLAGS=flags, LASAGNE_FLIPCONV_ENGINE="0"))
    assert told.returncode == 0 and told.stdout.endswith("40.0\n"), told.stdout
