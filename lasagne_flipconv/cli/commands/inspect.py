"""Tell what is in a weight file, and which way round it says."""
from ...errors import escaped
from ..output import tell, tell_json

EXAMPLE = "lasagne-flipconv inspect vgg16.npz --plot filters.png"


def add_arguments(parser):
    """Add the file, and how to tell."""
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--json", action="store_true",
                        help="print one JSON object instead of a table")
    parser.add_argument("--plot", metavar="OUT.png",
                        help="draw the first filters beside their reverses")


def run(args):
    """Print what is in a file; draw its first filters if asked for."""
    from ...weights.inspecting import inspect_file
    report = inspect_file(args.file)
    if args.json:
        tell_json(_plain(report))
    else:
        tell(*_table(report))
    if args.plot:
        from ..filters import plot_filters
        plot_filters(args.file, args.plot)
    return 0


def _plain(report):
    arrays = [array._asdict() for array in report.arrays]
    return report._replace(arrays=arrays)._asdict()


def _table(report):
    """Return the report as lines: the file, then one line for each array."""
    rows = [("name", "shape", "dtype", "bytes", "axes", "orientation")]
    rows += [(escaped(a.name), "×".join(map(str, a.shape)) or "()", a.dtype,
              "%d" % a.bytes, a.axes or "-", a.orientation or "-")
             for a in report.arrays]
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = ["  ".join(cell.rjust(width) if i == 3 else cell.ljust(width)
                       for i, (cell, width) in enumerate(zip(row, widths)))
             for row in rows]
    return _about(report) + [line.rstrip() for line in lines]


def _about(report):
    about = [("file", report.path), ("format", report.format),
             ("writer", report.writer or "not recorded"),
             ("bytes", "%d" % report.bytes),
             ("arrays", "%d, %s" % (
                 len(report.arrays), "in the order of the layers"
                 if report.ordered else "their order is not recorded"))]
    if report.metadata:
        about.append(("besides", ", ".join(report.metadata)))
    return ["%-8s %s" % row for row in about] + [""]
