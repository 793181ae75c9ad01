"""Run a script written for Lasagne on a GPU, on any machine."""
import argparse
import os
import sys

from ...errors import FlipconvError
from ..output import tell

EXAMPLE = "lasagne-flipconv run --report train.py --epochs 5"

#: What is followed by a value.
_VALUED = ("--floatx", "--numbers-of", "--device")


def add_arguments(parser):
    """Add the script or module, its arguments, and how to run it."""
    parser.usage = ("lasagne-flipconv run [-h] [--report] [--python2] "
                    "[--floatx TYPE] [--numbers-of VERSION] [--device NAME] "
                    "[--compile] [--data-parallel] "
                    "[--sync-batch-norm] (SCRIPT | -m MODULE) [ARGUMENT ...]")
    parser.add_argument("--report", action="store_true",
                        help="tell at the end which convolution layers were "
                        "built, with which flags, and what Theano used")
    parser.add_argument("--python2", action="store_true",
                        help="translate Python 2: the script and what it "
                        "imports that is not installed")
    parser.add_argument("--floatx", choices=("float32", "float64"),
                        metavar="TYPE", help="float32 or float64; without it "
                        "float32 as on the GPUs of the time, unless you set "
                        "floatX in THEANO_FLAGS or .theanorc")
    parser.add_argument("--numbers-of", choices=("0.2.dev1", "0.1"),
                        metavar="VERSION", default="0.2.dev1",
                        help="on Lasagne 0.1, whose numbers are wanted where "
                        "it differs from 0.2.dev1, as for LSTMs: 0.2.dev1 "
                        "(default) or 0.1")
    _add_where(parser)
    parser.add_argument("-m", dest="module", action="store_true",
                        help="run a module instead of a file")
    parser.add_argument("script", metavar="SCRIPT",
                        help="the script, or the module after -m")
    parser.add_argument("arguments", metavar="ARGUMENT",
                        nargs=argparse.REMAINDER,
                        help="what the script is to find in sys.argv"
                        ).required = False


def split(arguments):
    """Tell the command's arguments from those that are the script's alone.

    argparse drops a ``--`` of theirs, and refuses what may be short for two
    options of the command.

    Parameters
    ----------
    arguments : list of str
        What follows ``run``.

    Returns
    -------
    ours, of_script : list of str
        Up to the script or module, and after it.

    Examples
    --------
    >>> split(["--floatx", "float64", "train.py", "--", "--d"])
    (['--floatx', 'float64', 'train.py'], ['--', '--d'])
    """
    at = 0
    while arguments[at:] and arguments[at].startswith("-"):
        option = arguments[at]
        at += 2 if len(option) > 2 and any(
            name.startswith(option) for name in _VALUED) else 1
        if option == "--":
            break
    return arguments[:at + 1], arguments[at + 1:]


def _add_where(parser):
    """Add the device and the processes that compute."""
    parser.add_argument("--device", metavar="NAME", help="let PyTorch "
                        "compute, on cuda, cuda:1 or cpu; without it what "
                        "LASAGNE_FLIPCONV_DEVICE names, or Theano")
    parser.add_argument("--compile", action="store_true",
                        help="with --device, let PyTorch's inductor compile "
                        "functions for shapes that come often, which takes "
                        "minutes for a deep network")
    parser.add_argument("--data-parallel", action="store_true",
                        help="as one of the processes that torchrun started, "
                        "compute a part of every batch")
    parser.add_argument("--sync-batch-norm", action="store_true",
                        help="with --data-parallel, let batch normalization "
                        "take the statistics of the whole batch, at the cost "
                        "of some messages a layer")


def run(args):
    """Run the script as python would; return its exit code."""
    if not args.data_parallel:
        return 2 if is_amiss(args) else run_alone(args)
    from ...distributed.starting import among_ranks
    return among_ranks(lambda: run_alone(args), lambda text, file=None: tell(
        "lasagne-flipconv run: " + text, file=file or sys.stderr),
        args.sync_batch_norm)


def is_amiss(args):
    """Tell what several processes do without --data-parallel.

    Parameters
    ----------
    args : argparse.Namespace
        Of the command.

    Returns
    -------
    bool
        Whether it cannot be meant.
    """
    if args.sync_batch_norm:
        tell("lasagne-flipconv run: --sync-batch-norm is for processes that "
             "share every batch; expected --data-parallel as well.",
             file=sys.stderr)
        return True
    count = os.environ.get("WORLD_SIZE", "1")
    if count != "1" and os.environ.get("RANK") == "0" and (
            "TORCHELASTIC_RUN_ID" in os.environ):
        tell("lasagne-flipconv run: each of the %s processes that torchrun "
             "started runs the whole script, and writes its files; with "
             "--data-parallel they share every batch." % count,
             file=sys.stderr)
    return False


def run_alone(args):
    """Run the script, whether others do the same or not."""
    from ...engine.library import EngineError
    from ...engine.machines import use_device
    from ...scripts.build_report import watch
    from ...scripts.installing import install
    from ...scripts.old_names.late_flags import LateFlags
    from ...scripts.running import (INTERRUPTED, choose_floatx, run_module,
                                    run_script)
    from ..children import hand_on
    report = watch() if args.report else None
    start = run_module if args.module else run_script
    install(args.numbers_of)
    late = LateFlags(["floatX"] if args.floatx else [])
    if choose_floatx(args.floatx):
        tell("lasagne-flipconv run: computes in float32, as you set no "
             "floatX; --floatx float64 for Theano's default.",
             file=sys.stderr)
    late.watch()
    try:
        use_device(args.device, args.compile)
        hand_on(args)
        code = start(args.script, args.arguments, args.python2)
    except (FlipconvError, EngineError) as error:
        tell("lasagne-flipconv run: %s" % error, file=sys.stderr)
        return 2
    finally:
        if report:
            print_report(report)
        late.stop()
        print_late_flags(late.too_late)
    if code:
        print_hint(args.python2)
    if code == INTERRUPTED and not args.data_parallel:
        raise KeyboardInterrupt  # which the command ends by
    return code


def print_report(report):
    """Print what was built, after all that the script printed."""
    sys.stdout.flush()
    tell("%d convolution layers were built:" % len(report.built),
         file=sys.stderr)
    for layer in report.built:
        flags = " ".join("%s=%r" % item for item in layer.flags.items())
        tell("  %-22s %-12s %s %s" % (layer.cls, layer.name or "-",
                                      layer.output_shape, flags),
             file=sys.stderr)
    tell("implementations in the compiled functions:", file=sys.stderr)
    for name, count in sorted(report.implementations.items()):
        tell("  %-22s %d times" % (name, count), file=sys.stderr)
    if not report.implementations:
        tell("  none: no function with a convolution was compiled",
             file=sys.stderr)


def print_late_flags(variables):
    """Say what Theano did not see, as it was imported before the script."""
    for variable, flags in variables.items():
        text = ",".join("%s=%s" % item for item in flags.items())
        told = "%s=%s" if variable == "THEANO_FLAGS" else "%s, with %s,"
        tell("lasagne-flipconv run: the script set %s when "
             "Theano was imported already, so that it had no effect; set it "
             "before the command." % (told % (variable, text)),
             file=sys.stderr)


def print_hint(from_python2):
    """Say what to do about a script of another time, which has stopped."""
    from ...scripts.hints import hint
    told = hint(getattr(sys, "last_value", None), from_python2)
    if told:
        tell("lasagne-flipconv run: " + told, file=sys.stderr)
