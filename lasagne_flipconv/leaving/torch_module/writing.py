"""Write steps as a class: its modules, and what it does with them."""
import re

from .steps import literal

__all__ = ["class_of", "wrapped"]

_WIDTH, _LINE = 79, 66

#: Modules that go into the line of what comes before them.
_AFTER = ("batch_norm", "prelu", "dropout", "constant")

#: What goes into the line of the module that comes after.
_MOVED = ("flatten_end", "pad", "reshape", "dimshuffle", "constant", "mean")

#: Blocks of a network go together, also with what makes images smaller.
_TOGETHER = {"blocks", "max_pool", "average_pool"}

_LETTERS = ("x", "y", "z", "u", "v", "w")


def class_of(name, doc, steps, inputs, outputs, params=()):
    """Return the text of a class.

    Parameters
    ----------
    name : str
        Of the class.
    doc : str
        Its docstring.
    steps : list of Step
        What it does; their modules have names.
    inputs : dict of str to str
        Values that go in, and what they are called.
    outputs : tuple of str
        Values that come out.
    params : list of str
        Arguments of the constructor.

    Returns
    -------
    str
        Lines of at most 79 characters.
    """
    lines = ["class %s(nn.Module):" % name, '    """%s"""' % doc, ""]
    modules = [step for step in steps if step.init]
    if modules:
        lines += ["    def __init__(%s):" % ", ".join(["self", *params]),
                  "        super().__init__()"]
        for step in modules:
            lines += wrapped("        self.%s = %s" % (step.attribute,
                                                       step.init))
            lines += ["        self.%s.%s.requires_grad_(False)" % (
                step.attribute, name) for name in step.fixed]
        lines.append("")
    lines += wrapped("    def forward(%s):" % ", ".join(
        ["self", *inputs.values()]))
    for line in _statements(steps, inputs, outputs):
        lines += wrapped("        " + line)
    return "\n".join(lines)


def _statements(steps, inputs, outputs):
    """Return assignments, and what is returned."""
    merged = _merged(steps, outputs)
    last = {value: i for i, (_, _, taken) in enumerate(merged)
            for value in taken}
    last.update((value, len(merged)) for value in outputs)
    names = dict(inputs)
    lines = []
    for i, (value, text, taken) in enumerate(merged):
        filled = text % {_key(key): names[key] for key in taken}
        for key in taken:
            if last[key] == i and key in names and key not in outputs:
                names[key] = names.pop(key)  # it is free from now on
        free = [key for key in taken if last[key] <= i]
        names[value] = _letter(free, names, last, i)
        for key in free:
            if key != value:
                names.pop(key, None)
        lines.append((names[value], _plain(_bare(filled))))
    return _finished(lines, [names[value] for value in outputs])


def _finished(lines, results):
    """Return the lines; what is returned gets no name, if it comes last."""
    last = lines[-len(results):]
    if results == [name for name, _ in last] and not any(
            re.search(r"(?<![\w.])%s\b" % name, text)
            for i, (_, text) in enumerate(last) for name in results[:i]):
        lines, results = lines[:-len(results)], [text for _, text in last]
    returned = "return " + ", ".join(results)
    if len(results) > 1 and len(returned) > _WIDTH - 8:
        returned = "return (%s)" % ", ".join(results)  # to be broken there
    return ["%s = %s" % line for line in lines] + [returned]


def _letter(free, names, last, place):
    """Return the name of a new value: that of an old one, or a letter."""
    alive = {name for key, name in names.items() if last.get(key, -1) > place}
    for key in free:
        if names.get(key) not in alive and names.get(key):
            return names[key]
    candidates = list(_LETTERS) + ["x%d" % i for i in range(1, len(names)
                                                            + 2)]
    return next(name for name in candidates if name not in alive)


def _merged(steps, outputs):
    """Return (value, text, values taken), short steps put into the next.

    The text has the names of values as ``%(...)s``, and is one expression.
    """
    merged = []
    counts = {}
    for step in steps:
        for value in step.inputs:
            counts[value] = counts.get(value, 0) + 1
    for value in outputs:
        counts[value] = counts.get(value, 0) + 1
    for step in steps:
        text, taken = _expression(step)
        if merged and _can_merge(merged[-1], step, counts, text):
            before, inner, others = merged.pop()[:3]
            text = text.replace("%%(%s)s" % _key(before), inner)
            taken = [value for value in others + taken if value != before]
        merged.append((step.value, text, list(dict.fromkeys(taken)), step))
    return [row[:3] for row in merged]


def _can_merge(before, step, counts, text):
    """Tell whether a value can be written where it is used.

    What a person would write in one line: a module, what normalizes, and the
    nonlinearity; with the next module the next line begins.
    """
    value, inner, _, made_by = before
    length = len(re.sub(r"%\(\w+\)s", "x", text + inner))
    return (counts.get(value) == 1 and value in step.inputs
            and step.text.count("{%d}" % step.inputs.index(value)) == 1
            and length < _LINE
            and not (step.init and step.kind not in _AFTER
                     and made_by.kind not in _MOVED
                     and {step.kind, made_by.kind} - _TOGETHER))


def _expression(step):
    """Return the text of a step, and the values in it."""
    taken = [value for value in step.inputs if isinstance(value, str)]
    names = ["%%(%s)s" % _key(value) if isinstance(value, str)
             else literal(value) for value in step.inputs]
    text = step.text.replace("%", "%%")
    return text.format(*names, self="self.%s" % step.attribute), taken


def _key(value):
    """Return what stands for a value in a text."""
    return "v" + value.encode("utf-8").hex()


def _bare(text):
    """Return an expression without parentheses around the whole."""
    if not (text.startswith("(") and text.endswith(")")):
        return text
    depth = 0
    for i, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0 and i < len(text) - 1:
            return text
    return text[1:-1]


def _plain(text):
    """Return an expression without parentheses around single arguments."""
    opened, drop = [], set()
    for i, letter in enumerate(text):
        if letter == "(":
            opened.append([i, False])
        elif letter == "," and opened:
            opened[-1][1] = True
        elif letter == ")":
            start, is_tuple = opened.pop()
            before, after = text[:start], text[i + 1:]
            if not is_tuple and before.endswith(("(", ", ")) and (
                    after.startswith((")", ", "))):
                drop |= {start, i}
    return "".join(c for i, c in enumerate(text) if i not in drop)


def wrapped(line):
    """Return a line as several, broken after commas.

    Parameters
    ----------
    line : str
        Of source code.

    Returns
    -------
    list of str
        Of at most 79 characters, if there are commas to break at.

    Examples
    --------
    >>> len(wrapped("x = f(" + ", ".join(["argument"] * 12) + ")"))
    2
    """
    # below what is in the first parenthesis, unless that is far to the right
    opened, start = line.find("("), len(line) - len(line.lstrip())
    indent = " " * (opened + 1 if 0 < opened < _WIDTH // 2 else start + 4)
    lines = []
    while len(line) > _WIDTH:
        cut = line.rfind(", ", 0, _WIDTH)
        if cut <= len(indent):
            break
        lines.append(line[:cut + 1])
        line = indent + line[cut + 2:]
    return lines + [line]
