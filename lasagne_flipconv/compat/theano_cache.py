"""Let Theano link what it compiles, and find it again in a later process.

The key of a compiled module holds the versions of what is in it. Two of them
do not last. An Op's options are put among the versions, and anything empty
there is taken for "has no version, never use it again", so that Ops without
options, such as ``Dot22``, ``Alloc`` and the loss of a softmax, were compiled
anew by every process: six runs of the C++ compiler before each training of a
residual network. And Ops whose C code is in a file of its own, such as
``DimShuffle``, have Python's ``hash`` of it for a version, which each process
draws anew: the cache has one more key for each, and grows.
"""
import contextlib
import hashlib
import importlib
import os
import sys
import sysconfig

from .import_hooks import ImportWithin
from .theano_flags import theano_flags, user_flag

__all__ = ["keep_compiled", "no_static_python", "own_compile_cache",
           "release_after_errors"]

#: Theano's own name for its cache, to which we add.
COMPILEDIR = ("compiledir_%(short_platform)s-%(processor)s-"
              "%(python_version)s-%(python_bitwidth)s")


def keep_compiled():
    """Give Ops versions that are the same in each process, in all graphs."""
    linker = importlib.import_module("theano.gof.cc").CLinker
    op = importlib.import_module("theano.gof.op").COp
    if not hasattr(linker.cmodule_key_, "keeps"):
        linker.cmodule_key_ = with_version(linker.cmodule_key_)
        op.c_code_cache_version = by_content(op.c_code_cache_version)


def release_after_errors():
    """Let a process give its compile lock back where a compilation fails.

    Theano kept it until the process ended: any other, such as the next run
    beside an open notebook, waited two minutes before it compiled anything.
    """
    compilelock = importlib.import_module("theano.gof.compilelock")

    @contextlib.contextmanager
    def lock_ctx(lock_dir=None, keep_lock=False, **options):
        compilelock.get_lock(lock_dir=lock_dir, **options)
        try:
            yield
        except BaseException:
            compilelock.release_lock()
            raise
        if not keep_lock:
            compilelock.release_lock()

    compilelock.lock_ctx = lock_ctx


def with_version(stock):
    """Return a function that finds the version where `stock` finds none."""
    def cmodule_key_(self, fgraph, *args, **kwargs):
        key = stock(self, fgraph, *args, **kwargs)
        if not key or key[0]:
            return key
        versions = [version for node in self.schedule(fgraph)
                    for version in versions_of(node)]
        return (tuple(versions) if all(versions) else (), *key[1:])

    cmodule_key_.keeps = True
    return cmodule_key_


def versions_of(node):
    """Yield what the C code of a node depends on: each empty if unknown."""
    if hasattr(node.op, "c_code_cache_version_apply"):
        yield node.op.c_code_cache_version_apply(node)
    yield getattr(node.op, "__props__", None) or "no options"
    for variable in node.inputs + node.outputs:
        yield variable.type.c_code_cache_version()


def by_content(stock):
    """Return a function that tells the version of C code by a digest of it."""
    def c_code_cache_version(self):
        code = "\0".join(self.func_codes).encode("utf-8")
        return (hashlib.sha256(code).hexdigest(), *stock(self)[1:])

    return c_code_cache_version


@contextlib.contextmanager
def own_compile_cache():
    """Keep apart what is compiled for NumPy 2, and for Python without GIL.

    Some of Theano's modules are kept without a key, and load for the NumPy
    that they were compiled for; objects of a free-threaded Python are laid
    out in another way than those of the Python of the same version.
    """
    from . import edits
    tags = ["numpy2-" + edits.TAG] if edits.TAG else []
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        tags.append("free_threaded")
    unset = all(user_flag(name) is None
                for name in ("compiledir", "compiledir_format"))
    with theano_flags(["compiledir_format=" + "-".join([COMPILEDIR] + tags)]
                      if unset and tags else []):
        yield


@contextlib.contextmanager
def no_static_python():
    """Link no extension with a Python that is a static library.

    Theano links each with ``-lpython``. Where Python was built without
    ``--enable-shared``, as pyenv builds it, that finds code which was not
    compiled to be part of an extension ("recompile with -fPIC"), or nothing.
    An extension needs no library: what it calls is in the program.
    """
    if has_shared_library():
        yield
        return
    hook = ImportWithin("theano.gof.cmodule", linking_no_python)
    hook.install()
    try:
        yield
    finally:
        hook.remove()


def has_shared_library():
    """Tell whether extensions are linked with this Python as a library."""
    if not sys.platform.startswith("linux"):
        return True  # Theano knows that macOS needs none
    name, folder = (sysconfig.get_config_var(key) or ""
                    for key in ("LDLIBRARY", "LIBDIR"))
    library = os.path.splitext(name)[0] + ".so"
    return os.path.exists(os.path.join(folder, library))


@contextlib.contextmanager
def linking_no_python(cmodule):
    """Let ``theano.gof.cmodule``, which is run within, link no Python."""
    yield
    cmodule.std_lib_dirs_and_libs.data = [], []
