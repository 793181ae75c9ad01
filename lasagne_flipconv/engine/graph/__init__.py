"""What the engine does to a graph: rewrites, each with what it needs.

``rewrites`` registers all of them with Theano; imports ``ops``.
"""
