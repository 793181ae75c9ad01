"""What one process compiled, the next finds again."""
import os
import subprocess
import sys
from pathlib import Path

import pytest
import theano.tensor as T
from lasagne_flipconv.compat.theano_cache import versions_of, with_version
from theano import gof

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
from theano.gof import cmodule
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
