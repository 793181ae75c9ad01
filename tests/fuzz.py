"""Feed changed golden files to the readers: only our own errors may come out.

    python tests/fuzz.py [SECONDS [FORMAT ...]]

runs one harness per format for so many seconds (60), each in a process of its
own, and prints how many files it tried. A reader that dies, hangs for more
than 5 s or raises anything but a FlipconvError fails, and the file is kept.
"""
import io
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import lasagne_flipconv  # noqa: F401
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lasagne_flipconv.errors import FlipconvError
from lasagne_flipconv.formats import FORMATS, HEAD, format_of, function_of
from lasagne_flipconv.limits import LIMITS

TESTS = Path(__file__).resolve().parent
LONGEST = 5

#: Bytes that mean something to one of the formats.
TOKENS = (b"\xff" * 4, b"\0" * 8, b"\x7f\xff\xff\xff", b"PK\1\2", b"PK\5\6",
          b"\x80\x04\x95", b"R", b"b.", b"(", b"cos\nsystem\n", b"\x93",
          b"'shape': (99999999999,)", b"O8", b"{", b"[[[[", b"\x8e\xff\xff")


def seeds():
    """Return the golden files by format."""
    found = {name: [] for name in FORMATS}
    for path in sorted((TESTS / "golden").iterdir()):
        if path.suffix not in (".py", ".txt", ".pyc") and path.is_file():
            data = path.read_bytes()
            found[format_of(data[:HEAD], path.name)].append(data)
    return found


class Named(io.BytesIO):
    """A file in memory, with the name that readers tell."""

    name = "fuzzed"


@contextmanager
def alarm(seconds=LONGEST):
    """Raise if something takes longer, by the time of the processor."""
    def ring(signum, frame):
        raise TimeoutError("hangs")

    old = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, old)


def tried(name, data, path=None):
    """Read one file with one reader; return whether it was refused.

    Only the library for safetensors needs the file on disk.
    """
    file = Named(data)
    if path is not None:
        path.write_bytes(data)
        file.name = str(path)
    with alarm():
        try:
            format_of(data[:HEAD], "fuzzed")
            with function_of(name, "read")(file, LIMITS) as checkpoint:
                checkpoint.values()
        except FlipconvError:
            return True
    return False


def changed(data, edits):
    """Return bytes with edits made: replace, insert, remove, copy, cut."""
    data = bytearray(data)
    for kind, at, token, length in edits:
        at %= len(data) + 1
        if kind == 0 and at < len(data):
            data[at] ^= 1 + length % 255
        elif kind == 1:
            data[at:at] = TOKENS[token]
        elif kind == 2:
            data[at:at + len(TOKENS[token])] = TOKENS[token]
        elif kind == 3:
            del data[at:at + length]
        elif kind == 4:
            data[at:at] = data[at // 2:at // 2 + length]
        elif kind == 5:
            del data[at:]
    return bytes(data)


EDITS = st.lists(st.tuples(
    st.integers(0, 5), st.integers(0, 1 << 16),
    st.integers(0, len(TOKENS) - 1), st.integers(1, 64)), min_size=1,
    max_size=6)


def harness(name, seconds):
    """Fuzz one reader in this process; print how many files it took."""
    files = seeds()[name]
    ends, counts = time.time() + seconds, [0, 0]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fuzzed"
        kept = TESTS / ".fuzzed" / name

        @settings(max_examples=200, deadline=None, database=None,
                  suppress_health_check=list(HealthCheck))
        @given(st.sampled_from(files), EDITS, st.integers(0, 1 << 16))
        def attempt(data, edits, spread):
            # header bytes matter most, and are few in large files
            edits = [(k, at % 64 if spread % 2 else at, t, n)
                     for k, at, t, n in edits]
            data = changed(data, edits)
            kept.write_bytes(data)
            counts[1] += tried(name, data, path if name == "safetensors"
                               else None)
            counts[0] += 1

        kept.parent.mkdir(exist_ok=True)
        while time.time() < ends:
            attempt()
        kept.unlink()
    print("%-14s %7d files, %7d refused" % (name, *counts), flush=True)


def main(seconds=60, *names):
    """Run each harness in a process; return 1 if one fails."""
    failed = []
    for name in names or [n for n, files in seeds().items() if files]:
        run = subprocess.run([sys.executable, __file__, "--one", name,
                              str(seconds)], cwd=os.getcwd())
        if run.returncode:
            failed.append(name)
            print("%-14s FAILED with %d; the file is tests/.fuzzed/%s"
                  % (name, run.returncode, name))
    return int(bool(failed))


if __name__ == "__main__":
    random.seed(0)
    if sys.argv[1:2] == ["--one"]:
        harness(sys.argv[2], float(sys.argv[3]))
    else:
        sys.exit(main(*sys.argv[1:2], *sys.argv[2:]))
