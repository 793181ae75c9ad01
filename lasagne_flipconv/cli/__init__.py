"""The command ``lasagne-flipconv``, the only part of the package that prints.

A sub-command is one module here and one row in COMMANDS. The module's first
line of documentation is its help; it has ``EXAMPLE``, one line to type,
``add_arguments(parser)``, and ``run(args)``, which returns the exit code.
"""
import argparse
import importlib
import os
import sys

from ..compat.import_hooks import RefusedImport
from ..errors import FlipconvError, escaped
from .commands.run import split
from .output import tell
from .starting import refused

__all__ = ["COMMANDS", "main"]

#: The sub-commands, in the order that they are listed in.
COMMANDS = ("check", "completion", "convert", "demo", "doctor", "explain",
            "export", "inspect", "run", "theano")

_EXAMPLES = """\
examples:
  lasagne-flipconv run train.py
  lasagne-flipconv inspect weights.npz
  lasagne-flipconv explain conv2d_dnn
"""


def main(argv=None):
    """Run one sub-command.

    Parameters
    ----------
    argv : list of str, optional
        The arguments after the program's name; by default those it has.

    Returns
    -------
    int
        The exit code: 1 if something was refused, 2 if it could not be
        looked at or was asked for wrongly.

    Examples
    --------
    >>> main([])  # doctest: +ELLIPSIS
    usage: lasagne-flipconv [-h] [-V] COMMAND ...
    2
    """
    parser, of_script = make_parser(), []
    argv = list(sys.argv[1:] if argv is None else argv)
    if argv[:1] == ["run"]:
        ours, of_script = split(argv[1:])
        argv = ["run", *ours]
    args = parser.parse_args(argv)
    args.arguments = of_script
    if args.run is None:
        parser.print_help()
        return 2
    _tell_of_device(parser.prog, args.command)
    try:
        code = args.run(args)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # whoever read the output has left, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        # end as Python does, by the signal, as shells look for; the traceback
        # of a script has been shown, and one of ours would say nothing
        sys.excepthook = lambda *_: None
        raise
    except (FlipconvError, OSError, RefusedImport) as error:
        tell("%s %s: %s" % (parser.prog, args.command, _line(error)),
             file=sys.stderr)
        return exit_code(error)


def _tell_of_device(program, command):
    """Say that a device is not taken, where the command does not itself."""
    error = refused()
    if error and command not in ("run", "doctor"):
        tell("%s %s: %s Until then, Theano computes."
             % (program, command, _line(error)), file=sys.stderr)


def exit_code(error):
    """Return 1 for what was refused, 2 for what could not be looked at.

    Parameters
    ----------
    error : FlipconvError, OSError or RefusedImport
        What a sub-command raised.

    Returns
    -------
    int
        The exit code.
    """
    if isinstance(error, RefusedImport):
        return 2
    cause = error if isinstance(error, OSError) else error.__cause__
    # a plain OSError as the cause is what bz2 raises for bad data
    unseen = isinstance(cause, (OSError, ImportError)) and (
        cause is error or type(cause) is not OSError)
    return 2 if unseen else 1


def _line(error):
    """Return the text of an error in one line."""
    return " ".join(str(error).split())


class _Help(argparse.RawDescriptionHelpFormatter):
    """List sub-commands without a line for what stands for them all."""

    def _format_action(self, action):
        text = super()._format_action(action)
        if isinstance(action, argparse._SubParsersAction):
            return text.partition("\n")[2]
        return text


class _Parser(argparse.ArgumentParser):
    """Tell of wrong arguments, which may be names of files, escaped."""

    def error(self, message):
        """Print how to call it and what is wrong; exit."""
        super().error(escaped(message))


def make_parser():
    """Return the parser of all sub-commands in COMMANDS."""
    parser = _Parser(
        prog="lasagne-flipconv",
        description="Lasagne models kept alive, their filters the right way "
                    "round.", epilog=_EXAMPLES,
        formatter_class=_Help)
    parser.add_argument("-V", "--version", action="version",
                        version=version())
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(metavar="COMMAND", title="commands")
    for name in COMMANDS:
        module = importlib.import_module(".commands." + name, __name__)
        # without docstrings, as under python -OO, the name has to do
        text = (module.__doc__ or name).split("\n")[0].rstrip(".")
        sub = commands.add_parser(
            name, help=text[0].lower() + text[1:], description=text + ".",
            epilog="example:\n  " + module.EXAMPLE,
            formatter_class=argparse.RawDescriptionHelpFormatter)
        sub.set_defaults(run=module.run, command=name)
        module.add_arguments(sub)
    return parser


def version():
    """Return the line that ``--version`` prints."""
    from .. import __version__
    return "lasagne-flipconv " + __version__
