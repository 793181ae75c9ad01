"""Run Theano's own tests through the linker: python tests/pytorch_suite.py.

The tests that come with the installed Theano are run with PyTorch on the CPU
as the default; those that fail are run again without it. What fails with it
alone, or could not be run without it in time, is printed, and each must be
among the `KNOWN`, with the reason.
Arguments name tests, as pytest takes them relative to Theano's folder.
``HOURS`` limits each process (default 3). Exits with 1 if a test is new among
those.
"""
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest
from theano_nose import lend
from theano_suite import ROOT, Expansion, Written, name_beside_stock, outcomes

FILES = ["tensor/nnet/tests/test_nnet.py", "tensor/nnet/tests/test_sigm.py",
         "tensor/nnet/tests/test_bn.py", "tensor/signal/tests/test_pool.py",
         "tensor/tests/test_elemwise.py", "tensor/tests/test_subtensor.py",
         "tensor/nnet/tests/test_abstract_conv.py"]

#: What `outcomes` calls a run that did not come to its end.
PROCESS = "the process"

#: How a test's name ends → why it fails with the linker alone.
KNOWN = {name: why for why, names in {
    "it looks for an Op that writes into its operand": [
        "test_grad_list", "test_exp_over_1_plus_exp"],
    "it counts Ops, which are not fused here": [
        "with_bias_dxcale_cost", "advanced_indexing_version_of_xent"],
    "float32 is added up in float32, as docs/gpu.rst tells": [
        "test_reduce_precision", "test_mean_precision"],
    "it looks for an Op that should be gone; it has a row of its own": [
        "test_batch_normalization_train", "test_batch_normalization_test",
        "test_batch_normalization_train_without_running_averages",
        "test_batch_normalization_broadcastable"],
}.items() for name in names}


def main(tests):
    """Run, compare and print; return the exit code."""
    new = 0
    for test in tests or FILES:
        linker = run("torch", [test])
        failed = [name for name, (what, _) in linker.items()
                  if what == "failed" and name != PROCESS]
        new += report(test, linker, run("off", failed) if failed else {})
    return int(new > 0)


def report(test, linker, stock):
    """Print what is worse; return how much of that is new."""
    counts = Counter(what for name, (what, _) in linker.items()
                     if name != PROCESS)
    worse = {name: said for name, (what, said) in linker.items()
             if what == "failed" and (name == PROCESS or
                 stock.get(name, ["passed"])[0] == "passed")}
    print("== %s: %s; %d fail with the linker alone" % (
        test, dict(counts), len(worse)), flush=True)
    new = 0
    for name, said in worse.items():
        reason = next((why for end, why in KNOWN.items()
                       if name.endswith(end)), None)
        new += reason is None
        late = "" if name in stock or name == PROCESS else (
            "not run without it in time; with it: ")
        print("%s\n    %s" % (name, reason or late + said), flush=True)
    return new


def run(mode, tests):
    """Run tests in a child; return {test: [outcome, reason]}."""
    flags = "%s,floatX=float32,base_compiledir=%s" % (
        os.environ.get("THEANO_FLAGS", ""),
        ROOT / "build" / "pytorch-suite")
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder, mode)
        environment = dict(os.environ, LASAGNE_FLIPCONV_ENGINE="0",
                           THEANO_FLAGS=flags.lstrip(","))
        if mode == "torch":
            environment["LASAGNE_FLIPCONV_DEVICE"] = "cpu"
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", __file__, "--child",
             str(result), *tests], env=environment,
            stdout=None if os.environ.get("VERBOSE") else subprocess.DEVNULL)
        return outcomes(process, result, time.time() + 3600 * float(
            os.environ.get("HOURS", 3)))


def child(result, tests):
    """Run pytest in this process and write down every outcome."""
    lend()
    import lasagne_flipconv  # noqa: F401  makes Theano importable
    import theano
    folder = Path(theano.__file__).parent
    with open(result, "w", buffering=1) as file:
        return pytest.main(
            ["-q", "--tb=short", "-p", "no:cacheprovider", "-o", "addopts=",
             "--assert=plain", "--rootdir", str(folder),
             *(str(folder / x) for x in tests)],
            plugins=[Written(file), Expansion(name_abstract)])


def name_abstract(module):
    """Let tests that look for a product of matrices find what has a row."""
    from theano.tensor.nnet import abstract_conv
    name_beside_stock(module, {
        corr + ending: getattr(abstract_conv, abstract + ending)
        for corr, abstract in (("CorrMM", "AbstractConv2d"),
                               ("Corr3dMM", "AbstractConv3d"))
        for ending in ("", "_gradWeights", "_gradInputs")})


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        sys.exit(child(sys.argv[2], sys.argv[3:]))
    sys.exit(main(sys.argv[1:]))
