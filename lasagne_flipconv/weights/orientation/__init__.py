"""Which way round the kernels of a file are, found out by running it.

Below ``load``, which asks for an answer; imports the plan of a load, and
nothing that sets a value.
"""
