"""Images to arrays and back, as ``scipy.misc`` did by means of Pillow."""
import importlib

import numpy as np

__all__ = ["FUNCTIONS"]

_FILTERS = {"nearest": "NEAREST", "lanczos": "LANCZOS",
            "bilinear": "BILINEAR", "bicubic": "BICUBIC", "cubic": "BICUBIC"}


def _pillow():
    return importlib.import_module("PIL.Image")


def bytescale(data, cmin=None, cmax=None, high=255, low=0):
    """Scale values to bytes; what is in bytes stays.

    Parameters
    ----------
    data : array
        Any values.
    cmin, cmax : float, optional
        What becomes `low` and `high`; the least and the greatest value.
    high, low : int
        Of the result.

    Returns
    -------
    array of uint8
        Of the same shape.

    Examples
    --------
    >>> bytescale(np.array([0., .5, 1.])).tolist()
    [0, 128, 255]
    """
    data = np.asarray(data)
    if data.dtype == np.uint8:
        return data
    cmin = data.min() if cmin is None else cmin
    cmax = data.max() if cmax is None else cmax
    # in Python's floats: a byte would run over
    span = float(cmax) - float(cmin)
    scaled = (data - float(cmin)) * (float(high - low) / (span or 1.)) + low
    return (scaled.clip(low, high) + .5).astype(np.uint8)


def toimage(arr, high=255, low=0, cmin=None, cmax=None, pal=None, mode=None,
            channel_axis=None):
    """Return an image of Pillow, values scaled to bytes.

    Parameters
    ----------
    arr : array
        Axes (rows, columns), or with one axis of three or four channels.
    high, low, cmin, cmax : object
        As for :func:`bytescale`.
    pal : array, optional
        The palette, (256, 3) of bytes.
    mode : str, optional
        Of Pillow; 'F' and 'I' are not scaled.
    channel_axis : int, optional
        The axis of the channels; the first of that length.

    Returns
    -------
    PIL.Image.Image
        The image.

    Raises
    ------
    ValueError
        If it is no image.
    """
    arr = np.asarray(arr)
    if arr.ndim == 2:
        if mode in ("F", "I"):
            kind = "float32" if mode == "F" else "int32"
            return _pillow().fromarray(arr.astype(kind))
        image = _pillow().fromarray(bytescale(arr, cmin, cmax, high, low))
        if mode == "P" or pal is not None:
            image = image.convert("P")
            image.putpalette(list(np.asarray(
                np.repeat(np.arange(256), 3) if pal is None else pal,
                np.uint8).tobytes()))
            return image
        return image.convert(mode) if mode not in (None, "L") else image
    axis = _channel_axis(arr.shape, channel_axis)
    image = _pillow().fromarray(np.ascontiguousarray(np.moveaxis(
        bytescale(arr, cmin, cmax, high, low), axis, 2)))
    return image if mode in (None, image.mode) else image.convert(mode)


def _channel_axis(shape, axis):
    """Return which axis is that of the channels."""
    if len(shape) == 3:
        sizes = (3, 4) if axis is None else shape[axis:][:1]
        for size in sizes:
            if size in (3, 4) and size in shape:
                return shape.index(size) if axis is None else axis
    raise ValueError("toimage: array has shape %r; expected two axes, or "
                     "three with one of 3 or 4 channels." % (shape,))


def fromimage(im, flatten=False, mode=None):
    """Return the array of an image of Pillow, float32 if `flatten`."""
    if mode is not None and mode != im.mode:
        im = im.convert(mode)
    elif mode is None and im.mode == "P":
        im = im.convert("RGBA" if "transparency" in im.info else "RGB")
    if flatten:
        return np.array(im.convert("F"))
    return np.array(im.convert("L") if im.mode == "1" else im)


def imread(name, flatten=False, mode=None):
    """Read an image from a file, as an array."""
    with _pillow().open(name) as image:
        return fromimage(image, flatten, mode)


def imsave(name, arr, format=None):
    """Save an array as an image, its values scaled to bytes."""
    image = toimage(arr, channel_axis=2 if np.ndim(arr) == 3 else None)
    image.save(name, *([format] if format else []))


def imresize(arr, size, interp="bilinear", mode=None):
    """Resize an image, its values scaled to bytes.

    Parameters
    ----------
    arr : array
        The image.
    size : int, float or tuple of int
        Percent, a factor, or rows and columns.
    interp : {'nearest', 'lanczos', 'bilinear', 'bicubic', 'cubic'}
        How.
    mode : str, optional
        As for :func:`toimage`.

    Returns
    -------
    array of uint8
        The image.
    """
    image = toimage(arr, mode=mode)
    if np.issubdtype(type(size), np.signedinteger):
        size = tuple((np.array(image.size) * (size / 100.)).astype(int))
    elif np.issubdtype(type(size), np.floating):
        size = tuple((np.array(image.size) * size).astype(int))
    else:
        size = (size[1], size[0])
    return fromimage(image.resize([int(n) for n in size], _filter(interp)))


def imrotate(arr, angle, interp="bilinear"):
    """Turn an image by degrees, its values scaled to bytes."""
    return fromimage(toimage(arr).rotate(angle, resample=_filter(interp)))


def imshow(arr):
    """Show an image, its values scaled to bytes, by another program."""
    toimage(arr).show()


def _filter(interp):
    return getattr(_pillow(), _FILTERS[interp])


FUNCTIONS = {function.__name__: function for function in (
    bytescale, fromimage, imread, imresize, imrotate, imsave, imshow,
    toimage)}
