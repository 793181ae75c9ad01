"""Hold one network in one implementation and run it when asked.

    python -m benchmarks.worker JOB FOLDER

Requests are lines of JSON on the standard input, ``{"do": NAME}``; each is
answered by one line, with "error" in it if it failed. The folder holds the
files that `contest.prepare` makes of the network.
"""
import gc
import importlib
import json
import os
import re
import resource
import statistics
import sys
import time
import traceback

import numpy as np

from .description import labels, sample
from .works import IMPLEMENTATIONS, network_of

#: Training steps whose losses are compared.
STEPS = 3

#: Seconds for which a single convolution is run again and again: at first,
#: threads have to wake, which takes longer than some of them.
BURST = 0.05


# --- tasks: each returns (run, result) ---------------------------------------

def _predict(builder, job, folder):
    network = network_of(job)
    x = sample(network, job["batch"])
    with np.load(os.path.join(folder, "weights.npz")) as values:
        predict = builder.predictor(network, dict(values), **_options(job))
    return (lambda: predict(x)), (lambda: predict(x))


def _train(builder, job, folder):
    network = network_of(job)
    x, y = sample(network, job["batch"]), labels(network, job["batch"])
    with np.load(os.path.join(folder, "weights.npz")) as values:
        step = builder.trainer(network, dict(values), **_options(job))
    losses = []

    def run():
        losses.append(float(step(x, y)))

    def result():
        while len(losses) < STEPS:
            run()
        return np.array(losses[:STEPS])
    return run, result


def _resident(builder, job, folder):
    network = network_of(job)
    with np.load(os.path.join(folder, "weights.npz")) as values:
        return builder.resident(network, dict(values), sample(
            network, job["batch"]), **_options(job))


def _predict_onnx(runner, job, folder):
    x = sample(network_of(job), job["batch"])
    predict = runner.predictor(os.path.join(folder, "model.onnx"), x.shape,
                               **_options(job))
    return (lambda: predict(x)), (lambda: predict(x))


def _options(job):
    return dict(IMPLEMENTATIONS[job["implementation"]].options,
                threads=job["threads"], **job.get("options", {}))


TASKS = {"predict": _predict, "train": _train, "resident": _resident}


def _task(job):
    if IMPLEMENTATIONS[job["implementation"]].module == "run_onnx":
        return _predict_onnx
    return TASKS[job["task"]]


# --- memory ------------------------------------------------------------------

def peak():
    """Return the largest resident memory so far, in MB."""
    try:
        with open("/proc/self/status") as file:
            return int(re.search(r"VmHWM:\s*(\d+)", file.read())[1]) / 1024
    except (OSError, TypeError):
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(
            resource.RUSAGE_SELF).ru_maxrss * unit / 2 ** 20


def forget_peak():
    """Start the largest resident memory anew, where the system can."""
    gc.collect()
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        pass


# --- requests ----------------------------------------------------------------

def seconds_of(function):
    """Return how long one call takes."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def serve(job, folder, answer):
    """Answer requests until the standard input ends."""
    row = IMPLEMENTATIONS[job["implementation"]]
    builder = importlib.import_module("." + row.module, __package__)
    for need in row.needs[-1:]:
        importlib.import_module(need)
    forget_peak()
    baseline, functions = peak(), []

    def build():
        taken = seconds_of(_built)
        return {"engine": getattr(builder, "engine_enabled", bool)(),
                "seconds": taken}

    def _built():  # some compile when they are first called
        functions[:] = _task(job)(builder, job, folder)
        functions[0]()

    def run():
        if job["task"] != "resident":
            return {"seconds": seconds_of(functions[0])}
        taken = []
        while sum(taken) < BURST:
            taken.append(seconds_of(functions[0]))
        return {"seconds": statistics.median(taken)}

    def result():
        path = os.path.join(folder, "%d.npy" % os.getpid())
        np.save(path, functions[1]())
        return {"path": path}

    def memory():
        forget_peak()
        run()
        return {"megabytes": peak() - baseline}

    requests = {"build": build, "run": run, "result": result,
                "memory": memory}
    for line in sys.stdin:
        answer(_answered(requests[json.loads(line)["do"]]))


def _answered(request):
    try:
        return request()
    except Exception:
        return {"error": traceback.format_exc()}


def main(job, folder):
    """Serve with the standard output for answers alone."""
    with os.fdopen(os.dup(1), "w") as pipe:
        os.dup2(2, 1)  # what libraries print goes to the standard error

        def answer(reply):
            print(json.dumps(reply), file=pipe, flush=True)
        serve(json.loads(job), folder, answer)


if __name__ == "__main__":
    main(*sys.argv[1:])
