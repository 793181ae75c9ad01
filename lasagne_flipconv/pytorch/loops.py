"""Loops: the function within a Scan, step by step, on the device.

Nothing is written into an array. What a loop keeps of an output is a list of
as many values as Theano's array has places; they are put together at the end.
"""
import theano
import torch
from theano.compile import optdb
from theano.gof import FunctionGraph
from theano.scan_module.scan_op import Scan

from .host import is_small
from .program import Program
from .rewrites import QUERY
from .rows.table import TYPES, Untranslated, row

__all__ = ["loop"]


def _on_host(node):
    """Return which operands are wanted on the host.

    How many steps, how many values to keep, and whole numbers, one each step.
    """
    op, operands = node.op, node.inputs
    sizes = range(op.nit_sot_arg_offset, op.nit_sot_arg_offset + op.n_nit_sot)
    others = [i for i in range(1, len(operands)) if (
        i < op.seqs_arg_offset and _is_number(op.inputs[i - 1])
        or i >= sizes.stop and _is_number(_inner(op, i - sizes.stop)))]
    return [0, *sizes, *others]


def _inner(op, i):
    """Return what stands for an array that is the same in every step."""
    return op.inner_non_seqs(op.inputs)[i]


def _is_number(variable):
    return is_small(variable) and variable.ndim == 0


@row(Scan, host=_on_host)
def loop(op, node, device):
    """Repeat the function within."""
    program = Program(*_graph(op, device), whole=True)
    return lambda *operands: _Loop(op, program, operands).run()


def _graph(op, device):
    """Return the graph within, the device, and where each value is."""
    for v in op.inputs + op.outputs:
        if getattr(v.type, "dtype", None) not in TYPES:
            raise Untranslated("its loop goes over %s" % v.type)
    with theano.change_flags(compute_test_value="off"):
        graph = FunctionGraph(op.inputs, op.outputs, clone=True)
        optdb.query(QUERY).optimize(graph)
    numbers = [v for part in (op.inner_seqs, op.inner_non_seqs)
               for v in part(op.inputs) if _is_number(v)]
    outputs = ["device"] * len(op.outputs)
    if op.as_while:
        outputs[-1] = "host"
    return graph, device, ["host" if v in numbers else "device"
                           for v in op.inputs], outputs


class _Loop:
    """One run of a loop.

    Parameters
    ----------
    op : theano.scan_module.scan_op.Scan
        The loop.
    program : Program
        What is computed in each step.
    operands : tuple
        As the node has them.
    """

    def __init__(self, op, program, operands):
        self.op, self.program = op, program
        self.steps = operands[0]
        self.sequences = _steps(op, operands[1:op.seqs_arg_offset],
                                self.steps)
        self.kept = [list(x.unbind(0)) for x in operands[
            op.seqs_arg_offset:op.shared_arg_offset]]
        self.shared = operands[op.shared_arg_offset:op.nit_sot_arg_offset]
        sizes = op.nit_sot_arg_offset + op.n_nit_sot
        self.kept += [[None] * n for n in operands[
            op.nit_sot_arg_offset:sizes]]
        self.same = operands[sizes:]
        self.at = [-first % len(slots) for first, slots in zip(
            op.mintaps, self.kept)]

    def run(self):
        """Return what the loop gives, in the order of its outputs."""
        op, going, done = self.op, True, 0
        while going and done < self.steps:
            found = self.program([
                *(x[done] for x in self.sequences), *self._before(),
                *self.shared, *self.same])
            if op.as_while:
                going = not found.pop()
            self._keep(found)
            done += 1
        result = [_together(self._ordered(i, done), slots[0]) for i, slots in
                  enumerate(self.kept)] + list(self.shared)
        return result if len(result) > 1 else result[0]

    def _before(self):
        """Return what earlier steps gave."""
        return [slots[(at + tap) % len(slots)] for slots, at, taps in zip(
            self.kept, self.at, self.op.tap_array) for tap in taps]

    def _keep(self, found):
        """Put what a step gave where it belongs, and go on."""
        op, values = self.op, iter(found)
        for i, taps in enumerate(op.mit_mot_out_slices[:op.n_mit_mot]):
            for tap in taps:
                _put(self.kept[i], self.at[i] + tap, next(values))
        for i in range(op.n_mit_mot, len(self.kept)):
            _put(self.kept[i], self.at[i], next(values))
        self.shared = list(values)
        self.at = [(at + 1) % len(slots) for at, slots in zip(
            self.at, self.kept)]

    def _ordered(self, i, done):
        """Return what is kept, the oldest first, and zeros for no step."""
        slots, size = self.kept[i], len(self.kept[i])
        if i < self.op.n_mit_mot:
            return slots
        last = done - self.op.mintaps[i]
        if size < last:
            return slots[self.at[i]:] + slots[:self.at[i]]
        if size > last:
            none = torch.zeros_like(slots[0])
            slots = slots[:last] + [none] * (size - last)
            if done < self.steps:
                slots = slots[:done - self.steps]
        return slots


def _steps(op, sequences, steps):
    """Return each sequence as one value for each step."""
    if steps < 0:
        raise IndexError("Scan: %d steps; expected one or more" % steps)
    if steps == 0:
        raise NotImplementedError("Scan: no step; expected one or more, as in "
                                  "Theano")
    for x in sequences:
        if len(x) < steps:
            raise ValueError("Scan: a sequence of %d for %d steps; expected "
                             "as many" % (len(x), steps))
    return [x if isinstance(x, tuple) else x[:steps].unbind(0)
            for x in sequences]


def _together(values, like):
    if not values:
        return like.new_empty((0, *like.shape))
    return torch.stack(values)


def _put(slots, at, value):
    """Put a value in its place, repeated as NumPy does if need be."""
    old = slots[at] if slots[at] is not None else next(
        (x for x in slots if x is not None), value)
    slots[at] = value if value.shape == old.shape else value.expand(old.shape)
