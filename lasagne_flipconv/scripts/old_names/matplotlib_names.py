"""What Matplotlib dropped."""

__all__ = ["hold"]


def hold(b=None):
    """Let what is drawn next come on top, as it always does today.

    Parameters
    ----------
    b : bool
        True; today there is nothing else.

    Raises
    ------
    ValueError
        If it is not.
    """
    if not b:
        raise ValueError("hold: b=%r; expected True, as Matplotlib always "
                         "holds since 3.0. Call cla() before you draw what "
                         "is to be alone." % (b,))
