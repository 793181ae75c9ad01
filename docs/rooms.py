"""The rooms of the package, who may import whom, and a picture of them.

    python docs/rooms.py FOLDER

`tests/test_architecture.py` holds the code against this table.
"""
import ast
import re
import sys
from pathlib import Path

__all__ = ["ROOMS", "SOURCES", "draw", "imports", "includes", "modules",
           "room_of"]

PACKAGE = Path(__file__).resolve().parents[1] / "lasagne_flipconv"

#: Room, from the ground up → where it is drawn (floor, and how far to the
#: right), what it is for, and what it imports, with the reason. A room is a
#: folder, or a file by itself.
ROOMS = {
    "errors": ((0, 4.1), "what is wrong: place, value, expected, way out", {}),
    "axes": ((1, 4.1), "a Convention: order of axes, orientation", {
        "errors": "letters and words that are none"}),
    "conventions": ((2, 4.1), "whose convention is which: layers, formats", {
        "axes": "what a row tells", "errors": "an unknown class is refused"}),
    "engine": ((2, 1.4),
               "Theano's convolutions on oneDNN: Ops, rewrites, C++", {}),
    "pytorch": ((3, -1.3), "Theano's graphs on PyTorch: a linker", {
        "engine": "its errors are the engine's"}),
    "distributed": ((1, 1.4), "one training over several processes", {
        "errors": "what would be another training"}),
    "compat": ((3, 1.4), "what Theano and Lasagne need today; doctor", {
        "engine": "doctor asks how it is",
        "errors": "Theano could not be installed"}),
    "layers": ((3, 4.1), "drop-ins for Lasagne's layers; backports", {
        "conventions": "each class adds its row", "axes": "spatial axes",
        "errors": "what does not fit"}),
    "kernels": ((3, 6.7), "one kernel, from one convention to another", {
        "conventions": "what words stand for", "axes": "from which to which",
        "errors": "what does not fit"}),
    "formats": ((3, 9.3), "one file a format, read without executing any", {
        "conventions": "what a format says of its kernels",
        "axes": "what an array says", "errors": "damaged or unsafe files"}),
    "limits": ((3, 11.9), "ceilings of all readers", {}),
    "weights": ((4, 9.3),
                "values on the move: load, save, transfer, convert", {
        "formats": "what files hold", "conventions": "whose kernels they are",
        "kernels": "the conversion", "axes": "what users tell",
        "limits": "the default ceilings", "errors": "what does not fit"}),
    "scripts": ((5, 4.1), "old programs: install, replace, run, unpickle", {
        "layers": "what is put in", "weights": "which layers a network has",
        "compat": "hooks and flags", "conventions": "which way round",
        "axes": "orientations", "errors": "what cannot be replaced"}),
    "leaving": ((5, 9.3), "the way out: ONNX, PyTorch, source code", {
        "weights": "outputs and names of a network",
        "layers": "padding as pairs", "formats": "how files are written",
        "conventions": "whose kernels they are", "kernels": "the conversion",
        "axes": "to what", "errors": "what cannot be said"}),
    "cli": ((6, 6.7), "the command, the only one that prints", {
        "scripts": "run, export", "weights": "inspect, check, convert",
        "leaving": "export",
        "compat": "doctor", "layers": "explain and demo",
        "engine": "on which device to run",
        "distributed": "run, as one of several processes",
        "formats": "the formats there are", "conventions": "explain",
        "kernels": "pictures of kernels", "axes": "orientations",
        "limits": "the default ceilings", "errors": "one line for each"}),
}

#: The folders of the engine's C++, from the ground up → what they are for.
SOURCES = {
    "threads": "loops by a team, that may be asleep; processes that fork",
    "base": "views of arrays, memory, parameters, errors, vectors",
    "operands": "geometry of a convolution, what follows it, what is finite",
    "kernels": "kernels packed for a processor, and kept while they are equal",
    "products": "sums of products of rows and columns",
    "onednn": "calls of oneDNN, and the primitives that are kept",
    "lines": "convolutions with few channels, line by line",
    "winograd": "convolutions in tiles, with fewer products",
    "ops": "the kinds of Op, and the functions that they call",
}

#: What is no room: the door, which imports whatever is asked for first.
DOOR = ("__init__", "__main__")


def modules():
    """Return the file of each module, by its dotted name in the package.

    Returns
    -------
    dict of str to pathlib.Path
        Packages without ``.__init__``; the package itself as ``""``.
    """
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)
              ] = path
    return found


def imports(name, path, known):
    """Return which modules of the package a module imports, at any time.

    Parameters
    ----------
    name : str
        The module.
    path : pathlib.Path
        Its file.
    known : dict
        All modules.

    Returns
    -------
    set of str
        Their names.
    """
    parts = name.split(".") if name else []
    if path.name != "__init__.py":
        parts = parts[:-1]
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = parts[:len(parts) - node.level + 1] + (
                [node.module] if node.module else [])
            for alias in node.names:
                inner = ".".join(base + [alias.name])
                found.add(inner if inner in known else ".".join(base))
    return found - {name}


def includes():
    """Return which folders each folder of the engine's C++ includes.

    Returns
    -------
    dict of str to set of str
        Names of folders, without its own.
    """
    folder, found = PACKAGE / "engine" / "src", {}
    for path in sorted(folder.glob("*/*")):
        found.setdefault(path.parent.name, set()).update(re.findall(
            r'^#include "(\w+)/', path.read_text(encoding="utf-8"), re.M))
    return {name: others - {name} for name, others in found.items()}


def room_of(name):
    """Return the room that a module is in.

    Parameters
    ----------
    name : str
        The module.

    Returns
    -------
    str
        A key of ROOMS, or the empty text for the door.
    """
    return "" if name == "" or name in DOOR else name.split(".")[0]


def draw(path):
    """Draw the rooms on their floors, with an arrow for each import.

    Those that follow from others are left out.

    Parameters
    ----------
    path : str or pathlib.Path
        Where to save it.
    """
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    places = {room: (x, 1.6 * floor)
              for room, ((floor, x), _, _) in ROOMS.items()}
    figure, axes = plt.subplots(figsize=(11, 8.5))
    boxes = {}
    for room, (x, y) in places.items():
        boxes[room] = axes.add_patch(plt.Rectangle(
            (x - 1.15, y - .5), 2.3, 1, fc="white", ec="0.35", zorder=2))
        axes.text(x, y + .22, room, ha="center", va="center", fontsize=11,
                  weight="bold", zorder=3)
        axes.text(x, y - .18, _wrapped(ROOMS[room][1]), ha="center",
                  va="center", fontsize=7.5, zorder=3)
    for room in ROOMS:
        for other in _directly(room):
            axes.annotate("", places[other], places[room], arrowprops=dict(
                arrowstyle="-|>", color="0.5", patchA=boxes[room],
                patchB=boxes[other], shrinkA=0, shrinkB=1), zorder=1)
    axes.set_xlim(-2.6, 13.2)
    axes.set_ylim(-.7, 10.4)
    axes.axis("off")
    figure.tight_layout(pad=.2)
    figure.savefig(str(path), dpi=110)
    plt.close(figure)


def _directly(room):
    """Return what a room imports that nothing else it imports does."""
    needs = ROOMS[room][2]
    return [other for other in needs if not any(
        other in ROOMS[between][2] for between in needs)]


def _wrapped(text, width=27):
    """Return a text in lines of at most so many characters."""
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = (lines[-1] + " " + word).strip()
    return "\n".join(lines)


if __name__ == "__main__":
    draw(Path(sys.argv[1]) / "rooms.png")
