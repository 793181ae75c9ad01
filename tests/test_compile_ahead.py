"""What a function needs is compiled on all processors, and is the same."""
import itertools
import multiprocessing
from pathlib import Path

import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne_flipconv.compat.edits import ahead
from theano import gof
from theano.gof import cmodule

IS_AHEAD = hasattr(gof.Op.make_c_thunk, "ahead")
pytestmark = pytest.mark.skipif(
    not IS_AHEAD or not theano.config.cxx,
    reason="nothing is compiled ahead on one processor")

FOLDER = Path(theano.config.compiledir, "lasagne_flipconv_ahead")


#: What tells the C++ of one graph from that of any other.
GRAPHS = itertools.count()


class Plus(gof.Op):
    """Add a number, in C++ that nothing has compiled before.

    A code of ``NUMBER`` is the same text for all; its flags tell the number.
    """

    __props__ = ("number", "code", "graph")

    def __init__(self, number, graph, code="%(number)d"):
        self.number, self.graph, self.code = number, graph, code

    def make_node(self, x):
        return gof.Apply(self, [x], [x.type()])

    def c_code(self, node, name, inputs, outputs, sub):
        return """  // graph %(graph)d
            Py_XDECREF(%(out)s);
            %(out)s = (PyArrayObject*) PyArray_NewCopy(%(x)s, NPY_CORDER);
            for (npy_intp i = 0; i < PyArray_SIZE(%(out)s); i++)
                ((npy_float32*) PyArray_DATA(%(out)s))[i] += %(number)s;
            """ % {"out": outputs[0], "x": inputs[0], "graph": self.graph,
                   "number": self.code % {"number": self.number}}

    def c_compile_args(self):
        return ["-DNUMBER=%d" % self.number]

    def c_code_cache_version(self):
        return ()  # compiled anew each time


@pytest.fixture
def looked_for(monkeypatch):
    """Whether what was compiled was there already, one for each module."""
    told, found = [], ahead.Function.found

    def tell(self, request):
        job = found(self, request)
        if "// graph " in request[0]:  # not of what a cold cache lacks
            told.append(job is not None)
        return job

    monkeypatch.setattr(ahead.Function, "found", tell)
    return told


def chain(numbers, code="%(number)d"):
    """Return input and output of a graph of one Op for each number."""
    x, graph = T.fvector(), next(GRAPHS)
    y = x
    for number in numbers:
        y = Plus(number, graph, code)(y)
    return [x], y


def compiled(numbers, linker, code="%(number)d"):
    return theano.function(*chain(numbers, code), mode=theano.Mode(
        linker, None))


def left():
    """Return the folders that nobody has moved or removed."""
    gof.Op.make_c_thunk.ahead.pool().shutdown()
    gof.Op.make_c_thunk.ahead.pools.clear()
    return sorted(path for path in FOLDER.glob("*") if path.is_dir())


@pytest.mark.parametrize("linker", ["cvm", "cvm_nogc", "vm", "c|py"])
def test_what_comes_next_is_compiled_meanwhile(linker, looked_for):
    before = left()
    run = compiled(range(1, 9), linker)
    assert run(np.float32([1, 2])).tolist() == [37, 38]
    assert looked_for[0] is False and len(looked_for) == 8
    assert any(looked_for)  # what no thread has begun is not waited for
    assert left() == before


def test_theano_leaves_the_folder_to_other_processes():
    compiled(range(1, 9), "cvm")
    left()
    gof.cc.get_module_cache().refresh(cleanup=True)
    assert FOLDER.exists()


def test_one_op_twice_is_compiled_once(looked_for):
    run = compiled([3, 3, 4, 4], "cvm")
    assert run(np.float32([1])).tolist() == [15]
    assert not gof.Op.make_c_thunk.ahead.state.function


def test_one_text_with_other_flags_is_other_code(looked_for):
    before = left()
    run = compiled(range(1, 7), "cvm", "NUMBER")
    assert run(np.float32([1])).tolist() == [22]
    assert len(looked_for) == 6 and any(looked_for)
    assert left() == before


def test_an_error_is_that_of_theano(looked_for):
    before = left()
    with pytest.raises(Exception, match="no_such_name") as told:
        compiled([1, 2, 3], "cvm", "no_such_name(%(number)d)")
    assert "The following error happened" in told.value.args[0]
    assert not any(looked_for)
    assert left() == before


def test_what_follows_an_error_is_not_compiled(looked_for):
    before = left()
    inputs, y = chain(range(1, 4))
    for number in range(4, 8):
        y = Plus(number, next(GRAPHS), "wrong(%(number)d)" if number == 4
                 else "%(number)d")(y)
    with pytest.raises(Exception, match="wrong"):
        theano.function(inputs, y, mode=theano.Mode("cvm", None))
    assert left() == before
    assert compiled([1, 2], "cvm")(np.float32([0])).tolist() == [3]


def compile_in_child(numbers):
    return compiled(numbers, "cvm")(np.float32([0])).tolist()


def test_a_forked_process_has_its_own_compilers():
    compiled([1, 2], "cvm")  # threads, which a fork does not have
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply_async(compile_in_child, [[5, 6, 7]]).get(120) == [18]


def test_a_loop_within_a_function(looked_for):
    x, graph = T.fvector(), next(GRAPHS)
    mode = theano.Mode("cvm", None)
    inner = theano.scan(lambda a, b: Plus(20, graph)(Plus(10, graph)(a + b)),
                        x, T.zeros((), "float32"), mode=mode)[0]
    run = theano.function([x], Plus(2, graph)(Plus(1, graph)(inner)),
                          mode=mode)
    assert run(np.float32([1, 2])).tolist() == [34, 66]
    assert any(looked_for)


def test_one_processor_compiles_one_by_one(monkeypatch):
    monkeypatch.setattr(ahead, "processors", lambda: 1)
    monkeypatch.setattr(gof.Op, "make_c_thunk", None)
    before = cmodule.GCC_compiler.compile_str
    ahead.compile_ahead()
    assert cmodule.GCC_compiler.compile_str is before
    assert gof.Op.make_c_thunk is None
