"""The command ``lasagne-flipconv``, the only part of the package that prints.

A sub-command is one function here, which takes the parsed arguments and
returns the exit code, and one row in COMMANDS.
"""
import argparse
from collections import namedtuple

__all__ = ["main"]

#: `help` is one line; `options` are pairs of arguments for `add_argument`.
Command = namedtuple("Command", "run help options")


def main(argv=None):
    """Run one sub-command.

    Parameters
    ----------
    argv : list of str, optional
        The arguments after the program's name; by default those it has.

    Returns
    -------
    int
        The exit code.

    Examples
    --------
    >>> main([])  # doctest: +ELLIPSIS
    usage: lasagne-flipconv [-h] [--version] COMMAND ...
    2
    """
    parser = make_parser()
    args = parser.parse_args(argv)
    if args.run is None:
        parser.print_help()
        return 2
    return args.run(args)


def make_parser():
    """Return the parser of all sub-commands in COMMANDS."""
    parser = argparse.ArgumentParser(
        prog="lasagne-flipconv",
        description="Lasagne models kept alive, their filters the right way "
                    "round.")
    parser.add_argument("--version", action="version", version=version())
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(metavar="COMMAND", title="commands")
    for name, command in COMMANDS.items():
        sub = commands.add_parser(name, help=command.help,
                                  description=command.help)
        sub.set_defaults(run=command.run)
        for names, how in command.options:
            sub.add_argument(*names, **how)
    return parser


def version():
    """Return the line that ``--version`` prints."""
    from . import __version__
    return "lasagne-flipconv " + __version__


def doctor(args):
    """Print what was found on this machine; return 1 if it cannot work."""
    from .doctor import BROKEN, examine
    findings = examine()
    for finding in findings:
        print("%-6s  %-13s  %s" % (finding.state, finding.name,
                                   finding.detail))
        if finding.mend:
            print("%-23smend it with: %s" % ("", finding.mend))
    return int(any(finding.state == BROKEN for finding in findings))


def demo(args):
    """Print what the wrong way round costs, on the digits network."""
    from .demo import run_demo
    from .digits import WEIGHTS
    print("A digits network trained with Conv2DLayer (%s),\n"
          "moved to Conv2DDNNLayer." % WEIGHTS.name)
    result = run_demo(lambda text: print("  " + text, flush=True), args.out)
    for what, share in (("where it was trained", result.trained),
                        ("values simply copied", result.naive),
                        ("loaded by lasagne_flipconv", result.loaded)):
        print("%-28s %5.1f %% of %d test images right"
              % (what, 100 * share, result.images))
    print("largest difference of a probability, trained and loaded: %.1e"
          % result.difference)
    print("picture of a filter and its reverse: %s" % (
        result.picture or "needs matplotlib; pip install "
        "'lasagne-flipconv[plot]'"))
    return 0


COMMANDS = {
    "demo": Command(
        demo, "show, on a small network, what the wrong way round costs",
        [(("--out",), {"metavar": "FOLDER",
                       "help": "where to save the picture"})]),
    "doctor": Command(
        doctor, "tell whether Theano and Lasagne work and are fast here, and "
        "how to mend what does not", ()),
}
