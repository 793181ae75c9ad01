"""Draw what was measured: bars for networks and layers, lines for scaling."""
import statistics

from .works import FROZEN, IMPLEMENTATIONS, OURS, STOCK

_COLORS = {STOCK: "0.7", OURS: "C3", FROZEN: "#ff9896",
           "torch": "C0", "torch-last": "C9", "torch-compile": "C1",
           "onnxruntime": "C2", "openvino": "C4", "jax": "C5",
           "ours-bf16": "C6", "torch-bf16": "C7",
           "openvino-bf16": "C8", "ours-frozen-bf16": "#f7b6d2"}

#: Parts drawn as lines, and the label of their axis.
_LINES = {"batches": "batch size", "threads": "threads", "sizes": "pixels"}


def _medians(row):
    return {name: statistics.median(seconds)
            for name, seconds in row.get("seconds", {}).items()}


def _bars(axes, rows, base, title):
    rows = {key: _medians(row) for key, row in rows.items()}
    rows = {key: row for key, row in rows.items() if base in row}
    names = [n for n in IMPLEMENTATIONS if any(n in r for r in rows.values())]
    height = 0.8 / max(1, len(names))
    for i, name in enumerate(names):
        pairs = [(j + i * height, row[name] / row[base])
                 for j, row in enumerate(rows.values()) if name in row]
        axes.barh(*zip(*pairs), height, color=_COLORS[name],
                  label=IMPLEMENTATIONS[name].title)
    axes.set_yticks([j + 0.4 - height / 2 for j in range(len(rows))])
    axes.set_yticklabels(rows)
    axes.invert_yaxis()
    axes.axvline(1, color="k", linewidth=0.5)
    axes.set_xlabel(title)


def _works(axes, rows):
    _bars(axes, rows, STOCK, "time / Lasagne/Theano")


def _layers(axes, rows):
    _bars(axes, rows, "limit", "time / oneDNN's limit")


def _lines(axes, rows, label):
    from matplotlib import ticker
    rows = [(row, _medians(row)) for row in rows.values()]
    for name, implementation in IMPLEMENTATIONS.items():
        pairs = [(row["at"], medians[name] * 1e3 / row["images"])
                 for row, medians in rows if name in medians]
        if pairs:
            axes.plot(*zip(*pairs), "o-", color=_COLORS[name],
                      label=implementation.title)
    ticks = [row["at"] for row, _ in rows]
    axes.set_xlabel("%s, %s" % (rows[0][0]["network"], label))
    axes.set_ylabel("ms per image")
    axes.set_xscale("log", base=2)
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(ticker.NullFormatter())


def _draw(axes, part, rows):
    if part == "works":
        _works(axes, rows)
    elif part == "layers":
        _layers(axes, rows)
    else:
        _lines(axes, rows, _LINES[part])


def _panels(results):
    """Return (part, its rows), those of lines a network each."""
    for part in ("works", "layers", *_LINES):
        by_network = {}
        for key, row in results["parts"].get(part, {}).items():
            if "seconds" in row:
                by_network.setdefault(row.get("network"), {})[key] = row
        for rows in by_network.values():
            yield part, rows


def plot(results, path):
    """Write the picture; return whether there was anything to draw."""
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    panels = list(_panels(results))
    if not panels:
        return False
    figure, grid = pyplot.subplots(len(panels), 1, squeeze=False, figsize=(
        8, sum(_height(part, rows) for part, rows in panels)))
    for axes, (part, rows) in zip(grid[:, 0], panels):
        _draw(axes, part, rows)
    lines = _legend(figure)
    figure.tight_layout(rect=(0, 0, 1, 1 - (
        0.2 + 0.2 * lines) / figure.get_figheight()))
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
    return True


def _legend(figure):
    """Draw one for all panels; return how many lines it has."""
    entries, columns = {}, 3
    for axes in figure.axes:
        entries.update(zip(*axes.get_legend_handles_labels()[::-1]))
    figure.legend(entries.values(), entries, loc="upper center", ncol=columns)
    return -(-len(entries) // columns)


def _height(part, rows):
    return 3.5 if part in _LINES else 1.5 + 0.6 * len(rows)
