"""Scripts of another time that stop are told which."""
import numpy as np
import pytest
from lasagne_flipconv.compat.theano_flags import find_compiler
from test_run import flags, run
from test_run_python2 import made

#: What stops without ``--python2``, and what is said of it.
OF_PYTHON2 = {
    "a module": ({"a.py": "import cPickle"}, "cPickle is a module"),
    "a module, from": ({"a.py": "from urllib2 import urlopen"},
                       "urllib2 is a module"),
    "a module that an import needs": (
        {"a.py": "import b", "b.py": "import ConfigParser"},
        "b.py, line 1: ConfigParser is a module"),
    "syntax": ({"a.py": "print 'x'"}, "a.py is written in Python 2"),
    "syntax of an import": ({"a.py": "import b", "b.py": "print 'x'"},
                            "b.py is written in Python 2"),
    "syntax of an import, twice removed": (
        {"a.py": "import b", "b.py": "import p.c", "p/__init__.py": "",
         "p/c.py": "raise ValueError, 1"}, "c.py is written in Python 2"),
    "octal": ({"a.py": "x = 0777"}, "a.py is written in Python 2"),
    "tabs": ({"a.py": "if 1:\n        x = 1\n\ty = 2\n"},
             "a.py is written in Python 2"),
    "a late global": ({"a.py": "def f():\n x = 1\n global x\n"},
                      "a.py is written in Python 2"),
    "a neighbour in a package": (
        {"a.py": "import p.b", "p/__init__.py": "", "p/b.py": "import c",
         "p/c.py": ""}, "b.py, line 1: c lies in the same package"),
    "a function": ({"a.py": "print(list(xrange(3)))"},
                   "a.py, line 1: xrange is a function or type"),
    "a type": ({"a.py": "x = unicode('a')"}, "unicode is a function or type"),
    "a method": ({"a.py": "for x in {}.iteritems(): pass"},
                 "iteritems is an attribute"),
    "has_key": ({"a.py": "{}.has_key(1)"}, "has_key is an attribute"),
    "a list": ({"a.py": "x = map(abs, [1])[0]"}, "map returned a list"),
    "keys": ({"a.py": "x = {}.keys()[0]"}, "dict_keys returned a list"),
    "content of a module": ({"a.py": "import string\nstring.letters"},
                            "letters is an attribute"),
    "content, from": ({"a.py": "from itertools import izip"},
                      "izip is a name"),
    "cmp": ({"a.py": "[1].sort(cmp=None)"}, "sorting by cmp"),
    "a pickle as text": ({
        "a.py": "import pickle\npickle.dump(1, open('p', 'wb'), 2)\n"
        "pickle.load(open('p'))"}, "a pickle that is open as a text"),
    "a pickle": ({"a.py": "import pickle\npickle.loads(b'\\x80\\x02U\\x01"
                          "\\xe9.')"}, "a pickle of Python 2"),
}


@pytest.mark.parametrize("kind", OF_PYTHON2)
def test_python_2_is_told(tmp_path, kind):
    files, told = OF_PYTHON2[kind]
    made(tmp_path, files)
    last = run(tmp_path, "a.py").stderr.splitlines()[-1]
    assert last.startswith("lasagne-flipconv run: ") and told in last
    assert last.endswith("; pass --python2 to run it translated.")


@pytest.mark.parametrize("code", [
    "x = = 1", "import no_such_module", "no_such_name", "{}.no_such()",
    "raise ValueError('x')", "import sys; sys.exit(3)", "1 / 0", "(1).x",
    "def f(): return f()\nf()", "open('none.txt')", "None[0]", "f'{x = }'",
    "from os import no_such_name", "x = 1\nx[0]", "raise KeyboardInterrupt"])
def test_nothing_is_told_of_anything_else(tmp_path, code):
    made(tmp_path, {"a.py": code})
    result = run(tmp_path, "a.py")
    assert result.returncode and "--python2" not in result.stderr


def test_nothing_is_told_of_what_a_script_handles(tmp_path):
    made(tmp_path, {"a.py": "try:\n    import cPickle\nexcept ImportError:\n"
                            "    print('handled')"})
    result = run(tmp_path, "a.py")
    assert (result.stdout, result.stderr) == ("handled\n", "")


NET = ("import lasagne\nfrom lasagne import layers, objectives\n"
       "l = layers.InputLayer((None, 3, 9, 9))\n")

#: What scripts for Lasagne before 0.1 do, and what they are told.
BEFORE_0_1 = {
    "layers.Conv2DLayer(l, 4, (3, 3), border_mode='valid')":
        "border_mode is of Lasagne before 0.1; write pad=",
    "from lasagne.layers.dnn import *\n"
    "Conv2DDNNLayer(l, 4, (3, 3), border_mode='same')": "write pad=",
    "layers.Conv2DLayer(l, 4, (3, 3), strides=(2, 2))": "write stride=",
    "layers.MaxPool2DLayer(l, ds=(2, 2))": "write pool_size=",
    "objectives.Objective(l)": "write loss = objectives.squared_error",
    "from lasagne.objectives import Objective": "write loss = objectives",
    "lasagne.objectives.MaskedObjective": "write loss = objectives",
    "objectives.mse": "write squared_error(...).mean()",
    "objectives.crossentropy": "write binary_crossentropy(...).mean()",
    "from lasagne.objectives import multinomial_nll":
        "write categorical_crossentropy(...).mean()",
    "layers.DenseLayer(l, 3).get_output()": "write lasagne.layers.get_output",
    "l.get_output_shape()": "write layer.output_shape",
    "layers.get_all_non_bias_params(l)": "regularizable=True",
    "layers.get_all_bias_params(l)": "regularizable=False",
    "layers.MultipleInputsLayer": "write MergeLayer",
    "from lasagne.layers import MultipleInputsLayer": "write MergeLayer",
    "lasagne.utils.concatenate": "write theano.tensor.concatenate",
    "from lasagne.utils import concatenate": "theano.tensor.concatenate",
    "lasagne.regularization.l2(layers.DenseLayer(l, 3))":
        "l2 of a layer is of Lasagne before 0.1; write "
        "lasagne.regularization.regularize_network_params(network, l2)",
}


@pytest.mark.parametrize("code", BEFORE_0_1)
@pytest.mark.parametrize("option", [[], ["--python2"]])
def test_what_is_from_before_0_1_is_told(tmp_path, code, option):
    made(tmp_path, {"a.py": NET + code})
    last = run(tmp_path, *option, "a.py").stderr.splitlines()[-1]
    assert BEFORE_0_1[code] in last and " is of Lasagne before 0.1; " in last
    assert "a.py, line %d: " % (4 + code.count("\n")) in last


#: What NumPy computed before, since which one it does not, what is told.
BEFORE_NUMPY_2 = {
    "float(np.ones(1))": ((2, 5), "a.py, line 2: an array of one element was "
                          "a number before NumPy 2.5; write x.item()"),
    "print('%f' % np.ones(1))": ((2, 5), "write x.item()"),
    "b = np.ones(1); a = np.zeros(2); a[0] = b": ((2, 5), "write x.item()"),
    "print('%d' % np.ones(1))": ((2, 5), "write x.item()"),
    "np.zeros(2)[0] = np.ones(1)": ((2, 5), "write x.item()"),
    "np.ones(1, 'uint8') + 300": ((2, 0), "line 2: a number that the type of "
                                  "an array cannot hold made a wider one"),
    "np.ones(1, 'int8')[0] * -129": ((2, 0), "write x.astype('int64')"),
    # as NumPy 2.5 has it; before, it says itself what to write for some
    "raise AttributeError(\"'numpy.ndarray' object has no attribute 'ptp'\")":
    ((1, 0), "a.py, line 2: arrays had ptp before NumPy 2; write np.ptp(x)"),
}


@pytest.mark.parametrize("code", BEFORE_NUMPY_2)
@pytest.mark.parametrize("option", [[], ["--python2"]])
def test_what_numpy_2_refuses_is_told(tmp_path, code, option):
    since, told = BEFORE_NUMPY_2[code]
    made(tmp_path, {"a.py": "import numpy as np\n" + code})
    result = run(tmp_path, *option, "a.py")
    if np.lib.NumpyVersion(np.__version__) >= "%d.%d.0" % since:
        assert told in result.stderr.splitlines()[-1]
    else:
        assert result.returncode == 0


#: What no NumPy computed, or is of no layer of Lasagne.
OF_NOBODY = [
    "a[0] = [1, 2]", "a[0] = b", "float(b)", "'%f' % b",
    "Conv(3, border_mode='same')", "Conv(3).get_output()", "MaxPool2DLayer()",
    "Conv(3).get_output_shape()", "Layer() ** 2"]


@pytest.mark.parametrize("code", OF_NOBODY)
def test_no_hint_is_given_of_what_it_is_not_of(tmp_path, code):
    made(tmp_path, {"a.py": "import numpy as np\nimport lasagne\n"
                    "a, b = np.zeros(3), np.ones(2)\nclass Conv(object):\n"
                    "    def __init__(self, n): pass\nclass Layer(Conv):\n"
                    "    def __init__(self): pass\n"
                    "class MaxPool2DLayer(Conv):\n"
                    "    def __init__(self, pool_size): pass\n%s\n"
                    % code.replace("Conv(3).get", "Layer().get")})
    result = run(tmp_path, "a.py")
    assert result.returncode == 1
    assert "lasagne-flipconv run" not in result.stderr


@pytest.mark.parametrize("option", [[], ["--python2"]])
def test_a_module_without_its_source_is_told(tmp_path, option):
    made(tmp_path, {"a.py": "import p.b", "p/b.py": ""})
    (tmp_path / "p" / "__init__.pyc").write_bytes(b"\x03\xf3\r\n" + bytes(12))
    told = run(tmp_path, *option, "a.py").stderr.splitlines()[-1]
    assert "a.py, line 1: of p only what another Python compiled" in told
    assert "__init__.pyc. Get its .py; " in told


def test_gpu_modules_are_explained_after_install_alone(tmp_path):
    made(tmp_path, {"a.py": (
        "import lasagne_flipconv, theano, sys\n"
        "lasagne_flipconv.install()\n"
        "try:\n    import theano.sandbox.cuda.fftconv\n"
        "except ImportError as e:\n"
        "    print('the GPU back end that Theano 1.0 removed' in str(e))\n"
        "lasagne_flipconv.uninstall()\n"
        "try:\n    import theano.sandbox.cuda.fftconv\n"
        "except BaseException as e:\n"
        "    print('the GPU back end that' in str(e))\n"
        "print(hasattr(theano.sandbox, '__getattr__'))\n")})
    result = run(tmp_path, "a.py", python=True)
    assert result.stdout == "True\nFalse\nFalse\n", result.stderr


def test_a_blas_that_is_not_here_is_told(tmp_path):
    if not find_compiler():
        pytest.skip("no C++ compiler")
    made(tmp_path, {"a.py": "import theano\nimport theano.tensor as T\n"
                            "x = T.matrix()\ntheano.function([x], T.dot(x, x))"
                            "\n"})
    result = run(tmp_path, "a.py", env={"THEANO_FLAGS": flags(
        **{"blas.ldflags": "-lno_such_blas"})})
    assert result.returncode == 1
    assert "blas.ldflags=-lno_such_blas of THEANO_FLAGS" in result.stderr


@pytest.mark.parametrize("error, said", [
    ("HTTPError('http://a.b/mnist.gz', 403, 'Forbidden', {}, None)",
     "http://a.b/mnist.gz cannot be downloaded: Forbidden. Servers"),
    ("URLError(OSError(-2, 'Name not known'))",
     "a download failed: [Errno -2] Name not known. Servers")])
def test_downloads_that_are_gone_are_told(tmp_path, error, said):
    made(tmp_path, {"a.py": "from urllib.error import HTTPError, URLError\n"
                            "raise %s" % error})
    result = run(tmp_path, "a.py")
    assert result.returncode == 1 and "a.py, line 2: " + said in result.stderr
