"""Read every attack file in a child with an audit hook and a memory limit.

    python tests/safety.py

prints what `make safety` shows: how many files were refused with their one
right error, how many forbidden events there were, and the most time and
memory one of them took. Needs Linux.
"""
import csv
import json
import os
import resource
import sys
import tempfile
import time
from collections import Counter, namedtuple
from pathlib import Path

TESTS = Path(__file__).resolve().parent
MANIFEST = TESTS / "attacks" / "manifest.tsv"
sys.path.insert(0, str(TESTS / "attacks"))

import lasagne_flipconv  # noqa: E402,F401
from gadgets import MARKER  # noqa: E402
from golden_files import golden_files  # noqa: E402
from lasagne_flipconv.weights.checkpoint import read  # noqa: E402
from lasagne_flipconv.errors import CheckpointError, UnsafeFileError  # noqa: E402

#: What one attack may take at most: of the processor, as others may use the
#: machine; of the clock; of memory.
MILLISECONDS, SECONDS, MEMORY = 100, 5, 64 << 20
ATTEMPTS = 3

ERRORS = {"unsafe": UnsafeFileError, "broken": CheckpointError}

#: Begins of the names of events that must not happen.
FORBIDDEN = ("import", "exec", "compile", "subprocess.", "os.system",
             "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "socket.",
             "ctypes.", "marshal.", "pickle.", "os.remove", "os.rename",
             "os.mkdir", "shutil.", "urllib.", "ftplib.", "smtplib.")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

#: What happened to one file.
Result = namedtuple("Result", "file right error events ms seconds memory")


def rows(manifest=MANIFEST):
    """Return the rows of the manifest."""
    with open(manifest, encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def preload():
    """Import what reading imports, so that nothing is left to import."""
    for path in golden_files():
        read_all(path)


def status(key):
    """Return a size from the kernel's record of this process, in bytes."""
    with open("/proc/self/status") as file:
        line = next(line for line in file if line.startswith(key))
    return 1024 * int(line.split()[1])


def limited(size):
    """Reset the peak of memory; allow no more than the limit from here."""
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    most = status("VmSize") + MEMORY + size
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    return status("VmRSS")


def read_all(path):
    """Read a file and all of its arrays."""
    with read(path) as checkpoint:
        checkpoint.values()


def attempt(row, folder, action=read_all):
    """Read one file, in this process; return what happened."""
    path = folder / row["file"]
    events, size = [], path.stat().st_size
    before = limited(size)
    watching = [True]

    def hook(event, args):
        if not watching[0]:
            return
        if event == "open":
            path_, mode, flags = args
            if flags & _WRITING or os.fspath(path_) != str(path):
                events.append("%s %s" % (event, path_))
        elif event.startswith(FORBIDDEN):
            events.append("%s %.80s" % (event, args))

    sys.addaudithook(hook)
    started, error = (time.process_time(), time.perf_counter()), None
    try:
        action(str(path))
    except BaseException as caught:
        error = caught
    ms = 1000 * (time.process_time() - started[0])
    seconds = time.perf_counter() - started[1]
    watching[0] = False
    right = type(error) is ERRORS[row["error"]] and row["text"] in str(error)
    return Result(row["file"], right, "%s: %s" % (
        type(error).__name__, str(error)[:300]), events, ms, seconds,
        max(0, status("VmHWM") - before - size))


def in_child(row, folder, action=read_all):
    """Fork, and return what happened to one file in the child."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        code = 1
        try:
            os.write(writer, json.dumps(
                attempt(row, folder, action)).encode())
            code = 0
        finally:
            os._exit(code)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    if not told:
        return Result(row["file"], False, "the child died", ["died"], 0, 0, 0)
    return Result(*json.loads(told))


def run(folder=TESTS / "attacks" / "files", attempts=ATTEMPTS):
    """Return the results of all files, and whether any was executed."""
    preload()
    old, results = os.getcwd(), []
    with tempfile.TemporaryDirectory() as empty:
        os.chdir(empty)
        try:
            for row in rows():
                for _ in range(attempts):  # others may use the machine
                    result = in_child(row, folder)
                    if result.ms <= MILLISECONDS:
                        break
                results.append(result)
            executed = os.path.exists(MARKER) or bool(os.listdir(empty))
        finally:
            os.chdir(old)
    return results, executed


def faults(result):
    """Return what is wrong with a result."""
    found = []
    if not result.right:
        found.append("got " + result.error)
    found += result.events
    if result.ms > MILLISECONDS:
        found.append("took %.0f ms" % result.ms)
    if result.seconds > SECONDS:
        found.append("took %.0f s" % result.seconds)
    if result.memory > MEMORY:
        found.append("took %d MiB" % (result.memory >> 20))
    return found


def main():
    """Print the figures; return 1 if anything is wrong."""
    results, executed = run()
    bad = [result for result in results if faults(result)]
    for result in bad:
        print("%s: %s" % (result.file, "; ".join(faults(result))))
    kinds = Counter(row["error"] for row in rows())
    slow = max(results, key=lambda result: result.ms)
    big = max(results, key=lambda result: result.memory)
    print("%d attack files: %d refused with their right error (%s)" % (
        len(results), sum(r.right for r in results),
        ", ".join("%d %s" % (n, ERRORS[k].__name__)
                  for k, n in sorted(kinds.items()))))
    print("%d events of import, exec, subprocess, socket, open elsewhere or "
          "for writing" % sum(len(r.events) for r in results))
    print("%s executed" % ("something was" if executed else "nothing was"))
    print("longest: %.0f ms of the processor (%s; limit %d)" % (
        slow.ms, slow.file, MILLISECONDS))
    print("most memory above the file's size: %.1f MiB (%s; limit %d)" % (
        big.memory / 2**20, big.file, MEMORY >> 20))
    return int(bool(bad) or executed)


if __name__ == "__main__":
    sys.exit(main())
