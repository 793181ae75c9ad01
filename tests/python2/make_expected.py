"""Write what Python 2.7 prints for each program of the tables here.

    python make_expected.py PYTHON2

Each table is a ``.txt`` of programs with a line ``%`` between; what they print
goes into an ``.expected`` of the same form. Some need NumPy and Pillow, of the
last releases for Python 2.7: 1.16.2 and 6.2.2.
"""
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


def programs(path):
    """Return the programs of a table, or what they print."""
    return path.read_text(encoding="utf-8").split("\n%\n")


def printed(python, program):
    """Return what a program prints, run in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program.py"
        path.write_text(program + "\n", encoding="utf-8")
        done = subprocess.run([python, path.name], cwd=folder,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode or b"Traceback" in done.stderr:
        sys.exit("%s\n%s" % (program, done.stderr.decode()))
    return done.stdout.decode()


def main(python):
    """Write all files."""
    for path in sorted(HERE.glob("*.txt")):
        path.with_suffix(".expected").write_text(
            "\n%\n".join(printed(python, p) for p in programs(path)),
            encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
