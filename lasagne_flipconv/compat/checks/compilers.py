"""What a C++ compiler can compile here, found out by asking it."""
import os
import subprocess
import sysconfig

__all__ = ["compile_problem", "compiler_version", "has_openmp", "run"]


def compile_problem(path, flags=()):
    """Find out why a compiler cannot compile for this Python.

    Parameters
    ----------
    path : str
        The compiler.
    flags : sequence of str
        What else it is told.

    Returns
    -------
    str or None
        The first line of what it says; None if it can.
    """
    headers = sysconfig.get_paths()["include"]
    done = run([path, *flags, "-x", "c++", "-fsyntax-only", "-I" + headers,
                "-"], "#include <Python.h>\n#include <cmath>\n")
    if done is None:
        return "%s cannot be run" % path
    if done.returncode == 0:
        return None
    if "Python.h" in done.stderr:
        return "%s works, but Python.h is not in %s" % (path, headers)
    said = done.stderr.strip().splitlines() or ["fails"]
    return "%s: %s" % (path, said[0][:100])


def compiler_version(path):
    """Ask a compiler for its version.

    Parameters
    ----------
    path : str
        The compiler.

    Returns
    -------
    str
        As ``"12"``.
    """
    done = run([path, "-dumpversion"])
    return done.stdout.strip() if done else "unknown version"


def has_openmp(path):
    """Tell whether a compiler has OpenMP.

    Parameters
    ----------
    path : str
        The compiler.

    Returns
    -------
    bool
        Whether it knows the flag, and finds the header.
    """
    done = run([path, "-x", "c++", "-fopenmp", "-fsyntax-only", "-"],
               "#include <omp.h>\nint main() { return 0; }\n")
    return done is not None and done.returncode == 0


def run(command, text=""):
    """Run a command.

    Parameters
    ----------
    command : list of str
        The program and what it is told.
    text : str
        What it reads.

    Returns
    -------
    subprocess.CompletedProcess or None
        None if it cannot be run, or takes two minutes.
    """
    try:
        return subprocess.run(
            command, input=text, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, universal_newlines=True, timeout=120,
            errors="replace", env=dict(os.environ, LC_ALL="C"))
    except (OSError, subprocess.SubprocessError):
        return None
