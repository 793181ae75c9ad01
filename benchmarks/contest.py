"""Ask workers in turns: first what they compute, then how fast they are.

A contestant is a `Worker`: a process that answers each line on its standard
input with one line of JSON. Runs of different contestants alternate, so that
whatever else the machine does meets all of them alike.
"""
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from .description import weights
from .works import IMPLEMENTATIONS, STOCK, network_of

ROOT = Path(__file__).resolve().parents[1]

#: Seconds between two runs, for threads of the last one to fall asleep; those
#: of OpenBLAS take 0.03.
PAUSE = 0.05

#: The last one is what XLA takes for the number of processors.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
            "PJRT_NPROC")


class Failed(Exception):
    """A contestant could not run, or computed something else."""


class Worker:
    """A process to ask."""

    def __init__(self, command, environment=None, log=None):
        self.command, self.log = command, log
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=dict(os.environ, **environment or {}),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
            universal_newlines=True)

    def ask(self, what):
        """Return the answer to one request."""
        try:
            self.process.stdin.write(json.dumps({"do": what}) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        answer = json.loads(line) if line else {"error": self._last_words()}
        if "error" in answer:
            raise Failed(answer["error"])
        return answer

    def _last_words(self):
        self.process.wait()
        text = "ended with exit code %d" % self.process.returncode
        if self.log is not None:
            self.log.seek(0)
            text += ": " + self.log.read()[-2000:]
        return text

    def close(self):
        """End the process."""
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def environment(job, folder, compile_dir=None):
    """Return the variables that the worker of a job needs.

    PyTorch compiles into the folder of the job, so all anew; Theano where the
    user has it compile, unless there is a folder for it.
    """
    flags = [os.environ.get("THEANO_FLAGS"), "floatX=float32"]
    if compile_dir:
        flags.append("base_compiledir=%s" % compile_dir)
    found = dict.fromkeys(_THREADS, str(job["threads"]))
    found["THEANO_FLAGS"] = ",".join(filter(None, flags))
    found["TORCHINDUCTOR_CACHE_DIR"] = os.path.join(
        compile_dir or folder, "inductor")
    found.update(IMPLEMENTATIONS[job["implementation"]].environment)
    return found


@contextlib.contextmanager
def prepared(jobs):
    """Make the files of the network of some jobs; give their folder."""
    job = next(iter(jobs.values()))
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        network = network_of(job)
        values = weights(network)
        np.savez(os.path.join(folder, "weights.npz"), **values)
        if any(IMPLEMENTATIONS[j["implementation"]].module == "run_onnx"
               for j in jobs.values()):
            from . import build_onnx
            build_onnx.write(network, values,
                             os.path.join(folder, "model.onnx"))
        del values
        yield folder


@contextlib.contextmanager
def started(job, folder, compile_dir=None):
    """Start the worker of a job; give it."""
    command = [sys.executable, "-m", __package__ + ".worker",
               json.dumps(job), folder]
    with tempfile.TemporaryFile("w+") as log:
        worker = Worker(command, environment(job, folder, compile_dir),
                        log)
        try:
            yield worker
        finally:
            worker.close()


# --- what they compute -------------------------------------------------------

def difference(result, expected):
    """Return the largest difference as a part of the largest number."""
    if result.shape != expected.shape:
        return float("inf")
    largest = np.abs(expected).max()
    return float(np.abs(result - expected).max() / largest)


def agreement(workers, tolerances):
    """Return the difference of each to the first one.

    Raises
    ------
    Failed
        If one is more than its tolerance.
    """
    results = {name: np.load(worker.ask("result")["path"])
               for name, worker in workers.items()}
    expected = next(iter(results.values()))
    found = {name: difference(result, expected)
             for name, result in results.items()}
    wrong = {n: d for n, d in found.items() if not d <= tolerances[n]}
    if wrong or not np.abs(expected).max() > 0:
        raise Failed("results differ from those of %r by %r; expected at "
                     "most %r" % (next(iter(results)), wrong,
                                  {n: tolerances[n] for n in wrong}))
    return found


# --- how fast they are -------------------------------------------------------

def interleaved(workers, repeats, warm_up=2):
    """Return the seconds of `repeats` runs of each, taken in turns.

    The one that begins a round changes from round to round.
    """
    names = list(workers)
    seconds = {name: [] for name in names}
    for i in range(-warm_up, repeats):
        shift = i % len(names)
        for name in names[shift:] + names[:shift]:
            time.sleep(PAUSE)
            taken = workers[name].ask("run")["seconds"]
            if i >= 0:
                seconds[name].append(taken)
    return seconds


def contest(jobs, repeats, extra=None, memory=False):
    """Let implementations run the same network in turns.

    Parameters
    ----------
    jobs : dict of dict
        By the name of the contestant; all of the same network.
    repeats : int
        Number of measured rounds; with 0 only the results are compared.
    extra : dict of Worker, optional
        Contestants whose results are not compared.
    memory : bool
        Whether to measure the memory of a run, too.

    Returns
    -------
    dict
        "seconds", "difference" and "megabytes" by contestant, as far as they
        were measured; "ready", the seconds from building to the end of the
        first call; "engine", whether they use the engine; "failures", the
        reasons of those that could not be built, or of the end.
    """
    found = {"failures": {}, "engine": {}, "ready": {}}
    tolerances = {name: IMPLEMENTATIONS[job["implementation"]].tolerance
                  for name, job in jobs.items()}
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(prepared(jobs))
        workers = {name: stack.enter_context(started(job, folder))
                   for name, job in jobs.items()}
        try:
            _build(workers, found)
            if workers:
                found["difference"] = agreement(workers, tolerances)
                _measure(workers, repeats, extra or {}, memory, found)
        except Failed as error:
            found["failures"]["all"] = str(error)
    return found


def _build(workers, found):
    for name in list(workers):
        try:
            answer = workers[name].ask("build")
        except Failed as error:
            found["failures"][name] = str(error)
            del workers[name]
        else:
            found["engine"][name] = answer["engine"]
            found["ready"][name] = answer["seconds"]
    if found["engine"].get(STOCK):
        raise Failed("the engine is on in %r; expected it off" % STOCK)


def _measure(workers, repeats, extra, memory, found):
    if repeats:
        found["seconds"] = interleaved(dict(workers, **extra), repeats)
    if repeats and memory:
        found["megabytes"] = {name: worker.ask("memory")["megabytes"]
                              for name, worker in workers.items()}


def first_predictions(jobs, repeats):
    """Measure the time from process start to the first prediction.

    Parameters
    ----------
    jobs : dict of dict
        By implementation; those that keep what they compiled are also measured
        with an empty folder for it.
    repeats : int

    Returns
    -------
    dict
        "warm" and "cold", each with the seconds by contestant.
    """
    found = {"warm": {}, "cold": {}, "failures": {}}
    with prepared(jobs) as folder:
        for name in [n for n in jobs if IMPLEMENTATIONS[n].keeps_compiled]:
            with tempfile.TemporaryDirectory() as compile_dir:
                found["cold"][name] = [
                    _first(jobs[name], folder, compile_dir)]
        for job in jobs.values():  # fill the cache of the user
            _first(job, folder)
        for _ in range(repeats):
            for name, job in jobs.items():
                found["warm"].setdefault(name, []).append(
                    _first(job, folder))
    return found


def _first(job, folder, compile_dir=None):
    begun = time.perf_counter()
    with started(job, folder, compile_dir) as worker:
        worker.ask("build")
        return time.perf_counter() - begun
