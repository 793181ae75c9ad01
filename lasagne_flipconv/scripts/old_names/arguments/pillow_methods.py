"""What methods of Pillow did: measures of text, sizes and greys of images.

Drawings and fonts have the first no more. Until Pillow 7, ``resize`` took the
nearest pixel, ``thumbnail`` none that were made smaller before, and
``convert("L")`` cut.
"""
import contextlib
import functools
import importlib
import inspect
import os
import sys
import warnings

import numpy as np

from ....compat.import_hooks import ImportWithin
from ...whose import belongs_to_program
from .era import is_of_then

__all__ = ["INSTEAD", "lend_methods"]


def _pillow(name):
    return importlib.import_module("PIL." + name)


def getsize(self, text, *args, **kwargs):
    """Return the width and the height of a line of text.

    Parameters
    ----------
    self : PIL.ImageFont.ImageFont
        The font.
    text : str
        The line.
    *args, **kwargs : object
        As for ``getbbox``.

    Returns
    -------
    tuple of int
        From the origin, as it was.
    """
    return tuple(map(int, self.getbbox(text, *args, **kwargs)[2:]))


def textsize(self, text, font=None, spacing=4):
    """Return the width and the height of text.

    Parameters
    ----------
    self : PIL.ImageDraw.ImageDraw
        The drawing.
    text : str
        One line or several.
    font : PIL.ImageFont.ImageFont, optional
        The font; by default that of the drawing.
    spacing : int, default 4
        Between lines.

    Returns
    -------
    tuple of int
        As it was: several lines are all as high as an A.
    """
    font = self.getfont() if font is None else font
    lines = text.split("\n")
    if len(lines) == 1:
        return getsize(font, text)
    height = getsize(font, "A")[1] + spacing
    return (max(getsize(font, line)[0] for line in lines),
            len(lines) * height - spacing)


@functools.lru_cache(maxsize=None)
def _with(cls, method):
    """Return a class that has a method besides."""
    return type(cls.__name__, (cls,), {
        method.__name__: method, "__module__": cls.__module__,
        "__doc__": cls.__doc__})


def Draw(im, mode=None):
    """Return a drawing that can be asked for ``textsize``.

    Parameters
    ----------
    im : PIL.Image.Image
        What is drawn into.
    mode : str, optional
        As for ``PIL.ImageDraw.Draw``.

    Returns
    -------
    PIL.ImageDraw.ImageDraw
        The drawing.
    """
    return _with(_pillow("ImageDraw").ImageDraw, textsize)(im, mode)


def _font(name):
    """Return a function whose fonts can be asked for ``getsize``."""
    def function(*args, **kwargs):
        font = getattr(_pillow("ImageFont"), name)(*args, **kwargs)
        if not hasattr(font, "getsize"):
            font.__class__ = _with(type(font), getsize)
        return font
    function.__name__ = name
    function.__doc__ = "Do what ``PIL.ImageFont.%s`` does." % name
    return function


#: What the stand-ins of modules have in the place of their own.
INSTEAD = {"PIL.ImageDraw": {"Draw": Draw},
           "PIL.ImageFont": {name: _font(name) for name in (
               "load", "load_default", "load_path", "truetype")}}


def _asked_by_program():
    """Tell whether a program calls, itself or through Pillow or us."""
    folders = tuple(os.path.join(importlib.import_module(name).__path__[0], "")
                    for name in (__name__.partition(".")[0], "PIL"))
    frame = sys._getframe(2)
    while frame.f_back and frame.f_code.co_filename.startswith(folders):
        frame = frame.f_back
    return belongs_to_program(frame.f_code.co_filename)


_SMOOTHS = ("Image.resize: resample was NEAREST by default, since Pillow 7 it "
            "is BICUBIC; pass the one that is meant.")


def _resize_of_then(today):
    """Return ``resize`` that takes the nearest pixel, for programs of then."""
    @functools.wraps(today)
    def resize(self, size, resample=None, *args, **kwargs):
        if (resample is None and self.mode not in ("1", "P")
                and self.mode[:4] != "I;16" and _asked_by_program()):
            if is_of_then():
                resample = _pillow("Image").NEAREST
            else:
                warnings.warn(_SMOOTHS, stacklevel=2)
        return today(self, size, resample, *args, **kwargs)
    return resize


_BICUBIC = 3


def _thumbnail_of_then(today):
    """Return ``thumbnail`` that resizes once, for programs of then."""
    @functools.wraps(today)
    def thumbnail(self, size, resample=None, *args, **kwargs):
        if not is_of_then() or args or kwargs or not _asked_by_program():
            given = args if resample is None else (resample, *args)
            return today(self, size, *given, **kwargs)
        size = _within(self.size, size)
        if size != self.size:
            self.draft(None, size)
            made = _pillow("Image").Image.resize(
                self, size, _BICUBIC if resample is None else resample)
            self.im, self._size = made.im, size
            setattr(self, "_mode" if hasattr(self, "_mode") else "mode",
                    made.mode)
            self.readonly, self.pyaccess = 0, None
        return None
    return thumbnail


def _convert_of_then(today):
    """Return ``convert`` whose greys are cut, not rounded, as then."""
    @functools.wraps(today)
    def convert(self, *args, **kwargs):
        made = today(self, *args, **kwargs)
        if (self.mode[:3], made.mode) == ("RGB", "L") and args[1:] == (
                ) and is_of_then() and _asked_by_program():
            made.paste(_pillow("Image").fromarray(_greys(self)))
        return made
    return convert


def _greys(image):
    """Return the greys of an image, uint8, by Pillow's whole numbers."""
    colours = np.asarray(image)[..., :3].astype(np.int32)
    return (colours @ np.array([19595, 38470, 7471], np.int32) >> 16
            ).astype(np.uint8)


def _within(own, size):
    """Return the size of a thumbnail: what is over is cut, not rounded."""
    width, height = own
    if width > size[0]:
        width, height = int(size[0]), int(max(height * size[0] // width, 1))
    if height > size[1]:
        width, height = int(max(width * size[1] // height, 1)), int(size[1])
    return width, height


def _complete(module):
    """Give the class of images what its methods did."""
    image = module.Image
    today = inspect.signature(image.resize).parameters["resample"].default
    if today != module.NEAREST and not hasattr(image.resize, "__wrapped__"):
        image.resize = _resize_of_then(image.resize)
        image.convert = _convert_of_then(image.convert)
        image.thumbnail = _thumbnail_of_then(image.thumbnail)


@contextlib.contextmanager
def _completed(module):
    """Complete the class once the module has been imported."""
    yield
    _complete(module)


_IMAGES = ImportWithin("PIL.Image", _completed)


def lend_methods():
    """Let images be resized for programs as they were."""
    if "PIL.Image" in sys.modules:
        _complete(sys.modules["PIL.Image"])
    else:
        _IMAGES.install()
