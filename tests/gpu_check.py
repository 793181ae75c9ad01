"""Check the linker on a GPU in under eight minutes: `make gpu-check`.

Prints the card and all versions, runs the tests of the linker with PyTorch on
the card, and measures it beside PyTorch itself. ``DEVICE`` names the card (by
default "cuda"). Exits with 1 if a test fails or an output differs.
"""
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

#: What compares with Theano, the most telling first, and its time in seconds.
TESTS = (("rows", 60), ("edges", 30), ("loops", 75), ("nodes", 75),
         ("networks", 75), ("training", 75))

#: Seconds for the timings.
TIMINGS = 75


def main():
    """Check; return the exit code."""
    device = os.environ.get("DEVICE", "cuda")
    if not told(device):
        return 1
    failed = [name for name, seconds in TESTS
              if not passes(name, seconds, device)]
    print("== beside PyTorch itself (ratio: at most 1.1 is the aim)",
          flush=True)
    measured = finished([
        "-m", "benchmarks.linker", "--device", device, "--batch", "128",
        "--seconds", "5"], TIMINGS, device)
    print("== %s" % ("failed: %s" % ", ".join(failed) if failed else
                     "all tests pass on %s" % device))
    return int(bool(failed) or not measured)


def told(device):
    """Print what this runs on; tell whether it can be used."""
    import lasagne_flipconv
    import torch
    from lasagne_flipconv import engine
    print("lasagne_flipconv %s, PyTorch %s, CUDA %s, cuDNN %s, Python %s" % (
        lasagne_flipconv.__version__, torch.__version__, torch.version.cuda,
        torch.backends.cudnn.version(), sys.version.split()[0]))
    try:
        with engine.using("torch", device=device):
            pass
    except engine.EngineError as error:
        print(error)
        return False
    if torch.device(device).type == "cuda":
        card = torch.cuda.get_device_properties(device)
        print("%s, compute capability %d.%d, %.1f GiB" % (
            card.name, card.major, card.minor, card.total_memory / 2 ** 30))
    return True


def passes(name, seconds, device):
    """Run a file of tests on the card; tell if none fails, in its time."""
    print("== test_pytorch_%s.py" % name, flush=True)
    return finished(["-m", "pytest", "-q", "-W", "ignore", "--tb=line",
                     "tests/test_pytorch_%s.py" % name], seconds, device)


def finished(arguments, seconds, device):
    """Run a program; tell if it ends well, and in its time."""
    start = time.time()
    try:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", *arguments], cwd=str(ROOT),
            env=dict(os.environ, TEST_DEVICE=device), timeout=seconds)
    except subprocess.TimeoutExpired:
        print("   stopped after %d s" % seconds, flush=True)
        return False
    print("   %.0f s" % (time.time() - start), flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
