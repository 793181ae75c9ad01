"""Write the locks that ``make install`` installs, one for each Python.

Run as ``make lock``. Each holds all that the tests need, what that needs in
turn, and what builds it, with the hashes of the files; ``constraints.txt``
chooses the versions of what is named there, the rest is today's newest.
"""
import subprocess
import sys
from pathlib import Path

from packaging.markers import Marker

HERE = Path(__file__).resolve().parent
PYTHONS = ["3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "3.15"]

#: Those for which ``lasagne-flipconv theano`` installs Theano.
LATE = PYTHONS[PYTHONS.index("3.12"):]

#: What builds Theano, Lasagne and us, installed before the rest.
BUILD = ["setuptools==75.3.2", "wheel==0.45.1"]

#: Where this can run: systems, and the names of processors there.
SYSTEMS = [{"sys_platform": "linux", "platform_system": "Linux"},
           {"sys_platform": "darwin", "platform_system": "Darwin"}]
MACHINES = ["x86_64", "aarch64", "arm64"]


def main():
    """Write all locks."""
    for python in PYTHONS:
        lines = resolved(python, ["--extra", "test", "pyproject.toml"])
        # only the weights in it are used, so what it needs is left out
        lines += resolved(python, ["--no-deps", "-"], "mtcnn\n")
        write("python%s.txt" % python, lines)
    write("build.txt", resolved(PYTHONS[0], ["-"], "\n".join(BUILD)))


def resolved(python, arguments, text=None):
    """Return the lines of a lock, for every system, of one Python."""
    found = subprocess.run(
        [sys.executable, "-m", "uv", "pip", "compile", "--quiet",
         "--universal", "--generate-hashes", "--no-header", "--no-annotate",
         "--python-version", python, "--constraint", "constraints.txt"]
        + arguments, cwd=str(HERE.parent), input=text, text=True,
        stdout=subprocess.PIPE, check=True).stdout
    return [line for line in joined(found)
            if can_apply(line, python) and not (
                line.startswith("theano==") and python in LATE)]


def joined(text):
    """Return requirements with their hashes, as one text for each."""
    entries = []
    for line in text.splitlines():
        if line.startswith(" "):
            entries[-1] += "\n" + line
        else:
            entries.append(line)
    return entries


def can_apply(entry, python):
    """Tell whether a requirement is one on some system, with that Python."""
    requirement = entry.split("\\")[0]
    if ";" not in requirement:
        return True
    marker = Marker(requirement.split(";")[1].strip())
    version = {"python_version": python, "python_full_version": python + ".0"}
    return any(marker.evaluate(dict(system, platform_machine=m, **version))
               for system in SYSTEMS for m in MACHINES)


def write(name, entries):
    """Write one lock."""
    text = "# Made by 'make lock'; do not edit.\n" + "\n".join(entries) + "\n"
    (HERE / name).write_text(text)


if __name__ == "__main__":
    main()
