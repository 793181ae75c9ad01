"""Write a weight file anew, its kernels in another convention."""
import contextlib
import os
import sys

EXAMPLE = "lasagne-flipconv convert vgg16.pkl vgg16.npz --from correlation"

#: From this size on it takes long enough for a progress bar, in bytes.
LARGE = 1 << 26

_WORDS = ("'convolution', 'correlation', a format such as 'torch', or axes "
          "and orientation such as HWIO:correlation")


def add_arguments(parser):
    """Add both files, and what their kernels are and shall be."""
    parser.add_argument("source", metavar="SRC")
    parser.add_argument("target", metavar="DST",
                        help="the file to write; ends in .npz or .safetensors")
    parser.add_argument("--from", dest="told", metavar="CONVENTION",
                        help="what the kernels in SRC are, if it does not "
                             "say: " + _WORDS)
    parser.add_argument("--to", dest="wanted", metavar="CONVENTION",
                        help="what the kernels in DST shall be, by default "
                             "the same")


def run(args):
    """Convert a file, with a progress bar if it is large."""
    from ..converting import convert_file
    with _bar(args.source) as progress:
        record = convert_file(args.source, args.target, args.told,
                              args.wanted, progress)
    print("%s: %d arrays, %d kernels turned, %d permuted"
          % (args.target, record.arrays, len(record.turned),
             len(record.permuted)))
    return 0


@contextlib.contextmanager
def _bar(source):
    """Yield a function that draws progress, or None if nobody would see it."""
    tqdm = _tqdm()
    if not sys.stderr.isatty() or tqdm is None or (
            os.path.getsize(source) < LARGE):
        yield None
        return
    with tqdm(unit="B", unit_scale=True, unit_divisor=1024) as bar:
        def progress(done, total):
            bar.total = total
            bar.update(done - bar.n)
        yield progress


def _tqdm():
    """Return the progress bar, or None where it is not installed."""
    try:
        from tqdm import tqdm
    except ImportError:
        return None
    return tqdm
