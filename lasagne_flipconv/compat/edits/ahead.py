"""Compile what a function needs on all processors, not on one.

Theano compiles the C++ of a function one Op after the other, and waits for
each: the first function of a network takes a minute of one processor while
the others wait. Here, what the next Ops need is compiled meanwhile. Theano
finds it when it comes to them, by text and flags; whatever else it does, its
keys, its cache and its errors stay as they are.
"""
import collections
import functools
import importlib
import os
import shutil
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor

from ..processors import processors

__all__ = ["compile_ahead"]

#: How many Ops are looked at ahead, beside the compilation of one; how many
#: compilers run at a time, each in 200 MB.
LOOKED_AT, MOST = 50, 8


def compile_ahead():
    """Let Theano's linkers compile on all processors that there are."""
    cc, cmodule, fg, op, vm = (
        importlib.import_module("theano.gof." + name)
        for name in ("cc", "cmodule", "fg", "op", "vm"))
    count = min(processors(), MOST)
    if count == 1 or hasattr(op.Op.make_c_thunk, "ahead"):
        return
    ahead = Ahead(cc, cmodule, fg.FunctionGraph, count)
    cmodule.GCC_compiler.compile_str = staticmethod(
        ahead.compiling(cmodule.GCC_compiler.compile_str))
    op.Op.make_c_thunk = ahead.coming_to(op.Op.make_c_thunk)
    for linker in (cc.OpWiseCLinker, vm.VM_Linker):
        linker.make_all = ahead.making(linker.make_all)


class Ahead:
    """What is compiled ahead in one process.

    Parameters
    ----------
    cc, cmodule : module
        ``theano.gof.cc`` and ``theano.gof.cmodule``.
    graph : type
        ``theano.gof.FunctionGraph``.
    count : int
        How many compilers run at a time.
    """

    def __init__(self, cc, cmodule, graph, count):
        self.cc, self.cmodule, self.graph = cc, cmodule, graph
        self.count = count
        self.compile_str = cmodule.GCC_compiler.compile_str
        self.state = threading.local()
        self.pools = {}  # by process: what is forked has no threads

    def making(self, make_all):
        """Return ``make_all`` of a linker that tells of its function."""
        @functools.wraps(make_all)
        def wrapped(linker, *args, **options):
            outer = getattr(self.state, "function", None)
            self.state.function = function = Function(self, linker)
            try:
                return make_all(linker, *args, **options)
            finally:
                self.state.function = outer
                function.end()

        return wrapped

    def coming_to(self, make_c_thunk):
        """Return ``make_c_thunk`` that tells which Op it is at."""
        @functools.wraps(make_c_thunk)
        def wrapped(op, node, *args, **options):
            function = getattr(self.state, "function", None)
            if function is not None:
                function.node = node
            return make_c_thunk(op, node, *args, **options)

        wrapped.ahead = self
        return wrapped

    def compiling(self, compile_str):
        """Return ``compile_str`` that takes what was compiled ahead."""
        @functools.wraps(compile_str)
        def wrapped(module_name, src_code, location=None, *args, **options):
            function = getattr(self.state, "function", None)
            if function is not None and options.get("py_module", True):
                found = function.found(asked(src_code, options))
                function.look_ahead()
                if found is not None:
                    return self.moved(found, location)
            return compile_str(module_name, src_code, location, *args,
                               **options)

        return wrapped

    def moved(self, job, location):
        """Move what a job compiled to where Theano wants it; import it."""
        for name in os.listdir(job.folder):
            shutil.move(os.path.join(job.folder, name), location)
        job.drop()
        with open(os.path.join(location, "__init__.py"), "w"):
            pass
        return self.cmodule.dlimport(os.path.join(location, job.file))

    def pool(self):
        """Return the threads of this process, of which each has a compiler."""
        if os.getpid() not in self.pools:
            self.pools = {os.getpid(): ThreadPoolExecutor(self.count)}
        return self.pools[os.getpid()]


def asked(text, options):
    """Return what tells one compilation from another.

    Parameters
    ----------
    text : str
        The C++.
    options : dict
        Arguments of ``compile_str``.
    """
    return (text, *(tuple(options.get(name) or ()) for name in (
        "include_dirs", "lib_dirs", "libs", "preargs")))


def parent_in(compiledir):
    """Return the folder for jobs; Theano removes one that is empty.

    Where several processes do, all but one fail.
    """
    parent = os.path.join(compiledir, "lasagne_flipconv_ahead")
    os.makedirs(parent, exist_ok=True)
    with open(os.path.join(parent, "keep"), "a"):
        pass
    return parent


class Job:
    """The C++ of one Op, being compiled in a folder of its own.

    Parameters
    ----------
    ahead : Ahead
        Who compiles.
    linker : CLinker
        Of the Op.
    """

    def __init__(self, ahead, linker):
        module, text = linker.get_dynamic_module(), linker.get_src_code()
        options = {"include_dirs": linker.header_dirs(),
                   "lib_dirs": linker.lib_dirs(), "libs": linker.libraries(),
                   "preargs": linker.compile_args()}
        self.asked = asked(text, options)
        self.file = "%s.%s" % (module.code_hash,
                               ahead.cmodule.get_lib_extension())
        self.folder = tempfile.mkdtemp(dir=parent_in(
            ahead.cmodule.config.compiledir))
        self.future = ahead.pool().submit(
            ahead.compile_str, module.code_hash, text, self.folder,
            py_module=False, **options)

    def is_done(self):
        """Wait for the compiler; tell whether the module is there."""
        return not self.future.cancel() and self.future.exception() is None

    def drop(self):
        """Remove the folder as soon as nothing is written to it."""
        self.future.cancel()
        self.future.add_done_callback(
            lambda _: shutil.rmtree(self.folder, ignore_errors=True))


class Function:
    """The Ops of a function that is being compiled.

    Parameters
    ----------
    ahead : Ahead
        Who compiles.
    linker : Linker
        Of the function.
    """

    def __init__(self, ahead, linker):
        self.ahead, self.linker, self.node = ahead, linker, None
        self.jobs, self.names, self.coming = {}, set(), None

    def found(self, request):
        """Return the job that compiled what is asked, None if none has."""
        job = self.jobs.pop(request, None)
        if job is not None and job.is_done():
            return job
        if job is not None:
            job.drop()
        return None

    def look_ahead(self):
        """Begin to compile what the next Ops need."""
        if self.coming is None:
            self.coming = collections.deque(
                self.linker.schedule(self.linker.fgraph))
        if self.node in self.coming:
            while self.coming.popleft() is not self.node:
                pass
        looked_at = 0
        while (self.coming and looked_at < LOOKED_AT
               and len(self.jobs) < 2 * self.ahead.count):
            looked_at += 1
            self.begin(self.coming.popleft())

    def begin(self, node):
        """Begin to compile the C++ of an Op that has some, and not yet."""
        ahead = self.ahead
        try:
            linker = ahead.cc.CLinker().accept(
                ahead.graph(node.inputs, node.outputs))
            key, cache = linker.cmodule_key(), ahead.cc.get_module_cache()
            if key in cache.entry_from_key or (
                    linker.c_compiler() is not ahead.cmodule.GCC_compiler):
                return
            node.op.prepare_node(node, None, None, "c")
            for inner in linker.node_order:
                inner.op.prepare_node(inner, None, None, "c")
            name = ahead.cmodule.get_module_hash(linker.get_src_code(), key)
            if not (name in self.names or name in
                    cache.module_hash_to_key_data):
                self.names.add(name)
                job = Job(ahead, linker)
                if self.jobs.setdefault(job.asked, job) is not job:
                    job.drop()
        except Exception:  # it is told of when Theano comes to it
            return

    def end(self):
        """Compile no more of what Theano did not come to."""
        for job in self.jobs.values():
            job.drop()
