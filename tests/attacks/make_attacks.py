"""Write the attack files and their manifest.

    python tests/attacks/make_attacks.py

All are small and harmless when executed: at most they make a file named as in
gadgets.MARKER. The HDF5 files need h5py; everything else is made from bytes.
"""
import csv
import io
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from archives import archives, arrays, torches  # noqa: E402
from containers import Attack  # noqa: E402
from pickles import exhausting, gadgets, opcodes  # noqa: E402
from tables import hdf5s, suffixes, tables  # noqa: E402

FILES = HERE / "files"
MANIFEST = HERE / "manifest.tsv"

GROUPS = (gadgets, opcodes, exhausting, archives, arrays, torches, tables,
          suffixes, hdf5s)


def attacks(groups=GROUPS):
    """Return all attacks, each file name once."""
    found = {}
    for group in groups:
        for attack in group():
            name = attack.file
            while name in found:
                name = "x" + name
            found[name] = attack._replace(file=name)
    return list(found.values())


def main():
    """Write all files and the manifest."""
    rows = attacks()
    FILES.mkdir(exist_ok=True)
    for path in FILES.iterdir():
        path.unlink()
    for row in rows:
        (FILES / row.file).write_bytes(row.data)
    out = io.StringIO()
    table = csv.writer(out, delimiter="\t", lineterminator="\n")
    table.writerow(field for field in Attack._fields if field != "data")
    for row in rows:
        table.writerow(row[:1] + row[2:])
    MANIFEST.write_text(out.getvalue(), encoding="utf-8")
    print("%d attack files, %d bytes, %d with an advisory" % (
        len(rows), sum(len(row.data) for row in rows),
        sum(bool(row.advisory) for row in rows)))


if __name__ == "__main__":
    main()
