"""Find the code of a notebook in its file."""
import json
import os

from ...errors import FlipconvError

__all__ = ["NotebookError", "cells_of", "is_notebook", "of_python2"]


class NotebookError(FlipconvError):
    """Signal a notebook that cannot be run as a script."""


def is_notebook(path):
    """Tell whether a file is a notebook by its name.

    Parameters
    ----------
    path : str
        The file.

    Returns
    -------
    bool
        Whether it is.
    """
    return os.path.splitext(path)[1].lower() == ".ipynb"


def cells_of(path):
    """Return the code cells of a notebook of any version.

    Parameters
    ----------
    path : str
        The file.

    Returns
    -------
    list of str
        Their text.

    Raises
    ------
    NotebookError
        If it is no notebook, has no code, or is of another language.
    """
    notebook = _parsed(path)
    try:
        language = _language(notebook)
        cells = [_text(cell.get("source", cell.get("input", "")))
                 for cell in _every_cell(notebook)
                 if cell["cell_type"] == "code"]
    except (KeyError, TypeError, AttributeError) as error:
        raise NotebookError(
            "%s: is no notebook, as it has no list of cells with their code "
            "(%s: %s); expected version 2, 3 or 4 of Jupyter's format. Save "
            "it anew with Jupyter." % (path, type(error).__name__, error)
            ) from None
    if language not in ("python", "ipython"):
        raise NotebookError("%s: is a notebook of the language %r; expected "
                            "Python. Run it with Jupyter." % (path, language))
    if not any(cell.strip() for cell in cells):
        raise NotebookError("%s: no cell of it has code; expected one at "
                            "least. Is it the right file?" % path)
    return cells


def of_python2(path):
    """Tell whether a notebook was last saved by a kernel of Python 2.

    Parameters
    ----------
    path : str
        The file.

    Returns
    -------
    bool
        Whether it says so.
    """
    told = _parsed(path).get("metadata") or {}
    kernel, language = [told.get(name) or {}
                        for name in ("kernelspec", "language_info")]
    return (str(kernel.get("name")).startswith("python2")
            or str(language.get("version")).startswith("2."))


def _parsed(path):
    """Return the object that a file holds."""
    try:
        with open(path, encoding="utf-8-sig") as file:
            notebook = json.load(file)
    except (ValueError, RecursionError) as error:
        raise NotebookError(
            "%s: is no notebook, as it is no JSON (%s); expected a file that "
            "Jupyter wrote. Is it downloaded whole, and not a page about it?"
            % (path, error)) from None
    return notebook if isinstance(notebook, dict) else {}


def _every_cell(notebook):
    """Return the cells; until version 3 they are in worksheets."""
    if "worksheets" in notebook:
        return [cell for sheet in notebook["worksheets"]
                for cell in sheet["cells"]]
    return notebook["cells"]


def _language(notebook):
    """Return the language of a notebook, of its cells in version 3."""
    told = notebook.get("metadata") or {}
    found = [(told.get("language_info") or {}).get("name"),
             (told.get("kernelspec") or {}).get("language")]
    found += [cell.get("language") for cell in _every_cell(notebook)]
    return str(next(filter(None, found), "python")).lower()


def _text(lines):
    """Return the text of a cell, which may be a list of lines."""
    return lines if isinstance(lines, str) else "".join(lines)
