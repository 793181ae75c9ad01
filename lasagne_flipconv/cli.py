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


COMMANDS = {
    "doctor": Command(
        doctor, "tell whether Theano and Lasagne work and are fast here, and "
        "how to mend what does not", ()),
}
