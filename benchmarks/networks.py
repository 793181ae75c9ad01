"""The networks that are measured, as descriptions.

Every function takes the size of the input and `divide`, which divides the
numbers of channels, for small variants of the same structure. The output are
the class scores before the softmax. Dropout is left out.
"""
from .description import Sketch

IMAGENET, CIFAR = 1000, 10


def single(channels, filters, size, image, stride=1, pad=0, bias=False):
    """Return a network of one convolution; `image` as int or per axis."""
    spatial = image if isinstance(image, (tuple, list)) else (image,) * 2
    sketch = Sketch("single", (channels,) + tuple(spatial))
    sketch.conv("input", filters, size, stride, pad, bias)
    return sketch.network


def vgg16(size=224, divide=1):
    """Return VGG-16 (Simonyan and Zisserman, 2014)."""
    sketch, x = Sketch("VGG-16", (3, size, size)), "input"
    for filters, times in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(times):
            x = sketch.conv_relu(x, filters // divide, 3, pad=1)
        x = sketch.pool(x, 2)
    return _dense_head(sketch, x, 4096 // divide, IMAGENET)


def vgg_small(size=32, divide=1):
    """Return a VGG for CIFAR-10: three stages of two convolutions."""
    sketch, x = Sketch("VGG-small", (3, size, size)), "input"
    for filters in (64, 128, 256):
        for _ in range(2):
            x = sketch.conv_relu(x, filters // divide, 3, pad=1)
        x = sketch.pool(x, 2)
    x = sketch.add("relu", sketch.add("dense", x, units=512 // divide))
    sketch.add("dense", x, units=CIFAR)
    return sketch.network


def _dense_head(sketch, x, units, classes):
    for _ in range(2):
        x = sketch.add("relu", sketch.add("dense", x, units=units))
    sketch.add("dense", x, units=classes)
    return sketch.network


# --- residual networks -------------------------------------------------------

def resnet32(size=32, divide=1, blocks=5):
    """Return the ResNet-32 for CIFAR-10 (He et al., 2015), shortcut A."""
    sketch = Sketch("ResNet-32", (3, size, size))
    x = sketch.conv_norm("input", 16 // divide, 3, pad=1)
    for filters in (16, 32, 64):
        for i in range(blocks):
            halve = filters > 16 and i == 0
            x = _basic_block(sketch, x, filters // divide, halve)
    sketch.add("dense", sketch.add("global_pool", x), units=CIFAR)
    return sketch.network


def _basic_block(sketch, x, filters, halve):
    body = sketch.conv_norm(x, filters, 3, 2 if halve else 1, pad=1)
    body = sketch.conv_norm(body, filters, 3, pad=1, relu=False)
    if halve:
        x = sketch.add("subsample", x, filters=filters)
    return sketch.add("relu", sketch.add("add", body, x))


def resnet50(size=224, divide=1):
    """Return ResNet-50 (He et al., 2015), halving in the 3×3 convolutions."""
    sketch = Sketch("ResNet-50", (3, size, size))
    x = sketch.conv_norm("input", 64 // divide, 7, 2, pad=3)
    x = sketch.pool(x, 3, 2, pad=1)
    for filters, times in ((64, 3), (128, 4), (256, 6), (512, 3)):
        for i in range(times):
            stride = 2 if filters > 64 and i == 0 else 1
            x = _bottleneck(sketch, x, filters // divide, stride, i == 0)
    sketch.add("dense", sketch.add("global_pool", x), units=IMAGENET)
    return sketch.network


def _bottleneck(sketch, x, filters, stride, project):
    body = sketch.conv_norm(x, filters, 1)
    body = sketch.conv_norm(body, filters, 3, stride, pad=1)
    body = sketch.conv_norm(body, 4 * filters, 1, relu=False)
    if project:
        x = sketch.conv_norm(x, 4 * filters, 1, stride, relu=False)
    return sketch.add("relu", sketch.add("add", body, x))


# --- Inception ---------------------------------------------------------------

def inception_v3(size=299, divide=1):
    """Return Inception-v3 (Szegedy et al., 2015) without its side output."""
    sketch = Sketch("Inception-v3", (3, size, size))
    wide = _Divided(sketch, divide)
    x = wide.path("input", (32, 3, 2), (32, 3), (64, 3, 1, 1))
    x = sketch.pool(x, 3, 2)
    x = sketch.pool(wide.path(x, (80, 1), (192, 3)), 3, 2)
    for filters in (32, 64, 64):
        x = _inception_a(wide, x, filters)
    x = _inception_b(wide, x)
    for filters in (128, 160, 160, 192):
        x = _inception_c(wide, x, filters)
    x = _inception_d(wide, x)
    for _ in range(2):
        x = _inception_e(wide, x)
    sketch.add("dense", sketch.add("global_pool", x), units=IMAGENET)
    return sketch.network


class _Divided:
    """Draw paths of convolutions with fewer filters than they are given."""

    def __init__(self, sketch, divide):
        self.sketch, self.divide = sketch, divide

    def path(self, x, *convolutions):
        """Append convolutions, each (filters, size, stride, pad)."""
        for filters, *rest in convolutions:
            x = self.sketch.conv_norm(x, filters // self.divide, *rest)
        return x

    def pooled(self, x, filters):
        """Append an average over 3×3 and a 1×1 convolution."""
        x = self.sketch.pool(x, 3, 1, 1, mode="average")
        return self.path(x, (filters, 1))

    def concat(self, *paths):
        """Append the concatenation of paths."""
        return self.sketch.add("concat", *paths)


_ROW, _COLUMN = ((1, 7), 1, (0, 3)), ((7, 1), 1, (3, 0))
_ROW3, _COLUMN3 = ((1, 3), 1, (0, 1)), ((3, 1), 1, (1, 0))


def _inception_a(wide, x, pooled):
    return wide.concat(
        wide.path(x, (64, 1)),
        wide.path(x, (48, 1), (64, 5, 1, 2)),
        wide.path(x, (64, 1), (96, 3, 1, 1), (96, 3, 1, 1)),
        wide.pooled(x, pooled))


def _inception_b(wide, x):
    return wide.concat(
        wide.path(x, (384, 3, 2)),
        wide.path(x, (64, 1), (96, 3, 1, 1), (96, 3, 2)),
        wide.sketch.pool(x, 3, 2))


def _inception_c(wide, x, f):
    return wide.concat(
        wide.path(x, (192, 1)),
        wide.path(x, (f, 1), (f, *_ROW), (192, *_COLUMN)),
        wide.path(x, (f, 1), (f, *_COLUMN), (f, *_ROW), (f, *_COLUMN),
                  (192, *_ROW)),
        wide.pooled(x, 192))


def _inception_d(wide, x):
    return wide.concat(
        wide.path(x, (192, 1), (320, 3, 2)),
        wide.path(x, (192, 1), (192, *_ROW), (192, *_COLUMN), (192, 3, 2)),
        wide.sketch.pool(x, 3, 2))


def _inception_e(wide, x):
    three = wide.path(x, (384, 1))
    double = wide.path(x, (448, 1), (384, 3, 1, 1))
    return wide.concat(
        wide.path(x, (320, 1)),
        wide.path(three, (384, *_ROW3)), wide.path(three, (384, *_COLUMN3)),
        wide.path(double, (384, *_ROW3)), wide.path(double, (384, *_COLUMN3)),
        wide.pooled(x, 192))


# --- one and three dimensions, images out ------------------------------------

def c3d(size=112, frames=16, divide=1):
    """Return C3D (Tran et al., 2014)."""
    sketch, x = Sketch("C3D", (3, frames, size, size)), "input"
    stages = ((64, 1, (1, 2, 2), 0), (128, 1, 2, 0), (256, 2, 2, 0),
              (512, 2, 2, 0), (512, 2, 2, (0, 1, 1)))
    for filters, times, size, pad in stages:
        for _ in range(times):
            x = sketch.conv_relu(x, filters // divide, 3, pad=1)
        x = sketch.pool(x, size, pad=pad)
    return _dense_head(sketch, x, 4096 // divide, 487)


def volumes(size=32, divide=1):
    """Return a small classifier of volumes with batch norm."""
    sketch, x = Sketch("3-D", (1, size, size, size)), "input"
    for filters in (32, 64, 128):
        x = sketch.conv_norm(x, filters // divide, 3, pad=1)
        x = sketch.pool(x, 2)
    x = sketch.add("relu", sketch.add("dense", x, units=256 // divide))
    sketch.add("dense", x, units=10)
    return sketch.network


def audio(size=32000, divide=1):
    """Return M11, a classifier of raw sound (Dai et al., 2016)."""
    sketch = Sketch("Audio M11", (1, size))
    x = sketch.conv_norm("input", 64 // divide, 80, 4, pad=39)
    for filters, times in ((64, 2), (128, 2), (256, 3), (512, 2)):
        x = sketch.pool(x, 4)
        for _ in range(times):
            x = sketch.conv_norm(x, filters // divide, 3, pad=1)
    sketch.add("dense", sketch.add("global_pool", x), units=10)
    return sketch.network


def unet(size=256, divide=1):
    """Return U-Net (Ronneberger et al., 2015), padded, for two classes."""
    sketch, x, kept = Sketch("U-Net", (3, size, size)), "input", []
    for filters in (64, 128, 256, 512):
        kept.append(_double(sketch, x, filters // divide))
        x = sketch.pool(kept[-1], 2)
    x = _double(sketch, x, 1024 // divide)
    for filters in (512, 256, 128, 64):
        x = sketch.add("up", x, filters=filters // divide, size=(2, 2))
        x = sketch.add("concat", kept.pop(), x)
        x = _double(sketch, x, filters // divide)
    sketch.conv(x, 2, 1)
    return sketch.network


def _double(sketch, x, filters):
    for _ in range(2):
        x = sketch.conv_relu(x, filters, 3, pad=1)
    return x
