"""Keep Lasagne models alive and right.

Importing this package first makes Theano 1.0.5 and Lasagne importable on
today's Python and NumPy.
"""
