"""Read all of a weight file, and tell whether it is safe."""

from ..output import tell
from ..progress import bar_for

EXAMPLE = "lasagne-flipconv check downloaded.pkl"


def add_arguments(parser):
    """Add the file, and what the exit codes mean."""
    parser.add_argument("file", metavar="FILE")
    parser.epilog += ("\n\nexit codes: 0 the file is fine, 1 it is refused, "
                      "2 it could not be looked at")


def run(args):
    """Print that a file is fine; if not, the error says why."""
    from ...weights.inspecting import check_file
    with bar_for(args.file) as progress:
        report = check_file(args.file, progress=progress)
    tell("%s: fine; %s, %d arrays, %d bytes of values"
         % (report.path, report.format, len(report.arrays),
            sum(array.bytes for array in report.arrays)))
    return 0
