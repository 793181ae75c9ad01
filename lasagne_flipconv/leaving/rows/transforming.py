"""Row of the spatial transformer."""
__all__ = ["ROWS"]


def transformer(layer, scope, x, theta):
    """Add a grid made of the six numbers, and the samples at its places."""
    if getattr(layer, "border_mode", "nearest") != "nearest" or (
            None in scope.shape[2:]):
        return None
    return scope.add("transform", x, theta, size=tuple(scope.shape[2:]),
                     shape=scope.shape)


ROWS = {"TransformerLayer": transformer}
