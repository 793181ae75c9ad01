"""Print what loading, converting and saving large files costs.

    python tests/measure_files.py [MEGABYTES [KILLS]]

Loading is compared with ``numpy.load`` of all arrays, in turns and each in a
process of its own. `make measure-files` runs it.
"""
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MIB = 1 << 20
ROUNDS = 5

#: What a child does with a file; it prints seconds and bytes at the peak.
LOADERS = {
    "numpy.load": """
import numpy as np
begin()
with np.load(path) as file:
    arrays = [file["arr_%d" % i] for i in range(len(file.files))]
end()
""",
    "load, as they are": """
net = build()
begin()
load(path, net, orientation="convolution")
end()
""",
    "load, every kernel turned": """
net = build()
begin()
load(path, net, orientation="correlation")
end()
""",
    "convert, every kernel turned": """
from lasagne_flipconv import convert_file
begin()
convert_file(path, path + ".converted.npz", "correlation", "convolution")
end()
""",
}
PRELUDE = """
import os, sys, time
import numpy as np
import lasagne_flipconv
from lasagne_flipconv import load
sys.path.insert(0, sys.argv[2])
from measure_files import build_for, resident
path = sys.argv[1]
build = lambda: build_for(int(sys.argv[3]))

def begin():
    global started, before
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # forget the highest resident size
    before, started = resident("VmRSS"), time.perf_counter()

def end():
    seconds = time.perf_counter() - started
    print(seconds, resident("VmHWM") - before)
"""


def resident(field):
    """Return a line of this process's status in bytes."""
    with open("/proc/self/status") as file:
        line = next(row for row in file if row.startswith(field))
    return int(line.split()[1]) << 10


def build_for(megabytes):
    """Build layers with kernels that come to so many megabytes.

    One of them is a quarter of all, as in VGG's dense layers.
    """
    from lasagne.init import Constant
    from lasagne.layers import InputLayer
    from lasagne_flipconv.layers import Conv2DLayer
    width = 512
    count = max(1, megabytes * MIB * 3 // 4 // (width * width * 9 * 4))
    net = InputLayer((None, width, 64, 64))
    for _ in range(count):
        net = Conv2DLayer(net, width, 3, pad="same", W=Constant(0))
    return Conv2DLayer(net, width * count // 3 or width, 3, W=Constant(0))


def child(what, path, megabytes):
    """Run one loader in a process of its own; return seconds and bytes."""
    run = subprocess.run(
        [sys.executable, "-c", PRELUDE + LOADERS[what], str(path),
         str(Path(__file__).parent), str(megabytes)],
        stdout=subprocess.PIPE, check=True, universal_newlines=True)
    seconds, peak = run.stdout.split()
    return float(seconds), int(peak)


def measure(path, megabytes):
    """Print median seconds and highest memory of each loader, in turns."""
    results = {what: [] for what in LOADERS}
    for _ in range(ROUNDS):
        for what in LOADERS:
            results[what].append(child(what, path, megabytes))
    base = statistics.median(s for s, _ in results["numpy.load"])
    for what, rows in results.items():
        seconds = statistics.median(s for s, _ in rows)
        print("%-29s %6.2f s  %5.2f × numpy.load  peak %6.1f MiB"
              % (what, seconds, seconds / base,
                 max(peak for _, peak in rows) / MIB), flush=True)


def kill_saves(kills, folder, seed=0, longest=.15):
    """Kill a process that saves again and again; tell what it left.

    Returns how many kills left no file that reads in full, how many left the
    values of one moment mixed with another's, and how many partial files.
    """
    import numpy as np
    from lasagne_flipconv import save
    net, path = saved_network(), Path(folder) / "saved.npz"
    chance, unreadable, mixed = random.Random(seed), 0, 0
    save(path, net)
    for i in range(kills):
        child = os.fork()
        if not child:
            save_forever(path, net, i)
        time.sleep(chance.uniform(0, longest))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        try:
            with np.load(path) as file:
                first = {float(file[name].flat[0]) for name in file.files}
            readable(path)
        except ValueError as error:
            unreadable += 1
            print(error)
        else:
            mixed += len(first) > 1
    return unreadable, mixed, len(list(Path(folder).glob(".*.partial")))


def saved_network():
    """Return a network of some megabytes."""
    from lasagne.init import Constant
    from lasagne.layers import InputLayer
    from lasagne_flipconv.layers import Conv2DLayer
    net = InputLayer((None, 128, 64, 64))
    for _ in range(6):
        net = Conv2DLayer(net, 128, 3, W=Constant(0))
    return net


def save_forever(path, net, seed):
    """Save a network again and again, each time full of another number."""
    from lasagne.layers import get_all_params
    from lasagne_flipconv import save
    for i in range(1 << 20):
        for param in get_all_params(net):
            param.get_value(borrow=True).fill(1000 * seed + i)
        save(path, net)


def readable(path):
    """Read all of a file; raise if it is refused."""
    from lasagne_flipconv import check_file
    check_file(path)


def main(megabytes=500, kills=200):
    """Print all figures."""
    import lasagne_flipconv  # noqa: F401  makes Lasagne importable
    import numpy as np
    from lasagne.layers import get_all_param_values
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.npz"
        arrays = get_all_param_values(build_for(megabytes))
        random_ = np.random.RandomState(0)
        arrays = [random_.rand(*a.shape).astype("f4") for a in arrays]
        np.savez(path, *arrays)
        sizes = sorted(a.nbytes / MIB for a in arrays)
        del arrays
        print("%d arrays, %.1f MiB, the largest %.1f MiB; medians of %d"
              % (len(sizes), sum(sizes), sizes[-1], ROUNDS), flush=True)
        measure(path, megabytes)
        path.unlink()
    with tempfile.TemporaryDirectory() as folder:
        print("kill -9 at %d moments of save: %d unreadable files, %d mixed; "
              "%d partial files left beside" % ((kills,) + kill_saves(
                  kills, folder)))


if __name__ == "__main__":
    os.environ["THEANO_FLAGS"] = ",".join(filter(None, (
        os.environ.get("THEANO_FLAGS"), "floatX=float32")))
    main(*map(int, sys.argv[1:]))
