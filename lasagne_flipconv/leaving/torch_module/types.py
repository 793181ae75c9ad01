"""Which values of a plan are floats, so that new ones get their type.

A module may be moved to another type, as by ``half()``; what it makes by
itself has to follow.
"""

__all__ = ["Types"]

#: What gives out tests or integers, whatever goes in.
_NEVER = ("greater", "greater_equal", "less", "less_equal", "equal", "and",
          "or", "not", "isnan", "isinf", "argmax", "argsort", "arange",
          "int_div", "wrap", "size")

#: Which inputs the type is of, where it is not all of them.
_OF = {"where": slice(1, None), "fill": slice(1, 2), "full": slice(1),
       "reshape": slice(1), "slice": slice(1), "index": slice(1),
       "gather": slice(1)}


class Types:
    """Know, of each value, a float array that it is computed from.

    Parameters
    ----------
    inputs : tuple of Input
        What goes into the network.
    """

    def __init__(self, inputs):
        self.like = {put.name: put.name if put.dtype.startswith("float")
                     else None for put in inputs}
        self.floats = set(filter(None, self.like.values()))
        self.first = next((put.name for put in inputs
                           if put.name in self.floats), None)

    def typed(self, part, is_number):
        """Return a part that says whose type its values are to have.

        Parameters
        ----------
        part : Part
            Of a plan, after those that it takes in.
        is_number : bool
            Whether it is a number in PyTorch, as a size is.

        Returns
        -------
        Part
            With an input more, for a cast; else with an option more.
        """
        if self._is_float(part) and not is_number and (
                "wide" not in part.options):
            self.floats.add(part.name)
        found = (self.like.get(value) for value in part.inputs)
        before = next(filter(None, found), None)
        self.like[part.name] = part.name if part.name in self.floats else (
            before)
        if part.kind == "cast" and part.name in self.floats:
            like = before or self.first
            return part._replace(inputs=part.inputs + (like,)) if like else (
                part)
        if part.kind == "where" and part.name in self.floats and (
                not self.floats.intersection(part.inputs)):  # two numbers
            like = before or self.first
            return part._replace(inputs=part.inputs + (like,)) if like else (
                part)
        if part.kind == "full" and part.inputs[-1] in self.floats and (
                isinstance(part.inputs[0], float)):
            return part._replace(options=dict(part.options, like=True))
        return part

    def _is_float(self, part):
        if part.kind == "cast":
            return part.options["dtype"] == "float32"
        for value in part.arrays.values():
            return value.dtype.kind == "f"
        return part.kind not in _NEVER and any(
            isinstance(value, float) or value in self.floats
            for value in part.inputs[_OF.get(part.kind, slice(None))])
