"""The command ``lasagne-flipconv``, the only part of the package that prints.

A sub-command is one module here and one row in COMMANDS. The module's first
line of documentation is its help; it has ``EXAMPLE``, one line to type,
``add_arguments(parser)``, and ``run(args)``, which returns the exit code.
"""
import argparse
import importlib

__all__ = ["COMMANDS", "main"]

#: The sub-commands, in the order that they are listed in.
COMMANDS = ("demo", "doctor", "run")


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
    for name in COMMANDS:
        module = importlib.import_module("." + name, __name__)
        text = module.__doc__.split("\n")[0].rstrip(".")
        sub = commands.add_parser(
            name, help=text[0].lower() + text[1:], description=text + ".",
            epilog="Example: " + module.EXAMPLE)
        sub.set_defaults(run=module.run)
        module.add_arguments(sub)
    return parser


def version():
    """Return the line that ``--version`` prints."""
    from .. import __version__
    return "lasagne-flipconv " + __version__
