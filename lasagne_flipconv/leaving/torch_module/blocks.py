"""Find what repeats in a list of steps, and make a class of it."""
import re
from collections import namedtuple

from .steps import Step, named

__all__ = ["Block", "doc_of", "grouped", "join"]

#: A class for what repeats: its name, the steps of one instance, the name of
#: the value that goes in, and the parameters that its instances differ by.
Block = namedtuple("Block", "name steps entry params")

#: Where a part of the steps is that may be a block: from, how many, what
#: goes in, and what its instances have in common.
_Place = namedtuple("_Place", "start period entry template")

#: Steps of a block at most, modules of it at least, classes at most, and how
#: often something has to be there that does not follow itself.
_LONGEST, _MODULES, _CLASSES, _OFTEN = 60, 2, 4, 4

#: A whole number, and no exponent of another.
_NUMBER = re.compile(r"(?<![\w.])(?<!e[+-])\d+(?![\w.])")

#: What a block does, for its docstring.
_VERBS = {"conv": "convolve", "conv_transpose": "enlarge", "dense": "weigh",
          "batch_norm": "normalize", "relu": "rectify", "elu": "rectify",
          "leaky_relu": "rectify", "prelu": "rectify", "max_pool": "pool",
          "average_pool": "pool", "dropout": "drop", "concat": "join",
          "add": "add"}

_CONVOLUTIONAL = {"conv", "batch_norm", "relu", "elu", "leaky_relu", "prelu"}


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
    blocks = []
    while len(blocks) < _CLASSES:
        places = _best(steps, inputs, outputs)
        if not places:
            break
        block, arguments = _block(steps, places, blocks)
        steps = _replaced(steps, places, block, arguments)
        blocks.append(block)
    return steps, blocks


def _best(steps, inputs, outputs):
    """Return the places of the class that saves most lines; none if none."""
    last, found = _uses(steps, outputs), {}
    for start, step in enumerate(steps):
        if step.init and step.kind != "blocks" and not step.named:
            entry = steps[start - 1].value if start else inputs[0]
            for place in _places(steps, start, entry, last):
                _keep(found.setdefault(place.template, []), place)
    worth = [places for places in found.values()
             if _is_often(steps, places)]
    return max(worth, default=[], key=lambda places: (
        (len(places) - 1) * places[0].period, -places[0].period))


def _uses(steps, outputs):
    """Return the last place where each value is used."""
    last = {value: i for i, step in enumerate(steps)
            for value in step.inputs if isinstance(value, str)}
    last.update((value, len(steps)) for value in outputs)
    return last


def _places(steps, start, entry, last):
    """Yield what may be a block and begins here, the short ones first."""
    template, inside, modules = [], {}, 0
    for period in range(1, min(_LONGEST, len(steps) - start) + 1):
        step = steps[start + period - 1]
        inputs = tuple(_from(value, entry, inside) for value in step.inputs)
        if step.named or step.kind == "blocks" or None in inputs:
            return
        template.append((step.init and _NUMBER.sub("#", step.init),
                         step.text, inputs, step.fixed))
        inside[step.value] = period - 1
        modules += step.init is not None
        end = start + period
        if modules >= _MODULES and last.get(entry, 0) < end and all(
                last.get(value, 0) < end for value in inside
                if value != step.value):
            yield _Place(start, period, entry, tuple(template))


def _from(value, entry, inside):
    """Return where a block takes a value from, None for the outside."""
    if not isinstance(value, str):
        return "number", value
    return ("entry",) if value == entry else inside.get(value)


def _keep(places, place):
    """Add a place, unless it is in the last one."""
    if not places or places[-1].start + places[-1].period <= place.start:
        places.append(place)


def _is_often(steps, places):
    return len(places) >= _OFTEN or len(places) > 1 and any(
        len(run) > 1 for run in _runs(steps, places))


def _runs(steps, places):
    """Return the places of blocks that are equal and follow each other."""
    runs = []
    for place in places:
        before = runs[-1][-1] if runs else None
        if before and before.start + before.period == place.start and (
                _texts(steps, before) == _texts(steps, place)):
            runs[-1].append(place)
        else:
            runs.append([place])
    return runs


def _texts(steps, place):
    return [step.init for step in steps[place.start:place.start
                                        + place.period]]


def _numbers(steps, place):
    return [number for text in _texts(steps, place)
            for number in _NUMBER.findall(text or "")]


def _block(steps, places, others):
    """Return the class of some places, and its arguments for each."""
    columns = list(zip(*(_numbers(steps, place) for place in places)))
    names = _params(columns, _texts(steps, places[0]))
    differ, params, first = list(names), list(names.values()), places[0]
    texts = iter([names.get(column, column[0]) for column in columns])
    part = [step._replace(init=step.init and _NUMBER.sub(
        lambda match: next(texts), step.init))
        for step in steps[first.start:first.start + first.period]]
    block = Block(_name(first.template, part, others), named(part),
                  first.entry, params)
    return block, {place.start: [column[k] for column in differ]
                   for k, place in enumerate(places)}


def _params(columns, texts):
    """Return what the numbers are called that differ, by their values."""
    words = [word for text in texts for word in _words(text or "")]
    names, taken = {}, set()
    for column, word in zip(columns, words):
        if len(set(column)) > 1 and column not in names:
            numbered = [word] + ["%s_%d" % (word, i)
                                 for i in range(2, len(columns) + 2)]
            names[column] = next(each for each in numbered
                                 if each not in taken)
            taken.add(names[column])
    if len(names) == 1:
        names = dict.fromkeys(names, "channels")
    return names


def _words(text):
    """Yield what each number is that a module is built with."""
    order = ("inputs", "outputs", "size")
    for i, match in enumerate(_NUMBER.finditer(text)):
        named = re.search(r"(\w+)=\(?[\d, ]*$", text[:match.start()])
        yield named[1] if named else order[min(i, 2)]


def _name(template, part, others):
    """Return what a class is called, by what it does."""
    kinds = {step.kind for step in part}
    name = "UpBlock" if "conv_transpose" in kinds else "Block"
    if any(text == "({0} + {1})" and ("entry",) in inputs
           for _, text, inputs, _ in template):
        name = "ResidualBlock"
    elif kinds <= _CONVOLUTIONAL:
        name = "ConvBlock"
    taken = {block.name for block in others}
    return next(each for each in [name] + [
        "%s%d" % (name, i) for i in range(2, _CLASSES + 2)]
        if each not in taken)


def doc_of(block):
    """Return what a block does, in one line.

    Parameters
    ----------
    block : Block
        The class.

    Returns
    -------
    str
        In the order of its steps.
    """
    verbs = list(dict.fromkeys(_VERBS[step.kind] for step in block.steps
                               if step.kind in _VERBS))
    text = ", ".join(verbs[:-1]) + " and " + verbs[-1] if len(
        verbs) > 1 else (verbs or ["do what the network repeats"])[0]
    return text[0].upper() + text[1:] + "."


def _replaced(steps, places, block, arguments):
    """Return steps with each row of equal blocks as one step."""
    found, at = [], 0
    for run in _runs(steps, places):
        found += steps[at:run[0].start]
        found.append(_row(steps, run, block, arguments[run[0].start]))
        at = run[-1].start + run[-1].period
    return found + steps[at:]


def _row(steps, run, block, arguments):
    """Return one step for equal blocks, one after the other."""
    state, one = {}, "%s(%s)" % (block.name, ", ".join(arguments))
    for k, place in enumerate(run):
        part = steps[place.start:place.start + place.period]
        for step, like in zip(part, block.steps):
            prefix = "%d.%s" % (k, like.attribute) if len(run) > 1 else (
                like.attribute)
            state.update((join(prefix, name), value)
                         for name, value in step.state.items())
    init, word = one, "block"
    if len(run) > 1:
        init = "nn.Sequential(*(%s for _ in range(%d)))" % (one, len(run))
        word = "blocks"
    word = "up" if block.name.startswith("Up") else word
    last = run[-1].start + run[-1].period - 1
    return Step(steps[last].value, init, state, "{self}({0})",
                (run[0].entry,), word, "blocks", False)


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
