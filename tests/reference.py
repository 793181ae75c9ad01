"""The slow oracle: convolutions as their definitions say, in nested loops.

Everything is float64 and knows nothing of Theano, Lasagne or the package.
"""
import numpy as np


def correlate(x, kernel, stride, pad, dilation, groups=1):
    """Slide a kernel, as it is, over an input.

    `x` has axes (batch, channels, *spatial), `kernel` (filters, channels per
    group, *spatial); `pad` is pairs (before, after).
    """
    x = np.pad(np.asarray(x, float), [(0, 0), (0, 0)] + list(pad))
    kernel = np.asarray(kernel, float)
    filters, per_group = kernel.shape[:2]
    size = [(s - (k - 1) * d - 1) // t + 1 for s, k, d, t in
            zip(x.shape[2:], kernel.shape[2:], dilation, stride)]
    y = np.zeros((x.shape[0], filters) + tuple(size))
    for b, o, i in np.ndindex(x.shape[0], filters, per_group):
        channel = o // (filters // groups) * per_group + i
        for at in np.ndindex(*size):
            for k in np.ndindex(*kernel.shape[2:]):
                place = tuple(a * t + j * d for a, t, j, d in
                              zip(at, stride, k, dilation))
                y[(b, o) + at] += (x[(b, channel) + place]
                                   * kernel[(o, i) + k])
    return y


def adjoint(y, kernel, stride, crop, dilation, size, groups=1):
    """Spread an output back over an input: the adjoint of `correlate`.

    `y` has axes (batch, filters, *spatial), `size` is the spatial size of the
    result, `crop` the pairs that `correlate` pads.
    """
    y, kernel = np.asarray(y, float), np.asarray(kernel, float)
    filters, per_group = kernel.shape[:2]
    padded = tuple(s + sum(c) for s, c in zip(size, crop))
    x = np.zeros((y.shape[0], per_group * groups) + padded)
    for b, o, i in np.ndindex(y.shape[0], filters, per_group):
        channel = o // (filters // groups) * per_group + i
        for at in np.ndindex(*y.shape[2:]):
            for k in np.ndindex(*kernel.shape[2:]):
                place = tuple(a * t + j * d for a, t, j, d in
                              zip(at, stride, k, dilation))
                x[(b, channel) + place] += y[(b, o) + at] * kernel[(o, i) + k]
    inside = tuple(slice(c[0], c[0] + s) for s, c in zip(size, crop))
    return x[(slice(None), slice(None)) + inside]


def local(x, kernel, pad):
    """Slide a kernel that is another one at every position.

    `kernel` has axes (filters, channels, height, width, output height, output
    width).
    """
    x = np.pad(np.asarray(x, float), [(0, 0), (0, 0)] + list(pad))
    kernel = np.asarray(kernel, float)
    filters, channels, height, width = kernel.shape[:4]
    y = np.zeros((x.shape[0], filters) + kernel.shape[4:])
    for b, o, i, r, c in np.ndindex(x.shape[0], filters, channels,
                                    *kernel.shape[4:]):
        for j, k in np.ndindex(height, width):
            y[b, o, r, c] += x[b, i, r + j, c + k] * kernel[o, i, j, k, r, c]
    return y


def reverse(kernel, axes):
    """Return a kernel with the given axes reversed, one index at a time."""
    kernel = np.asarray(kernel)
    out = np.empty_like(kernel)
    for at in np.ndindex(*kernel.shape):
        out[at] = kernel[tuple(kernel.shape[i] - 1 - j if i in axes else j
                               for i, j in enumerate(at))]
    return out
