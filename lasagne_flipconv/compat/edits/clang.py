"""Let clang compile Theano's C++, some of which C++11 forbids.

Theano puts sizes of arrays, of 64 bits, into braces where 32 are expected. GCC
warns; clang, the compiler of macOS, refuses it unless it is told not to, and
no convolution compiles.
"""
import functools
import importlib

from .precompiled import version

__all__ = ["allow_narrowing"]

FLAG = "-Wno-c++11-narrowing"


def allow_narrowing():
    """Let Theano's compiler take what GCC takes, where it is clang."""
    cmodule = importlib.import_module("theano.gof.cmodule")
    stock = cmodule.GCC_compiler.compile_str
    if hasattr(stock, "narrows"):
        return

    @functools.wraps(stock)
    def compile_str(module_name, src_code, location=None, include_dirs=None,
                    lib_dirs=None, libs=None, preargs=None, **options):
        flags = [FLAG] if is_clang(cmodule.config.cxx) else []
        return stock(module_name, src_code, location, include_dirs, lib_dirs,
                     libs, flags + (preargs or []), **options)

    compile_str.narrows = True
    cmodule.GCC_compiler.compile_str = staticmethod(compile_str)


def is_clang(compiler):
    """Tell whether a compiler is clang, under whatever name."""
    return "clang version" in version(compiler)
