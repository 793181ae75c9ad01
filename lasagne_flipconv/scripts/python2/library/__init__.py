"""What programs of Python 2 find: operators, built-in names, modules.

Everything here runs while such a program runs; what it is written in is none
of its business. Imported by the translator beside it.
"""
