"""Pillow's measures of text, which drawings and fonts have no more."""
import functools
import importlib

__all__ = ["INSTEAD"]


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
