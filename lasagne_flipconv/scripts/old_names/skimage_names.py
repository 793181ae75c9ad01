"""Functions that scikit-image dropped, by what it has today."""
import importlib
import warnings

import numpy as np

__all__ = ["FILTERS", "INSTEAD", "MEASURES", "circle",
           "register_translation"]


def _skimage(name):
    return importlib.import_module("skimage." + name)


def _channels(image, multichannel):
    """Return which axis holds colours; untold, the last one if it is three."""
    if multichannel is None:
        multichannel = np.ndim(image) == 3 and np.shape(image)[-1] == 3
    return -1 if multichannel else None


def gaussian_filter(image, sigma=1, output=None, mode="nearest", cval=0,
                    multichannel=None):
    """Smooth an image; not across colours.

    Parameters
    ----------
    image : array
        Axes (rows, columns), or with a last one of channels.
    sigma, mode, cval : object
        As for ``skimage.filters.gaussian``.
    output : array, optional
        Where to put the result.
    multichannel : bool, optional
        Whether the last axis holds channels; by default if it is of length 3.

    Returns
    -------
    array
        Of the same shape.
    """
    found = _skimage("filters").gaussian(
        image, sigma, mode=mode, cval=cval,
        channel_axis=_channels(image, multichannel))
    if output is None:
        return found
    output[...] = found
    return output


def threshold_adaptive(image, block_size, method="gaussian", offset=0,
                       mode="reflect", param=None):
    """Tell which pixels are above a threshold of their surroundings.

    Parameters
    ----------
    image : array
        Axes (rows, columns).
    block_size, method, offset, mode, param : object
        As for ``skimage.filters.threshold_local``.

    Returns
    -------
    array of bool
        Of the same shape.
    """
    return image > _skimage("filters").threshold_local(
        image, block_size, method=method, offset=offset, mode=mode,
        param=param)


def circle(r, c, radius, shape=None):
    """Return the coordinates of the pixels of a disk.

    Parameters
    ----------
    r, c, radius : float
        Its centre, and its radius.
    shape : tuple of int, optional
        What it is cut off to.

    Returns
    -------
    tuple of array
        Rows and columns.
    """
    return _skimage("draw").disk((r, c), radius, shape=shape)


def register_translation(src_image, target_image, upsample_factor=1,
                         space="real", return_error=True):
    """Return by how much an image has moved, by cross-correlation.

    Parameters
    ----------
    src_image, target_image : array
        Of the same shape.
    upsample_factor, space : object
        As for ``skimage.registration.phase_cross_correlation``.
    return_error : bool, default True
        Whether the error and the difference of phases are returned, too.

    Returns
    -------
    tuple or array
        The shift, and the two.
    """
    found = _skimage("registration").phase_cross_correlation(
        src_image, target_image, upsample_factor=upsample_factor,
        space=space, normalization=None)
    return tuple(found) if return_error else found[0]


def compare_ssim(X, Y, win_size=None, gradient=False, data_range=None,
                 multichannel=False, gaussian_weights=False, full=False,
                 **more):
    """Return how similar two images are in structure.

    Parameters
    ----------
    X, Y : array
        Of the same shape.
    win_size, gradient, gaussian_weights, full : object
        As for ``skimage.metrics.structural_similarity``.
    data_range : float, optional
        From the least to the greatest value; by default of the type, which
        for floats is 2.
    multichannel : bool, default False
        Whether the last axis holds channels.
    **more : dict
        As there.

    Returns
    -------
    float or tuple
        As there.
    """
    kind = np.asarray(X).dtype
    if data_range is None:
        data_range = (np.iinfo(kind).max - np.iinfo(kind).min
                      if kind.kind in "iu" else 1 if kind.kind == "b" else 2)
    return _skimage("metrics").structural_similarity(
        X, Y, win_size=win_size, gradient=gradient, data_range=data_range,
        channel_axis=-1 if multichannel else None,
        gaussian_weights=gaussian_weights, full=full, **more)


def _telling(name, new, told):
    """Return a function of ``skimage.transform`` that tells what is new.

    It tells nothing to who passes one of `new`, for whom it was written.
    """
    def function(image, *args, **kwargs):
        if not new & set(kwargs):
            warnings.warn("skimage.transform.%s: %s" % (name, told),
                          stacklevel=2)
        return getattr(_skimage("transform"), name)(image, *args, **kwargs)
    function.__name__ = name
    function.__doc__ = "Do what ``skimage.transform.%s`` does today." % name
    return function


_SMOOTHS = ("since scikit-image 0.15 it smooths what it makes smaller, and "
            "mirrors it at the edges; for what it computed before, pass "
            "anti_aliasing=False, mode='constant'.")

FILTERS = {"gaussian_filter": gaussian_filter,
           "threshold_adaptive": threshold_adaptive}
MEASURES = {"compare_ssim": compare_ssim}

#: What the stand-in of ``skimage.transform`` has in the place of its own.
INSTEAD = {
    "resize": _telling("resize", {"anti_aliasing"}, _SMOOTHS),
    "rescale": _telling(
        "rescale", {"anti_aliasing", "channel_axis"},
        _SMOOTHS[:-1] + "; and channel_axis=-1 for an image with channels, "
        "an axis that is scaled, too, since 0.19.")}
