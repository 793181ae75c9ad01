"""What one format needs beside its reader: its layers, or its tensors.

Each is imported by the reader of that format alone.
"""
