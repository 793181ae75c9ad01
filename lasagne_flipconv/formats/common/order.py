"""Whether the order of a file's layers is that of the graph they are in."""

__all__ = ["is_only_order"]


def is_only_order(nodes, outputs, held):
    """Tell whether the layers of a network can be in no other order.

    A file has nodes in an order in which they can be computed: of branches
    side by side, any may come first. A network has its layers in the order of
    the inputs of what joins them, from the outputs on.

    Parameters
    ----------
    nodes : list of tuple
        The names of the inputs and of the outputs of each, in the order of
        the file. What is written twice is read as it was last.
    outputs : list of str
        What the model gives out.
    held : dict of int to list of tuple
        By the place of a node, the arrays it holds: each as its name, and
        what has to fit, as its shape.

    Returns
    -------
    bool
        False if the order of the graph is another, and fits as well.
    """
    order = [i for i in _from_outputs(nodes, outputs) if i in held]
    names, fits = ([[each[part] for i in places for each in held[i]]
                    for places in (held, order)] for part in (0, 1))
    return names[0] == names[1] or fits[0] != fits[1]


def _from_outputs(nodes, outputs):
    """Return the places of nodes, what feeds into the first input first."""
    makes, reads = {}, []
    for i, (inputs, made) in enumerate(nodes):
        reads.append([makes[name] for name in inputs if name in makes])
        makes.update(dict.fromkeys(made, i))
    found, entered = [], set()
    stack = [(makes[name], False) for name in outputs[::-1] if name in makes]
    while stack:
        i, done = stack.pop()
        if done:
            found.append(i)
        elif i not in entered:
            entered.add(i)
            stack.append((i, True))
            stack += [(other, False) for other in reads[i][::-1]]
    return found
