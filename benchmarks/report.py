"""Write what was measured as Markdown: one function a part."""
import statistics

from .summary import fastest, paired_ratio, spread
from .works import FROZEN, IMPLEMENTATIONS, OURS, STOCK

_LIMIT = "limit"

#: Whom ours is compared with; of several, with the fastest.
_PEERS = {
    "Lasagne/Theano": (STOCK,), "fastest PyTorch": ("torch", "torch-last"),
    "torch.compile": ("torch-compile",), "ONNX Runtime": ("onnxruntime",),
    "OpenVINO": ("openvino",), "JAX": ("jax",),
}

#: The same in bfloat16.
_SHORT_PEERS = {"lasagne_flipconv float32": (OURS,),
                "PyTorch": ("torch-bf16",), "OpenVINO": ("openvino-bf16",)}
_SHORT = [name for name, row in IMPLEMENTATIONS.items() if not row.default]
_TITLES = dict({name: row.title for name, row in IMPLEMENTATIONS.items()},
               limit="oneDNN's limit")

_NOTES = {
    "works": "Whole networks from NumPy array to NumPy array.",
    "layers": "Single convolutions, batch 1, on data in the axis order that "
              "each prefers; each time is the median of a burst of 50 ms. "
              "oneDNN's limit is its convolution alone, kernel "
              "reordered beforehand.",
    "flipping": "A convolution 256→256, 3×3, on 56×56, with "
                "`flip_filters=True` over `False`.",
    "start": "Time from process start to the first prediction; *cold* with "
             "an empty folder for compiled code.",
    "batches": "ResNet-32 by batch size; the time is that of one image.",
    "threads": "Networks, batch 1, by number of threads.",
    "sizes": "ResNet-50, batch 1, by image size.",
}


def table(header, rows):
    """Return the lines of a Markdown table; None is an empty cell."""
    def line(cells):
        return "| %s |" % " | ".join(
            "–" if cell is None else str(cell) for cell in cells)
    return [line(header), line(["---"] * len(header))] + [
        line(row) for row in rows] + [""]


def timing(seconds):
    """Return "min / median ± spread" in ms, None for None.

    Examples
    --------
    >>> timing([0.1, 0.1, 0.1])
    '100 / 100 ± 0 %'
    """
    if not seconds:
        return None
    numbers = "%.4g / %.4g" % (1e3 * min(seconds),
                               1e3 * statistics.median(seconds))
    return "%s ± %.0f %%" % (numbers, 100 * spread(seconds))


def ratio(seconds, ours, theirs):
    """Return the median of the paired ratios as text, None if one lacks."""
    if ours not in seconds or theirs not in seconds:
        return None
    return "%.2f" % paired_ratio(seconds[ours], seconds[theirs])


def _contestants(rows):
    present = {name for row in rows.values()
               for name in row.get("seconds", ())}
    return [name for name in (_LIMIT,) + tuple(IMPLEMENTATIONS)
            if name in present]


def _times(rows, what="work"):
    names = _contestants(rows)
    return table([what] + [_TITLES[name] for name in names], [
        [key] + [timing(row.get("seconds", {}).get(name)) for name in names]
        for key, row in rows.items()])


def _against(rows, ours=OURS, peers=_PEERS, what="ours /"):
    """Return the table of the ratios to those of the peers that are there."""
    present = set(_contestants(rows))
    if ours not in present:
        return []
    peers = {title: names for title, names in peers.items()
             if present.intersection(names)}
    return table([what, *peers], [
        [key] + [ratio(seconds, ours, fastest(seconds, names))
                 for names in peers.values()]
        for key, seconds in ((k, r.get("seconds", {}))
                             for k, r in rows.items())])


def _differences(rows):
    """Return the table of the largest differences, and those of bfloat16."""
    names = [name for name in _contestants(rows) if name in _SHORT]
    return table(
        ["outputs differ by", "at most, in float32"]
        + [_TITLES[name] for name in names],
        [[key, _largest(found, set(found).difference(names))]
         + [_largest(found, {name}.intersection(found)) for name in names]
         for key, found in ((k, r.get("difference", {}))
                            for k, r in rows.items())])


def _largest(differences, names):
    return ("%.1e" % max(differences[name] for name in names)
            if names else None)


def _ratios(rows):
    return _against(rows) + _against(
        rows, FROZEN, what="ours frozen /") + _against(
        rows, "ours-bf16", _SHORT_PEERS, "ours in bfloat16 /")


def _works(rows):
    return (_times(rows) + _ratios(rows) + _differences(rows) + _ready(rows)
            + _memory(rows))


def _ready(rows):
    names = _contestants(rows)
    return table(
        ["made ready in s"] + [_TITLES[name] for name in names],
        [[key] + ["%.1f" % row["ready"][name]
                  if name in row.get("ready", {}) else None
                  for name in names] for key, row in rows.items()])


def _memory(rows):
    names = _contestants(rows)
    return ["Peak memory of a run in MB, less that of the process with the "
            "library imported.", ""] + table(
        ["work"] + [_TITLES[name] for name in names],
        [[key] + ["%.0f" % row["megabytes"][name]
                  if name in row.get("megabytes", {}) else None
                  for name in names] for key, row in rows.items()])


def _layers(rows):
    names = [n for n in _contestants(rows) if n != _LIMIT]
    return _times(rows, "layer") + table(
        ["/ oneDNN's limit"] + [_TITLES[name] for name in names],
        [[key] + [ratio(row.get("seconds", {}), name, _LIMIT)
                  for name in names] for key, row in rows.items()])


def _flipping(rows):
    return table(
        ["", "False", "True", "True / False"],
        [[_TITLES.get(key, key), timing(s.get("straight")),
          timing(s.get("flipped")), _three(s)]
         for key, s in ((k, r.get("seconds", {})) for k, r in rows.items())])


def _three(seconds):
    if "flipped" not in seconds:
        return None
    return "%.3f" % paired_ratio(seconds["flipped"], seconds["straight"])


def _start(rows):
    lines = []
    for key, row in rows.items():
        if "warm" in row:
            lines += _times({"%s, %s" % (key, state): {"seconds": row[state]}
                             for state in ("warm", "cold")}, "network")
    return lines


def _scale(rows, what):
    rows = {key: dict(row, seconds={
        name: [s / row["images"] for s in seconds]
        for name, seconds in row.get("seconds", {}).items()})
        for key, row in rows.items()}
    return _times(rows, "network, " + what) + _ratios(rows) + _ready(rows)


def _threads(rows):
    return _scale(rows, "threads") + _speedups(rows)


def _speedups(rows):
    """Return the table of the times of the fewest over those of most threads.
    """
    names, by_network = _contestants(rows), {}
    for row in rows.values():
        if "seconds" in row:
            by_network.setdefault(row["network"], []).append(row)
    return table(
        ["times as fast with"] + [_TITLES[name] for name in names],
        [["%s, %d threads" % (network, most["at"])]
         + [_speedup(*(row["seconds"].get(name) for row in (fewest, most)))
            for name in names]
         for network, (fewest, *_, most) in (
             pair for pair in by_network.items() if len(pair[1]) > 1)])


def _speedup(slow, fast):
    if not slow or not fast:
        return None
    return "%.2f" % (statistics.median(slow) / statistics.median(fast))


_PARTS = {
    "works": _works, "layers": _layers, "flipping": _flipping,
    "start": _start, "threads": _threads,
    "batches": lambda rows: _scale(rows, "batch"),
    "sizes": lambda rows: _scale(rows, "pixels"),
}


def used_engine(results):
    """Tell whether ours ran on its engine."""
    return any(row.get("engine", {}).get(OURS)
               for rows in results["parts"].values() for row in rows.values())


def failures(results):
    """Return lines on what failed, none if nothing did."""
    lines = ["- %s, %s, %s: %s" % (part, key, name,
                                   reason.strip().splitlines()[-1])
             for part, rows in results["parts"].items()
             for key, row in rows.items()
             for name, reason in row.get("failures", {}).items()]
    return ["## What failed", ""] + lines + [""] if lines else []


def _preface(results):
    engine = ("" if used_engine(results) else
              " Its engine was not there or switched off.")
    return [
        "# Benchmark", "",
        "Times in ms: minimum / median ± half the distance of the quartiles. "
        "Each implementation ran in a process of its own with %d threads "
        "(unless the table says otherwise), in turns, %d rounds, five times "
        "as many for single convolutions; ratios are medians over the "
        "rounds. All computed the same before they were timed, those in "
        "bfloat16 nearly. *Lasagne/Theano* is the same graph with the engine "
        "off, *lasagne_flipconv* with it.%s What is *made ready* was built "
        "and called once; for this Theano has what it compiled in earlier "
        "runs, `torch.compile` compiles all anew."
        % (results["threads"], results["repeats"], engine), "",
    ] + table(["", ""], results["machine"])


def markdown(results):
    """Return the whole report."""
    lines = _preface(results)
    for part, rows in results["parts"].items():
        rows = {key: row for key, row in rows.items() if key != "error"}
        lines += ["## %s" % part.capitalize(), "", _NOTES[part], ""]
        lines += _PARTS[part](rows)
    return "\n".join(lines + failures(results)).rstrip() + "\n"

