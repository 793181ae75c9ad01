"""Scripts as they are found in the wild, under ``lasagne-flipconv run``."""
import multiprocessing.context
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from lasagne_flipconv.scripts import running
from lasagne_flipconv.scripts.python2 import compiled, divide, is_python2

ROOT = Path(__file__).resolve().parents[1]


def run(folder, *arguments, env=(), python=False):
    """Run the command, or plain python, in a folder.

    What floatX is, is said, as the command tells what it takes without.
    """
    command = [sys.executable, "-W", "ignore"]
    if not python:
        command += ["-m", "lasagne_flipconv", "run"]
    path = [os.environ.get("LASAGNE_SOURCE"), os.environ.get("PYTHONPATH"),
            str(ROOT)]
    return subprocess.run(
        [*command, *arguments], cwd=folder, universal_newlines=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(
            os.environ, PYTHONPATH=os.pathsep.join(filter(None, path)),
            **dict({"THEANO_FLAGS": flags(floatX="float64")}, **dict(env))))


def flags(**more):
    """Return the flags of Theano here, with none for floatX but in `more`."""
    told = os.environ.get("THEANO_FLAGS", "").split(",")
    told = [f for f in told if f and not f.startswith("floatX")]
    return ",".join(told + ["%s=%s" % item for item in more.items()])


def write(folder, name, text):
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(textwrap.dedent(text))
    return path


IMPORTS = """
    import lasagne
    try:
        from lasagne.layers.dnn import Conv2DDNNLayer as ConvLayer
        from lasagne.layers.dnn import MaxPool2DDNNLayer as PoolLayer
        choice = "dnn"
    except ImportError:
        try:
            from lasagne.layers.cuda_convnet import Conv2DCCLayer as ConvLayer
            choice = "cuda_convnet"
        except ImportError:
            ConvLayer, choice = lasagne.layers.Conv2DLayer, "conv"
    assert choice == "dnn", choice
    import lasagne.layers.dnn
    assert ConvLayer is lasagne.layers.dnn.Conv2DDNNLayer
    import lasagne.layers.corrmm
    """

WILD = IMPORTS + """
    import numpy as np
    import theano
    import theano.tensor as T
    from lasagne.layers import Conv2DLayer, InputLayer, get_output
    from lasagne.layers.cuda_convnet import (
        Conv2DCCLayer, ShuffleBC01ToC01BLayer, ShuffleC01BToBC01Layer)

    class BinaryConv(Conv2DLayer):
        def convolve(self, input, **kwargs):
            W, self.W = self.W, T.sgn(self.W)
            result = super(BinaryConv, self).convolve(input, **kwargs)
            self.W = W
            return result

    class Wrapper(lasagne.layers.Layer):
        def __init__(self, incoming, inner):
            super(Wrapper, self).__init__(incoming)
            self.inner, self.params = inner, inner.params.copy()

        def get_output_shape_for(self, shape):
            return self.inner.get_output_shape_for(shape)

        def get_output_for(self, input, **kwargs):
            return self.inner.get_output_for(input, **kwargs)

    shape = (2, 4, 7, 6)
    x = np.random.RandomState(1).randn(*shape).astype(theano.config.floatX)
    net = InputLayer(shape)
    W = np.random.RandomState(2).randn(16, 4, 3, 3)
    W = W.astype(theano.config.floatX)
    plain = {"b": None, "nonlinearity": None}
    binary = BinaryConv(net, 16, 3, W=W, **plain)
    signs = Conv2DLayer(net, 16, 3, W=np.sign(W), **plain)
    dnn = ConvLayer(net, 16, 3, W=W[:, :, ::-1, ::-1], **plain)
    conv = Conv2DLayer(net, 16, 3, W=W, convolution=T.nnet.conv2d, **plain)
    tied = ConvLayer(net, 16, 3, W=dnn.W, **plain)
    expression = ConvLayer(net, 16, 3, W=2 * dnn.W, **plain)
    wrapped = Wrapper(net, conv)
    cc = Conv2DCCLayer(net, 16, 3, W=W, flip_filters=True, partial_sum=2,
                       **plain)
    c01b = ShuffleC01BToBC01Layer(Conv2DCCLayer(
        ShuffleBC01ToC01BLayer(net), 16, 3, W=W.transpose(1, 2, 3, 0),
        dimshuffle=False, flip_filters=True, partial_sum=1, **plain))
    untied = lasagne.layers.corrmm.Conv2DMMLayer(
        net, 16, 3, W=dnn.W, untie_biases=True, nonlinearity=None)
    assert untied.b.get_value().shape == (16, 5, 4)
    for layer in binary, signs, dnn, conv, cc:
        assert isinstance(layer, (Conv2DLayer, ConvLayer, Conv2DCCLayer))
    assert isinstance(binary, lasagne.layers.conv.Conv2DLayer)
    assert wrapped.get_params() == [conv.W] and tied.W is dnn.W
    every = [binary, signs, dnn, conv, tied, expression, wrapped, cc, c01b,
             untied]
    (binary, signs, dnn, conv, tied, expression, wrapped, cc, c01b,
     untied) = theano.function([net.input_var], get_output(every))(x)
    close = np.testing.assert_allclose
    close(binary, signs, atol=1e-5)
    for other in conv, tied, expression / 2, wrapped, cc, c01b, untied:
        close(other, dnn, atol=1e-4)
    assert abs(dnn).max() > 1
    print("all as before")
    """


def test_what_scripts_do(tmp_path):
    write(tmp_path, "train.py", WILD)
    result = run(tmp_path, "--report", "train.py")
    assert result.stdout == "all as before\n", result.stderr
    assert result.returncode == 0
    lines = result.stderr.splitlines()
    assert "9 convolution layers were built:" in lines
    assert sum("flip_filters=True" in line for line in lines) == 5
    assert any(line.split()[:2] == ["BinaryConv", "-"] for line in lines)
    assert any("CorrMM" in line for line in lines)


SHOW = """
    import os, sys
    class Kept(object):
        pass
    print(__name__, __file__, sys.argv, os.path.basename(sys.path[0]))
    print(sys.modules["__main__"].Kept is Kept, __package__, __spec__)
    import beside
    """


def test_a_script_sees_what_python_shows_it(tmp_path):
    write(tmp_path, "sub/show.py", SHOW)
    write(tmp_path, "sub/beside.py", "print('beside')")
    script = os.path.join("sub", "show.py")
    arguments = ["--", "-x", "--report", "--d", "--", "1"]
    ours, pythons = [run(tmp_path, script, *arguments, python=python)
                     for python in (False, True)]
    assert pythons.returncode == ours.returncode == 0, ours.stderr
    assert ours.stdout == pythons.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux alone")
@pytest.mark.parametrize("chosen", [None, "spawn"])
def test_processes_of_a_script_are_forks_as_before_3_14(monkeypatch, chosen):
    default = multiprocessing.context._default_context
    later = multiprocessing.get_context("forkserver")
    monkeypatch.setattr(default, "_default_context", later)
    monkeypatch.setattr(default, "_actual_context", None)
    running.fork_by_default()
    if chosen:
        multiprocessing.set_start_method(chosen)
    assert multiprocessing.get_start_method() == (chosen or "fork")


CHILDREN = """
    import multiprocessing
    import sys
    import theano
    from scipy.misc import imresize
    import helper

    def child(queue, deeper):
        if deeper:
            grandchild = multiprocessing.Process(target=child,
                                                 args=(queue, False))
            grandchild.start()
            grandchild.join()
        queue.put([__name__, sys.argv[1:], theano.config.floatX, helper.name(),
                   round(2.5), 7 / 2])

    if __name__ == "__main__":
        multiprocessing.set_start_method(sys.argv[1])
        queue = multiprocessing.Queue()
        first = multiprocessing.Process(target=child, args=(queue, True))
        first.start()
        first.join()
        assert first.exitcode == 0
        for _ in range(2):
            print(queue.get())
    """
HELPER = """
    def name():
        from scipy.misc import imresize
        return imresize.__name__
    """


@pytest.mark.parametrize("options, divided", [
    ("c.py", [2, 3.5]), ("--python2 c.py", [3., 3]), ("-m c", [2, 3.5])])
@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_processes_that_are_no_forks_are_lent_what_a_script_is(
        tmp_path, options, divided, method):
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip("not on this system")
    write(tmp_path, "c.py", CHILDREN)
    write(tmp_path, "helper.py", HELPER)
    result = run(tmp_path, *options.split(), method,
                 env={"THEANO_FLAGS": flags()})
    told = ["__mp_main__", [method], "float32", "imresize", *divided]
    assert result.stdout == ("%s\n" % told) * 2, result.stderr


def test_a_module_and_a_package(tmp_path):
    write(tmp_path, "package/__init__.py", "")
    write(tmp_path, "package/__main__.py", """
        import sys
        from . import part
        print(__name__, __package__, __spec__.name, sys.argv[1:])
        sys.exit(3)
        """)
    write(tmp_path, "package/part.py",
          "from lasagne.layers.dnn import Conv2DDNNLayer; print('part')")
    result = run(tmp_path, "-m", "package", "-m", "other")
    assert result.stdout.splitlines() == [
        "part", "__main__ package package.__main__ ['-m', 'other']"]
    assert result.returncode == 3 and not result.stderr
    for name in ("package.nothing", ".package", "../package"):
        result = run(tmp_path, "-m", name)
        assert result.returncode == 2, name
        assert "-m %s: there is no such module" % name in result.stderr
    write(tmp_path, "lacking/__init__.py", "import no_such_dependency")
    result = run(tmp_path, "-m", "lacking.part")
    assert "No module named 'no_such_dependency'" in result.stderr
    assert "running.py" not in result.stderr


def test_a_package_on_the_way_that_is_of_python_2(tmp_path):
    write(tmp_path, "old/__init__.py", "import cPickle")
    write(tmp_path, "old/train.py", "print(cPickle)")
    result = run(tmp_path, "-m", "old.train")
    assert result.returncode == 1 and "running.py" not in result.stderr
    assert "line 1: cPickle is a module of Python 2; pass --python2" in \
        result.stderr


FAILURES = {
    "raise.py": "def f():\n    raise ValueError('why')\nf()\n",
    "syntax.py": "x = = 1\n",
    "deep.py": "def f(n):\n    return f(n + 1) if n < 700 else 1 / 0\nf(0)\n",
    "exit.py": "import sys\nsys.exit('bye')\n",
    "interrupt.py": "raise KeyboardInterrupt\n",
}


@pytest.mark.parametrize("name", FAILURES)
def test_failures_look_as_under_python(tmp_path, name):
    write(tmp_path, name, FAILURES[name])
    ours, pythons = [run(tmp_path, name, python=python)
                     for python in (False, True)]
    assert (ours.returncode, ours.stderr) == (pythons.returncode,
                                              pythons.stderr)


def test_flags_that_come_too_late_are_told(tmp_path):
    write(tmp_path, "flags.py",
          "import os; os.environ['THEANO_FLAGS'] = 'cxx=,device=gpu'")
    result = run(tmp_path, "flags.py")
    assert result.returncode == 0
    assert "set THEANO_FLAGS=cxx= when" in result.stderr


def test_a_script_that_is_not_there(tmp_path):
    result = run(tmp_path, "nothing.py")
    assert result.returncode == 2 and "nothing.py: is not there" in \
        result.stderr


GONE = """
    import theano
    try:
        import pygpu
    except ImportError as error:
        print(error)
    try:
        theano.sandbox.cuda.CudaNdarray("gpu0")
    except AttributeError as error:
        print(error)
    print(hasattr(theano.sandbox, "pygpu"))
    from theano.sandbox.cuda.dnn import GpuDnnPool
    """


def test_gpu_modules_are_explained(tmp_path):
    write(tmp_path, "gpu.py", GONE)
    result = run(tmp_path, "gpu.py")
    lines = result.stdout.splitlines()
    assert "gpu.py, line 4: 'import pygpu' needs pygpu" in lines[0]
    assert "gpu.py, line 8: 'theano.sandbox.cuda.CudaNd" in lines[1]
    assert lines[2] == "False" and result.returncode == 1
    trace = result.stderr.splitlines()
    assert trace[0] == "Traceback (most recent call last):"
    assert trace[1].endswith('gpu.py", line 12, in <module>')
    assert len([line for line in trace if line.startswith("  File")]) == 1
    assert "Use theano.tensor.nnet.conv2d" in trace[-1]


OLD = """
    import xrange_user
    print "sevenths: %d %s" % (7 / 2, 7. / 2), xrange_user.total(4)
    """


def test_python_2(tmp_path):
    write(tmp_path, "old.py", OLD)
    write(tmp_path, "xrange_user.py", """
        def total(n):
            n /= 2
            print "total"
            return sum(i for i in xrange(n + 1))
        """)
    plain = run(tmp_path, "old.py")
    assert plain.returncode == 1 and "pass --python2" in plain.stderr
    result = run(tmp_path, "--python2", "old.py")
    assert result.stdout == "sevenths: 3 3.5 total\n3\n", result.stderr
    assert not list(tmp_path.glob("__pycache__"))  # for python itself
    assert is_python2(str(tmp_path / "old.py"))


@pytest.mark.parametrize("source, value", [
    (b"x = 7 / 2", 3), (b"x: int = 7 / 2", 3.5), (b"x = 7 / 2; print x", 3),
    (b"x = 7; x /= 2; print x", 3),
    (b"from __future__ import division\nx = 7 / 2; print x",
     3.5)])
def test_division(source, value):
    names = {}
    exec(compiled(source, "old.py"), names)
    assert names["x"] == value


def test_division_of_arrays():
    import numpy as np
    assert list(divide(np.array([7, -7]), 2)) == [3, -4]
    assert divide(np.float32(7), 2) == 3.5 and divide(True, 2) == 0


def test_what_is_neither_python(tmp_path):
    path = write(tmp_path, "not.py", "x = = 1\n")
    assert not is_python2(str(path))
    with pytest.raises(SyntaxError, match="invalid syntax"):
        compiled(b"x = = 1\n", "not.py")


FLOATX = """
    import theano
    import theano.tensor as T
    print(theano.config.floatX, T.matrix().dtype, T.constant(.5).dtype,
          theano.shared(theano._asarray(1, theano.config.floatX)).dtype)
    """


@pytest.mark.parametrize("options, told, floatx, says", [
    ([], {}, "float32", True),
    ([], {"floatX": "float64"}, "float64", False),
    ([], {"floatX": "float32"}, "float32", False),
    (["--floatx", "float64"], {}, "float64", False),
    (["--floatx", "float32"], {"floatX": "float64"}, "float32", False)])
def test_floatx(tmp_path, options, told, floatx, says):
    write(tmp_path, "floatx.py", FLOATX)
    env = {"THEANO_FLAGS": flags(**told), "HOME": str(tmp_path)}
    result = run(tmp_path, *options, "floatx.py", env=env)
    assert result.stdout.split() == [floatx, floatx, "float32", floatx]
    assert ("--floatx float64" in result.stderr) == says
    assert result.stderr.count("\n") == says


def test_floatx_of_a_configuration_file(tmp_path):
    write(tmp_path, "floatx.py", FLOATX)
    write(tmp_path, ".theanorc", "[global]\nfloatX = float64\n")
    result = run(tmp_path, "floatx.py", env={
        "THEANO_FLAGS": flags(), "HOME": str(tmp_path)})
    assert result.stdout.split()[0] == "float64" and not result.stderr


BUILDS = """
    from __future__ import annotations
    from dataclasses import dataclass
    import lasagne

    @dataclass
    class Sizes:
        units: int = 3

    def build():
        return lasagne.layers.DenseLayer(
            lasagne.layers.InputLayer((None, 4)), Sizes().units)
    """


@pytest.mark.parametrize("name", ["net", "json", "a net"])
def test_a_script_that_builds_a_network_is_a_module(tmp_path, name):
    """One that dataclasses find, and that no other module is taken for."""
    path = write(tmp_path, "sub/%s.py" % name, BUILDS)
    write(tmp_path, "a.py", """
        import json
        from lasagne_flipconv.scripts.building import built_by
        print(built_by(%r + ":build").num_units, json.dumps(1))
        import json
        print(json.dumps(2))
        """ % str(path))
    result = run(tmp_path, "a.py", python=True)
    assert result.stdout == "3 1\n2\n", result.stderr
