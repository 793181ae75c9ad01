"""Processes that a script starts by ``spawn`` or ``forkserver``.

They are no forks of this one: ``multiprocessing`` lets each run the script
anew, as the module ``__mp_main__``. It runs this file instead, which lends
them what the script is lent.
"""
import argparse
import multiprocessing.spawn
import sys

__all__ = ["begin", "hand_on"]

#: What a process is told of how the script is run.
_OPTIONS = ("numbers_of", "floatx", "device", "compile", "python2")

_stock = multiprocessing.spawn.get_preparation_data


def hand_on(args):
    """Let processes that the script starts anew run it as this one does.

    Parameters
    ----------
    args : argparse.Namespace
        The arguments of ``lasagne-flipconv run``.
    """
    options = {name: getattr(args, name) for name in _OPTIONS}

    def get_preparation_data(name):
        data = _stock(name)
        told = dict(options, path=data.pop("init_main_from_path", None),
                    module=data.pop("init_main_from_name", None))
        own, *arguments = data["sys_argv"]
        data.update(sys_argv=[own, told, *arguments],
                    init_main_from_name=__name__)
        return data
    multiprocessing.spawn.get_preparation_data = get_preparation_data


def begin(arguments):
    """Run the script anew in this process, as the module ``__mp_main__``.

    Parameters
    ----------
    arguments : list
        Those of the process. What comes after the first says how the script
        is run, and is taken out.
    """
    from ..engine.machines import use_device
    from ..scripts.installing import install
    from ..scripts.running import choose_floatx, run_in_child
    told = arguments.pop(1)
    path, module = told.pop("path"), told.pop("module")
    args = argparse.Namespace(**told)
    hand_on(args)
    install(args.numbers_of)
    choose_floatx(args.floatx)
    use_device(args.device, args.compile)
    run_in_child(path, module, args.python2)


if __name__ == "__mp_main__":
    from lasagne_flipconv.cli import children
    # the first is the path of this file, which runpy put there
    children.begin(sys.argv)
