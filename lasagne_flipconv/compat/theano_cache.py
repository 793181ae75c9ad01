"""Let Theano find again what it compiled in an earlier process.

The key of a compiled module holds the versions of what is in it. Two of them
do not last. An Op's options are put among the versions, and anything empty
there is taken for "has no version, never use it again", so that Ops without
options, such as ``Dot22``, ``Alloc`` and the loss of a softmax, were compiled
anew by every process: six runs of the C++ compiler before each training of a
residual network. And Ops whose C code is in a file of its own, such as
``DimShuffle``, have Python's ``hash`` of it for a version, which each process
draws anew: the cache has one more key for each, and grows.
"""
import hashlib
import importlib

__all__ = ["keep_compiled"]


def keep_compiled():
    """Give Ops versions that are the same in each process, in all graphs."""
    linker = importlib.import_module("theano.gof.cc").CLinker
    op = importlib.import_module("theano.gof.op").COp
    if not hasattr(linker.cmodule_key_, "keeps"):
        linker.cmodule_key_ = with_version(linker.cmodule_key_)
        op.c_code_cache_version = by_content(op.c_code_cache_version)


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
