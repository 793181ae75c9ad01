"""Write the tables that can be read off the code, as reStructuredText.

    python docs/tables.py            print them
    python docs/tables.py README.rst put them into a file, between its marks

A mark is a comment, ``.. table: NAME``; the table that follows it, up to the
next ``.. end of table``, is replaced. A test compares what is there.
"""
import inspect
import re
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import lasagne_flipconv  # noqa: F401  makes Lasagne importable
from lasagne_flipconv import layers
from lasagne_flipconv.cli.explaining import RECORDED, explain
from lasagne_flipconv.conventions import (FORMAT_CONVENTIONS,
                                          convention_of_format, row_of_class)
from lasagne_flipconv.formats import FORMATS
from lasagne_flipconv.kernels import SPATIAL
from lasagne_flipconv.leaving.rows import LEFT_OUT, OTHERWISE, ROWS

sys.path.insert(0, str(Path(__file__).resolve().parent))
from rooms import ROOMS, SOURCES, includes

__all__ = ["TABLES", "filled", "write"]

#: Where Lasagne has a layer, and on what it runs there.
IN_LASAGNE = {
    "Conv1DLayer": "0.1", "Conv2DLayer": "0.1", "Conv3DLayer": "0.2",
    "Conv2DMMLayer": "GPU of 2017", "Conv2DDNNLayer": "GPU of 2017",
    "Conv3DDNNLayer": "GPU of 2017", "Conv2DCCLayer": "GPU of 2017",
    "DilatedConv2DLayer": "0.2", "TransposedConv2DLayer": "0.2",
    "TransposedConv3DLayer": "0.2", "LocallyConnected2DLayer": "0.2",
}



def conv_layers():
    """Return the convolutional layer classes, each once, by name."""
    return {name: cls for name, cls in vars(layers).items()
            if inspect.isclass(cls) and cls.__name__ == name
            and name in layers.__all__ and row_of_class(cls)}


def layer_conventions():
    """Return the convention of each layer class."""
    yield ("Layer", "axes of ``W``", "by default", "with the other flag")
    for name, cls in conv_layers().items():
        row, found = row_of_class(cls), explain(name)
        other = "convolution" if found.orientation != "convolution" else (
            "correlation")
        adjoint = "adjoint of a " if row.family == "transposed" else ""
        flag = "``flip_filters=%s``: " % (not row.flip)
        yield (":class:`~lasagne_flipconv.layers.%s`" % name, found.axes,
               adjoint + found.orientation,
               "refused" if name == "DilatedConv2DLayer"
               else flag + adjoint + other)


def format_conventions():
    """Return the convention of each format that has one."""
    yield ("Convention", "axes in 1-D, 2-D, 3-D", "transposed", "orientation")
    for name in FORMAT_CONVENTIONS:
        forward, adjoint = (
            ", ".join(convention_of_format(name, n, transposed).axes
                      for n in SPATIAL) for transposed in (False, True))
        yield ("``%s``" % name, forward, adjoint,
               convention_of_format(name, 2).orientation or "must be told")


def supported_layers():
    """Return what each layer class can do."""
    yield ("Layer", "in Lasagne", "dilation", "groups", "uneven padding",
           "kernel, orientation by default")
    for name, cls in conv_layers().items():
        found = explain(name)
        yield (name, IN_LASAGNE.get(name, "no"),
               *("yes" if _takes(cls, **options) else "no" for options in (
                   {"dilation": 2}, {"num_groups": 2},
                   {"pad": ((1, 2),) * row_of_class(cls).n})),
               "%s, %s" % (found.axes, found.orientation))


def _takes(cls, **options):
    """Tell whether a layer can be made with these options."""
    n = row_of_class(cls).n
    if row_of_class(cls).family == "transposed" and "pad" in options:
        options["crop"] = options.pop("pad")
    if row_of_class(cls).family == "local":
        options.setdefault("pad", "same")
    try:
        cls((2, 16) + (16,) * n, 16, 3, **options)
    except (TypeError, ValueError, NotImplementedError):
        return False
    return True


def supported_formats():
    """Return what is read and written."""
    yield ("Format read", "file names", "written",
           "the file says its convention")
    for name, row in FORMATS.items():
        says = RECORDED[name]
        yield (name, " ".join("``%s``" % s for s in row.suffixes),
               "yes" if row.writes else "no",
               "yes" if says in FORMAT_CONVENTIONS else says)


def leaving():
    """Return which way each layer of Lasagne leaves."""
    yield "Layer", "leaves", "not, or other than in Lasagne"
    for name in sorted({*ROWS, *OTHERWISE}):
        way, note = OTHERWISE.get(name, ("by its row", ""))
        yield name, way, LEFT_OUT.get(name, note)


def rooms():
    """Return the rooms of the package, and who imports whom."""
    yield "room", "what it is for", "it imports"
    for name, (_, purpose, needs) in ROOMS.items():
        yield (name, purpose, ", ".join(map("%s (%s)".__mod__, needs.items()))
               or "nothing")


def sources():
    """Return the rooms of the engine's C++, and which includes which."""
    yield "folder", "what it is for", "it includes"
    found = includes()
    for name, purpose in SOURCES.items():
        yield name, purpose, ", ".join(
            other for other in SOURCES if other in found[name]) or "nothing"


#: What can be asked for by name.
TABLES = {
    "layer conventions": layer_conventions,
    "format conventions": format_conventions,
    "supported layers": supported_layers,
    "supported formats": supported_formats,
    "rooms": rooms,
    "sources": sources,
    "leaving": leaving,
}


def simple_table(rows):
    """Return rows, the first one being the head, as a simple table."""
    rows = [tuple(map(str, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows)]
    rule = "  ".join("=" * width for width in widths)
    lines = ["  ".join(cell.ljust(width) for cell, width
                       in zip(row, widths)).rstrip() for row in rows]
    return "\n".join([rule, lines[0], rule] + lines[1:] + [rule, ""])


def filled(text):
    """Return a text with the tables between its marks made anew."""
    def table(match):
        return "%s\n\n%s\n%s" % (match[1], simple_table(TABLES[match[2]]()),
                                 match[3])

    return re.sub(r"^(\.\. table: ([a-z ]+))\n.*?^(\.\. end of table)$",
                  table, text, flags=re.M | re.S)


def write(folder):
    """Write each table into a file of its own.

    Parameters
    ----------
    folder : pathlib.Path
        Where to; made if it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in TABLES.items():
        (folder / (name.replace(" ", "_") + ".txt")).write_text(
            simple_table(rows()), encoding="utf-8")


def main(paths):
    """Fill the files named, or print all tables."""
    for path in map(Path, paths):
        path.write_text(filled(path.read_text(encoding="utf-8")),
                        encoding="utf-8")
    if not paths:
        print("\n".join(simple_table(rows()) for rows in TABLES.values()))


if __name__ == "__main__":
    main(sys.argv[1:])
