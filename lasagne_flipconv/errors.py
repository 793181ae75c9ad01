"""The errors this package raises on purpose.

Every text has the same parts: where, what is wrong (with the value), what was
expected, and the way out.
"""

__all__ = ["FlipconvError", "ConventionError", "CheckpointError",
           "UnsafeFileError"]


class FlipconvError(ValueError):
    """Signal that something was refused; nothing was changed."""


class ConventionError(FlipconvError):
    """Signal axes or an orientation that are unknown or do not fit."""


class CheckpointError(FlipconvError):
    """Signal a checkpoint that cannot be read, or does not fit a network."""


class UnsafeFileError(FlipconvError):
    """Signal a file that would execute code or exhaust the machine."""
