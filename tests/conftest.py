"""Make Theano and Lasagne importable before any test imports them.

``LASAGNE_SOURCE`` names a checkout of Lasagne to test against instead of the
installed one. Every test draws the same numbers each time; ``TEST_SEED``
chooses others. ``TEST_PARTS=0,1/3`` runs two of three parts of all cases; none
is in two parts.
"""
import os
import sys
import zlib
from pathlib import Path

if os.environ.get("LASAGNE_SOURCE"):
    sys.path.insert(0, os.path.abspath(os.environ["LASAGNE_SOURCE"]))


def flags_of_worker(worker, flags):
    """Return Theano's flags with a compile cache of one of many processes.

    In one for all, each would wait for seconds whenever another compiles.
    """
    named = [flag.split("=", 1)[1] for flag in flags.split(",")
             if flag.startswith("base_compiledir=")]
    base = Path((named or ["~/.theano"])[-1]).expanduser()
    return ("%s,base_compiledir=%s" % (flags, base / worker)).lstrip(",")


if os.environ.get("PYTEST_XDIST_WORKER"):
    os.environ["THEANO_FLAGS"] = flags_of_worker(
        os.environ["PYTEST_XDIST_WORKER"], os.environ.get("THEANO_FLAGS", ""))

import lasagne_flipconv  # noqa: E402,F401
import numpy as np  # noqa: E402
import pytest  # noqa: E402

#: Tables and programs, not tests; what they import need not be installed.
collect_ignore = [path.name for path in Path(__file__).parent.iterdir()
                  if not path.name.startswith("test_")]


def pytest_collection_modifyitems(config, items):
    """Refuse names that differ from process to process; run what is chosen."""
    named = [item.nodeid for item in items if " at 0x" in item.nodeid]
    if named:
        raise pytest.UsageError("%s: a test named after an address; expected "
                                "the same name each time" % named[0])
    chosen = list(filter(is_in_parts, items))
    config.hook.pytest_deselected(items=list(set(items).difference(chosen)))
    items[:] = chosen


def is_in_parts(item):
    """Tell whether a case is in the parts that ``TEST_PARTS`` names."""
    numbers, _, count = (os.environ.get("TEST_PARTS") or "0/1").partition("/")
    part = zlib.crc32(item.nodeid.encode()) % int(count)
    return str(part) in numbers.split(",")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Seed NumPy and Lasagne by the test's name, before its fixtures."""
    seed = int(os.environ.get("TEST_SEED", 0))
    np.random.seed(zlib.crc32(item.nodeid.encode(), seed))
    if "lasagne.random" in sys.modules:
        sys.modules["lasagne.random"].set_rng(np.random)


@pytest.fixture
def uninstalled():
    """Let what a test installed by ``run`` not be there for the next."""
    yield
    from lasagne_flipconv.scripts.old_names.arguments import era
    lasagne_flipconv.uninstall()
    era.set_of_then(False)


@pytest.fixture(autouse=True)
def floatx_is_put_back(request):
    """Let no test leave Theano's floatX changed, as ``run`` does.

    What runs on PyTorch is tested in float32, which it is for.
    """
    config = getattr(sys.modules.get("theano"), "config", None)
    before = config and config.floatX
    if config and request.node.nodeid.startswith("tests/test_pytorch_"):
        config.floatX = "float32"
    yield
    if config:
        config.floatX = before


@pytest.fixture(autouse=True)
def card_that_is_none(request):
    """Watch what is done to tensors, with ``TEST_DEVICE=cpu:1``."""
    if os.environ.get("TEST_DEVICE") != "cpu:1" or (
            "test_pytorch_" not in request.node.nodeid):
        yield
        return
    from pytorch_card import Card
    with Card():
        yield
