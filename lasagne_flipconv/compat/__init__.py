"""What Theano and Lasagne need to import and run on today's machine.

``environment`` is the first thing that the package imports, so nothing here
imports Theano or another room while it is imported; ``doctor`` asks the
``engine`` how it is. Imported by ``scripts`` and ``cli``.
"""
