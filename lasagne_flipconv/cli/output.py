"""All that the command prints goes through here, escaped.

Names, paths and other texts of files are data: none of them may clear the
screen, ring, or look like another line.
"""
import json
import sys

from ..errors import escaped

__all__ = ["tell", "tell_json"]


def tell(*lines, file=None, begin=""):
    """Print lines at once, all in them escaped that is no plain character.

    Parameters
    ----------
    *lines : str
        What to print, without line ends.
    file : text file, optional
        Where to; by default the standard output.
    begin : str
        Our own text before the first line, which may have colours.
    """
    file = file or sys.stdout
    text = begin + "\n".join(map(escaped, lines)) + "\n"
    encoding = getattr(file, "encoding", None) or "utf-8"
    file.write(text.encode(encoding, "backslashreplace").decode(encoding))
    file.flush()


def tell_json(value):
    """Print JSON, in plain ASCII.

    Parameters
    ----------
    value : dict or list
        What to print.
    """
    # json escapes all but the last of the control characters
    print(json.dumps(value, indent=2).replace("\x7f", "\\u007f"))
