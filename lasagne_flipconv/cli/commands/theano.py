"""Install Theano 1.0.5 on Python 3.12 and later.

There pip alone cannot. Nothing is done where it is installed.
"""
from ..output import tell

EXAMPLE = "lasagne-flipconv theano"


def add_arguments(parser):
    """Add what pip is given."""
    parser.add_argument(
        "pip_arguments", nargs="*", metavar="PIP_ARGUMENT",
        help="more arguments for 'pip install', after a '--'")


def run(args):
    """Install it if it is not there; return 0."""
    from ...compat.doctor import installed
    from ..theano_install import install_theano
    if installed("Theano") == "1.0.5":
        tell("Theano 1.0.5 is installed")
        return 0
    tell("Installing Theano 1.0.5 ...")
    install_theano(args.pip_arguments)
    tell("Theano 1.0.5 is installed; 'lasagne-flipconv doctor' checks it")
    return 0
