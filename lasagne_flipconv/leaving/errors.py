"""What is raised for a network that cannot be said otherwise."""
from ..errors import FlipconvError

__all__ = ["LeavingError"]


class LeavingError(FlipconvError):
    """Signal a network, or a part of it, that cannot be exported."""
