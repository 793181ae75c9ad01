"""Decide which array of a checkpoint goes to which parameter of a network.

Names match names where both sides have them; else the order decides, and then
every layer must have the same parameters on both sides. Never by shape.
"""
from collections import namedtuple

from ..errors import CheckpointError, ConventionError
from ..formats.common.naming import DOES, last_word, without_prefix
from ..formats.common.numbering import lists_in, positions_of
from .networks.cells import refuse_cells

__all__ = ["match", "without_prefix"]

#: `pairs` are (slot, entry); `missing` slots and `unused` entries are left;
#: `aligned` tells that one value that does not fit says nothing of the others,
#: `named` that names were matched; `beside` are arrays beside the list that is
#: taken, and `prefix` is how to tell that.
Matches = namedtuple(
    "Matches", "pairs missing unused aligned named beside prefix",
    defaults=(False, (), "prefix="))

#: What two layers of Caffe hold is one batch normalisation in Lasagne.
_STATISTICS, _SCALE = {"mean", "variance"}, {"gamma", "beta"}


def match(slots, checkpoint, options):
    """Pair parameters with arrays.

    Parameters
    ----------
    slots : list of lasagne_flipconv.weights.networks.Slot
        Parameters of the network.
    checkpoint : Checkpoint
        The file.
    options : lasagne_flipconv.weights.planning.Options
        Prefix, names, layers to leave.

    Returns
    -------
    Matches
        Who goes where, and what is left over.

    Raises
    ------
    CheckpointError
        If neither names nor order tell.
    ConventionError
        If no layer is left to be loaded.
    """
    left = _last_layers(slots, options.leave_last)
    selected = _selected(checkpoint, options)
    if options.strict or checkpoint.ordered:
        refuse_cells(selected, checkpoint.where)
    if checkpoint.ordered and not options.names and (
            _is_saved_from_such(selected, slots)):
        matches = _with_shared(_flat(slots, selected), slots)
        return _without(matches, left, selected, True)
    ordered = checkpoint.ordered or _is_list(selected)
    entries = _recognised(_renamed(selected, options.names, checkpoint.where),
                          slots)
    entries = _merged(entries)
    targets, sources = _groups_of(slots, bool(options.names)), _sources(
        entries)
    if options.names or _both_named(targets, sources, ordered):
        matches = _by_name(targets, sources)
    elif not ordered and _listed(selected):
        prefix = _prefixes(selected)
        selected, beside = _listed(selected)
        return match(slots, checkpoint._replace(
            entries=selected, ordered=True), options._replace(
                prefix=""))._replace(beside=beside, prefix=prefix)
    elif not ordered:
        raise CheckpointError(
            "%s: names its layers (%s) but does not tell their order; "
            "expected names as in the network (%s). Name the network's layers "
            "so, pass %s if only a part is meant, or names={'theirs': "
            "'ours'}, for all of them."
            % (checkpoint.where, _some(sources),
               _some(_groups_of(slots, True)), _prefixes(selected)))
    elif all(entry.role and entry.layer for entry in entries):
        if len(targets) != len(sources):
            targets = _groups_of(_once(slots))
        matches = _by_order(targets, list(sources.values()), options,
                            checkpoint.where)
    else:
        matches = _flat(slots, entries)
    matches = _with_shared(matches, slots)
    _refuse_contradictions(matches, sources, checkpoint.where)
    return _without(matches, left, entries, ordered)


def _is_saved_from_such(entries, slots):
    """Tell whether the arrays are, one by one, those of a network like this.

    Such a file needs no rules for names, which may repeat, lack, or look like
    others.
    """
    told = [(entry.layer, entry.role) for entry in entries]
    once = _once(slots)
    return told in ([(_name(slot), slot.attribute) for slot in once],
                    [(slot.layer.name, slot.attribute) for slot in once])


def _name(slot):
    """Return the name of a layer by which files know it, None if none."""
    return slot.group if slot.layer.name else None


def _is_list(entries):
    """Tell whether entries were a list, though the file has no order else."""
    return [entry.name for entry in entries] == [
        str(i) for i in range(len(entries))]


def _once(slots):
    """Return slots, of those that share a variable the first."""
    first = {}
    for slot in slots:
        first.setdefault(slot.param, slot)
    return list(first.values())


def _with_shared(matches, slots):
    """Pair what shares its variable with what is paired: one value for both.
    """
    found = {slot.param: entry for slot, entry in matches.pairs}
    paired = {(slot.layer, slot.param) for slot, _ in matches.pairs}
    shared = [slot for slot in slots if slot.param in found
              and (slot.layer, slot.param) not in paired]
    return matches._replace(
        pairs=matches.pairs + [(s, _as_read_by(s, shared, found[s.param]))
                               for s in shared],
        missing=[s for s in matches.missing if s not in shared])


def _as_read_by(slot, shared, entry):
    """Return an entry as another layer that shares its variable reads it, if
    the file says how."""
    others = [other for other in shared if other.param is slot.param]
    if entry.shared is None or len(entry.shared) != len(others):
        return entry
    kind, convention = entry.shared[others.index(slot)]
    return entry._replace(kind=kind, convention=convention)


def _recognised(entries, slots):
    """Return entries with the layer and role of the parameter they are named
    after, where the names of files in general do not tell."""
    by_name = {}
    for slot in slots:
        if slot.layer.name and slot.attribute:
            for name in {slot.name, slot.param.name}:
                by_name[name] = None if name in by_name else slot
    by_name = {name: slot for name, slot in by_name.items() if slot}
    return [entry if entry.layer or entry.name not in by_name else
            entry._replace(layer=by_name[entry.name].group,
                           role=by_name[entry.name].attribute)
            for entry in entries]


def _refuse_contradictions(matches, sources, where):
    """Refuse an order in which names that both sides have do not meet."""
    theirs, ours = (without_prefix(filter(None, names)) for names in (
        sources, [_name(slot) for slot, _ in matches.pairs]))
    known = {name: layer for layer, name in theirs.items()}
    for slot, entry in () if matches.named else matches.pairs:
        _refuse_another_role(slot, entry, where)
        name = ours.get(_name(slot))
        if name in known and theirs.get(entry.layer) != name:
            raise CheckpointError(
                "%s: has %s where the network has %s in order, and has a %r "
                "elsewhere; expected one order. Name all layers of the "
                "network as in the file, or pass names= or prefix=."
                % (where, entry.name, slot.name, known[name]))


def _refuse_another_role(slot, entry, where):
    """Refuse an array that is by its name another thing than a parameter."""
    role = entry.role or last_word(entry.name)
    does, done = (DOES.get(word) for word in (role, slot.attribute))
    if None not in (does, done) and does != done:
        raise CheckpointError(
            "%s: has %s, by its name %s, where the network has %s in order; "
            "expected one order. Name all layers of the network as in the "
            "file, or pass names={'theirs': 'ours'}, for all of them."
            % (where, entry.name, role, slot.name))


def _listed(entries):
    """Return the only list among arrays, in its order, and what is beside it;
    None if there is none, or are several."""
    lists = lists_in([entry.name for entry in entries])
    if len(lists) != 1:
        return None
    by_name = {entry.name: entry for entry in entries}
    (names,) = lists.values()
    return (tuple(map(by_name.pop, names)), tuple(by_name.values()))


def _prefixes(entries):
    """Return what to pass for one of several lists among arrays."""
    lists = lists_in([entry.name for entry in entries])
    return " or ".join("prefix=%r" % (prefix or "arr_")
                       for prefix in lists) or "prefix="


def _last_layers(slots, count):
    layers = list(dict.fromkeys(slot.layer for slot in slots))
    if layers and count and not 0 < count < len(layers):
        raise ConventionError(
            "leave_last: got %r, and the network has %d layers with "
            "parameters; expected less, so that something is loaded."
            % (count, len(layers)))
    return set(layers[-count:]) if count else set()


def _without(matches, left, entries, ordered):
    """Take out the layers to leave alone, and what they would have got.

    That is what no other layer got, at the end of the file if it has an
    order, else in as many of its layers.
    """
    pairs = [pair for pair in matches.pairs if pair[0].layer not in left]
    missing = [slot for slot in matches.missing if slot.layer not in left]
    unused = matches.unused
    if ordered:
        used = {id(entry) for _, entry in pairs}
        last = max([i for i, e in enumerate(entries) if id(e) in used],
                   default=-1)
        end = {id(entry) for entry in entries[last + 1:]}
        if left:
            unused = [entry for entry in unused if id(entry) not in end]
    elif len({entry.layer for entry in unused}) <= len(left):
        unused = []
    return matches._replace(pairs=pairs, missing=missing, unused=unused)


def _selected(checkpoint, options):
    """Return the entries below a prefix, which is taken off their names."""
    prefix = options.prefix
    found = [entry._replace(name=entry.name[len(prefix):],
                            layer=entry.layer and _cut(entry.layer, prefix))
             for entry in checkpoint.entries if entry.name.startswith(prefix)]
    if prefix and not found:
        raise CheckpointError(
            "%s: has no name that begins with %r; expected %s." % (
                checkpoint.where, prefix, "one like %r"
                % checkpoint.entries[0].name if checkpoint.entries
                else "arrays, of which it holds none"))
    return found


def _cut(text, prefix):
    return text[len(prefix):] if text.startswith(prefix) else text


def _renamed(entries, names, where):
    """Return entries with the names that they have in the network."""
    known = {key for e in entries for key in (e.name, e.layer)}
    strange = sorted(set(names) - known)
    if strange:
        raise CheckpointError(
            "%s: has no layer or array %r, which names= maps; expected one "
            "of %s." % (where, strange[0], _some(_sources(entries))))
    found = []
    for entry in entries:
        if entry.name in names:
            layer, _, role = names[entry.name].rpartition(".")
            entry = entry._replace(layer=layer or names[entry.name],
                                   role=role if layer else entry.role)
        elif entry.layer in names:
            entry = entry._replace(layer=names[entry.layer])
        found.append(entry)
    return found


def _groups_of(slots, by_default_names=False):
    """Return slots by layer: by its name; if it has none, by the layer, or by
    the name that error texts call it."""
    groups = {}
    for slot in slots:
        key = slot.group if by_default_names else _name(slot)
        groups.setdefault(key or slot.layer, []).append(slot)
    return groups


def _sources(entries):
    """Return entries by the name of their layer."""
    groups = {}
    for entry in entries:
        groups.setdefault(entry.layer, []).append(entry)
    return groups


def _both_named(targets, sources, ordered):
    """Tell whether names match names; counters and the like have no layer."""
    return not (ordered and None in sources) and all(
        isinstance(name, str) for name in targets) and bool(
            set(targets) & set(sources))


def _some(groups):
    names = [word for name, held in groups.items() for word in (
        [entry.name for entry in held] if name is None else
        [name if isinstance(name, str) else type(name).__name__])]
    return (", ".join(names[:6]) or "none") + (", …" if len(names) > 6 else "")


def _by_name(targets, sources):
    pairs, missing, unused = [], [], []
    for name, slots in targets.items():
        found = _within(slots, sources.get(name, []))
        pairs += found.pairs
        missing += found.missing
        unused += found.unused
    unused += [entry for name, entries in sources.items()
               if name not in targets for entry in entries]
    return Matches(pairs, missing, unused, True, True)


def _within(slots, entries):
    """Pair the parameters of one layer: by role if any is known, else by
    order."""
    if any(entry.role for entry in entries):
        told = [entry.role for entry in entries]
        roles = {entry.role: entry for entry in entries
                 if told.count(entry.role) == 1}
        if "variance" in roles:
            roles.setdefault("inv_std", roles["variance"])
        pairs = [(slot, roles[slot.attribute]) for slot in slots
                 if slot.attribute in roles]
    else:
        pairs = list(zip(slots, entries))
    return _with_rest(pairs, slots, entries, True)


def _with_rest(pairs, slots, entries, aligned):
    """Return pairs, and what is left over of both sides."""
    used = {id(each) for pair in pairs for each in pair}
    return Matches(pairs, [slot for slot in slots if id(slot) not in used],
                   [entry for entry in entries if id(entry) not in used],
                   aligned)


def _merged(entries):
    """Return entries, those of Caffe that are one layer in Lasagne with the
    name of the first."""
    groups = list(_sources(entries).values())
    merged = {}
    for before, after in zip(groups, groups[1:]):
        if ({entry.role for entry in before} == _STATISTICS
                and {entry.role for entry in after} <= _SCALE):
            merged[after[0].layer] = before[0].layer
    return [entry._replace(layer=merged.get(entry.layer, entry.layer))
            for entry in entries]


def _by_order(targets, sources, options, where):
    slots = list(targets.values())
    left = options.leave_last
    if options.strict and len(slots) != len(sources) and not (
            left and len(sources) >= len(slots) - left):
        raise CheckpointError(
            "%s: holds %d layers with parameters; expected %d, as the network "
            "has (%s). Name the layers on both sides, or pass names=, prefix= "
            "or leave_last=." % (where, len(sources), len(slots),
                                 _some(targets)))
    pairs, missing, unused = [], [], []
    for group, entries in zip(slots, sources):
        found = _within(group, entries)
        pairs += found.pairs
        missing += found.missing
        unused += found.unused
    missing += [slot for group in slots[len(sources):] for slot in group]
    unused += [entry for group in sources[len(slots):] for entry in group]
    return Matches(pairs, missing, unused, len(slots) == len(sources))


def _flat(slots, entries):
    """Pair in the order of get_all_params, a shared variable counted once.

    Where there are more or fewer arrays, numbers in their names tell which.
    """
    once = _once(slots)
    places = list(range(len(entries)))
    if len(entries) != len(once):
        places = _numbers(entries) or places
    pairs = [(once[at], entry) for at, entry in zip(places, entries)
             if at < len(once)]
    return _with_rest(pairs, once, entries, len(once) == len(entries))


def _numbers(entries):
    """Return the places that names of arrays tell, None if they tell none."""
    numbers = positions_of(entry.name for entry in entries)
    if not numbers or min(numbers) > 0 and not entries[0].name.startswith(
            "arr_"):  # they count from 1, or from elsewhere
        return None
    return numbers
