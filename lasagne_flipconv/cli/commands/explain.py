"""Explain a layer or a file format, and what to pass for it."""
import textwrap

from ..output import tell, tell_json

EXAMPLE = "lasagne-flipconv explain conv2d_dnn"


def add_arguments(parser):
    """Add the name, and how to tell."""
    parser.add_argument("name", metavar="NAME", nargs="?",
                        help="a layer class or a format in any spelling; "
                             "without it, all are listed")
    parser.add_argument("--json", action="store_true",
                        help="print JSON instead of text")


def run(args):
    """Print what there is to know of one name, or all names."""
    from ..explaining import explain, known_names
    if args.name is None:
        names = known_names()
        shown = names, _listed(names)
    else:
        explanation = explain(args.name)
        shown = explanation._asdict(), _told(explanation)
    if args.json:
        tell_json(shown[0])
    else:
        tell(*shown[1])
    return 0


def _listed(names):
    return textwrap.wrap("  ".join(names), 79, break_on_hyphens=False)


def _told(explanation):
    """Return an explanation as lines of at most 79 characters."""
    lines = ["%s, a %s" % (explanation.name, {
        "layer": "layer of lasagne_flipconv.layers",
        "format": "format of weights"}[explanation.kind])]
    for about, text in explanation.notes:
        lines += textwrap.wrap(text, 79, break_on_hyphens=False,
                               break_long_words=False,
                               initial_indent="  %-15s" % about,
                               subsequent_indent=" " * 17)
    return lines
