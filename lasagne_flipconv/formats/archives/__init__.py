"""ZIP archives, read strictly: each byte has one owner, or it is refused.

Imports nothing of the other formats.
"""
