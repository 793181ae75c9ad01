"""Pickles, read by a machine of our own that makes arrays and nothing else.

Opcodes are walked, then run on inert values; ``structure`` finds the arrays.
Imports ``common`` only.
"""
