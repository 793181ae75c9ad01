"""An HDF5 file, followed block by block: each byte belongs to one of them.

libhdf5 never sees a file. ``tree.opened`` is all that the formats ask for;
imports ``common`` only.
"""
