"""Names that scripts of Lasagne's time use, and later releases dropped.

``table`` has them all, one a row; ``lending`` gives them to a script and its
modules alone. ``for_everybody`` is what nolearn needs, an installed package;
``cuda`` is what Theano dropped, ``late_flags`` what a script sets too late.
"""
from .for_everybody import lend, take_back

__all__ = ["lend", "take_back"]
