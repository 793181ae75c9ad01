"""Print a script that completes arguments in a shell."""
import argparse

EXAMPLE = "lasagne-flipconv completion bash >> ~/.bash_completion"

#: Arguments that are completed to names of files.
FILES = {"FILE", "SRC", "DST", "SCRIPT", "SCRIPT:FUNCTION", "WEIGHTS", "OUT",
         "FOLDER", "OUT.png"}


def add_arguments(parser):
    """Add which shell."""
    parser.add_argument("shell", metavar="SHELL",
                        choices=("bash", "zsh", "tcsh"),
                        help="bash, zsh or tcsh")


def run(args):
    """Print the script, made of the parser by shtab."""
    from ...errors import FlipconvError
    from .. import make_parser
    try:
        import shtab
    except ImportError as error:
        raise FlipconvError(
            "completion: shtab is not installed; expected it, as it writes "
            "the script. pip install 'lasagne-flipconv[completion]'."
        ) from error
    parser = make_parser()
    for action in _actions(parser):
        if action.metavar in FILES:
            action.complete = shtab.FILE
    print(shtab.complete(parser, args.shell))
    return 0


def _actions(parser):
    """Yield the arguments of a parser and of its sub-commands."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for sub in action.choices.values():
                yield from _actions(sub)
