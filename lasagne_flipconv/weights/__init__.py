"""Values on the move: between a file and a network, or two networks.

What a value is for is matched (``matching``), what has to be done to it is
planned (``telling``, ``planning``), and all or none is set (``loading``).
Imports layers' conventions and ``formats``; imported by ``scripts`` and
``cli``.
"""
