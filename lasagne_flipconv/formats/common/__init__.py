"""What all formats share: arrays, entries and checkpoints, names and notes.

Also the guard around the readers, the file that is replaced as a whole, JSON
and protocol buffers. Imports nothing of the formats.
"""
