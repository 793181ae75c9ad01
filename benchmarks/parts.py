"""What can be measured: a table of parts.

Each takes the options of the command (`run`) and yields (key, row) pairs for
the report, one by one, so that a long run can be watched and kept.
"""
import contextlib
import tempfile

from . import onednn
from .contest import Failed, contest, first_predictions
from .works import OURS, STOCK, WORKS, jobs, network_of

#: (input channels, filters, size, image, stride, pad) of `networks.single`.
LAYERS = {
    "VGG conv1_1": (3, 64, 3, 224, 1, 1),
    "VGG conv1_2": (64, 64, 3, 224, 1, 1),
    "VGG conv2_2": (128, 128, 3, 112, 1, 1),
    "VGG conv3_2": (256, 256, 3, 56, 1, 1),
    "VGG conv4_2": (512, 512, 3, 28, 1, 1),
    "VGG conv5_2": (512, 512, 3, 14, 1, 1),
    "ResNet conv1": (3, 64, 7, 224, 2, 3),
    "ResNet res2 1×1": (64, 256, 1, 56, 1, 0),
    "ResNet res3 3×3": (128, 128, 3, 28, 1, 1),
    "ResNet res3 3×3 halving": (128, 128, 3, 56, 2, 1),
    "ResNet res4 1×1": (1024, 256, 1, 14, 1, 0),
    "ResNet res5 3×3": (512, 512, 3, 7, 1, 1),
    "C3D conv2": (64, 128, 3, (16, 56, 56), 1, 1),
    "Inception 1×7": (128, 128, (1, 7), 17, 1, (0, 3)),
}
QUICK_LAYERS = ("VGG conv4_2", "ResNet res3 3×3")

_ARGUMENTS = ("channels", "filters", "size", "image", "stride", "pad")

LIMIT = "limit"


def works(options):
    """Time the whole networks, and their memory."""
    for key in options.works:
        work = WORKS[key]
        yield key, contest(
            jobs(options.implementations, work.network, work.task,
                 work.batch, options.threads), options.repeats, memory=True)


def layers(options):
    """Time single convolutions against oneDNN's own limit."""
    names = [n for n in options.implementations if n != "torch"]
    with tempfile.TemporaryDirectory() as folder:
        program = onednn.compiled(folder) if onednn.available() else None
        for key in QUICK_LAYERS if options.quick else LAYERS:
            contestants = jobs(names, "single", "resident", 1,
                               options.threads,
                               **dict(zip(_ARGUMENTS, LAYERS[key])))
            yield key, _against_limit(contestants, program, options)


def _against_limit(contestants, program, options):
    network = network_of(next(iter(contestants.values())))
    with contextlib.ExitStack() as stack:
        extra = {}
        if program:
            extra[LIMIT] = onednn.limit(program, network, 1, options.threads)
            stack.callback(extra[LIMIT].close)
        return contest(contestants, options.layer_repeats, extra)


def flipping(options):
    """Time a convolution with flip_filters=True and with False."""
    network = dict(channels=256, filters=256, size=3, image=56, pad=1)
    for name in (STOCK, OURS):
        if name not in options.implementations:
            continue
        job = jobs([name], "single", threads=options.threads, **network)[name]
        yield name, contest({
            flag: dict(job, options={"flip": flag == "flipped"})
            for flag in ("straight", "flipped")}, options.layer_repeats)


def start(options):
    """Time a process from its start to its first prediction."""
    work = WORKS["resnet32-b100" if options.quick else "resnet50-b1"]
    yield work.network, first_predictions(
        jobs(options.implementations, work.network, threads=options.threads),
        1 if options.quick else 3)


def _at(options, at, network, **arguments):
    """Return the (key, row) of a network at one point of a scale.

    The row has "network" and "at", and "images", how many a run computes.
    """
    job = dict(dict(threads=options.threads, batch=1), **arguments)
    row = contest(jobs(options.implementations, network, **job),
                  options.repeats)
    return "%s %d" % (network, at), dict(
        row, network=network, at=at, images=job["batch"])


def batches(options):
    """Time ResNet-32 with batches of 1 to 256."""
    for batch in (1, 4) if options.quick else (2 ** n for n in range(9)):
        yield _at(options, batch, "resnet32", batch=batch)


def threads(options):
    """Time VGG-16 and ResNet-50, batch 1, with one thread and with two."""
    for network in ("resnet32",) if options.quick else ("vgg16", "resnet50"):
        for number in (1, 2):
            yield _at(options, number, network, threads=number)


def sizes(options):
    """Time ResNet-50, batch 1, with images of 64 to 448 pixels."""
    for size in (32, 64) if options.quick else (64, 128, 224, 320, 448):
        yield _at(options, size, "resnet50", size=size)


PARTS = {"works": works, "layers": layers, "flipping": flipping,
         "start": start, "batches": batches, "threads": threads,
         "sizes": sizes}


def measure(name, options):
    """Measure a part; yield its (key, row), or what went wrong instead."""
    rows = PARTS[name](options)
    try:
        yield from rows
    except Failed as error:
        yield "error", {"failures": {name: str(error)}}
