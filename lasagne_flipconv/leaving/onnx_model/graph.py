"""A graph of ONNX while it grows."""
import numpy as np
from onnx import helper, numpy_helper

__all__ = ["Graph", "ints", "pads_of"]

#: Types that ONNX computes with here; other numbers become the next of them.
_TYPES = {"f": np.float32, "i": np.int64, "u": np.int64, "b": np.bool_}


class Graph:
    """Collect nodes and initialisers.

    Parameters
    ----------
    outer : Graph, optional
        Where initialisers go to, if this is the body of a loop.
    reserved : set of str
        Names that only the part of that name may give to what it adds.
    """

    def __init__(self, outer=None, reserved=frozenset()):
        self.reserved, self.own = (reserved, "") if outer is None else (
            outer.reserved, outer.own)
        self.nodes, self.tensors = [], {} if outer is None else outer.tensors
        self.opset, self.alias = 13, {}

    def name_of(self, value, like="", wide=False):
        """Return the name of the tensor that stands for an input of a part.

        Parameters
        ----------
        value : str or number
            Name of a part or input, or a number.
        like : str
            Name of who asks, for numbers.
        wide : bool, default False
            Whether who asks computes in float64.

        Returns
        -------
        str
            Name of a tensor.
        """
        if isinstance(value, str):
            return self.alias.get(value, value)
        return self.tensor("%s.number" % like, np.asarray(value), wide)

    def tensor(self, name, array, wide=False):
        """Add an initialiser.

        Parameters
        ----------
        name : str
            Its name; another is taken if that one has other values.
        array : numpy.ndarray
            Its values.
        wide : bool, default False
            Whether floats stay float64.

        Returns
        -------
        str
            Its name.
        """
        kind = np.asarray(array).dtype.kind
        array = np.asarray(array, np.float64 if wide and kind == "f" else
                           _TYPES[kind], order="C")
        base, i = name, 1
        while self._is_taken(name) or name in self.tensors and not _same(
                self.tensors[name], array):
            i += 1
            name = "%s_%d" % (base, i)
        self.tensors[name] = array
        return name

    def _is_taken(self, name):
        """Tell whether a name is of another part, as that of a layer a.W."""
        return name in self.reserved and name != self.own

    def node(self, operator, inputs, output, **attributes):
        """Add a node.

        Parameters
        ----------
        operator : str
            Of ONNX.
        inputs : list of str
            Names of tensors; an empty name leaves one out.
        output : str or list of str
            Name of what it computes, which is also the node's.
        **attributes : object
            Of the node.

        Returns
        -------
        str
            The output.
        """
        outputs = [output] if isinstance(output, str) else list(output)
        while self._is_taken(outputs[0]):
            outputs[0] += "_"
        self.nodes.append(helper.make_node(
            operator, list(inputs), outputs, name=outputs[0], **attributes))
        return outputs[0]

    def initializers(self):
        """Return all arrays as messages.

        Returns
        -------
        list of onnx.TensorProto
            In the order that they came in.
        """
        return [numpy_helper.from_array(array, name)
                for name, array in self.tensors.items()]


def _same(one, other):
    return one.dtype == other.dtype and one.shape == other.shape and (
        one.tobytes() == other.tobytes())


def ints(part, graph, values, role="axes"):
    """Add a vector of int64 of a part.

    Parameters
    ----------
    part : lasagne_flipconv.leaving.plan.Part
        Whose.
    graph : Graph
        Where to.
    values : sequence of int
        What it holds.
    role : str
        What it is to the part.

    Returns
    -------
    str
        Its name.
    """
    return graph.tensor("%s.%s" % (part.name, role),
                        np.asarray(values, np.int64))


def pads_of(pairs):
    """Return padding as ONNX has it.

    Parameters
    ----------
    pairs : sequence of (int, int)
        Before and after, by axis.

    Returns
    -------
    list of int
        All before, then all after.
    """
    return [pair[0] for pair in pairs] + [pair[1] for pair in pairs]
