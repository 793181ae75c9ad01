"""Switching the engine, building its library, threads, and company."""
import importlib.util
import os
import subprocess
import sys
import threading
import types
import warnings

import numpy as np
import pytest
import theano
import theano.tensor as T
from engine_cases import (MODE, in_new_process, names, needs_engine,
                          needs_pkg_resources, tensor, values)
from lasagne_flipconv import engine
from lasagne_flipconv.engine import library, state
from theano.tensor.nnet.abstract_conv import AbstractConv2d_gradWeights
from theano.tensor.nnet.bn import batch_normalization_train
from theano.tensor.signal.pool import pool_2d

pytestmark = needs_engine


def compiled(mode=MODE, **options):
    x, w = tensor(4), tensor(4)
    return theano.function([x, w], T.nnet.conv2d(x, w, **options), mode=mode)


def uses_engine(function):
    return "Convolution" in names(function)


def test_off_and_on():
    assert engine.enabled()
    with engine.disabled():
        assert not engine.enabled()
        assert not uses_engine(compiled())
        engine.enable()
        assert uses_engine(compiled())
    engine.disable()
    try:
        off = compiled()
        line, = engine.report(off)
    finally:
        engine.enable()
    assert line[1:] == ("Theano", "the engine is switched off")
    line, = engine.report(off)
    assert line[1:] == ("Theano", "the function was compiled with the engine "
                        "off or excluded")
    line, = engine.report(compiled())
    assert line[1:] == ("oneDNN", None)


@pytest.mark.parametrize("tag", ["onednn", "onednn_engine", "onednn_lower"])
def test_excluding(tag):
    assert not uses_engine(compiled(MODE.excluding(tag)))


SCRIPT = """
import warnings
import lasagne_flipconv, theano, theano.tensor as T, numpy as np
from lasagne_flipconv import engine
def run():
    x, w = T.ftensor4s(2)
    f = theano.function([x, w], T.nnet.conv2d(x, w))
    y = f(np.ones((1, 2, 5, 5), "f"), np.ones((3, 2, 2, 2), "f"))
    assert (y == 8).all()
    return [type(n.op).__name__ for n in f.maker.fgraph.toposort()]
"""


@pytest.mark.parametrize("value, on", [
    ("0", False), ("False", False), ("OFF", False), ("no ", False),
    ("", True), ("True", True), ("On", True)])
def test_values_of_the_environment_variable(value, on):
    """False was taken for true, without a word."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert state._is_wanted(value) is on


def test_another_value_of_the_environment_variable():
    with pytest.warns(RuntimeWarning, match="'maybe'; expected 1 or 0"):
        assert state._is_wanted("maybe")


@pytest.mark.parametrize("part", ["KEEP_KERNELS", "LINES", "WINOGRAD"])
def test_another_value_of_a_variable_for_a_part(part):
    """Another word was taken for 1, without one."""
    script = (
        "import warnings\n"
        "with warnings.catch_warnings(record=True) as caught:\n"
        "    warnings.simplefilter('always')\n"
        "    import lasagne_flipconv.engine\n"
        "print([str(w.message) for w in caught if '_FLIPCONV' in str(w)])\n")
    variable = "LASAGNE_FLIPCONV_" + part
    assert variable + ": 'none'; expected 1 or 0" in in_new_process(
        script, **{variable: "none"})
    assert in_new_process(script, **{variable: " Off "}) == "[]\n"


def test_environment_variable():
    script = "print(engine.enabled(), 'Convolution' in run())"
    assert in_new_process(SCRIPT + script, LASAGNE_FLIPCONV_ENGINE="0") == (
        "False False\n")
    assert in_new_process(SCRIPT + script, LASAGNE_FLIPCONV_ENGINE="1") == (
        "True True\n")


# channels, size of a kernel, of an image, how many times, together 50 MB or
# more in order, and whether that is kept: small ones for tiles are, and of
# others 8 MB
@pytest.mark.parametrize("channels, size, image, times, is_kept", [
    (80, 3, 28, 60, True), (512, 3, 28, 6, False), (1024, 2, 3, 6, False),
    (2048, 1, 3, 6, False)])
def test_kept_kernels_unless_the_environment_says_no(channels, size, image,
                                                     times, is_kept):
    program = (
        "import lasagne_flipconv, re, numpy as np\n"
        "import theano, theano.tensor as T\n"
        "x = T.ftensor4()\n"
        "w = theano.shared(np.ones((%d, %d, %d, %d), 'f'))\n"
        "f = theano.function([x], [T.nnet.conv2d(x + i, w, border_mode='half')"
        "                          for i in range(%d)])\n"
        "def memory():\n"
        "    status = open('/proc/self/status').read()\n"
        "    return int(re.search(r'VmRSS:\\s*(\\d+) kB', status)[1])\n"
        "before = memory()\n"
        "for _ in range(2):\n"
        "    f(np.ones((1, %d, %d, %d), 'f'))\n"
        "print(memory() - before)\n"
        % (channels, channels, size, size, times, channels, image, image))
    kept, not_kept = [
        int(in_new_process(program, LASAGNE_FLIPCONV_KEEP_KERNELS=keep)) / 1024
        for keep in "10"]
    # all copies, 50 MB, or one for all; what other arrays leave with the
    # allocator varies by some megabytes
    assert (kept - not_kept > 25) == is_kept, (kept, not_kept)


def test_excluding_in_the_configuration():
    flags = os.environ.get("THEANO_FLAGS", "") + ",optimizer_excluding=onednn"
    script = "print('Convolution' in run())"
    assert in_new_process(SCRIPT + script,
                          THEANO_FLAGS=flags.lstrip(",")) == "False\n"


def test_failing_build_gives_one_warning(monkeypatch):
    def fails():
        raise library.EngineError("engine: no such compiler.")
    monkeypatch.setattr(library, "build", fails)
    monkeypatch.setitem(state._state, "broken", None)
    with pytest.warns(RuntimeWarning, match="ENGINE=0") as caught:
        assert not uses_engine(compiled())
        assert not uses_engine(compiled(subsample=(2, 1)))
    assert len([w for w in caught if w.category is RuntimeWarning]) == 1
    assert not engine.enabled()
    with pytest.raises(engine.EngineError, match="no such compiler"):
        engine.enable()


def test_compiler_that_fails(monkeypatch, tmp_path):
    monkeypatch.setattr(theano.config, "cxx", "false")
    with pytest.raises(engine.EngineError, match="'false --version' failed"):
        library._build(str(tmp_path), "false")
    assert not list(tmp_path.rglob("*.so"))


def test_not_installed(monkeypatch):
    monkeypatch.setattr(library, "LIBRARY", "no-such-distribution")
    with pytest.raises(engine.EngineError, match="pip install"):
        library.find()
    assert not engine.enabled()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not uses_engine(compiled())


def test_library_is_built_once(monkeypatch):
    path = library.build()
    before = path.stat().st_mtime_ns
    library._build.cache_clear()
    monkeypatch.setattr(library, "_compile", None)
    assert library.build() == path
    assert path.stat().st_mtime_ns == before


def test_import_builds_nothing_and_prints_nothing(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", "import lasagne_flipconv"], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=dict(os.environ, THEANO_FLAGS="base_compiledir=%s" % tmp_path))
    assert (done.returncode, done.stdout) == (0, "")
    assert not list(tmp_path.rglob("libflipconv*"))


def gradients(**options):
    """Compile all that the engine does in training, and its gradients."""
    x, w, v = tensor(4), tensor(4), T.fvector()
    y = T.nnet.conv2d(x, w, **options)
    spread = v.dimshuffle("x", 0, "x", "x")
    y = T.nnet.relu(batch_normalization_train(y, spread, spread, "spatial")[0])
    y = pool_2d(y, (2, 2), ignore_border=True)
    return theano.function([x, w, v], [y] + T.grad(T.sqr(y).sum(), [x, w, v]),
                           mode=MODE)


def same_bits(arrays, expected):
    return all(np.array_equal(a, b) for a, b in zip(arrays, expected))


@pytest.mark.parametrize("channels, filters, size", [
    (16, 24, 3), (3, 7, 2), (8, 5, 1)])
def test_bit_for_bit(channels, filters, size):
    run = gradients()
    arrays = (values(8, channels, 20, 20), values(filters, channels, size,
                                                  size), values(filters))
    first = run(*arrays)
    for _ in range(20):
        assert same_bits(run(*arrays), first)


def test_kernel_of_one_with_stride_bit_for_bit():
    # an implementation of oneDNN is left out for this
    x, g, size = tensor(4), tensor(4), T.lvector()
    run = theano.function([x, g, size], AbstractConv2d_gradWeights(
        subsample=(2, 2))(x, g, size), mode=MODE)
    for channels in (3, 8):
        arrays = values(3, channels, 16, 16), values(3, 16, 8, 8), [1, 1]
        first = run(*arrays)
        for _ in range(300):
            np.testing.assert_array_equal(run(*arrays), first)


def test_two_threads():
    functions = [gradients(), gradients(border_mode="half")]
    arrays = [(values(2, 3 + i, 16, 16), values(8, 3 + i, 3, 3), values(8))
              for i in range(2)]
    expected = [f(*a) for f, a in zip(functions, arrays)]
    wrong = []

    def work(i):
        for _ in range(200):
            if not same_bits(functions[i](*arrays[i]), expected[i]):
                wrong.append(i)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_results_outlive_the_function():
    run = compiled()
    kept = [run(values(1, 2, 9, 9, seed=i), values(3, 2, 2, 2))
            for i in range(4)]
    copies = [array.copy() for array in kept]
    for i in range(8):
        run(values(1, 2, 9, 9, seed=9 + i), values(3, 2, 2, 2))
    del run
    for array, copy in zip(kept, copies):
        np.testing.assert_array_equal(array, copy)


needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None,
                                 reason="PyTorch is not installed")


@needs_torch
@pytest.mark.parametrize("first", ["torch", "engine"])
def test_with_pytorch_in_one_process(first):
    steps = ["import torch\nt = lambda: torch.nn.functional.conv2d("
             "torch.ones(1, 2, 5, 5), torch.ones(3, 2, 2, 2))\n"
             "assert (t() == 8).all()\n", "used = run()\n"]
    if first == "engine":
        steps.reverse()
    script = SCRIPT + "".join(steps) + (
        "assert (t() == 8).all()\nprint('Convolution' in run(), sum(1 for l "
        "in {l.split()[-1] for l in open('/proc/self/maps') if '/' in l} if "
        "'libgomp.so' in l))")
    assert in_new_process(script) == "True 1\n"


# --- float64, and a GPU that is named only -----------------------------------

FLOAT64 = """
import warnings
import lasagne_flipconv, theano, theano.tensor as T
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    for _ in range(3):
        x, w = T.tensor4(), T.tensor4()
        theano.function([x, w], T.nnet.conv2d(x, w))
print([str(w.message)[:32] for w in told
       if issubclass(w.category, RuntimeWarning)])
"""


def without_floatx(**more):
    flags = os.environ.get("THEANO_FLAGS", "").split(",")
    flags = [f for f in flags if f and not f.startswith("floatX")]
    return ",".join(flags + ["%s=%s" % item for item in more.items()])


def test_float64_is_told_once():
    assert in_new_process(FLOAT64, THEANO_FLAGS=without_floatx(
        floatX="float64")) == "['engine: a convolution in float64']\n"


def test_float32_is_no_news():
    assert in_new_process(FLOAT64, THEANO_FLAGS=without_floatx(
        floatX="float32")) == "[]\n"
    assert in_new_process(FLOAT64, LASAGNE_FLIPCONV_ENGINE="0",
                          THEANO_FLAGS=without_floatx()) == "[]\n"


@needs_pkg_resources
@pytest.mark.parametrize("flags", [
    {"device": "cuda"}, {"device": "cuda0"}, {"init_gpu_device": "cuda"},
    {"device": "opencl0:0"}])
def test_a_gpu_that_is_not_there(flags):
    script = SCRIPT + (
        "assert engine.why_off() is None, engine.why_off()\n"
        "print('Convolution' in run())")
    assert in_new_process(script, THEANO_FLAGS=without_floatx(**flags)) == (
        "True\n")


def test_a_gpu_that_is_there(monkeypatch):
    gpuarray = types.ModuleType("theano.gpuarray")
    gpuarray.pygpu_activated = True
    monkeypatch.setitem(sys.modules, "theano.gpuarray", gpuarray)
    assert engine.why_off() == "Theano uses a GPU"
    gpuarray.pygpu_activated = False
    assert engine.why_off() is None


def in_scan(x, w):
    return theano.scan(lambda row: T.nnet.conv2d(row, w), sequences=x)[0]


def in_op_from_graph(x, w):
    a, b = tensor(4), tensor(4)
    return theano.OpFromGraph([a, b], [T.nnet.conv2d(a, b)])(x[0], w)


def in_both(x, w):
    a, b = tensor(5), tensor(4)
    return theano.OpFromGraph([a, b], [in_scan(a, b)])(x, w)


@needs_pkg_resources
@pytest.mark.parametrize("make", [in_scan, in_op_from_graph, in_both])
def test_report_of_what_lies_within(make):
    x, w = tensor(5), tensor(4)
    run = theano.function([x, w], make(x, w), mode=MODE)
    run(values(3, 2, 4, 6, 5), values(3, 4, 2, 2))
    assert [line.runs_on for line in engine.report(run)] == ["oneDNN"]
    with engine.disabled():
        run = theano.function([x, w], make(x, w), mode=MODE)
        run(values(3, 2, 4, 6, 5), values(3, 4, 2, 2))
        assert [line[1:] for line in engine.report(run)] == [
            ("Theano", "the engine is switched off")]
