"""Find what repeats in a list of steps, and make a class of it."""
import re
from collections import namedtuple

from .steps import Step, named

__all__ = ["Block", "grouped"]

#: A class for what repeats: its name, the steps of one instance, the name of
#: the value that goes in, and the parameters that its instances differ by.
Block = namedtuple("Block", "name steps entry params")

#: Steps of a block at most, modules of it at least.
_LONGEST, _MODULES = 60, 2

_NUMBER = re.compile(r"(?<![\w.])\d+(?![\w.])")


def grouped(steps, inputs, outputs):
    """Put what repeats into blocks.

    Parameters
    ----------
    steps : list of Step
        Of a network.
    inputs, outputs : tuple of str
        Values that go in and come out.

    Returns
    -------
    steps : list of Step
        With one step for each row of equal blocks.
    blocks : list of Block
        The classes of these.
    """
    uses, found, i = _uses(steps, outputs), [], 0
    while i < len(steps):
        entry = steps[i - 1].value if i else inputs[0]
        period, count = _best(steps, i, entry, uses)
        if count > 1:
            found.append((i, period, count, entry))
            i += period * count
        else:
            found.append((i, 1, 1, None))
            i += 1
    return _with_classes(steps, found)


def _uses(steps, outputs):
    """Return the last place where each value is used."""
    last = {value: i for i, step in enumerate(steps)
            for value in step.inputs if isinstance(value, str)}
    last.update((value, len(steps)) for value in outputs)
    return last


def _best(steps, start, entry, uses):
    """Return length and number of the blocks that cover most from here."""
    best = 1, 1
    if not steps[start].init:
        return best
    for period in range(2, min(_LONGEST, (len(steps) - start) // 2) + 1):
        count = _count(steps, start, period, entry, uses)
        if count > 1 and count * period > best[0] * best[1]:
            best = period, count
    return best


def _count(steps, start, period, entry, uses):
    first = _signature(steps, start, period, entry, uses)
    count = 0
    while first is not None and first == _signature(
            steps, start + count * period, period, entry, uses):
        count += 1
        entry = steps[start + count * period - 1].value
    return count


def _signature(steps, start, period, entry, uses):
    """Return what tells a block from another; None if it is no block."""
    part = steps[start:start + period]
    if len(part) < period or any(step.named for step in part) or (
            sum(step.init is not None for step in part) < _MODULES):
        return None
    places = {step.value: i for i, step in enumerate(part)}
    if uses.get(entry, 0) >= start + period or any(
            uses.get(step.value, 0) >= start + period for step in part[:-1]):
        return None
    rows = []
    for step in part:
        inputs = tuple(_place(value, entry, places) for value in step.inputs)
        if None in inputs:
            return None
        rows.append((step.init, step.text, inputs))
    return tuple(rows)


def _place(value, entry, places):
    """Return where a block takes a value from, None for the outside."""
    if not isinstance(value, str):
        return "number", value
    return ("entry",) if value == entry else places.get(value)


def _with_classes(steps, found):
    """Return steps with those of blocks replaced, and their classes."""
    kinds = {}
    for start, period, count, entry in found:
        if count > 1:
            kinds.setdefault(_template(steps, start, period, entry),
                             []).append((start, period))
    blocks = {key: _block(steps, rows, key, i, len(kinds))
              for i, (key, rows) in enumerate(kinds.items(), 1)}
    result = []
    for start, period, count, entry in found:
        if count == 1:
            result.append(steps[start])
        else:
            key = _template(steps, start, period, entry)
            result.append(_row_of_blocks(steps, start, period, count, entry,
                                         blocks[key]))
    return result, [block for block, _ in blocks.values()]


def _template(steps, start, period, entry):
    """Return what blocks of one class share: all but numbers of modules."""
    part = steps[start:start + period]
    places = {step.value: i for i, step in enumerate(part)}
    return tuple((step.init and _NUMBER.sub("#", step.init), step.text,
                  tuple(_place(v, entry, places) for v in step.inputs))
                 for step in part)


def _block(steps, rows, template, i, count):
    """Return the class of some rows of blocks, and its arguments by row."""
    texts = [[number for step in steps[start:start + period]
              for number in _NUMBER.findall(step.init or "")]
             for start, period in rows]
    columns = list(zip(*texts))
    differ = sorted({column for column in columns if len(set(column)) > 1},
                    key=columns.index)
    params = ["channels"] if len(differ) == 1 else [
        "channels_%d" % (k + 1) for k in range(len(differ))]
    names = dict(zip(differ, params))
    start, period = rows[0]
    replaced = iter([names.get(column, column[0]) for column in columns])
    part = [step._replace(init=step.init and _NUMBER.sub(
        lambda match: next(replaced), step.init))
        for step in steps[start:start + period]]
    base = "ResidualBlock" if _is_residual(template) else "Block"
    block = Block(base + (str(i) if count > 1 else ""), named(part),
                  steps[start - 1].value if start else None, params)
    arguments = {row[0]: [column[k] for column in differ]
                 for k, row in enumerate(rows)}
    return block, arguments


def _is_residual(template):
    """Tell whether what goes in is added to what comes out."""
    return any(text == "({0} + {1})" and ("entry",) in inputs
               for _, text, inputs in template)


def _row_of_blocks(steps, start, period, count, entry, known):
    """Return one step for several equal blocks, one after the other."""
    block, arguments = known
    state = {}
    for k in range(count):
        part = steps[start + k * period:start + (k + 1) * period]
        for step, like in zip(part, block.steps):
            state.update(("%d.%s" % (k, join(like.attribute, name)), value)
                         for name, value in step.state.items())
    init = "nn.Sequential(*(%s(%s) for _ in range(%d)))" % (
        block.name, ", ".join(arguments[start]), count)
    return Step(steps[start + period * count - 1].value, init, state,
                "{self}({0})", (entry,), "blocks", "blocks", False)


def join(attribute, name):
    """Return the name of an array in a module.

    Parameters
    ----------
    attribute : str
        Of the module.
    name : str
        In it; empty if the attribute is the array.

    Returns
    -------
    str
        With a dot between them.
    """
    return "%s.%s" % (attribute, name) if name else attribute
