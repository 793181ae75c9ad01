"""Old programs: what lets them run untouched on today's machine.

Layers under the names that scripts import, networks that are built or were
pickled, modules and names that moved, Python 2. Imports ``layers``,
``weights`` and ``compat``; imported by ``cli`` alone.
"""
