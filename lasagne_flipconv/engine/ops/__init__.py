"""The Ops of the engine: what Theano sees of each computation.

Imported by ``graph``, which puts them in; imports nothing of it.
"""
