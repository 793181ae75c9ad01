"""What one process compiled, the next finds again."""
import os
import subprocess
import sys
import time
import types
from pathlib import Path

import pytest
import theano
import theano.tensor as T
from lasagne_flipconv.compat.edits import precompiled
from lasagne_flipconv.compat.theano_cache import versions_of, with_version
from theano import gof
from theano.gof import cmodule, compilelock

#: Each makes one function, of Ops that Theano compiled in every process.
PROGRAMS = {
    "an index": "x, n = T.fmatrix(), T.lscalar(); "
                "f = theano.function([x, n], x[n + 1:] * 2)",
    "a loss": "x, y = T.fmatrix(), T.lvector(); "
              "loss = T.nnet.categorical_crossentropy("
              "T.nnet.softmax(x), y).mean(); "
              "f = theano.function([x, y], [loss, T.grad(loss, x)])",
    "memory": "n = T.lscalar(); f = theano.function([n], T.ones((n, 2)) * 3)",
    "code in a file": "x = T.fvector(); f = theano.function("
                      "[x], x.dimshuffle('x', 0), mode=theano.Mode("
                      "theano.gof.vm.VM_Linker(), None))",
    "a loop": "x = T.fvector(); f = theano.function([x], theano.scan("
              "lambda a, b: T.tanh(a + b), x, T.zeros((), 'float32'))[0][-1])",
}

START = """import lasagne_flipconv, theano, theano.tensor as T
from theano.gof import cmodule, compilelock
stock, count = cmodule.GCC_compiler.compile_str, []
cmodule.GCC_compiler.compile_str = staticmethod(
    lambda *args, **options: count.append(1) or stock(*args, **options))
"""

END = """
print(len(count), theano.gof.cc.get_module_cache().dirname)
"""


def compiled(program, folder):
    """Return how many modules a new process compiles, and its cache."""
    flags = "floatX=float32,optimizer=fast_compile,base_compiledir=%s" % folder
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", START + program + END],
        check=True, stdout=subprocess.PIPE, universal_newlines=True,
        env=dict(os.environ, THEANO_FLAGS=flags)).stdout
    count, cache = told.splitlines()[-1].split(" ", 1)
    return int(count), Path(cache)


def sizes(cache):
    """Return the size of each file of keys."""
    return {path: path.stat().st_size for path in cache.glob("*/key.pkl")}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_a_second_process_compiles_nothing(program, tmp_path):
    count, cache = compiled(program, tmp_path)
    before = sizes(cache)
    assert count and before
    assert compiled(program, tmp_path) == (0, cache)
    assert sizes(cache) == before  # no key was added either


class Unversioned(gof.Op):
    """An Op that says that its code may change at any time."""

    __props__ = ()

    def make_node(self, x):
        return gof.Apply(self, [x], [x.type()])

    def c_code_cache_version_apply(self, node):
        return ()


class Wrong(Unversioned):
    """An Op whose code does not compile."""

    def c_code(self, node, name, inputs, outputs, sub):
        return "no_such_name();"


@pytest.mark.skipif(not cmodule.config.cxx, reason="nothing is compiled")
def test_an_error_leaves_no_lock():
    x = T.fvector()
    with pytest.raises(Exception, match="no_such_name"):
        theano.function([x], Wrong()(x), mode=theano.Mode("cvm", None))
    assert compilelock.get_lock.n_lock == 0
    assert not Path(theano.config.compiledir, "lock_dir").exists()


def test_what_has_no_version_is_not_kept():
    x = T.fvector()
    node = Unversioned()(x).owner
    assert not all(versions_of(node))
    key = with_version(lambda self, fgraph: ((), "signature"))
    linker = gof.CLinker()
    graph = gof.FunctionGraph([x], [node.outputs[0]], clone=False)
    assert key(linker, graph) == ((), "signature")


def test_a_version_that_is_there_is_left(monkeypatch):
    key = with_version(lambda self, fgraph: (("version",), "signature"))
    assert key(None, None) == (("version",), "signature")
    assert with_version(lambda self, fgraph: None)(None, None) is None


def test_other_options_are_another_key():
    keys = []
    for axis in (0, 1):
        x = T.fmatrix()
        linker = gof.CLinker()
        linker.accept(gof.FunctionGraph([x], [x.sum(axis)], clone=False))
        keys.append(linker.cmodule_key())
    assert keys[0] != keys[1] and all(key[0] for key in keys)


needs_gcc = pytest.mark.skipif(
    not sys.platform.startswith("linux")
    or not precompiled.is_gcc(cmodule.config.cxx),
    reason="headers are precompiled by GCC on Linux")
CODE = precompiled.TEXT + "static int answer() { return 42; }\n"


@pytest.fixture
def headers(tmp_path):
    """Headers with a compile directory of their own, of which none is made."""
    config = types.SimpleNamespace(
        cxx=cmodule.config.cxx, compiledir=str(tmp_path),
        cmodule=types.SimpleNamespace(remove_gxx_opt=False))
    return precompiled.Headers(types.SimpleNamespace(
        config=config, std_include_dirs=cmodule.std_include_dirs))


def made(headers, preargs):
    """Return the flags of headers, once they are made."""
    for _ in range(precompiled.FIRST):
        assert headers.flags(CODE, preargs, []) == []
    for _ in range(600):
        flags = headers.flags(CODE, preargs, [])
        if flags:
            return flags
        time.sleep(0.1)
    raise AssertionError("none within a minute")


def compile_code(headers, preargs, folder, code=CODE):
    """Compile as Theano does, return what its compiler was given."""
    given = []

    def stock(_name, code, location, include_dirs, _lib_dirs, _libs, flags):
        given.append(flags)
        path = Path(folder, "mod.cpp")
        path.write_text(code)
        done = subprocess.run(
            [headers.config.cxx, "-g", *flags, "-H", "-c", str(path), "-o",
             os.devnull] + ["-I" + name for name in
                            cmodule.std_include_dirs()],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            universal_newlines=True)
        given.append(done.stdout)
        if done.returncode:
            raise Exception("Compilation failed: " + done.stdout)

    precompiled.with_headers(stock, headers)("name", code, preargs=preargs)
    return given


PREARGS = ["-O3", "-fPIC"]


@needs_gcc
def test_headers_are_read_once(headers, tmp_path):
    flags = made(headers, PREARGS)
    given, told = compile_code(headers, PREARGS, tmp_path)
    assert given == flags + PREARGS
    assert "! " + flags[-1] + ".gch" in told  # GCC took it
    again = precompiled.Headers(headers.cmodule)  # another process
    assert again.flags(CODE, PREARGS, []) == flags
    assert not list(tmp_path.glob("*/making-*"))


@needs_gcc
@pytest.mark.parametrize("size", [0, 100, 10 ** 6])
def test_a_damaged_file_is_not_taken(size, headers, tmp_path):
    flags = made(headers, PREARGS)
    os.truncate(flags[-1] + ".gch", size)
    told = compile_code(headers, PREARGS, tmp_path)
    assert len(told) == 2 or told[2] == PREARGS and not headers.flags(
        CODE, PREARGS, [])


@needs_gcc
def test_an_error_of_the_code_stays_what_it_is(headers, tmp_path):
    made(headers, PREARGS)
    with pytest.raises(Exception, match="nothing_of_that_name"):
        compile_code(headers, PREARGS, tmp_path,
                     precompiled.TEXT + "int a = nothing_of_that_name;\n")


@needs_gcc
def test_other_headers_have_another_name(headers, monkeypatch, tmp_path):
    names = [precompiled.key("g++", flags) for flags in [
        ("-O3",), ("-O3", "-fopenmp"), ("-O3", "-I" + str(tmp_path))]]
    (tmp_path / "numpy").mkdir()
    (tmp_path / "numpy" / "arrayobject.h").write_text("// of another NumPy")
    precompiled.key.cache_clear()
    names.append(precompiled.key("g++", ("-O3", "-I" + str(tmp_path))))
    monkeypatch.setattr(precompiled, "version", lambda compiler: "another")
    precompiled.key.cache_clear()
    names.append(precompiled.key("g++", ("-O3",)))
    precompiled.key.cache_clear()
    assert len(set(names)) == len(names) == 5


@needs_gcc
@pytest.mark.parametrize("case", ["other code", "own header", "clang"])
def test_what_does_not_fit_gets_none(case, headers, monkeypatch, tmp_path):
    made(headers, PREARGS)
    code, folders = CODE, []
    if case == "other code":
        code = CODE.replace("<iostream>", "<vector>")
    elif case == "own header":
        (tmp_path / "math.h").write_text("")
        folders = [str(tmp_path)]
    else:
        monkeypatch.setattr(precompiled, "version", "clang {}".format)
    assert not headers.flags(code, PREARGS, folders)


@needs_gcc
def test_without_optimization(headers, tmp_path):
    headers.config.cmodule.remove_gxx_opt = True
    flags = made(headers, PREARGS)
    _, told = compile_code(headers, ["-fPIC"], tmp_path)
    assert headers.flags(CODE, ["-fPIC"], []) == flags
    assert "! " + flags[-1] + ".gch" in told


@needs_gcc
def test_former_headers_are_removed(headers, tmp_path):
    kept = tmp_path / "lasagne_flipconv_headers"
    for i in range(6):
        (kept / ("former%d" % i)).mkdir(parents=True)
        os.utime(str(kept / ("former%d" % i)), (i, i))
    (kept / "making-x").mkdir()
    os.utime(str(kept / "making-x"), (7, 7))
    (kept / "making-y").mkdir()
    flags = made(headers, PREARGS)
    assert sorted(path.name for path in kept.iterdir()) == sorted([
        "former3", "former4", "former5", "making-y",
        Path(flags[-1]).parent.name])


@needs_gcc
def test_a_folder_that_cannot_be_written_is_no_error(headers, tmp_path):
    (tmp_path / "lasagne_flipconv_headers").write_text("a file")
    for _ in range(precompiled.FIRST + 1):
        assert headers.flags(CODE, PREARGS, []) == []


@needs_gcc
def test_the_compiler_of_theano_has_them():
    assert hasattr(cmodule.GCC_compiler.compile_str, "precompiled")
