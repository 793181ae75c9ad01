"""Compile the headers that begin all of Theano's C++ once, not each time.

More than half of what g++ does for one of Theano's modules is to read the
headers of Python, NumPy and C++, which are the same in each. GCC keeps them
read ("precompiled headers") in a file of 50 MB in Theano's compile directory;
it is made beside the fourth module that a process compiles. GCC checks itself
that flags and macros are those of the file, and reads the headers as text
where they are not; that the headers are the same is told by its name.
"""
import functools
import glob
import hashlib
import importlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

__all__ = ["precompile_headers"]

#: What each of Theano's modules begins with, in this order.
HEADERS = ["<Python.h>", "<iostream>", '"theano_mod_helper.h"', "<math.h>",
           "<numpy/arrayobject.h>", "<numpy/arrayscalars.h>"]
TEXT = "".join("#include %s\n" % header for header in HEADERS)

#: How GCC begins to tell of such a file that it cannot use.
USELESS = re.compile(r"\bPCH\b|\.gch\b|internal compiler error")

#: Beside which module a file is made; files that are kept in a folder, and
#: seconds until one that is not whole is left behind.
FIRST, KEPT, OLD = 4, 4, 3600

#: Make one under another name, try it, and move it into place; wait for none.
MAKE = """folder=$1 place=$2; shift 2
{ "$@" -x c++-header "$folder/theano.hpp" -o "$folder/theano.hpp.gch" &&
"$@" -include "$folder/theano.hpp" -Werror=invalid-pch -fsyntax-only \
    -x c++ /dev/null && sync "$folder/theano.hpp.gch" &&
mv -T "$folder" "$place" || rm -rf "$folder"; } &
"""


def precompile_headers():
    """Let Theano's compiler have its headers precompiled, where it is GCC."""
    cmodule = importlib.import_module("theano.gof.cmodule")
    gcc = cmodule.GCC_compiler
    if sys.platform.startswith("linux") and not hasattr(
            gcc.compile_str, "precompiled"):
        gcc.compile_str = staticmethod(
            with_headers(gcc.compile_str, Headers(cmodule)))


def with_headers(stock, headers):
    """Return ``compile_str`` that lets GCC take headers which it has read."""
    @functools.wraps(stock)
    def compile_str(module_name, src_code, location=None, include_dirs=None,
                    lib_dirs=None, libs=None, preargs=None, **options):
        def compiled(flags):
            return stock(module_name, src_code, location, include_dirs,
                         lib_dirs, libs, flags + (preargs or []), **options)

        flags = headers.flags(src_code, preargs or [], include_dirs or [])
        try:
            return compiled(flags)
        except Exception as error:
            if not flags or not USELESS.search(str(error)):
                raise
            headers.drop(flags)
        return compiled([])

    compile_str.precompiled = headers
    return compile_str


class Headers:
    """The headers of one process, by the flags that they are compiled with.

    Parameters
    ----------
    cmodule : module
        ``theano.gof.cmodule``.
    """

    def __init__(self, cmodule):
        self.cmodule = cmodule
        self.config = cmodule.config
        self.asked = {}

    def flags(self, code, preargs, folders):
        """Return what lets GCC take precompiled headers for this module.

        Parameters
        ----------
        code : str
            The C++ of the module.
        preargs, folders : list of str
            Its flags, and where it looks for headers before Theano's own.

        Returns
        -------
        list of str
            Flags to put before the others; none where there is no file yet.
        """
        if not self.fits(code, folders):
            return []
        slow = self.config.cmodule.remove_gxx_opt
        flags = ["-g"] + [
            flag for flag in preargs if not (slow and flag.startswith("-O"))
        ] + ["-I" + folder for folder in self.cmodule.std_include_dirs()]
        place = os.path.join(self.config.compiledir, "lasagne_flipconv_"
                             "headers", key(self.config.cxx, tuple(flags)))
        if os.path.exists(os.path.join(place, "theano.hpp.gch")):
            return ["-include", os.path.join(place, "theano.hpp")]
        self.asked[place] = self.asked.get(place, 0) + 1
        if self.asked[place] == FIRST:
            self.make(place, flags)
        return []

    def fits(self, code, folders):
        """Tell whether this module begins with these headers, as they are."""
        return (set(TEXT.splitlines()) <= set(code[:1000].splitlines())
                and is_gcc(self.config.cxx)
                and not any(map(has_headers, set(folders).difference(
                    self.cmodule.std_include_dirs()))))

    def make(self, place, flags):
        """Begin to make a file in a process of its own."""
        parent = os.path.dirname(place)
        try:
            os.makedirs(parent, exist_ok=True)
            clear(parent)
            folder = tempfile.mkdtemp(prefix="making-", dir=parent)
            with open(os.path.join(folder, "theano.hpp"), "w") as file:
                file.write(TEXT)
            subprocess.call(
                ["sh", "-c", MAKE, "sh", folder, place, self.config.cxx]
                + flags, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)
        except OSError:  # nothing but slower
            return

    def drop(self, flags):
        """Remove a file that GCC could not read; make no other here."""
        place = os.path.dirname(flags[-1])
        self.asked[place] = FIRST
        shutil.rmtree(place, ignore_errors=True)


@functools.lru_cache(maxsize=None)
def version(compiler):
    """Return what a compiler tells of itself, nothing if it cannot be run."""
    try:
        return subprocess.run(
            [compiler, "--version"], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, universal_newlines=True).stdout
    except OSError:
        return ""


def is_gcc(compiler):
    """Tell whether a compiler is GCC; others fail on what is not theirs."""
    return "Free Software Foundation" in version(compiler)


def has_headers(folder):
    """Tell whether a folder has headers of the names of Theano's."""
    return any(os.path.exists(os.path.join(folder, header.strip('<>"')))
               for header in HEADERS)


@functools.lru_cache(maxsize=None)
def key(compiler, flags):
    """Return a name that no other headers, compiler or flags have."""
    folders = [flag[2:] for flag in flags if flag.startswith("-I")]
    parts = [version(compiler), sys.version, TEXT, *flags]
    parts += ["%s %d %d" % (path, stat.st_mtime_ns, stat.st_size)
              for path, stat in states(folders)]
    if hasattr(os, "confstr"):
        parts.append(str(os.confstr("CS_GNU_LIBC_VERSION")))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]


def states(folders):
    """Return path and state of all headers of Python, NumPy and Theano."""
    return [(path, os.stat(path)) for folder in sorted(set(folders))
            for name in ("*.h", "numpy/*.h")
            for path in sorted(glob.glob(os.path.join(
                glob.escape(folder), name)))]


def clear(folder):
    """Remove files of former headers, and folders that were left behind."""
    ages = {entry.path: time.time() - entry.stat().st_mtime
            for entry in os.scandir(folder)}
    making = [path for path in ages
              if os.path.basename(path).startswith("making-")]
    made = sorted(set(ages).difference(making), key=ages.get)
    for path in made[KEPT - 1:] + [
            path for path in making if ages[path] > OLD]:
        shutil.rmtree(path, ignore_errors=True)
