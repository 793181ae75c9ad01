"""Programs of Python 2: their files are translated as they are imported.

``syntax`` rewrites what cannot be parsed, ``tree`` what means something else,
line for line; the rest is what they find built in (``functions``), in things
(``attributes``) and imports (``modules``, ``importing``).
"""
from .library.division import divide
from .library.modules import GONE
from .importing import Loader
from .library.functions import NAMES_THEN, end_line
from .translating import compiled, is_python2, prepared

__all__ = ["GONE", "Loader", "NAMES_THEN", "compiled", "divide", "end_line",
           "is_python2", "prepared"]
