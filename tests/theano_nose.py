"""What Theano's own tests ask of nose, and NumPy of the time.

Python 3.12 cannot import nose, and NumPy 1.25 dropped the decorators.
"""
import sys
import types
import unittest

import numpy.testing
import pytest


def lend():
    """Lend both to all that is imported from now on in this process."""
    sys.modules.update(nose())
    numpy.testing.dec = module("dec", skipif=unittest.skipIf)


def nose():
    """Return what the tests ask of nose, which Python 3.12 cannot import."""
    case = unittest.TestCase()
    names = {"nose": {}, "nose.plugins": {},
             "nose.plugins.skip": {"SkipTest": unittest.SkipTest},
             "nose.plugins.attrib": {"attr": lambda *_, **__: lambda f: f},
             "nose.tools": {"assert_raises": case.assertRaises,
                            "assert_true": case.assertTrue,
                            "assert_equal": case.assertEqual,
                            "assert_equals": case.assertEqual,
                            "raises": raising}}
    return {name: module(name, **given) for name, given in names.items()}


def raising(*errors):
    """Return a decorator of tests that must raise one of these."""
    def decorate(test):
        def wrapped(*args):
            with pytest.raises(errors):
                test(*args)

        return wrapped

    return decorate


def module(name, **names):
    """Return a module with these names in it."""
    made = types.ModuleType(name)
    vars(made).update(names)
    return made
