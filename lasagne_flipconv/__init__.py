"""Keep Lasagne models alive and right.

Importing this package first makes Theano 1.0.5 and Lasagne importable on
today's Python and NumPy.
"""
from .environment import prepare as _prepare

_prepare()

__version__ = "0.1.0"
