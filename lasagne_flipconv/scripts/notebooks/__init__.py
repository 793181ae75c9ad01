"""Notebooks of Jupyter, run as scripts.

``reading`` finds the cells, ``magics`` makes Python of what only IPython
takes, ``cells`` compiles them, ``shell`` stands for IPython.
"""
from .cells import code_of_notebook, file_of, is_python2_cell, with_shell
from .reading import NotebookError, is_notebook, of_python2

__all__ = ["NotebookError", "code_of_notebook", "file_of", "is_notebook",
           "is_python2_cell", "of_python2", "with_shell"]
