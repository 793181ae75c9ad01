"""What trains, among all that `theano.function` makes.

A function whose outputs or updates have a marked gradient in them is made
anew: its marks are joined, and its calls are steps of all ranks.
"""
import functools
import sys

import theano

from ..errors import FlipconvError
from .graphs import Entry, substitute, toposort
from .marks import Average, Mark, mark
from .normalization import of_whole_batch
from .randomness import draws_in_loop, states_of
from .processes.ranks import current
from .splitting import of_the_batch
from .training import Training

__all__ = ["hook", "join_marks"]


def hook():
    """Let functions that train do so on all ranks, from now on."""
    module = sys.modules["theano.compile.pfunc"]
    stock = module.orig_function

    @functools.wraps(stock)
    def orig_function(inputs, outputs, mode=None, **options):
        if current() is None or not _has_marks(inputs, outputs):
            return stock(inputs, outputs, mode, **options)
        entries = [Entry(i, "update") for i in inputs if i.update is not None]
        listed = outputs if isinstance(outputs, list) else [outputs]
        holder = list(listed)
        results = [Entry(o, "variable") if hasattr(o, "variable") else
                   Entry(holder, i) for i, o in enumerate(listed)]
        with theano.change_flags(compute_test_value="off"):
            averages, states = join_marks(inputs, results, entries)
        made = holder if isinstance(outputs, list) else holder[0]
        function = stock(inputs, made, mode, **options)
        return Training.of(function, inputs, averages,
                           [entry.get() for entry in results], mode, states)

    module.orig_function = orig_function


def _has_marks(inputs, outputs):
    outputs = outputs if isinstance(outputs, list) else [outputs]
    roots = [getattr(o, "variable", o) for o in outputs if o is not None]
    roots += [i.update for i in inputs if i.update is not None]
    return any(isinstance(node.op, Mark) for node in toposort(roots))


def join_marks(inputs, results, updates):
    """Put an Average in the place of all marks of one depth.

    Parameters
    ----------
    inputs : list of theano.In
        Of the function; explicit ones and shared variables.
    results, updates : list of Entry
        Where its outputs and its updates are. They, and the graph, which
        is the function's own, are changed.

    Returns
    -------
    averages : list of theano.Variable
        What is averaged.
    states : set of theano.Variable
        Of random generators, from which each rank draws its own numbers.
    """
    entries = results + updates
    if current().synchronized:
        synchronize(entries)
    states = mark_own_updates(inputs, results, updates)
    nodes = toposort([entry.get() for entry in entries])
    depth, levels = {}, {}
    for node in nodes:
        below = max([depth.get(v, 0) for v in node.inputs], default=0)
        marked = isinstance(node.op, Mark)
        if marked:
            levels.setdefault(below, []).append(node)
        depth.update((v, below + marked) for v in node.outputs)
    other, averages = {}, []
    for _, marks in sorted(levels.items()):
        marks.sort(key=lambda node: node.op.number)
        found = Average()(*[node.inputs[0] for node in marks],
                          return_list=True)
        for node, average in zip(marks, found):
            other[node.outputs[0]] = average
            average.name = node.op.update_of
        nodes.append(found[0].owner)
        averages += found
    substitute(other, nodes, entries)
    chain(entries)
    return averages, states


def synchronize(entries):
    """Let batch normalization take the statistics of the whole batch.

    Parameters
    ----------
    entries : list of Entry
        The outputs and updates of a function; they and the graph are changed.
    """
    nodes = toposort([entry.get() for entry in entries])
    other = of_whole_batch(nodes, Average())
    substitute(other, toposort([e.get() for e in entries] + list(
        other.values())), entries)


def chain(entries):
    """Let each Average wait for another, in an order that all ranks have.

    Parameters
    ----------
    entries : list of Entry
        The outputs and updates of a function, whose graph is changed.
    """
    nodes = [node for node in toposort([entry.get() for entry in entries])
             if isinstance(node.op, Average)]
    for first, then in zip(nodes, nodes[1:]):
        then.op = Average(chained=True)
        then.inputs.append(first.outputs[0])


def mark_own_updates(inputs, results, updates):
    """Mark what each rank would set otherwise, as running statistics are.

    Parameters
    ----------
    inputs : list of theano.In
        Of the function.
    results, updates : list of Entry
        Where its outputs and its updates are; the latter are changed.

    Returns
    -------
    set of theano.Variable
        States of random generators, from which each rank draws its own
        numbers.

    Raises
    ------
    FlipconvError
        If such an update is no float, of which there is an average.
    """
    nodes = toposort([entry.get() for entry in results + updates])
    states = states_of(nodes)
    own = of_the_batch(inputs, nodes)
    for entry in updates:
        variable = entry.owner.variable
        if variable in states or entry.get() not in own:
            continue
        marked = mark(entry.get(), str(variable))
        if marked is entry.get():
            raise _no_average(variable, entry.get())
        entry.set(marked)
    return states_of(node for node in nodes if node.outputs[-1] in own)


def _no_average(variable, update):
    """Return an error about an update of which there is no average."""
    if any(draws_in_loop(node) for node in toposort([update])):
        return FlipconvError(
            "--data-parallel: random numbers are drawn within a loop of "
            "theano.scan that goes over the batch; expected them outside of "
            "loops, where each rank draws its own. Draw those of all steps "
            "before, and pass them as a sequence, or run the script in one "
            "process.")
    return FlipconvError(
        "--data-parallel: the update of %s, of type %s, follows from the "
        "batch itself; expected floats, which can be averaged over the ranks. "
        "Count on the whole batch outside of the function." % (
            variable, variable.type))
