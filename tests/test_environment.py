"""What makes Theano and Lasagne importable, each in a Python of its own."""
import contextlib
import importlib
import importlib.machinery
import logging
import os
import subprocess
import sys

import lasagne_flipconv
import numpy as np
import pytest
import theano
from layouts import layouts
from lasagne_flipconv.compat import environment
from lasagne_flipconv.compat.quiet import _is_news
from lasagne_flipconv.compat.edits.python_today import pkg_resources_stand_in
from lasagne_flipconv.compat.theano_flags import theano_flags, user_flag

ROOT = os.path.dirname(os.path.dirname(lasagne_flipconv.__file__))

CONVOLVE = """
from lasagne_flipconv.layers import Conv2DLayer
import numpy as np, theano
x = theano.tensor.tensor4()
layer = Conv2DLayer((8, 1, 3, 3), 1, 2, b=None, nonlinearity=None,
                    W=np.arange(4).reshape(1, 1, 2, 2).astype("float64"))
image = np.zeros((8, 1, 3, 3)) + np.eye(3)
image = image.astype(theano.config.floatX)
print(layer.get_output_for(x).eval({x: image})[7, 0].tolist())
"""
CONVOLVED = "[[3.0, 1.0], [2.0, 3.0]]"


def python(code, flags=None, **variables):
    """Run code in a new Python; return its output and its error text."""
    environ = dict(os.environ, PYTHONPATH=ROOT, **variables)
    if flags is not None:
        old = environ.get("THEANO_FLAGS")
        environ["THEANO_FLAGS"] = ",".join(([old] if old else []) + [flags])
    run = subprocess.run([sys.executable, "-c", code], env=environ,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         universal_newlines=True)
    return run.stdout.strip(), run.stderr.strip()


def test_import_prints_nothing():
    assert python("import lasagne_flipconv, theano, lasagne") == ("", "")


def test_flags_of_the_user_win_and_stay():
    code = ("import os, lasagne_flipconv, theano; "
            "print(theano.config.blas.ldflags, theano.config.floatX, "
            "os.environ['THEANO_FLAGS'])")
    out, err = python(code, "blas.ldflags=-lm,floatX=float32")
    assert out.split()[:2] == ["-lm", "float32"]
    assert out.split()[2].endswith("blas.ldflags=-lm,floatX=float32")
    assert err == ""


def test_theanorc_wins(tmp_path):
    file = tmp_path / "theanorc"
    file.write_text("[global]\nfloatX = float32\n[blas]\nldflags = -lm\n")
    code = ("import lasagne_flipconv, theano; "
            "print(theano.config.blas.ldflags, theano.config.floatX)")
    out, _ = python(code, THEANORC=str(file))
    assert out == "-lm float32"


def test_no_flags_mean_numpys_own_blas():
    if user_flag("blas.ldflags") is None:
        assert theano.config.blas.ldflags == ""


def test_after_an_import_of_theano_that_failed():
    code = ("try:\n    import theano\nexcept Exception:\n    pass\n"
            "import lasagne_flipconv, theano, lasagne\n"
            "print(theano.function, lasagne.layers.Conv2DLayer)")
    out, err = python(code)
    assert "function" in out and "Conv2DLayer" in out, err


def test_half_imported_theano_is_refused_with_the_way_out():
    code = ("import sys, types; sys.modules['theano'] = "
            "types.ModuleType('theano'); import lasagne_flipconv")
    _, err = python(code)
    assert "import lasagne_flipconv before theano" in err.replace("\n", " ")
    assert err.split("\n")[-1].startswith("ImportError")


def test_without_a_compiler_it_warns_once_and_convolves_in_scipy():
    out, err = python(CONVOLVE, "cxx=")
    assert out == CONVOLVED
    assert err.count("Theano found no C++ compiler") == 1
    assert "Install g++" in err


def test_what_the_user_excludes_stays_excluded_without_a_compiler():
    code = "import theano; print(theano.config.optimizer_excluding)"
    out, _ = python("import warnings; warnings.simplefilter('ignore'); "
                    "import lasagne_flipconv; " + code,
                    "cxx=,optimizer_excluding=fusion")
    assert out == "fusion:AbstractConvCheck"


def test_openmp_does_not_crash():
    assert python(CONVOLVE, "openmp=True,openmp_elemwise_minsize=1")[
        0] == CONVOLVED


#: Hide what a Python without these packages does not find.
HIDE = """
import importlib.util, sys
hidden = %r
class Gone:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in hidden:
            raise ModuleNotFoundError("No module named %%r" %% name, name=name)
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *package: (
    None if name in hidden else find(name, *package))
sys.meta_path.insert(0, Gone())
"""


@pytest.mark.parametrize("hidden", [
    ("pkg_resources",),
    ("pkg_resources", "setuptools", "_distutils_hack")])
def test_without_pkg_resources(hidden):
    code = HIDE % (hidden,) + (
        "import lasagne_flipconv, lasagne, theano\n"
        "powers, _ = theano.scan(lambda last: 2 * last, n_steps=3,\n"
        "    outputs_info=theano.tensor.constant(1.))\n"
        "print('pkg_resources' in sys.modules, lasagne.__version__,\n"
        "      powers.eval().tolist())")
    out, err = python(code)
    assert out.startswith("False 0."), err
    assert out.endswith("[2.0, 4.0, 8.0]"), err


def test_stand_in_for_pkg_resources_tells_versions():
    module = pkg_resources_stand_in()
    assert module.get_distribution("Theano").version == theano.__version__
    with pytest.raises(module.DistributionNotFound):
        module.get_distribution("no such distribution")


def test_numpy_as_theano_sees_it_has_the_builtins():
    seen = theano.tensor.basic.np
    assert (seen.bool, seen.int, seen.float) == (bool, int, float)


def test_downsample_pools_under_its_old_names():
    from theano.tensor.signal.downsample import (
        DownsampleFactorMax, max_pool_2d, max_pool_2d_same_size)
    x = theano.tensor.matrix()
    image = np.arange(12.).reshape(3, 4).astype(theano.config.floatX)
    pooled = max_pool_2d(x, ds=(2, 2), ignore_border=True, st=(1, 2))
    assert pooled.eval({x: image}).tolist() == [[5, 7], [9, 11]]
    mean = max_pool_2d(x, (3, 4), True, padding=(0, 0),
                       mode="average_inc_pad")
    assert mean.eval({x: image}).tolist() == [[5.5]]
    pool = DownsampleFactorMax((2, 2), ignore_border=False)
    assert pool(x).eval({x: image}).tolist() == [[5, 7], [9, 11]]
    assert tuple(pool.out_shape((5, 3, 4), (2, 2))) == (5, 2, 2)
    alone = max_pool_2d_same_size(x.dimshuffle("x", "x", 0, 1), (3, 2))
    assert alone.eval({x: image})[0, 0].tolist() == [
        [0] * 4, [0] * 4, [0, 9, 0, 11]]


def test_a_sum_of_quotients_whose_divisor_loses_axes():
    x = theano.tensor.tensor4()
    by = theano.tensor.TensorType(x.dtype, (False, False, True, True))()
    with theano.configparser.change_flags(on_opt_error="raise"):
        run = theano.function([x, by], (x / by.dimshuffle(
            0, "x", "x", 1)).sum(axis=[1, 2]))
    ones, twos = np.ones((2, 3, 4, 5), x.dtype), np.ones((2, 5, 1, 1)) * 2
    assert run(ones, twos.astype(x.dtype)).tolist() == [[6] * 5] * 2


def test_what_theano_imports_with_a_gpu_is_there():
    assert python("import lasagne_flipconv, theano; theano.ifelse.ifelse, "
                  "theano.tensor.nnet.neighbours") == ("", "")


def test_scan_loops():
    powers, _ = theano.scan(lambda last: 2 * last, n_steps=3,
                            outputs_info=theano.tensor.constant(1.))
    assert powers.eval().tolist() == [2, 4, 8]


def test_a_hook_leaves_finding_to_those_after_it(monkeypatch):
    class Instead:
        def find_spec(self, name, path=None, target=None):
            return importlib.machinery.ModuleSpec(name, self)

        def create_module(self, spec):
            return None

        def exec_module(self, module):
            module.steps.append("run")

    @contextlib.contextmanager
    def around(module):
        module.steps = ["before"]
        yield
        module.steps.append("after")

    monkeypatch.setattr(sys, "meta_path", [
        environment.ImportWithin("some_module", around), object(), Instead()])
    monkeypatch.delitem(sys.modules, "some_module", raising=False)
    assert importlib.import_module("some_module").steps == [
        "before", "run", "after"]
    del sys.modules["some_module"]


@pytest.mark.parametrize("library", ["libpython9.9.a", "libpython9.9.so"])
def test_python_that_is_no_shared_library_is_not_linked(tmp_path, library):
    code = """
import sysconfig
sysconfig.get_config_vars().update(LDLIBRARY=%r, LIBDIR=%r)
""" % (library, str(tmp_path)) + CONVOLVE
    out, err = python(code, "base_compiledir=%s" % tmp_path)
    assert out == CONVOLVED, err


def test_free_threaded_python_has_a_compile_cache_of_its_own():
    code = """
import sysconfig
sysconfig.get_config_vars().update(Py_GIL_DISABLED=%d)
import lasagne_flipconv, theano
print(theano.config.compiledir)
"""
    free, shared = python(code % 1)[0], python(code % 0)[0]
    assert free == shared + "-free_threaded"


def test_python_without_its_lock_warns():
    code = "import sys; sys._is_gil_enabled = lambda: %s\n" + CONVOLVE
    out, err = python(code % False)
    assert out == CONVOLVED and err.count("PYTHON_GIL=0") == 1
    out, err = python(code % True)
    assert out == CONVOLVED and "PYTHON_GIL" not in err


@pytest.mark.parametrize("version", [(3, 7), (3, 16), (2, 7)])
def test_python_that_cannot_work_is_named(monkeypatch, version):
    monkeypatch.setattr(sys, "version_info", version)
    reason = environment.why_unsupported()
    assert "Python %d.%d" % version in reason
    assert "3.8 to 3.15" in reason and "uv python install" in reason


def test_without_docstrings_files_are_read_and_theano_tells(tmp_path):
    path = str(tmp_path / "one.npz")
    np.savez(path, np.ones(3))
    code = ("from lasagne_flipconv.cli import main\n"
            "print(main(['check', %r]), main(['doctor']))\n"
            "import theano" % path)
    out, err = python(code, PYTHONOPTIMIZE="2")
    assert ": fine; " in out and out.endswith("0 1"), err
    assert "broken  Python" in out and ": unset PYTHONOPTIMIZE" in out
    assert "docstrings (-OO)" in err and "Leave out -OO" in err


# numpy.core comes in where SciPy or another imported it before
STRICT = """
import importlib, warnings
import numpy, scipy.sparse
try:
    import numpy.core
except ImportError:
    pass
warnings.simplefilter("error")
warnings.simplefilter("default", ResourceWarning)
""" + CONVOLVE.replace("import numpy as np, theano", "import numpy as np, "
                       "theano, lasagne\ntheano.config.floatX = 'float32'")


def test_where_warnings_are_errors(tmp_path):
    """Theano and Lasagne compiled anew, which tells of their old syntax."""
    out, err = python(STRICT, PYTHONPYCACHEPREFIX=str(tmp_path),
                      PYTHONWARNINGS="default")
    assert out == CONVOLVED, err


def test_without_numpy_doctor_tells():
    code = HIDE % (("numpy",),) + (
        "from lasagne_flipconv.cli import main\nmain(['doctor'])")
    out, err = python(code)
    assert "broken  NumPy          not installed" in out, err


def test_refused_imports_say_why():
    hook = environment.Refusal(("theano",), "it is Tuesday.", None)
    with pytest.raises(ImportError, match="it is Tuesday.*doctor"):
        hook.find_spec("theano")
    assert hook.find_spec("theano.tensor") is None


def test_a_command_that_needs_theano_tells_in_a_line(tmp_path):
    (tmp_path / "script.py").write_text("import theano")
    (tmp_path / "file").write_text("no folder")
    for arguments in ("run script.py", "export script.py:build w.npz out"):
        done = subprocess.run(
            [sys.executable, "-m", "lasagne_flipconv", *arguments.split()],
            cwd=str(tmp_path), stderr=subprocess.PIPE, text=True,
            env=dict(os.environ, PYTHONPATH=ROOT,
                     THEANO_FLAGS="base_compiledir=file"))
        assert done.returncode == 2, done.stderr
        [line] = done.stderr.splitlines()
        assert line.startswith("lasagne-flipconv " + arguments.split()[0])
        assert "compiledir directory" in line and "doctor'" in line


def test_flags_are_added_and_taken_away(monkeypatch):
    monkeypatch.setenv("THEANO_FLAGS", "floatX=float32, cxx=g++-12")
    with theano_flags(["floatX=float64"]):
        assert user_flag("floatX") == "float64"
        assert user_flag("cxx") == "g++-12"
    assert os.environ["THEANO_FLAGS"] == "floatX=float32, cxx=g++-12"
    monkeypatch.delenv("THEANO_FLAGS")
    with theano_flags(["floatX=float64"]):
        pass
    assert "THEANO_FLAGS" not in os.environ


def test_only_what_is_explained_is_kept_quiet():
    def record(text):
        return logging.LogRecord("theano", logging.WARNING, "", 0, text, (),
                                 None)
    assert not _is_news(record("g++ not detected! …"))
    assert _is_news(record("Something else went wrong"))


def test_views_of_arrays_of_any_layout():
    x = theano.tensor.ftensor4()
    run = theano.function([x], x.dimshuffle(0, 2, "x", 3, 1))
    array = np.arange(120, dtype="float32").reshape(2, 3, 4, 5)
    for name, lay_out in layouts(array.shape).items():
        given = lay_out(array)
        np.testing.assert_array_equal(
            run(given), given.transpose(0, 2, 3, 1)[:, :, None], name)


@pytest.mark.parametrize("before, given, expected", [
    ("", None, "20"), ("", "9", "9"), ("import numpy", None, "None")],
    ids=["as told here", "as the user says", "too late"])
def test_blas_threads_sleep(before, given, expected):
    program = ("import os\n%s\nimport lasagne_flipconv\n"
               "print(os.environ.get('OPENBLAS_THREAD_TIMEOUT'))" % before)
    variables = {name: value for name, value in os.environ.items()
                 if name != "OPENBLAS_THREAD_TIMEOUT"}
    if given:
        variables["OPENBLAS_THREAD_TIMEOUT"] = given
    done = subprocess.run([sys.executable, "-c", program], env=variables,
                          stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout.split()[-1] == expected
