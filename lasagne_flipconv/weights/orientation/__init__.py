"""Which way round the arrays of a file are, by words and by running it.

What a word for a file says of its arrays that are no kernels; and ``detect``,
below ``load``, which asks it for an answer. That imports the plan of a load,
and nothing that sets a value.
"""
