"""The picture of a file's first filters beside their reverses."""
import os

import numpy as np

from ..axes import Convention
from ..errors import CheckpointError, escaped
from ..formats.common.record import axes_of, is_kernel, orientation_of
from ..kernels import convert_kernel
from ..limits import LIMITS
from ..weights.checkpoint import read

__all__ = ["filters_of", "plot_filters"]


def filters_of(path, limits=LIMITS, most=16):
    """Return the first kernel with more than one position, and its reverse.

    Parameters
    ----------
    path : str or os.PathLike
        A checkpoint.
    limits : lasagne_flipconv.limits.Limits
        Ceilings.
    most : int
        How many filters at most.

    Returns
    -------
    name : str
        Name of the kernel.
    filters, reverses : numpy.ndarray
        Axes (filter, channel, height, width).
    orientation : str or None
        What the file says.

    Raises
    ------
    CheckpointError
        If there is no kernel over two axes.
    """
    with read(path, limits=limits) as checkpoint:
        for entry in checkpoint.entries:
            if is_kernel(entry) and len(entry.shape) == 4:
                axes = axes_of(entry) or "OIHW"
                kernel = convert_kernel(
                    entry.read(), Convention(axes, "correlation"),
                    Convention("OIHW", "correlation"), entry.name)[:most]
                if kernel.size and kernel.shape[2] * kernel.shape[3] > 1:
                    return (entry.name, kernel, np.flip(kernel, (2, 3)),
                            orientation_of(entry))
    raise CheckpointError("%s: has no kernel over two axes that is more than "
                          "1×1; expected one to draw." % os.fsdecode(path))


def plot_filters(path, picture, limits=LIMITS):
    """Draw the first filters of a file beside their reverses.

    Parameters
    ----------
    path : str or os.PathLike
        A checkpoint.
    picture : str or os.PathLike
        The picture to write; its suffix says of which kind, such as ``.png``.
    limits : lasagne_flipconv.limits.Limits
        Ceilings.

    Raises
    ------
    CheckpointError
        If there is no kernel to draw, no matplotlib, or it does not know such
        pictures.
    """
    name, filters, reverses, orientation = filters_of(path, limits)
    where = os.fsdecode(path)
    figure = _figure(where)
    figure.suptitle("%s in %s, each filter beside its reverse\norientation: %s"
                    % (_plain(name), _plain(os.path.basename(where)),
                       orientation or "not recorded"), fontsize=10)
    pairs = [image for pair in zip(_images(filters), _images(reverses))
             for image in pair]
    rows = -(-len(pairs) // 8)
    for i, image in enumerate(pairs):
        axes = figure.add_subplot(rows, 8, i + 1)
        axes.imshow(image, cmap="gray", interpolation="nearest")
        axes.set(xticks=[], yticks=[])
        axes.set_title("reverse" if i % 2 else "%d" % (i // 2), fontsize=8)
    figure.set_size_inches(8, 1.3 * rows + 0.8)
    figure.tight_layout()
    try:
        figure.savefig(os.fspath(picture))
    except ValueError as error:
        raise CheckpointError(
            "%s: %s; expected a name that ends in .png or the like."
            % (os.fspath(picture), error)) from error


def _plain(text):
    """Return a name of a file as matplotlib prints it: not as a formula."""
    return escaped(text[:80]).replace("$", r"\$")


def _figure(where):
    """Return an empty figure that needs no display."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise CheckpointError(
            "%s: cannot be drawn without matplotlib (%s); expected it to be "
            "installed. Get it with: pip install 'lasagne-flipconv[plot]'"
            % (where, error)) from error
    figure = Figure(dpi=120)
    FigureCanvasAgg(figure)
    return figure


def _images(filters):
    """Return filters as images: in color if they have three channels.

    Of others, the channel that varies most is drawn.
    """
    if filters.shape[1] == 3:
        low = filters.min((1, 2, 3), keepdims=True)
        high = filters.max((1, 2, 3), keepdims=True)
        scaled = (filters - low) / np.where(high > low, high - low, 1)
        return scaled.transpose(0, 2, 3, 1).astype("f4")
    most = filters.astype("f4").var((2, 3)).argmax(1)
    return filters[np.arange(len(filters)), most].astype("f4")
