"""Feed changed files to the readers: only our own errors may come out.

    python tests/fuzz.py [SECONDS [FORMAT ...]]

runs each reader for so many seconds (60), in a process of its own, on golden
files and those of tests/corpus, changed as Atheris finds that they reach new
lines of the reader. A reader that dies, takes more than 5 s or 1 GiB, or
raises anything but a FlipconvError fails, and the file is kept.

    python tests/fuzz.py --keep [SECONDS [FORMAT ...]]

then adds to tests/corpus the files that reach what no other there does.
"""
import bz2
import gzip
import io
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import zipfile
from contextlib import contextmanager
from pathlib import Path

import lasagne_flipconv  # noqa: F401
from golden_files import golden_files
from lasagne_flipconv.errors import FlipconvError
from lasagne_flipconv.formats import FORMATS, HEAD, format_of, function_of
from lasagne_flipconv.limits import LIMITS

TESTS = Path(__file__).resolve().parent
CORPUS, FINDINGS = TESTS / "corpus", TESTS / ".fuzzed"
LONGEST = 5

#: What one request for memory may be, and the process in all: the notes that
#: Atheris takes of millions of files come to a GiB in ten minutes.
MEBIBYTES, IN_ALL = 1024, 3072

#: The variable that names a program which runs the same harness again.
AGAIN = "FUZZ_AGAIN"

#: The corpus of a format: so many files, each so large, at most.
MOST, LARGEST = 16, 4096

#: Bytes that mean something to one of the formats.
TOKENS = (b"\xff" * 4, b"\0" * 8, b"\x7f\xff\xff\xff", b"PK\1\2", b"PK\5\6",
          b"\x80\x04\x95", b"R", b"b.", b"(", b"cos\nsystem\n", b"\x93",
          b"'shape': (99999999999,)", b"O8", b"{", b"[[[[", b"\x8e\xff\xff")


def seeds():
    """Return the golden files by format."""
    found = {name: [] for name in FORMATS}
    for path in golden_files():
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


def tried(name, data):
    """Read one file with one reader; return whether it was refused."""
    file = Named(data)
    with alarm():
        try:
            format_of(data[:HEAD], "fuzzed")
            with function_of(name, "read")(file, LIMITS) as checkpoint:
                checkpoint.values()
        except FlipconvError:
            return True
    return False


def spliced(data, rng):
    """Return bytes with one thing done to them that means something."""
    token, at = rng.choice(TOKENS), rng.randrange(len(data) + 1)
    if rng.random() < .3:  # header bytes matter most, and are few
        at = min(at, rng.randrange(65))
    length = rng.randrange(1, 65)
    return rng.choice([
        data[:at] + token + data[at:],
        data[:at] + token + data[at + len(token):],
        data[:at] + data[at + length:],
        data[:at] + data[at // 2:at // 2 + length] + data[at:],
        data[:at]])


def rezipped(data, change, rng):
    """Return a ZIP archive with one member changed, its checksum right."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(
            made, "w") as new:
        names = old.namelist()
        chosen = rng.choice(names)
        for name in names:
            content = old.read(name)
            new.writestr(name, change(content) if name == chosen else content)
    return made.getvalue()


def unpacked(name, data, change, rng):
    """Return a compressed file of which the content was changed."""
    if name == "gzip":
        return gzip.compress(change(gzip.decompress(data)), 1, mtime=0)
    if name == "bz2":
        return bz2.compress(change(bz2.decompress(data)))
    return rezipped(data, change, rng)


PACKED = ("gzip", "bz2", "npz", "torch", "keras")


def mutator(name, mutate):
    """Return a function that changes files of a format.

    Changed as they are, those that are packed would mostly fail at their
    checksum; so three of four are changed inside.
    """
    def change_one(data, size, rng):
        changed = (spliced(data, rng) if rng.random() < .3
                   else mutate(data, size))
        return changed[:size]

    def mutated(data, size, seed):
        rng = random.Random(seed)
        if name in PACKED and rng.random() < .75:
            try:
                return unpacked(name, data,
                                lambda part: change_one(part, size, rng),
                                rng)[:size]
            except Exception:  # what was changed before is no such file
                pass
        return change_one(data, size, rng)

    return mutated


def fuzz_one(name, flags):
    """Fuzz one reader in this process, with flags of libFuzzer; exits."""
    import atheris
    with atheris.instrument_imports(include=["lasagne_flipconv.formats"]):
        for loaded in [m for m in sys.modules if m.startswith(
                "lasagne_flipconv.formats")]:
            del sys.modules[loaded]  # to come in again, instrumented
        for form in FORMATS:
            function_of(form, "read")

    def attempt(data):
        tried(name, data)

    atheris.Setup([os.environ.get(AGAIN, sys.argv[0])] + flags, attempt,
                  custom_mutator=mutator(
                      name, lambda data, size: atheris.Mutate(data, size)))
    atheris.Fuzz()


def run_one(name, *flags):
    """Run libFuzzer on one reader in a new process; return what it says."""
    command = [sys.executable, __file__, "--one", name]
    return subprocess.run(command + [str(flag) for flag in flags], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          errors="replace", cwd=os.getcwd())


def fill(name, folder):
    """Put the golden files and the corpus of a format into a folder."""
    folder.mkdir()
    for i, data in enumerate(seeds()[name]):
        (folder / ("golden%d" % i)).write_bytes(data)
    for path in sorted((CORPUS / name).glob("*")):
        shutil.copy(str(path), str(folder / path.name))


def fuzz(name, seconds, keep=False):
    """Fuzz one reader; return whether nothing was found."""
    FINDINGS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        old, new = Path(temporary, "old"), Path(temporary, "new")
        fill(name, old)
        new.mkdir()
        longest = max(path.stat().st_size for path in old.iterdir())
        run = run_one(name, "-max_total_time=%s" % seconds,
                      "-max_len=%d" % max(1 << 16, 2 * longest),
                      "-timeout=%d" % (2 * LONGEST), "-use_value_profile=1",
                      "-malloc_limit_mb=%d" % MEBIBYTES,
                      "-rss_limit_mb=%d" % IN_ALL, "-print_final_stats=1",
                      "-artifact_prefix=%s/%s-" % (FINDINGS, name), new, old)
        told = re.findall(r"cov: (\d+)", run.stdout), re.search(
            r"number_of_executed_units: (\d+)", run.stdout)
        print("%-14s %8s files, %5s places reached%s" % (
            name, told[1] and told[1].group(1), told[0] and told[0][-1],
            "" if not run.returncode else ", FAILED with %d; see %s/%s-*"
            % (run.returncode, FINDINGS, name)), flush=True)
        if run.returncode:
            print(run.stdout[-3000:])
        elif keep:
            merge(name, old, new)
    return not run.returncode


def merge(name, old, new):
    """Keep the smallest files that reach what those of before do not."""
    before = {path.name for path in old.iterdir()}
    again = new.with_name("again")  # libFuzzer calls it for each attempt
    again.write_text("#!/bin/sh\nexec '%s' '%s' --one %s \"$@\"\n" % (
        sys.executable, os.path.abspath(__file__), name))
    again.chmod(0o700)
    os.environ[AGAIN] = str(again)
    run_one(name, "-merge=1", old, new)
    found = sorted((path for path in old.iterdir()
                    if path.name not in before),
                   key=lambda path: path.stat().st_size)
    (CORPUS / name).mkdir(parents=True, exist_ok=True)
    room = MOST - len(list((CORPUS / name).iterdir()))
    for path in [p for p in found if p.stat().st_size <= LARGEST][:room]:
        shutil.copy(str(path), str(CORPUS / name / path.name))


def main(arguments):
    """Fuzz each reader; return 1 if one fails."""
    keep = arguments[:1] == ["--keep"]
    seconds, *names = arguments[keep:] or ["60"]
    names = names or [n for n, files in seeds().items() if files]
    return int(not all([fuzz(name, seconds, keep) for name in names]))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        fuzz_one(sys.argv[2], sys.argv[3:])
    else:
        sys.exit(main(sys.argv[1:]))
